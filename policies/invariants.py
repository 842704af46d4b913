"""A version that could break a floor for anybody, at any time, is refused before it can be signed.

Floors are also rows, or the way in which rows are made, so that they hold when a decision is made.
Here it is looked at from the other end: every row that could break one is followed into each atom
and each interval in which another row could stop it, and there the engine is asked. So nothing is
left out, and what cannot matter costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from policies.atoms import Box, Effort, Interval, atoms, holds, intervals
from policies.doubts import doubts, is_seen
from policies.engine import Scope
from policies.floors import FLOOR_TEXTS
from policies.instants import ALWAYS, NEVER
from policies.sentences import clause_name
from policies.vocabulary import NO_LABEL, View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.doubts import Doubt
    from policies.engine import Answer
    from policies.policy import Policy
    from policies.seatings import Seating
    from policies.terms import Terms

MOST_VIOLATIONS: Final = 20

_SHOWN: Final[dict[View | None, str]] = {
    View.METADATA: "would know of",
    View.REDACTED: "would see, redacted,",
    View.FULL: "would see in full",
}
_KEPT: Final[dict[View | None, str]] = {
    None: "would not see",
    View.METADATA: "would know of, and not see,",
    View.REDACTED: "would not see in full",
}


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


class Point(NamedTuple):
    """An atom at which a floor is broken for a time, and the highest view that is allowed there."""

    box: Box
    period: Interval
    seen: View | None


def check(policy: Policy, terms: Terms | None = None) -> tuple[Violation, ...]:
    """Ask all that could break a floor under a policy, and return each floor that a clause breaks.

    Looked at are every way to sit in the case, for each organisation and for none, somebody who
    does not, and everybody whose seat has ended; every marking, purpose and phase, by atoms; every
    interval in which nothing changes.

    Args:
        policy: Compiled; floors may be missing from it, as in a test.
        terms: What it was compiled from, for the pointers.

    Returns:
        One violation for each floor and clause, at most twenty.

    Raises:
        TooIntricate: There is too much to ask. No terms compile to such rows.
    """
    look = Look(policy)
    found: dict[tuple[str, str | None], Violation] = {}
    for doubt in doubts(policy):
        what = (doubt.floor, doubt.clause)
        point = None if what in found else next(look.counter_examples(doubt), None)
        if point is not None:
            at = "" if terms is None else _pointer(terms, doubt.clause)
            found[what] = Violation(*what, at, _sentence(doubt, point))
        if len(found) == MOST_VIOLATIONS:
            break
    return tuple(found.values())


class Look:
    """One look at a policy, with a scope for everybody in whose place something was asked."""

    def __init__(self, policy: Policy) -> None:
        """Begin without having asked anything."""
        self._policy = policy
        self._effort = Effort()
        self._scopes: dict[Seating, Scope] = {}

    def counter_examples(self, doubt: Doubt) -> Iterator[Point]:
        """Yield every atom of a doubt at which the engine answers as it must not."""
        scope = self._scope(doubt.seating)
        ends = (end for row, _ in doubt.rows for end in (row.nbf, row.exp))
        for period in intervals(doubt.span, ends):
            if doubt.span.nbf <= period.nbf and period.exp <= doubt.span.exp:
                holding = [box for row, box in doubt.rows if holds(row, period)]
                for box, _ in atoms(doubt.box, holding, self._effort):
                    self._effort.ask(len(scope.rows))
                    answers = _answers(scope, doubt.seating.person, box, period)
                    if doubt.breaks(answers[doubt.view]):
                        seen = [view for view in View if answers[view][0]]
                        yield Point(box, period, max(seen, default=None))

    def _scope(self, seating: Seating) -> Scope:
        known = self._scopes.get(seating)
        if known is None:
            known = self._scopes[seating] = Scope(self._policy, seating.roster, 0)
        return known


def _answers(scope: Scope, person: str, box: Box, period: Interval) -> dict[View, Answer]:
    """Ask for an atom at each view."""
    marking, purpose, phase = box.example
    answers = {
        view: scope.ask(person, marking, view, purpose, phase, period.example) for view in View
    }
    # The matcher reads an allow downwards and a deny upwards: no rows can make it otherwise.
    closed = answers[View.METADATA][0] >= answers[View.REDACTED][0] >= answers[View.FULL][0]
    assert closed, "a view includes those below it"
    return answers


def _sentence(doubt: Doubt, point: Point) -> str:
    """Say a counter-example, and what the floor says."""
    marking, purpose, phase = point.box.example
    who = f"{doubt.seating}"
    does = (_SHOWN if doubt.breaks is is_seen else _KEPT)[point.seen]
    what = f"documents of class {marking.document_class} of {marking.origin}"
    parts = [
        f"{who[0].upper()}{who[1:]} {does} {what}",
        marking.provenance,
        f"for purpose {purpose}",
        f"in phase {phase}",
    ]
    if marking.label != NO_LABEL:
        parts.insert(2, f"with label {marking.label}")
    if point.period.nbf != ALWAYS:
        parts.append(f"from {point.period.nbf}")
    if point.period.exp != NEVER:
        parts.append(f"until {point.period.exp}")
    parts.append("by no clause" if doubt.clause is None else f"by {clause_name(doubt.clause)}")
    return f"{', '.join(parts)}. {doubt.floor}: {FLOOR_TEXTS[doubt.floor]}"


def _pointer(terms: Terms, clause: str | None) -> str:
    ids = [one.id for one in terms.clauses]
    return f"/clauses/{ids.index(clause)}" if clause in ids else ""
