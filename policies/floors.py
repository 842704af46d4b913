"""What each side keeps without any agreement, and what no agreement can bargain away."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from policies.instants import ALWAYS, NEVER
from policies.policy import Row
from policies.terms import Effect
from policies.vocabulary import JOINT, Role, View

if TYPE_CHECKING:
    from collections.abc import Sequence

OWN: Final = "OWN"
FLOOR_CAUCUS: Final = "FLOOR-1"
FLOOR_AUDITOR: Final = "FLOOR-2"

FLOOR_TEXTS: Final = MappingProxyType(
    {
        OWN: (
            "Each side sees what it deposited and what is joint; the mediator what the mediator "
            "deposited and what is joint; the expert what the expert deposited."
        ),
        FLOOR_CAUCUS: (
            "A caucus document is never shown to another side than the one it came from, nor to "
            "an insurer, a regulator, an expert or an auditor, whatever was agreed."
        ),
        FLOOR_AUDITOR: (
            "An auditor may learn that a document exists, what it is called and how it is marked, "
            "and never sees its content, whatever was agreed."
        ),
    }
)

_CAUCUS: Final = "caucus"
# Those who were not in the room of any caucus.
_OUTSIDERS: Final = (Role.INSURER, Role.REGULATOR, Role.EXPERT, Role.AUDITOR)


def own_rows(case: str, sides: Sequence[str]) -> tuple[Row, ...]:
    """Return the baseline: every depositor, and every side of what is joint, sees it in full."""
    own = [(f"side:{side}", f"{side}|{JOINT}") for side in sides]
    own.append((Role.MEDIATOR.value, f"{Role.MEDIATOR.value}|{JOINT}"))
    own.append((Role.EXPERT.value, Role.EXPERT.value))
    return tuple(_row(case, sub, "*", origin, View.FULL, Effect.ALLOW, OWN) for sub, origin in own)


def floors(case: str, sides: Sequence[str]) -> tuple[Row, ...]:
    """Return the deny rows that end every policy. A deny beats every allow, so they always hold.

    A caucus document of one side, of the mediator, or wrongly marked as joint is all `!side` to
    every other side.
    """
    caucus = [
        *((f"side:{side}", f"!{side}") for side in sides),
        *((role.value, "*") for role in _OUTSIDERS),
    ]
    return (
        *(
            _row(case, sub, _CAUCUS, origin, View.METADATA, Effect.DENY, FLOOR_CAUCUS)
            for sub, origin in caucus
        ),
        _row(case, Role.AUDITOR, "*", "*", View.REDACTED, Effect.DENY, FLOOR_AUDITOR),
    )


def _row(
    case: str, sub: str, cls: str, origin: str, view: View, effect: Effect, clause: str
) -> Row:
    return Row(
        sub=str(sub),
        case=case,
        cls=cls,
        origin=origin,
        label="*",
        view=str(view.value),
        purpose="*",
        phase="*",
        nbf=ALWAYS,
        exp=NEVER,
        eft=effect.value,
        clause=clause,
    )
