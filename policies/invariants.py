"""A version that could break a floor for anybody, at any time, is refused before it can be signed.

Floors are also rows, or the way in which rows are made, so that they hold when a decision is made.
Here it is looked at from the other end: the engine is asked everything that can be asked under a
policy, for every kind of seat, and its answers are held to what must be true whatever was agreed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

from policies.atoms import Box, Effort, Interval, atoms, everything, holds, intervals
from policies.engine import Scope
from policies.floors import (
    CAUCUS,
    FLOOR_AUDITOR,
    FLOOR_BOARD,
    FLOOR_CAUCUS,
    FLOOR_NAMED,
    FLOOR_SEATED,
    FLOOR_STATUTORY,
    FLOOR_TEXTS,
    OUTSIDERS,
    OWN,
    REGULATORY,
    STATUTORY,
)
from policies.instants import ALWAYS, NEVER, Instant
from policies.roster import RosterRow
from policies.sentences import clause_name, group_name
from policies.vocabulary import NAMED_ONLY, ON_A_SIDE, PROVENANCES, Marking, Role, Seat, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from policies.engine import Answer
    from policies.policy import Policy
    from policies.terms import Terms

MOST_VIOLATIONS: Final = 20

_PRE_EXISTING: Final = PROVENANCES[0]
# When the seat of somebody who was seated before ends; nothing else happens on that day.
_ENDED: Final = Instant("0001-01-02T00:00:00Z")
# What the floors speak of stands apart in every question, whatever the rows say.
_TOLD_APART: Final = {
    "cls": (CAUCUS, STATUTORY, *NAMED_ONLY),
    "prov": (_PRE_EXISTING,),
    "purpose": (REGULATORY,),
}
_SHOWN: Final = {
    View.METADATA: "would know of",
    View.REDACTED: "would see, redacted,",
    View.FULL: "would see in full",
}


class Point(NamedTuple):
    """One thing that was asked, for one kind of seat, with the answers at each view."""

    holder: Holder
    marking: Marking
    purpose: str
    phase: str
    interval: Interval
    answers: Mapping[View, Answer]

    def allowed(self, view: View) -> bool:
        """Tell whether a view is allowed."""
        return self.answers[view][0]


class Holder(NamedTuple):
    """Somebody who might sit in the case: a seat, or two of one side, or none."""

    person: str
    seats: tuple[Seat, ...]
    organisation: str | None
    rows: tuple[RosterRow, ...]

    def is_one_of(self, *roles: Role) -> bool:
        """Tell whether one of the seats has one of these roles."""
        return any(seat.role in roles for seat in self.seats)

    @property
    def side(self) -> str | None:
        """The side on which they sit; an insurer sits on none."""
        return next((seat.side for seat in self.seats if seat.role in ON_A_SIDE), None)

    def groups(self) -> frozenset[str]:
        """Return every group that a row may name to reach them."""
        return frozenset[str]().union(*(row.groups() for row in self.rows))

    def __str__(self) -> str:
        if not self.seats:
            return "Somebody without a seat"
        said = " and ".join(group_name(str(seat)) for seat in self.seats)
        return said if self.organisation is None else f"{said}, for {self.organisation},"


@dataclass(frozen=True, slots=True)
class Violation:
    """A floor that a policy does not keep.

    Attributes:
        floor: Its id.
        clause: The clause that would break it, or None.
        pointer: JSON pointer to that clause in the terms; empty if there is none.
        sentence: A counter-example, and what the floor says.
    """

    floor: str
    clause: str | None
    pointer: str
    sentence: str


def check(policy: Policy, terms: Terms | None = None) -> tuple[Violation, ...]:
    """Ask everything that can be asked under a policy, and return each floor that a clause breaks.

    Asked are every seat there can be, for each organisation and for none, somebody who is not
    seated and somebody whose seat has ended; every marking, purpose and phase, by atoms; every
    interval in which nothing changes; every view.

    Args:
        policy: Compiled; floors may be missing from it, as in a test.
        terms: What it was compiled from, for the pointers.

    Returns:
        One violation for each floor and clause, at most twenty.

    Raises:
        TooIntricate: There is too much to ask.
    """
    holders = _holders(policy)
    scope = Scope(policy, [row for holder in holders for row in holder.rows], 0)
    found: dict[tuple[str, str | None], Violation] = {}
    for point in _points(scope, holders):
        for floor, keeps in _FLOORS.items():
            clause = keeps(scope, point)
            if clause is not KEPT and (floor, clause) not in found:
                found[floor, clause] = _violation(floor, clause, point, terms)
                if len(found) == MOST_VIOLATIONS:
                    return tuple(found.values())
    return tuple(found.values())


# What a floor answers where it is kept. A clause, or None for no clause, is where it is not.
KEPT: Final = "kept"


def _caucus(_: Scope, point: Point) -> str | None:
    """FLOOR-1: nobody sees a caucus paper but its own side and the mediator."""
    outside = point.holder.is_one_of(*OUTSIDERS) or (
        point.holder.side is not None and point.holder.side != point.marking.origin
    )
    if point.marking.document_class == CAUCUS and outside and point.allowed(View.METADATA):
        return point.answers[View.METADATA][1]
    return KEPT


def _auditor(_: Scope, point: Point) -> str | None:
    """FLOOR-2: the auditor never sees content."""
    if point.holder.is_one_of(Role.AUDITOR) and point.allowed(View.REDACTED):
        return point.answers[View.REDACTED][1]
    return KEPT


def _named(scope: Scope, point: Point) -> str | None:
    """FLOOR-3: a rule that speaks of records in general opens none of those to be named."""
    allowed, clause = point.answers[View.METADATA]
    if point.marking.document_class not in NAMED_ONLY or not allowed:
        return KEPT
    if clause == OWN and point.marking.origin in _own(point.holder):
        return KEPT
    general = (row for row in scope.rows if row.clause == clause)
    is_general = any(row.cls == "*" or row.cls.startswith("!") for row in general)
    return clause if is_general else KEPT


def _statutory(_: Scope, point: Point) -> str | None:
    """FLOOR-4: a statutory report reaches the board, at any time and despite any label."""
    if (
        point.holder.is_one_of(Role.REGULATOR)
        and point.marking.document_class == STATUTORY
        and point.purpose == REGULATORY
        and not point.allowed(View.FULL)
    ):
        return point.answers[View.FULL][1]
    return KEPT


def _board(_: Scope, point: Point) -> str | None:
    """FLOOR-5: no clause keeps pre-existing records from a board that supervises."""
    allowed, clause = point.answers[View.FULL]
    barred = (
        point.holder.is_one_of(Role.REGULATOR)
        and point.purpose == REGULATORY
        and point.marking.provenance == _PRE_EXISTING
        and not allowed
        and clause is not None
        and clause not in FLOOR_TEXTS
    )
    return clause if barred else KEPT


def _seated(_: Scope, point: Point) -> str | None:
    """FLOOR-6: whoever does not sit here now sees nothing."""
    if not point.holder.seats and point.allowed(View.METADATA):
        return point.answers[View.METADATA][1]
    return KEPT


_FLOORS: Final[dict[str, Callable[[Scope, Point], str | None]]] = {
    FLOOR_CAUCUS: _caucus,
    FLOOR_AUDITOR: _auditor,
    FLOOR_NAMED: _named,
    FLOOR_STATUTORY: _statutory,
    FLOOR_BOARD: _board,
    FLOOR_SEATED: _seated,
}


def _points(scope: Scope, holders: Sequence[Holder]) -> Iterator[Point]:
    """Yield everything that can be asked, each atom of it once for each set of rows in question."""
    space, periods, effort = everything(scope.policy), intervals(scope.bounds), Effort()
    seen = set[object]()
    for holder in holders:
        groups, own = holder.groups(), {"origin": _own(holder)}
        # Nothing else of a holder is looked at below: two that are alike in it are one.
        alike = (_own(holder), holder.side, tuple(holder.is_one_of(role) for role in OUTSIDERS))
        mine = [row for row in scope.rows if holder.seats and row.sub in groups]
        for period in periods:
            rows = tuple(row for row in mine if holds(row, period))
            key = (rows, alike, bool(holder.seats))
            if key in seen or not _is_asked_about(holder, period):
                continue
            seen.add(key)
            divided = atoms(space, rows, _TOLD_APART | own)
            effort.spend(len(divided), len(mine))
            yield from (_asked(scope, holder, box, period) for box in divided)


def _asked(scope: Scope, holder: Holder, box: Box, period: Interval) -> Point:
    marking, purpose, phase = box.example
    answers = {
        view: scope.ask(holder.person, marking, view, purpose, phase, period.example)
        for view in View
    }
    # The matcher reads an allow downwards and a deny upwards: no rows can make it otherwise.
    closed = answers[View.METADATA][0] >= answers[View.REDACTED][0] >= answers[View.FULL][0]
    assert closed, "a view includes those below it"
    return Point(holder, marking, purpose, phase, period, answers)


def _is_asked_about(holder: Holder, period: Interval) -> bool:
    """Tell whether a holder is as described then: somebody whose seat has ended held one before."""
    return bool(holder.seats) or all(row.exp <= period.nbf for row in holder.rows)


def _holders(policy: Policy) -> list[Holder]:
    """Return everybody who might ask: every seat and organisation, a stranger, a former party."""
    seatings: list[tuple[Seat, ...]] = [
        *((Seat(role, side),) for role in (*ON_A_SIDE, Role.INSURER) for side in policy.sides),
        *((Seat(Role.PARTY, side), Seat(Role.COUNSEL, side)) for side in policy.sides),
        *((Seat(role, None),) for role in Role if role not in ON_A_SIDE),
    ]
    seatings.sort(key=lambda seats: [str(seat) for seat in seats])
    everybody = [
        Holder(_person(number), seats, organisation, _rows(number, seats, NEVER, organisation))
        for number, (seats, organisation) in enumerate(
            product(seatings, (None, *policy.organisations)), start=1
        )
    ]
    seat_that_ended = _rows(0, (Seat(Role.PARTY, policy.sides[0]),), _ENDED, None)
    return [
        *everybody,
        Holder(_person(0), (), None, seat_that_ended),
        Holder(_person(len(everybody) + 1), (), None, ()),
    ]


def _rows(
    number: int, seats: Sequence[Seat], exp: Instant, organisation: str | None
) -> tuple[RosterRow, ...]:
    return tuple(RosterRow(_person(number), seat, ALWAYS, exp, organisation) for seat in seats)


def _person(number: int) -> str:
    return f"u:00000000-0000-4000-8000-{number:012x}"


def _own(holder: Holder) -> tuple[str, ...]:
    """Return the origins of what a holder deposits."""
    origins = (seat.origin() for seat in holder.seats)
    return tuple(dict.fromkeys(origin for origin in origins if origin is not None))


def _violation(floor: str, clause: str | None, point: Point, terms: Terms | None) -> Violation:
    by = "no clause" if clause is None else clause_name(clause)
    what = (
        f"{point.marking.document_class} of {point.marking.origin}, {point.marking.provenance}, "
        f"for purpose {point.purpose}, in phase {point.phase}"
    )
    seen = [view for view in View if point.allowed(view)]
    shown = _SHOWN[seen[-1]] if seen else "would not see"
    who = f"{point.holder}"
    said = f"{who[0].upper()}{who[1:]} {shown} documents of class {what}, by {by}. "
    at = "" if terms is None else _pointer(terms, clause)
    return Violation(floor, clause, at, f"{said}{floor}: {FLOOR_TEXTS[floor]}")


def _pointer(terms: Terms, clause: str | None) -> str:
    ids = [one.id for one in terms.clauses]
    return f"/clauses/{ids.index(clause)}" if clause in ids else ""
