"""Agreements for known instruments come ready to propose, with notes on what they cannot carry.

A template is data, one file in `policies/templates/`. Its clauses are clauses of the scope
language with two more words: one that says `for` is written once for each side (`each`), or for
each side that a parameter names, and `{side}` in its `to` and `origins` is that side. What is
written for the second side of the agreement gets `.2` after its id.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from policies.decoding import as_list, as_object, as_text, as_word, as_words
from policies.terms import LANGUAGE, Terms, UploaderGrants, parse_terms
from policies.vocabulary import TermsRefused, check_sides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EACH: Final = "each"
SIDE: Final = "{side}"

# What carries a provision beside clauses and floors: how the vault works under every agreement.
RULES: Final = MappingProxyType(
    {
        "unless-allowed": "What no clause allows is denied.",
        "all-sign": (
            "A version is in force once every party has signed it, and whoever else would give "
            "something of their own away by it."
        ),
        "notice": (
            "When a version reached a person and when it was read is on record, and nobody "
            "deposits before having read or signed the version in force."
        ),
        "consent": (
            "A single document is granted beyond scope by the consent of every party and of "
            "whoever it belongs to, with a view, purposes and an end."
        ),
        "uploader": (
            "Whom a document came from grants it alone as far as the agreement's "
            "`uploader_grants` says."
        ),
        "provenance": (
            "Every document bears whether it existed before or was made for the mediation."
        ),
        "part-2-notice": "A permit for a substance-use record carries the notice of 42 CFR part 2.",
        "record": "Every access, granted or refused, is on the log with person, time and purpose.",
    }
)


@dataclass(frozen=True, slots=True)
class Note:
    """One provision of an instrument, and what becomes of it.

    Attributes:
        provision: Its number.
        says: What it says, in our words.
        carried_by: `clause N`, `floor FLOOR-N` or `rule NAME`; nothing, where nothing carries it.
        why_not: What of it is not carried, and why; empty where all is.
    """

    provision: str
    says: str
    carried_by: tuple[str, ...]
    why_not: str


@dataclass(frozen=True, slots=True)
class Template:
    """An instrument as an agreement between any sides.

    Attributes:
        instrument: Exactly which text, and which clauses of it.
        parameters: Beside the sides: by name, which of them it asks for.
        clauses: As the scope language writes them, with placeholders.
        notes: Every provision of the instrument's clauses.
    """

    name: str
    title: str
    instrument: str
    jurisdiction: str
    parameters: Mapping[str, str]
    uploader_grants: UploaderGrants
    clauses: tuple[Mapping[str, object], ...]
    notes: tuple[Note, ...]


def names() -> tuple[str, ...]:
    """Return the names of all templates, in alphabetical order."""
    return tuple(_TEMPLATES)


def describe(name: str) -> Template:
    """Return a template.

    Raises:
        KeyError: There is none of this name.
    """
    return _TEMPLATES[name]


def instantiate(name: str, sides: Sequence[str], **parameters: Sequence[str]) -> Terms:
    """Write the agreement that a template is between these sides.

    Args:
        name: Which template.
        sides: Ids of the sides, in the order of the agreement.
        **parameters: For each of the template's parameters, the sides it asks for.

    Raises:
        KeyError: There is no such template.
        TermsRefused: These cannot be the sides of a case, or a parameter is missing, not asked
            for, or names something else than sides of it.
    """
    template = _TEMPLATES[name]
    checked = check_sides(sides)
    written_for = {EACH: checked, **_chosen(template, checked, parameters)}
    return parse_terms(
        {
            "language": LANGUAGE,
            "sides": list(checked),
            "uploader_grants": template.uploader_grants.value,
            "clauses": [
                written
                for clause in template.clauses
                for written in _written(clause, checked, written_for)
            ],
        }
    )


def _chosen(
    template: Template, sides: Sequence[str], parameters: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    for name in parameters:
        if name not in template.parameters:
            raise TermsRefused(f"/{name}", "This template does not ask for this.")
    chosen: dict[str, tuple[str, ...]] = {}
    for name in template.parameters:
        if name not in parameters:
            raise TermsRefused(f"/{name}", "This template asks which sides these are.")
        named = as_words(list(parameters[name]), f"/{name}", sides)
        chosen[name] = tuple(side for side in sides if side in named)
    return chosen


def _written(
    clause: Mapping[str, object], sides: Sequence[str], written_for: Mapping[str, Sequence[str]]
) -> Iterator[dict[str, object]]:
    plain = {member: value for member, value in clause.items() if member != "for"}
    if "for" not in clause:
        yield plain
        return
    for side in written_for[as_text(clause["for"], "/for")]:
        yield {
            **plain,
            "id": f"{as_text(clause['id'], '/id')}.{sides.index(side) + 1}",
            "to": as_text(clause["to"], "/to").replace(SIDE, side),
            "origins": _filled(clause["origins"], side),
        }


def _filled(origins: object, side: str) -> object:
    """Put a side in place in a choice of origins."""
    if isinstance(origins, dict):
        named = as_object(cast("object", origins), "/origins", {"not"})["not"]
        return {"not": _filled(named, side)}
    if origins == "*":
        return origins
    return [side if word == SIDE else word for word in as_list(origins, "/origins")]


def _template(value: object) -> Template:
    members = as_object(value, "", set(Template.__dataclass_fields__))
    asked = [
        as_object(parameter, "/parameters", {"name", "asks"})
        for parameter in as_list(members["parameters"], "/parameters")
    ]
    return Template(
        name=as_text(members["name"], "/name"),
        title=as_text(members["title"], "/title"),
        instrument=as_text(members["instrument"], "/instrument"),
        jurisdiction=as_text(members["jurisdiction"], "/jurisdiction"),
        parameters=MappingProxyType(
            {as_text(one["name"], "/name"): as_text(one["asks"], "/asks") for one in asked}
        ),
        uploader_grants=UploaderGrants(
            as_word(members["uploader_grants"], "/uploader_grants", set(UploaderGrants))
        ),
        clauses=tuple(
            MappingProxyType(as_object(clause, "/clauses", _MEMBERS, _FURTHER))
            for clause in as_list(members["clauses"], "/clauses")
        ),
        notes=tuple(_note(note) for note in as_list(members["notes"], "/notes")),
    )


def _note(value: object) -> Note:
    members = as_object(value, "/notes", {"provision", "says", "carried_by"}, {"why_not"})
    carriers = as_list(members["carried_by"], "/carried_by")
    return Note(
        provision=as_text(members["provision"], "/provision"),
        says=as_text(members["says"], "/says"),
        carried_by=tuple(as_text(carrier, "/carried_by") for carrier in carriers),
        why_not=as_text(members.get("why_not", ""), "/why_not"),
    )


def _shipped() -> Iterator[Template]:
    folder = resources.files("policies").joinpath("templates")
    files = {file.name: file for file in folder.iterdir() if file.name.endswith(".json")}
    for name in sorted(files):
        yield _template(json.loads(files[name].read_text("utf-8")))


_MEMBERS: Final = {"id", "to", "classes", "origins", "view", "purposes", "phases", "text"}
_FURTHER: Final = {"for", "effect", "provenances"}
_TEMPLATES: Final = MappingProxyType({template.name: template for template in _shipped()})
