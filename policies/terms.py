"""An agreement is either exactly of the scope language, or refused with a pointer to the fault."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, cast

from policies.decoding import as_list, as_object, as_shape, as_text, as_word, as_words
from policies.instants import ALWAYS, NEVER, Instant, is_instant
from policies.vocabulary import (
    CLASSES,
    LABELS,
    MOST_ORGANISATIONS,
    NAMED_ONLY,
    NO_LABEL,
    PHASES,
    PROVENANCES,
    PURPOSES,
    VOCABULARY,
    Marking,
    Role,
    Seat,
    TermsRefused,
    View,
    check_classes,
    check_sides,
    groups_of,
    is_organisation,
    origins_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection

# The whole language, words included, is imported from here.
__all__ = [
    "CLASSES",
    "LABELS",
    "PHASES",
    "PROVENANCES",
    "PURPOSES",
    "Choice",
    "Clause",
    "Effect",
    "Marking",
    "Role",
    "Seat",
    "Terms",
    "TermsRefused",
    "UploaderGrants",
    "View",
    "parse_terms",
    "terms_json",
]

LANGUAGE: Final = "subrosa-scope/1"
MOST_CLAUSES: Final = 500
LONGEST_TEXT: Final = 2000
# The ids of floors, of the baseline and of grants are reserved, in upper and lower case and with
# the digits that look like their letters: neither `Floor-1` nor `FL00R-1` must pass for one.
CLAUSE_ID_PATTERN: Final = (
    "(?![Ff][Ll1Ii][Oo0][Oo0][Rr]|[Oo0][Ww][Nn]|[Gg6][Rr][Aa4][Nn][Tt7])"
    "[A-Za-z0-9](?:[A-Za-z0-9.-]{0,30}[A-Za-z0-9])?"
)
# Control characters other than line feed; marks that reorder what is displayed (Unicode property
# Bidi_Control) and with it what a signatory reads; line separators; lone surrogates.
TEXT_PATTERN: Final = (
    "[^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e"
    "\\u2066-\\u2069\\ud800-\\udfff]*"
)
_UPLOADER: Final = "uploader_grants"
_CLAUSE_ID = re.compile(CLAUSE_ID_PATTERN)
_TEXT = re.compile(TEXT_PATTERN)


class Effect(StrEnum):
    """What a clause does; a deny beats every allow."""

    ALLOW = "allow"
    DENY = "deny"


class UploaderGrants(StrEnum):
    """For which documents the side that deposited one may grant it wider by itself.

    What a party could show to anybody before the mediation it still can, where the parties say so
    (Uniform Mediation Act, scope note; California Evidence Code 1120). `attested` adds what was
    made for the mediation, if the depositor attests that it reveals nothing said in it
    (California Evidence Code 1122(a)(2)).
    """

    NEVER = "never"
    PRE_EXISTING = "pre-existing"
    ATTESTED = "attested"


@dataclass(frozen=True, slots=True)
class Choice:
    """Some words of a list: exactly those named, or all but those named.

    Attributes:
        words: In alphabetical order, each once.
        excluded: All words but these; without any, every word.
    """

    words: tuple[str, ...]
    excluded: bool = False

    @property
    def pattern(self) -> str:
        """The choice as the model's `has` reads it: `*`, `a|b` or `!a|b`."""
        if not self.excluded:
            return "|".join(self.words)
        return "!" + "|".join(self.words) if self.words else "*"

    def json(self) -> object:
        """Return the choice as the scope language writes it."""
        if not self.excluded:
            return list(self.words)
        return {"not": list(self.words)} if self.words else "*"


