"""Before anybody signs, it can be said exactly what a draft would give to whom, and take away."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from policies.atoms import Box, Effort, Interval, atoms, everything, holds, intervals
from policies.instants import ALWAYS, NEVER, instant
from policies.sentences import clause_name, group_name, words_of
from policies.sights import Half, Side, Sight, Sights, bits
from policies.vocabulary import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from policies.policy import Row
    from policies.roster import RosterRow
    from policies.vocabulary import Marking

    # An atom, for how long, and what is seen of it before and after.
    _Run = tuple[Box, Interval, Sight, Sight]

__all__ = ["Change", "Side", "Sight", "affected", "changes", "phase_changes", "sentence"]

_SEEN: Final = {
    View.METADATA: "knowing of them",
    View.REDACTED: "seeing them redacted",
    View.FULL: "seeing them in full",
}


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
        holders: One row for each seat and organisation; their dates do not matter here. A grant to
            a person by name is theirs if the row is theirs.

    Returns:
        Every change of a view, in as few boxes as merging makes of them, seat by seat. What stays
        at the same view by another clause is none. A document that a side has not granted bears no
        label there.

    Raises:
        TooIntricate: There is too much to look at.
    """
    labels = dict.fromkeys((*old.exceptions.grant_labels, *new.exceptions.grant_labels))
    words = zip(everything(old.policy, labels), everything(new.policy, labels), strict=True)
    space = Box(*(tuple(dict.fromkeys(one + other)) for one, other in words))
    effort = Effort()
    found: list[Change] = []
    for holder in holders:
        before, after = Half(old, holder, space), Half(new, holder, space)
        periods = _periods(before, after)
        found += _compared(holder, space, _runs(before, after, space, periods, effort))
    return tuple(found)


def phase_changes(
    side: Side, from_phase: str, to_phase: str, holders: Sequence[RosterRow], now: datetime
) -> tuple[Change, ...]:
    """Compare what a policy gives at an instant in one phase with what it gives in another.

    Returns:
        As `changes`; the phase of each box is the one that would be entered, and the interval is
        the one around the instant in which nothing else changes for the seat.
    """
    at, effort = instant(now), Effort()
    space = side.space._replace(phase=(to_phase,))
    found: list[Change] = []
    for holder in holders:
        before, after = (Half(side, holder, space, phase) for phase in (from_phase, to_phase))
        periods = [some for some in _periods(before, after) if some.nbf <= at < some.exp]
        found += _compared(holder, space, _runs(before, after, space, periods, effort))
    return tuple(found)


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


def _periods(before: Half, after: Half) -> list[Interval]:
    rows = [row for row, _ in (*before.rows, *after.rows)]
    return intervals((row.nbf for row in rows), (row.exp for row in rows))


def _compared(holder: RosterRow, space: Box, runs: Iterable[_Run]) -> Iterator[Change]:
    """Yield changes put together from runs.

    What says the same to a person is one change: the same span, views and clauses.
    """
    alike: dict[tuple[Interval, Sight, Sight], list[Box]] = {}
    for box, span, was, would in runs:
        alike.setdefault((span, was, would), []).append(box)
    for (span, was, would), boxes in alike.items():
        for box in _merged(boxes, space):
            yield Change(
                seat=str(holder.seat),
                organisation=holder.organisation,
                box=box,
                interval=span,
                before=was,
                after=would,
            )


def _runs(
    before: Half, after: Half, space: Box, periods: Sequence[Interval], effort: Effort
) -> Iterator[_Run]:
    """Yield each atom, for as long as its two sights stay what they are, if they are not the same.

    Sights can differ only where a row matches that the other half does not have.
    """
    rows = [*before.rows, *after.rows]
    only = {_said(*one) for one in before.rows} ^ {_said(*one) for one in after.rows}
    differing = bits(_said(*one) in only for one in rows)
    if not differing:
        return
    sights = Sights(before, after, differing, effort)
    holding = [bits(holds(row, period) for row, _ in rows) for period in periods]
    for box, covering in atoms(space, [reached for _, reached in rows], effort, differing):
        effort.spend(1 + len(periods) // 2)
        seen = [
            (period, sights.of(covering & held, box, period))
            for period, held in zip(periods, holding, strict=True)
        ]
        for both, run in groupby(seen, key=itemgetter(1)):
            if both is not None:
                effort.spend(20)
                span = [period for period, _ in run]
                yield box, Interval(span[0].nbf, span[-1].exp), *both


def _said(row: Row, box: Box) -> tuple[object, ...]:
    """Return what a row does, whatever it is called."""
    return box, row.view, row.nbf, row.exp, row.eft


def _merged(boxes: list[Box], space: Box) -> list[Box]:
    """Join boxes that differ in one attribute only, as long as there are such."""
    places = [{word: place for place, word in enumerate(words)} for words in space]
    while True:
        joined = boxes
        for axis, place in reversed(list(enumerate(places))):
            alike: dict[tuple[tuple[str, ...], ...], list[str]] = {}
            for box in joined:
                alike.setdefault((*box[:axis], *box[axis + 1 :]), []).extend(box[axis])
            joined = [
                Box._make((*rest[:axis], tuple(sorted(words, key=place.__getitem__)), *rest[axis:]))
                for rest, words in alike.items()
            ]
        if len(joined) == len(boxes):
            return joined
        boxes = joined
