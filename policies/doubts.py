"""Where a floor could be broken is known before anything is asked: nowhere else can it be.

A row that could break a promise is looked for in each region, together with the rows that could
stop it there. Where one row stops everything, throughout, no other matters; and who asks does not
matter where the same rows speak of the same box.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from policies.atoms import Box, Interval, everything, holds
from policies.floors import FLOOR_SEATED
from policies.instants import ALWAYS, NEVER, Instant
from policies.promises import PROMISES
from policies.seatings import Seating, seatings
from policies.terms import Effect
from policies.vocabulary import View, organisation_group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from policies.engine import Answer
    from policies.policy import Policy, Row
    from policies.promises import Promise

    # Rows, each with what it reaches.
    Reaches = Sequence[tuple[Row, Box]]

_EVER: Final = Interval(ALWAYS, NEVER)
# When the seat of somebody who sat before ends.
_ENDED: Final = Instant("0001-01-02T00:00:00Z")


class Doubt(NamedTuple):
    """Where a floor could be broken, as far as can be told without asking the engine.

    Attributes:
        clause: The clause that would break it; None if it would be none.
        seating: Who would ask.
        box: What of.
        span: When.
        rows: Those that could make an answer another, within box and span.
        view: What is asked.
        breaks: Tells whether an answer is one that must not be.
    """

    floor: str
    clause: str | None
    seating: Seating
    box: Box
    span: Interval
    rows: Reaches
    view: View
    breaks: Callable[[Answer], bool]


def doubts(policy: Policy) -> Iterator[Doubt]:
    """Yield whatever could break a floor for anybody, floor by floor."""
    space, speaking = everything(policy), _Speaking(policy)
    named = [one for one in policy.organisations if speaking.of(organisation_group(one), space)]
    seen = set[object]()
    for promise in PROMISES:
        for seating in seatings(policy.sides, named):
            region = promise.region(seating, space)
            for doubt in _of(promise, seating, region, speaking) if region else ():
                alike = (doubt.floor, doubt.clause, doubt.box, doubt.span, doubt.rows)
                if alike not in seen:
                    seen.add(alike)
                    yield doubt
    ended = (Seating(seating.seats, until=_ENDED) for seating in seatings(policy.sides))
    for seating in (Seating(()), *ended):
        since = Interval(_ENDED, NEVER)
        yield Doubt(FLOOR_SEATED, None, seating, space, since, (), View.METADATA, is_seen)


def is_seen(answer: Answer) -> bool:
    """Tell whether something is seen that nobody may see."""
    return answer[0]


def _is_barred(answer: Answer) -> bool:
    return not answer[0] and answer[1] is not None


def _is_missing(answer: Answer) -> bool:
    return answer == (False, None)


class _Speaking:
    """The rows that speak to a group of anything in a region, each pair looked up once."""

    def __init__(self, policy: Policy) -> None:
        self._known: dict[tuple[str, Box], Reaches] = {}
        self._rows: dict[str, list[Row]] = {}
        for row in policy.rows:
            self._rows.setdefault(row.sub, []).append(row)

    def of(self, group: str, region: Box) -> Reaches:
        known = self._known.get((group, region))
        if known is None:
            known = _within(self._rows.get(group, ()), region)
            self._known[group, region] = known
        return known


def _of(promise: Promise, seating: Seating, region: Box, speaking: _Speaking) -> Iterator[Doubt]:
    spoken = [reach for group in sorted(seating.groups()) for reach in speaking.of(group, region)]
    allowing = tuple(
        (row, box)
        for row, box in spoken
        if row.eft == Effect.ALLOW and int(row.view) >= promise.view
    )
    denying = tuple(
        (row, box)
        for row, box in spoken
        if row.eft == Effect.DENY and int(row.view) <= promise.view
    )
    doubt = Doubt(promise.floor, None, seating, region, _EVER, (), promise.view, is_seen)
    if promise.effect is Effect.ALLOW:
        opening = [(row, box) for row, box in allowing if promise.concerns(row)]
        yield from _openings(doubt, opening, denying)
        return
    for row, box in denying:
        yield doubt._replace(clause=row.clause, box=box, span=_span(row), breaks=_is_barred)
    if promise.given:
        rows = _whole(allowing, region, _EVER) or allowing
        yield doubt._replace(rows=(*rows, *denying), breaks=_is_missing)


def _openings(region: Doubt, opening: Reaches, denying: Reaches) -> Iterator[Doubt]:
    """Yield where a row allows something of a region, with what denies it there."""
    whole = _whole(denying, region.box, region.span)
    if opening and whole:
        yield region._replace(rows=whole)
        return
    for row, box in opening:
        span = _span(row)
        meeting = (d for d, _ in denying if d.nbf < span.exp and span.nbf < d.exp)
        within = _within(meeting, box)
        rows = _whole(within, box, span) or within
        yield region._replace(clause=row.clause, box=box, span=span, rows=rows)


def _within(rows: Iterable[Row], box: Box) -> Reaches:
    """Return the rows that reach anything of a box, with what they reach of it."""
    reached = ((row, Box.reached(row, box)) for row in rows)
    return tuple((row, part) for row, part in reached if part is not None)


def _whole(reaches: Reaches, box: Box, span: Interval) -> Reaches:
    """Return a row that reaches all of a box throughout a span, if there is one.

    Beside it no other row of its effect matters there.
    """
    whole = ((row, part) for row, part in reaches if part == box and holds(row, span))
    return tuple(islice(whole, 1))


def _span(row: Row) -> Interval:
    return Interval(Instant(row.nbf), Instant(row.exp))
