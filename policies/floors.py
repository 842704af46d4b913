"""What each side keeps without any agreement, and what no agreement can bargain away."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from policies.instants import ALWAYS, NEVER
from policies.policy import Row
from policies.terms import Effect
from policies.vocabulary import JOINT, NAMED_ONLY, Role, View

if TYPE_CHECKING:
    from collections.abc import Sequence

OWN: Final = "OWN"
FLOOR_CAUCUS: Final = "FLOOR-1"
FLOOR_AUDITOR: Final = "FLOOR-2"
FLOOR_NAMED: Final = "FLOOR-3"
FLOOR_STATUTORY: Final = "FLOOR-4"
FLOOR_BOARD: Final = "FLOOR-5"
FLOOR_SEATED: Final = "FLOOR-6"

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
        FLOOR_NAMED: (
            "A substance-use record goes to nobody but its own side by a rule that speaks of "
            "records in general: only a clause that names the class, or a grant of the very "
            "document, opens it (42 CFR Part 2)."
        ),
        FLOOR_STATUTORY: (
            "A statutory report reaches the licensing board in full, whatever was agreed: no "
            "clause, phase, claw-back or veto keeps it away."
        ),
        FLOOR_BOARD: (
            "No clause keeps records that existed before the mediation from a licensing board "
            "asking for its regulatory purpose: a term that bars reporting to a board, or "
            "cooperating with it, is void (California Business and Professions Code 2220.7, 143.5)."
        ),
        FLOOR_SEATED: (
            "Whoever holds no seat in the case at that very instant sees nothing of it, whatever "
            "was agreed."
        ),
    }
)

CAUCUS: Final = "caucus"
STATUTORY: Final = "statutory-report"
REGULATORY: Final = "regulatory"
# Those who were not in the room of any caucus.
OUTSIDERS: Final = (Role.INSURER, Role.REGULATOR, Role.EXPERT, Role.AUDITOR)


def own_rows(case: str, sides: Sequence[str]) -> tuple[Row, ...]:
    """Return the baseline: every depositor, and every side of what is joint, sees it in full.

    What is joint came to the other sides through somebody's deposit; so it does not take the
    classes along that only their own side keeps (FLOOR-3).
    """
    rows: list[Row] = []
    for sub, origin, joint in (
        *((f"side:{side}", side, True) for side in sides),
        (Role.MEDIATOR.value, Role.MEDIATOR.value, True),
        (Role.EXPERT.value, Role.EXPERT.value, False),
    ):
        rows.append(_row(case, sub, "*", origin, View.FULL, Effect.ALLOW, OWN))
        if joint:
            general = f"!{'|'.join(NAMED_ONLY)}"
            rows.append(_row(case, sub, general, JOINT, View.FULL, Effect.ALLOW, OWN))
    return tuple(rows)


def floors(case: str, sides: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows that end every policy, so that what they say holds when it is decided.

    A deny beats every allow. The one allow among them cannot be denied, since a clause that would
    is refused before it is signed (policies/invariants.py). A caucus document of one side, of the
    mediator, or wrongly marked as joint is all `!side` to every other side.
    """
    caucus = [
        *((f"side:{side}", f"!{side}") for side in sides),
        *((role.value, "*") for role in OUTSIDERS),
    ]
    return (
        _row(
            case,
            Role.REGULATOR,
            STATUTORY,
            "*",
            View.FULL,
            Effect.ALLOW,
            FLOOR_STATUTORY,
            purpose=REGULATORY,
        ),
        *(
            _row(case, sub, CAUCUS, origin, View.METADATA, Effect.DENY, FLOOR_CAUCUS)
            for sub, origin in caucus
        ),
        _row(case, Role.AUDITOR, "*", "*", View.REDACTED, Effect.DENY, FLOOR_AUDITOR),
    )


def _row(
    case: str,
    sub: str,
    cls: str,
    origin: str,
    view: View,
    effect: Effect,
    clause: str,
    *,
    purpose: str = "*",
) -> Row:
    return Row(
        sub=str(sub),
        case=case,
        cls=cls,
        origin=origin,
        prov="*",
        label="*",
        view=str(view.value),
        purpose=purpose,
        phase="*",
        nbf=ALWAYS,
        exp=NEVER,
        eft=effect.value,
        clause=clause,
    )
