"""A clause reads as one English sentence that says what its fields say and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policies.instants import ALWAYS, NEVER
from policies.terms import Effect
from policies.vocabulary import CLAWED_BACK, NO_LABEL, View

if TYPE_CHECKING:
    from collections.abc import Collection

    from policies.terms import Choice, Clause

_EVERYBODY: Final = {
    "party": "every party",
    "counsel": "every counsel",
    "insurer": "every insurer",
    "mediator": "the mediator",
    "regulator": "the regulator",
    "expert": "the expert",
    "auditor": "the auditor",
}
_OF_A_SIDE: Final = {
    "side": "the parties and counsel of",
    "party": "the parties of",
    "counsel": "the counsel of",
    "insurer": "the insurer of",
    "organisation": "everybody of organisation",
}
_ALLOWED: Final = {
    View.METADATA: "may know of, without content,",
    View.REDACTED: "may see, at most redacted,",
    View.FULL: "may see in full",
}
_LABELLED: Final[dict[tuple[str, ...], str]] = {
    (NO_LABEL,): "not clawed back",
    (CLAWED_BACK,): "clawed back",
}
_DENIED: Final = {
    View.METADATA: "must not see or know of",
    View.REDACTED: "must not see the content, redacted or in full, of",
    View.FULL: "must not see in full",
}


def sentence(clause: Clause) -> str:
    """Say in plain English what a clause does, generated from its fields alone."""
    does = _ALLOWED if clause.effect is Effect.ALLOW else _DENIED
    what = f"documents of {_choice('class', clause.classes)}"
    parts = [
        f"Clause {clause.id}: {group_name(clause.to)} {does[clause.view]} {what}",
        f"of {_choice('origin', clause.origins)}",
        *_provenance(clause.provenances),
        _LABELLED.get(clause.labels.words, "clawed back or not"),
        f"for {_choice('purpose', clause.purposes)}",
        f"in {_choice('phase', clause.phases)}",
    ]
    if clause.nbf != ALWAYS:
        parts.append(f"from {clause.nbf}")
    if clause.exp != NEVER:
        parts.append(f"until {clause.exp}")
    return ", ".join(parts) + "."


def _provenance(choice: Choice) -> tuple[str, ...]:
    """Say which provenance, where the clause tells the two apart."""
    if choice.excluded and not choice.words:
        return ()
    return (f"of {_choice('provenance', choice)}",)


def group_name(group: str) -> str:
    """Say in words who belongs to a group of seats."""
    name, _, side = group.partition(":")
    return f"{_OF_A_SIDE[name]} {side}" if side else _EVERYBODY[name]


def clause_name(clause: str) -> str:
    """Say what decided: a clause by its number, what holds without one by its id."""
    return clause if clause.startswith(("FLOOR", "OWN", "GRANT")) else f"clause {clause}"


def words_of(kind: str, words: Collection[str], every: Collection[str]) -> str:
    """Say which of a kind are meant, in the shorter of two ways: those, or all but the others."""
    others = [word for word in every if word not in words]
    if not others:
        return f"any {kind}"
    if len(others) < len(words):
        return f"any {kind} but {' or '.join(others)}"
    return f"{kind} {' or '.join(word for word in every if word in words)}"


def _choice(kind: str, choice: Choice) -> str:
    if not choice.excluded:
        return f"{kind} {' or '.join(choice.words)}"
    named = " or ".join(choice.words)
    return f"any {kind} but {named}" if named else f"any {kind}"
