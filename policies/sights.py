"""What somebody sees under two policies is asked once for all that the same rows decide."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from policies.atoms import Box, Effort, Interval, everything
from policies.engine import Scope
from policies.exceptions import NO_EXCEPTIONS, Exceptions
from policies.instants import ALWAYS, NEVER
from policies.matcher import has
from policies.terms import Effect
from policies.vocabulary import NO_LABEL, View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.policy import Policy, Row
    from policies.roster import RosterRow


class Sight(NamedTuple):
    """How much of a marking somebody sees: the highest view, None for nothing, and what decides."""

    view: View | None
    clause: str | None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two things compared: a compiled policy with the exceptions beside it."""

    policy: Policy
    exceptions: Exceptions = NO_EXCEPTIONS

    @property
    def space(self) -> Box:
        """All that can be asked under it."""
        return everything(self.policy, self.exceptions.grant_labels)


class Half:
    """One of the two things compared, as one holder meets it who sits for ever and alone.

    Attributes:
        rows: Those that speak of the holder, each with what it reaches, in the order of the policy.
    """

    def __init__(self, side: Side, holder: RosterRow, space: Box, phase: str | None = None) -> None:
        """Look at a side from a seat.

        Args:
            side: The policy and its exceptions.
            holder: Whose eyes; sees nothing if the side of the seat is none of the policy's.
            space: What is looked at, which may hold words that this side does not know.
            phase: Asked about instead of the phase of each point.
        """
        is_here = holder.seat.side is None or holder.seat.side in side.policy.sides
        seated = (replace(holder, nbf=ALWAYS, exp=NEVER),) if is_here else ()
        self._scope = Scope(side.policy, seated, 0, side.exceptions)
        self._person = holder.person
        self._phase = phase
        self._own = side.space
        groups = frozenset[str]().union(*(row.groups() for row in seated))
        mine = (row for row in self._scope.rows if row.sub in groups)
        if phase is not None:
            mine = (row._replace(phase="*") for row in mine if has(row.phase, phase))
        reached = ((row, self._reach(row, space)) for row in mine)
        self.rows = tuple((row, box) for row, box in reached if box is not None)
        self._masks = [
            (
                bits(row.eft == Effect.ALLOW and view <= int(row.view) for row, _ in self.rows),
                bits(row.eft == Effect.DENY and view >= int(row.view) for row, _ in self.rows),
            )
            for view in View
        ]

    def _reach(self, row: Row, space: Box) -> Box | None:
        """Return what a row reaches of the words that its own side knows.

        What only the other side has granted bears no label here.
        """
        words = zip(space, self._own, strict=True)
        box = Box.reached(row, Box(*(tuple(w for w in some if w in own) for some, own in words)))
        if box is None or NO_LABEL not in box.label:
            return box
        foreign = (label for label in space.label if label not in self._own.label)
        return box._replace(label=(*box.label, *foreign))

    def deciding(self, matching: int) -> tuple[int, ...]:
        """Return which row decides at each view if some match: the first deny, else the last allow.

        So it is written in `Scope.ask`, and held against Casbin as it comes.
        """
        views = ((matching & allowing, matching & denying) for allowing, denying in self._masks)
        return tuple(-(denied & -denied) or allowed.bit_length() for allowed, denied in views)

    def sight(self, box: Box, period: Interval) -> Sight:
        """Return the highest view that is allowed of an atom; views are downward closed."""
        marking, purpose, phase = box.example
        if marking.label not in self._own.label:
            marking = marking._replace(label=NO_LABEL)
        asked, at = self._phase or phase, period.example
        seen = Sight(None, None)
        for view in View:
            allowed, clause = self._scope.ask(self._person, marking, view, purpose, asked, at)
            if not allowed:
                return Sight(None, clause) if seen.view is None else seen
            seen = Sight(view, clause)
        return seen


class Sights:
    """The two sights of whatever the same rows match."""

    def __init__(self, before: Half, after: Half, differing: int, effort: Effort) -> None:
        """Take both halves, and the rows that are not in both, as bits of all of them."""
        self._before, self._after = before, after
        self._differing = differing
        self._effort = effort
        self._matched: dict[int, tuple[Sight, Sight] | None] = {}
        self._decided: dict[tuple[int, ...], tuple[Sight, Sight]] = {}

    def of(self, matching: int, box: Box, period: Interval) -> tuple[Sight, Sight] | None:
        """Return both sights of an atom that some rows match; None if they show the same."""
        if not matching & self._differing:
            return None
        if matching not in self._matched:
            was, would = self._asked(matching, box, period)
            self._matched[matching] = None if was.view == would.view else (was, would)
        return self._matched[matching]

    def _asked(self, matching: int, box: Box, period: Interval) -> tuple[Sight, Sight]:
        self._effort.spend(10)
        width = len(self._before.rows)
        before, after = matching & ((1 << width) - 1), matching >> width
        deciding = (*self._before.deciding(before), *self._after.deciding(after))
        if deciding not in self._decided:
            self._effort.ask(width + len(self._after.rows))
            both = self._before.sight(box, period), self._after.sight(box, period)
            self._decided[deciding] = both
        return self._decided[deciding]


def bits(flags: Iterable[bool]) -> int:
    """Return an integer whose bit n says whether flag n is up."""
    return sum(1 << number for number, flag in enumerate(flags) if flag)
