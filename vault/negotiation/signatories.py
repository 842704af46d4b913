"""A version is signed by every party, and by whoever gives something of their own away by it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from policies.atoms import TooIntricate
from policies.instants import ALWAYS, NEVER
from policies.roster import RosterRow
from policies.vocabulary import NO_LABEL, Marking, Role, Seat, is_grant_label
from policies.whatif import Side, affected, changes
from vault.database import documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policies.compiler import Policy
    from policies.whatif import Change
    from vault.access import Seated
    from vault.database.connection import Transaction
    from vault.database.documents import HoldingRow
    from vault.details import ParticipantDetails
    from vault.ids import PersonId

# Whose deposits are their own, and not of a side that signs by its parties.
_HOLDERS = (Role.MEDIATOR, Role.EXPERT)
_FOR_A_SIDE = (Role.PARTY, Role.COUNSEL, Role.INSURER)
_FOR_NO_SIDE = (Role.MEDIATOR, Role.EXPERT, Role.INSURER, Role.REGULATOR, Role.AUDITOR)
# The engine is asked as somebody; who that is makes no difference here.
_ANYBODY = "u:00000000-0000-0000-0000-000000000000"

# Who holds a seat, and the organisation they hold it for.
_Place = tuple[Seat, str | None]


@dataclass(frozen=True, slots=True)
class Signatory:
    """Somebody who must sign a version, and why."""

    person: PersonId
    reason: str


def parties(sitting: Iterable[ParticipantDetails]) -> list[ParticipantDetails]:
    """Return those who sit as a party."""
    return [person for person in sitting if person.seat.role is Role.PARTY]


def holders(
    tx: Transaction, seated: Seated, sitting: Sequence[ParticipantDetails], policy: Policy
) -> tuple[Signatory, ...]:
    """Return which mediators and experts must sign: whose documents a draft opens wider.

    Looked at is what they have deposited by now, for every seat that there is or may yet be, since
    whoever is seated tomorrow sees it by the same signatures. What was granted beyond scope counts
    as if it had not been: rather one signature too many. Who has left is not waited for.

    Args:
        tx: The transaction.
        seated: The case as the reader stands in it, with the scope in force.
        sitting: Who sits now.
        policy: The draft, compiled.
    """
    neutral = {p.person: p.seat.role for p in sitting if p.seat.role in _HOLDERS}
    held = [
        row
        for row in documents.holdings_of(tx, seated.case, [role.value for role in _HOLDERS])
        if row.deposited_by in neutral
    ]
    if not held:
        return ()
    places = _places(policy, sitting)
    try:
        wider = _wider(seated.scope.policy, policy, places)
    except TooIntricate:
        giving = {row.deposited_by for row in held}
    else:
        giving = {row.deposited_by for row in held if affected(wider, _marking(row))}
    return tuple(
        Signatory(person, f"holder of what the {role} deposited")
        for person, role in neutral.items()
        if person in giving
    )


def _places(policy: Policy, sitting: Iterable[ParticipantDetails]) -> tuple[_Place, ...]:
    """Return every seat there may be, who sits for an organisation, and one more for each named."""
    bare = [Seat(role, None) for role in _FOR_NO_SIDE]
    bare += [Seat(role, side) for side in policy.sides for role in _FOR_A_SIDE]
    places: list[_Place] = [(seat, None) for seat in bare]
    places += [(p.seat, p.organisation_id) for p in sitting if p.organisation_id is not None]
    places += [(Seat(Role.INSURER, None), named) for named in policy.organisations]
    return tuple(dict.fromkeys(places))


# Asked again whenever a draft is shown while it is open.
@lru_cache(maxsize=128)
def _wider(old: Policy, new: Policy, places: tuple[_Place, ...]) -> tuple[Change, ...]:
    """Return what a policy gives more than another, to any of some seats."""
    rows = [RosterRow(_ANYBODY, seat, ALWAYS, NEVER, named) for seat, named in places]
    found = (change for row in rows for change in changes(Side(old), Side(new), [row]))
    return tuple(change for change in found if change.gains)


def _marking(row: HoldingRow) -> Marking:
    """Return what a deposit bears; what clauses say of a granted document is what they say of any.

    A grant adds to them.
    """
    label = NO_LABEL if is_grant_label(row.label) else row.label
    return Marking(row.document_class, row.origin, row.provenance, label)
