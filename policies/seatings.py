"""Whoever may ever sit in a case sits in one of finitely many ways: all of them can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from policies.instants import ALWAYS, NEVER, Instant
from policies.roster import RosterRow
from policies.sentences import group_name
from policies.vocabulary import ON_A_SIDE, Role, Seat

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SOMEBODY = "u:00000000-0000-4000-8000-000000000000"


class Seating(NamedTuple):
    """One way to sit in a case: in a seat, or in the two of one side; for an organisation or none.

    Attributes:
        seats: None at all for somebody who does not sit in it.
        until: When they are given up.
    """

    seats: tuple[Seat, ...]
    organisation: str | None = None
    until: Instant = NEVER

    @property
    def roster(self) -> tuple[RosterRow, ...]:
        """One person who sits so, and nobody else."""
        return tuple(
            RosterRow(_SOMEBODY, seat, ALWAYS, self.until, self.organisation) for seat in self.seats
        )

    @property
    def person(self) -> str:
        """The person who sits so."""
        return _SOMEBODY

    def groups(self) -> frozenset[str]:
        """Return the groups that a policy may name to reach whoever sits so."""
        groups = frozenset[str]().union(*(row.groups() for row in self.roster))
        return groups - {_SOMEBODY}

    def is_one_of(self, *roles: Role) -> bool:
        """Tell whether one of the seats has one of these roles."""
        return any(seat.role in roles for seat in self.seats)

    @property
    def side(self) -> str | None:
        """The side on which they sit; an insurer sits on none."""
        return next((seat.side for seat in self.seats if seat.role in ON_A_SIDE), None)

    @property
    def own(self) -> frozenset[str]:
        """The origins of what they deposit."""
        return frozenset(origin for seat in self.seats if (origin := seat.origin()) is not None)

    def __str__(self) -> str:
        if not self.seats:
            return "somebody without a seat"
        said = " and ".join(group_name(str(seat)) for seat in self.seats)
        if self.until != NEVER:
            return f"{said}, whose seat has ended,"
        return said if self.organisation is None else f"{said}, for {self.organisation},"


def seatings(sides: Sequence[str], organisations: Iterable[str] = ()) -> list[Seating]:
    """Return every way to sit in a case between these sides, for these organisations or none."""
    seats: list[tuple[Seat, ...]] = [
        *((Seat(role, None),) for role in Role if role not in ON_A_SIDE),
        *((Seat(Role.INSURER, side),) for side in sides),
    ]
    for side in sides:
        party, counsel = Seat(Role.PARTY, side), Seat(Role.COUNSEL, side)
        seats += [(party,), (counsel,), (party, counsel)]
    return [Seating(some, named) for named in (None, *organisations) for some in seats]