EVERYTHING: Final = Choice((), excluded=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One sentence of an agreement: who may, or may not, see what from whom.

    Attributes:
        id: The number under which people quote it; unique in its agreement.
        to: The group of seats it speaks of.
        provenances: Whether the records existed before, or were made for the mediation.
        view: The highest view allowed, or the lowest denied.
        nbf: It holds from this instant on.
        exp: It holds no more at this instant.
        text: The parties' own words; they decide nothing.
    """

    id: str
    to: str
    effect: Effect
    classes: Choice
    origins: Choice
    provenances: Choice
    labels: Choice
    view: View
    purposes: Choice
    phases: Choice
    nbf: Instant = ALWAYS
    exp: Instant = NEVER
    text: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the sides of a case agree on, clause by clause.

    Attributes:
        sides: Ids of the sides of the case.
        clauses: In the order of the agreement.
        organisations: Ids of the organisations that clauses may speak to, in alphabetical order.
        classes: Classes beyond those of the vocabulary, in alphabetical order.
        uploader_grants: Which documents their depositor may grant wider alone.
    """

    sides: tuple[str, ...]
    clauses: tuple[Clause, ...]
    organisations: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    uploader_grants: UploaderGrants = UploaderGrants.NEVER


@dataclass(frozen=True, slots=True)
class _Words:
    """The words that the clauses of one agreement may use."""

    groups: frozenset[str]
    classes: tuple[str, ...]
    origins: tuple[str, ...]


def parse_terms(value: object) -> Terms:
    """Read an agreement from decoded JSON.

    Args:
        value: Any JSON value. Every member must be known and every word in the vocabulary.

    Raises:
        TermsRefused: At the first fault.
    """
    members = as_object(
        value, "", {"language", "sides", "clauses"}, {"vocabulary", "organisations", _UPLOADER}
    )
    if members["language"] != LANGUAGE:
        raise TermsRefused("/language", "This is not a language known here.")
    listed = as_list(members["sides"], "/sides")
    sides = check_sides([as_text(side, f"/sides/{n}") for n, side in enumerate(listed)])
    organisations = _organisations(members.get("organisations", []))
    further = _further_classes(members.get("vocabulary", {"version": VOCABULARY}))
    words = _Words(groups_of(sides, organisations), (*CLASSES, *further), origins_of(sides))
    given = as_list(members["clauses"], "/clauses")
    if not 1 <= len(given) <= MOST_CLAUSES:
        raise TermsRefused("/clauses", "An agreement has between 1 and 500 clauses.")
    clauses: dict[str, Clause] = {}
    for position, item in enumerate(given):
        clause = _clause(item, f"/clauses/{position}", words)
        if clause.id in clauses:
            raise TermsRefused(f"/clauses/{position}/id", "Another clause has this id.")
        clauses[clause.id] = clause
    uploader = as_word(members.get(_UPLOADER, "never"), f"/{_UPLOADER}", set(UploaderGrants))
    return Terms(sides, tuple(clauses.values()), organisations, further, UploaderGrants(uploader))


def terms_json(terms: Terms) -> dict[str, object]:
    """Write an agreement in its one canonical form, which `parse_terms` reads back as the same."""
    return {
        "language": LANGUAGE,
        "vocabulary": {"version": VOCABULARY, "classes": list(terms.classes)},
        "sides": list(terms.sides),
        "organisations": list(terms.organisations),
        _UPLOADER: terms.uploader_grants.value,
        "clauses": [_clause_json(clause) for clause in terms.clauses],
    }


def _clause_json(clause: Clause) -> dict[str, object]:
    value: dict[str, object] = {
        "id": clause.id,
        "to": clause.to,
        "effect": clause.effect.value,
        "classes": clause.classes.json(),
        "origins": clause.origins.json(),
        "provenances": clause.provenances.json(),
        "labels": clause.labels.json(),
        "view": str(clause.view),
        "purposes": clause.purposes.json(),
        "phases": clause.phases.json(),
    }
    if clause.nbf != ALWAYS:
        value["from"] = clause.nbf
    if clause.exp != NEVER:
        value["until"] = clause.exp
    if clause.text:
        value["text"] = clause.text
    return value


def _organisations(value: object) -> tuple[str, ...]:
    listed = as_list(value, "/organisations")
    if len(listed) > MOST_ORGANISATIONS:
        raise TermsRefused("/organisations", "An agreement names at most 64 organisations.")
    named = [as_text(item, f"/organisations/{n}") for n, item in enumerate(listed)]
    for position, organisation in enumerate(named):
        if not is_organisation(organisation):
            at = f"/organisations/{position}"
            raise TermsRefused(at, "This cannot be the id of an organisation.")
    if len(set(named)) < len(named):
        raise TermsRefused("/organisations", "Each organisation is named once.")
    return tuple(sorted(named))


def _further_classes(value: object) -> tuple[str, ...]:
    members = as_object(value, "/vocabulary", {"version"}, {"classes"})
    if members["version"] != VOCABULARY:
        raise TermsRefused("/vocabulary/version", "This is not a vocabulary known here.")
    at = "/vocabulary/classes"
    listed = [as_text(item, at) for item in as_list(members.get("classes", []), at)]
    try:
        return check_classes(listed)
    except TermsRefused as refused:
        raise TermsRefused(at + refused.pointer, str(refused)) from refused


def _clause(value: object, at: str, words: _Words) -> Clause:
    members = as_object(
        value,
        at,
        {"id", "to", "classes", "origins", "view", "purposes", "phases"},
        {"effect", "provenances", "labels", "from", "until", "text"},
    )
    effect = Effect(as_word(members.get("effect", Effect.ALLOW), f"{at}/effect", set(Effect)))
    # An exception must be named to be opened, and need not be named to stay shut.
    unlabelled = Choice((NO_LABEL,)) if effect is Effect.ALLOW else EVERYTHING
    nbf = _instant(members["from"], f"{at}/from") if "from" in members else ALWAYS
    exp = _instant(members["until"], f"{at}/until") if "until" in members else NEVER
    if nbf >= exp:
        raise TermsRefused(at, "A clause must end after it begins.")
    return Clause(
        id=as_shape(members["id"], f"{at}/id", _CLAUSE_ID),
        to=as_word(members["to"], f"{at}/to", words.groups),
        effect=effect,
        classes=_classes(members["classes"], f"{at}/classes", words, effect),
        origins=_choice(members["origins"], f"{at}/origins", words.origins),
        provenances=_choice(members.get("provenances", "*"), f"{at}/provenances", PROVENANCES),
        labels=_labels(members["labels"], f"{at}/labels") if "labels" in members else unlabelled,
        view=View.parse(as_word(members["view"], f"{at}/view", {str(view) for view in View})),
        purposes=_choice(members["purposes"], f"{at}/purposes", PURPOSES),
        phases=_choice(members["phases"], f"{at}/phases", PHASES),
        nbf=nbf,
        exp=exp,
        text=_text(members.get("text", ""), f"{at}/text"),
    )


def _text(value: object, at: str) -> str:
    text = as_shape(value, at, _TEXT)
    if len(text) > LONGEST_TEXT:
        raise TermsRefused(at, "The words of a clause are at most 2000 characters.")
    return text


def _instant(value: object, at: str) -> Instant:
    text = as_text(value, at)
    if not is_instant(text):
        raise TermsRefused(at, "An instant is written in UTC as YYYY-MM-DDTHH:MM:SSZ.")
    return Instant(text)


def _classes(value: object, at: str, words: _Words, effect: Effect) -> Choice:
    """Read classes; those that only a clause naming them opens are left out of a general one."""
    choice = _choice(value, at, words.classes)
    if not choice.excluded or effect is Effect.DENY:
        return choice
    named = tuple(sorted({*choice.words, *NAMED_ONLY}))
    if len(named) == len(words.classes):
        raise TermsRefused(f"{at}/not", "This exception leaves nothing.")
    return Choice(named, excluded=True)


def _labels(value: object, at: str) -> Choice:
    """Read labels, which cannot be given as all but some: a label yet to come would be opened."""
    return EVERYTHING if value == "*" else Choice(as_words(value, at, LABELS))


def _choice(value: object, at: str, vocabulary: Collection[str]) -> Choice:
    if value == "*":
        return EVERYTHING
    if not isinstance(value, dict):
        return Choice(as_words(value, at, vocabulary))
    exception = as_object(cast("object", value), at, {"not"})["not"]
    named = as_words(exception, f"{at}/not", vocabulary)
    if len(named) == len(vocabulary):
        raise TermsRefused(f"{at}/not", "This exception leaves nothing.")
    return Choice(named, excluded=True)
