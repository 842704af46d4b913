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
    NO_LABEL,
    PHASES,
    PURPOSES,
    Marking,
    Role,
    Seat,
    TermsRefused,
    View,
    check_sides,
    groups_of,
    origins_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# The whole language, words included, is imported from here.
__all__ = [
    "CLASSES",
    "LABELS",
    "PHASES",
    "PURPOSES",
    "Choice",
    "Clause",
    "Effect",
    "Marking",
    "Role",
    "Seat",
    "Terms",
    "TermsRefused",
    "View",
    "parse_terms",
    "terms_json",
]

LANGUAGE: Final = "subrosa-scope/1"
MOST_CLAUSES: Final = 500
LONGEST_TEXT: Final = 2000
# The ids of floors and of the baseline are reserved in any case: `Floor-1` must not pass for one.
CLAUSE_ID_PATTERN: Final = (
    r"(?![Ff][Ll][Oo][Oo][Rr]|[Oo][Ww][Nn])[A-Za-z0-9](?:[A-Za-z0-9.-]{0,30}[A-Za-z0-9])?"
)
# Control characters other than line feed; marks that reorder what is displayed (Unicode property
# Bidi_Control) and with it what a signatory reads; line separators; lone surrogates.
TEXT_PATTERN: Final = (
    "[^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e"
    "\\u2066-\\u2069\\ud800-\\udfff]*"
)
_CLAUSE_ID = re.compile(CLAUSE_ID_PATTERN)
_TEXT = re.compile(TEXT_PATTERN)


class Effect(StrEnum):
    """What a clause does; a deny beats every allow."""

    ALLOW = "allow"
    DENY = "deny"


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
    labels: Choice
    view: View
    purposes: Choice
    phases: Choice
    nbf: Instant = ALWAYS
    exp: Instant = NEVER
    text: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the sides of a case agree on, clause by clause."""

    sides: tuple[str, ...]
    clauses: tuple[Clause, ...]


def parse_terms(value: object) -> Terms:
    """Read an agreement from decoded JSON.

    Args:
        value: Any JSON value. Every member must be known and every word in the vocabulary.

    Raises:
        TermsRefused: At the first fault.
    """
    members = as_object(value, "", {"language", "sides", "clauses"})
    if members["language"] != LANGUAGE:
        raise TermsRefused("/language", "This is not a language known here.")
    listed = as_list(members["sides"], "/sides")
    sides = check_sides([as_text(side, f"/sides/{n}") for n, side in enumerate(listed)])
    given = as_list(members["clauses"], "/clauses")
    if not 1 <= len(given) <= MOST_CLAUSES:
        raise TermsRefused("/clauses", "An agreement has between 1 and 500 clauses.")
    clauses: dict[str, Clause] = {}
    for position, item in enumerate(given):
        clause = _clause(item, f"/clauses/{position}", sides)
        if clause.id in clauses:
            raise TermsRefused(f"/clauses/{position}/id", "Another clause has this id.")
        clauses[clause.id] = clause
    return Terms(sides, tuple(clauses.values()))


def terms_json(terms: Terms) -> dict[str, object]:
    """Write an agreement in its one canonical form, which `parse_terms` reads back as the same."""
    return {
        "language": LANGUAGE,
        "sides": list(terms.sides),
        "clauses": [_clause_json(clause) for clause in terms.clauses],
    }


def _clause_json(clause: Clause) -> dict[str, object]:
    value: dict[str, object] = {
        "id": clause.id,
        "to": clause.to,
        "effect": clause.effect.value,
        "classes": clause.classes.json(),
        "origins": clause.origins.json(),
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


def _clause(value: object, at: str, sides: Sequence[str]) -> Clause:
    members = as_object(
        value,
        at,
        {"id", "to", "classes", "origins", "view", "purposes", "phases"},
        {"effect", "labels", "from", "until", "text"},
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
        to=as_word(members["to"], f"{at}/to", groups_of(sides)),
        effect=effect,
        classes=_choice(members["classes"], f"{at}/classes", CLASSES),
        origins=_choice(members["origins"], f"{at}/origins", origins_of(sides)),
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
