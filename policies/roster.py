"""Nobody sits on two sides of the table at once, and nobody a second longer than seated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Self

from policies.instants import NEVER, Instant, are_ends, instant
from policies.vocabulary import ON_A_SIDE, Seat, is_organisation, organisation_group

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_PERSON = re.compile("u:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class RosterRefused(ValueError):
    """A row of the roster is malformed, or two rows must not be one person's at the same time."""


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One person holds one seat in `[nbf, exp)`.

    An interval may be empty, and then gives nothing: two moments within one second are one
    instant, and such a row must not keep the rest of its case from loading.

    Attributes:
        person: `u:` and a UUID. The prefix keeps a person from being named like a group:
            to Casbin, whoever is called `mediator` is the mediator.
        organisation: Id of the organisation the person sits for, or None.

    Raises:
        RosterRefused: The person or the organisation is not so written, or the interval ends
            before it begins.
    """

    person: str
    seat: Seat
    nbf: Instant
    exp: Instant
    organisation: str | None = None

    def __post_init__(self) -> None:
        if not _PERSON.fullmatch(self.person):
            raise RosterRefused("A person of the roster is written u: and a UUID.")
        if self.organisation is not None and not is_organisation(self.organisation):
            raise RosterRefused("An organisation of the roster is written as one word.")
        if not are_ends(self.nbf, self.exp) or self.nbf > self.exp:
            raise RosterRefused("A seat is held between two instants, the earlier one first.")

    @classmethod
    def of(
        cls,
        person: str,
        seat: Seat,
        seated_from: datetime,
        seated_until: datetime | None,
        organisation: str | None = None,
    ) -> Self:
        """Return the row of a seat; both moments are cut to the second, so none ends late."""
        exp = NEVER if seated_until is None else instant(seated_until)
        return cls(person, seat, instant(seated_from), exp, organisation)

    def groups(self) -> frozenset[str]:
        """Return every group that a row may name to reach this person, the person included."""
        groups = {self.person, *self.seat.groups()}
        if self.organisation is not None:
            groups.add(organisation_group(self.organisation))
        return frozenset(groups)


def check_roster(rows: Iterable[RosterRow]) -> tuple[RosterRow, ...]:
    """Return the rows if everybody on them holds one seat at a time.

    Party and counsel of the same side go together. Nothing else does: not mediator and party, not
    two sides, not a side and its insurer, not an expert and anybody who has a stake.

    Raises:
        RosterRefused: Two seats of one person that do not go together overlap.
    """
    checked = tuple(rows)
    seats_of: dict[str, list[RosterRow]] = {}
    for row in checked:
        seats_of.setdefault(row.person, []).append(row)
    for held in seats_of.values():
        for one, other in combinations(held, 2):
            if _overlap(one, other) and not _go_together(one.seat, other.seat):
                raise RosterRefused("One person would hold two seats that do not go together.")
    return checked


def _overlap(one: RosterRow, other: RosterRow) -> bool:
    return max(one.nbf, other.nbf) < min(one.exp, other.exp)


def _go_together(one: Seat, other: Seat) -> bool:
    return one == other or (
        one.side == other.side and one.role in ON_A_SIDE and other.role in ON_A_SIDE
    )
