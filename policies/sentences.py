"""A clause reads as one English sentence that says what its fields say and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policies.instants import ALWAYS, NEVER
from policies.terms import Effect
from policies.vocabulary import NO_LABEL, View

if TYPE_CHECKING:
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
}
_ALLOWED: Final = {
    View.METADATA: "may know of, without content,",
    View.REDACTED: "may see, at most redacted,",
    View.FULL: "may see in full",
}
_DENIED: Final = {
    View.METADATA: "must not see or know of",
    View.REDACTED: "must not see the content, redacted or in full, of",
    View.FULL: "must not see in full",
}


def sentence(clause: Clause) -> str:
    """Say in plain English what a clause does, generated from its fields alone."""
    does = _ALLOWED if clause.effect is Effect.ALLOW else _DENIED
    labels = ["no label" if label == NO_LABEL else label for label in clause.labels.words]
    what = f"documents of {_choice('class', clause.classes)}"
    parts = [
        f"Clause {clause.id}: {_group(clause.to)} {does[clause.view]} {what}",
        f"of {_choice('origin', clause.origins)}",
        f"with {' or '.join(labels) or 'any label'}",
        f"for {_choice('purpose', clause.purposes)}",
        f"in {_choice('phase', clause.phases)}",
    ]
    if clause.nbf != ALWAYS:
        parts.append(f"from {clause.nbf}")
    if clause.exp != NEVER:
        parts.append(f"until {clause.exp}")
    return ", ".join(parts) + "."


def _group(group: str) -> str:
    name, _, side = group.partition(":")
    return f"{_OF_A_SIDE[name]} {side}" if side else _EVERYBODY[name]


def _choice(kind: str, choice: Choice) -> str:
    named = " or ".join(choice.words)
    if not choice.excluded:
        return f"{kind} {named}"
    return f"any {kind} but {named}" if named else f"any {kind}"
