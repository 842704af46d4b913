"""Before anybody signs, it can be said exactly what a draft would give to whom, and take away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from policies.atoms import ATTRIBUTES, Box, Effort, Interval, atoms, everything, holds
from policies.atoms import intervals as intervals_between
from policies.engine import Scope
from policies.exceptions import NO_EXCEPTIONS, Exceptions
from policies.instants import ALWAYS, NEVER, instant
from policies.sentences import clause_name, group_name, words_of
from policies.vocabulary import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from policies.policy import Policy, Row
    from policies.roster import RosterRow
    from policies.vocabulary import Marking

_SEEN: Final = {
    View.METADATA: "knowing of them",
    View.REDACTED: "seeing them redacted",
    View.FULL: "seeing them in full",
}


class Sight(NamedTuple):
    """How much of a marking somebody sees: the highest view, None for nothing, and what decides."""

    view: View | None
    clause: str | None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two things compared: a compiled policy with the exceptions beside it."""

    policy: Policy
    exceptions: Exceptions = NO_EXCEPTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one seat gains or loses, as far as it is the same.

    Attributes:
        seat: Whose; `party:claimant`.
        organisation: For whom that seat is held, or None.
        box: Of which markings, for which purposes, in which phases.
        interval: From when until when.
        before: What the seat sees now.
        after: What it would see.
    """

    seat: str
    organisation: str | None
    box: Box
    interval: Interval
    before: Sight
    after: Sight

    @property
    def gains(self) -> bool:
        """Whether the seat sees more than before; otherwise it sees less."""
        return (self.after.view or 0) > (self.before.view or 0)


def changes(old: Side, new: Side, holders: Sequence[RosterRow]) -> tuple[Change, ...]:
    """Compare what two policies give to each of some seats: exactly, and nothing twice.

    Args:
        old: What decides now.
        new: What would.
        holders: One row for each seat and organisation; their dates do not matter here.

    Returns:
        Every change of a view, in as few boxes as merging makes of them, seat by seat. What stays
        at the same view by another clause is none.

    Raises:
        TooIntricate: There is too much to ask.
    """
    forever = [replace(holder, nbf=ALWAYS, exp=NEVER) for holder in holders]
    labels = dict.fromkeys(old.exceptions.grant_labels + new.exceptions.grant_labels)
    scopes = [Scope(side.policy, forever, 0, side.exceptions) for side in (old, new)]
    spaces = [everything(side.policy, labels) for side in (old, new)]
    space = Box(*(tuple(dict.fromkeys(a + b)) for a, b in zip(*spaces, strict=True)))
    periods = intervals_between(*(scope.bounds for scope in scopes))
    found: list[Change] = []
    effort = Effort()
    for holder in forever:
        same: dict[tuple[Row, ...], list[Change]] = {}
        groups = holder.groups()
        mine = [row for scope in scopes for row in scope.rows if row.sub in groups]
        for period in periods:
            rows = tuple(row for row in mine if holds(row, period))
            if rows not in same:
                divided = atoms(space, rows, {})
                effort.spend(len(divided), len(mine))
                same[rows] = list(_differences(holder, scopes, divided, period))
            found += (replace(change, interval=period) for change in same[rows])
    return tuple(_merged(found))


def phase_changes(
    side: Side, from_phase: str, to_phase: str, holders: Sequence[RosterRow], now: datetime
) -> tuple[Change, ...]:
    """Compare what a policy gives at an instant in one phase with what it gives in another.

    Returns:
        As `changes`; the phase of each box is the one that would be entered.
    """
    at = instant(now)
    forever = [replace(holder, nbf=ALWAYS, exp=NEVER) for holder in holders]
    scope = Scope(side.policy, forever, 0, side.exceptions)
    space = everything(side.policy, side.exceptions.grant_labels)._replace(phase=(to_phase,))
    period = next(found for found in intervals_between(scope.bounds) if found.nbf <= at < found.exp)
    found: list[Change] = []
    for holder in forever:
        rows = [row for row in scope.rows if row.sub in holder.groups() and holds(row, period)]
        for box in atoms(space, rows, {}):
            marking, purpose, _ = box.example
            before, after = (
                _sight(scope, holder.person, marking, purpose, phase, period)
                for phase in (from_phase, to_phase)
            )
            if before.view != after.view:
                found.append(_change(holder, box, period, before, after))
    return tuple(_merged(found))


def affected(changes: Iterable[Change], marking: Marking) -> tuple[Change, ...]:
    """Return those changes that concern documents of a marking."""
    return tuple(change for change in changes if change.box.covers(marking))


def sentence(change: Change, space: Box) -> str:
    """Say in plain English who gains or loses what, and by which clause.

    Args:
        change: What is said.
        space: All that can be asked, so that "any class but" can be said where that is shorter.
    """
    who = group_name(change.seat)
    if change.organisation is not None:
        who += f", for {change.organisation},"
    verb = "would gain" if change.gains else "would lose"
    box = change.box
    parts = [
        f"{who[0].upper()}{who[1:]} {verb}: documents of {words_of('class', box.cls, space.cls)}",
        f"of {words_of('origin', box.origin, space.origin)}",
        f"of {words_of('provenance', box.prov, space.prov)}",
        f"with {words_of('label', box.label, space.label)}",
        f"for {words_of('purpose', box.purpose, space.purpose)}",
        f"in {words_of('phase', box.phase, space.phase)}",
    ]
    if change.interval.nbf != ALWAYS:
        parts.append(f"from {change.interval.nbf}")
    if change.interval.exp != NEVER:
        parts.append(f"until {change.interval.exp}")
    return f"{', '.join(parts)}: {_seen(change.after)} instead of {_seen(change.before)}."


def _seen(sight: Sight) -> str:
    what = _SEEN[sight.view] if sight.view is not None else "nothing"
    return what if sight.clause is None else f"{what} by {clause_name(sight.clause)}"


def _differences(
    holder: RosterRow, scopes: Sequence[Scope], divided: Sequence[Box], period: Interval
) -> Iterable[Change]:
    for box in divided:
        marking, purpose, phase = box.example
        before, after = (
            _sight(scope, holder.person, marking, purpose, phase, period) for scope in scopes
        )
        if before.view != after.view:
            yield _change(holder, box, period, before, after)


def _change(holder: RosterRow, box: Box, period: Interval, before: Sight, after: Sight) -> Change:
    return Change(
        seat=str(holder.seat),
        organisation=holder.organisation,
        box=box,
        interval=period,
        before=before,
        after=after,
    )


def _sight(
    scope: Scope, person: str, marking: Marking, purpose: str, phase: str, period: Interval
) -> Sight:
    """Return the highest view that is allowed; views are downward closed."""
    seen = Sight(None, None)
    for view in View:
        allowed, clause = scope.ask(person, marking, view, purpose, phase, period.example)
        if not allowed:
            return Sight(None, clause) if seen.view is None else seen
        seen = Sight(view, clause)
    return seen


def _merged(found: list[Change]) -> list[Change]:
    """Join changes that differ in one respect only, as long as there are such."""
    while True:
        joined = found
        for attribute in ATTRIBUTES:
            joined = _joined_words(joined, attribute)
        joined = _joined_intervals(joined)
        if len(joined) == len(found):
            return joined
        found = joined


def _joined_words(found: list[Change], attribute: str) -> list[Change]:
    alike: dict[Change, list[str]] = {}
    for change in found:
        rest = replace(change, box=change.box._replace(**{attribute: ()}))
        alike.setdefault(rest, []).extend(getattr(change.box, attribute))
    return [
        replace(rest, box=rest.box._replace(**{attribute: tuple(words)}))
        for rest, words in alike.items()
    ]


def _joined_intervals(found: list[Change]) -> list[Change]:
    nowhen = Interval(ALWAYS, ALWAYS)
    alike: dict[Change, list[Interval]] = {}
    for change in found:
        alike.setdefault(replace(change, interval=nowhen), []).append(change.interval)
    return [
        replace(rest, interval=period)
        for rest, periods in alike.items()
        for period in _adjacent(sorted(periods))
    ]


def _adjacent(periods: list[Interval]) -> Iterable[Interval]:
    """Yield the intervals with those that touch put together."""
    runs: list[Interval] = []
    for period in periods:
        if runs and runs[-1].exp == period.nbf:
            runs[-1] = Interval(runs[-1].nbf, period.exp)
        else:
            runs.append(period)
    return runs
