"""What can be asked is finite: words that no row tells apart stand for one another, exactly.

A row is a conjunction of tests, one for each attribute, and so reaches a box: every combination of
some words of each. Two points that the same rows reach are decided alike, so that one of them is
asked for both; and between two instants that no row names nothing changes either.
"""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from policies.instants import ALWAYS, NEVER, Instant
from policies.matcher import has
from policies.vocabulary import (
    CLASSES,
    LABELS,
    PHASES,
    PROVENANCES,
    PURPOSES,
    Marking,
    origins_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policies.policy import Policy, Row

# The first instant there is: stands for all that lie before the first one that a row names.
_EARLIEST: Final = Instant("0001-01-01T00:00:00Z")


class TooIntricate(ValueError):
    """There is more to be asked than can be looked through in a few seconds."""

    def __init__(self) -> None:
        super().__init__(
            "The clauses cross one another in more ways than can be looked through before signing; "
            "fewer dates, or fewer exceptions to exceptions, help."
        )


class Effort:
    """What may still be looked at, in steps of up to a microsecond."""

    MOST: Final = 6_000_000

    def __init__(self) -> None:
        self._left = self.MOST

    def spend(self, steps: int) -> None:
        """Put up with that many steps; raise TooIntricate if they are too many in all."""
        self._left -= steps
        if self._left < 0:
            raise TooIntricate

    def ask(self, rows: int) -> None:
        """Put up with a question: Casbin tries one row after the other, at each view."""
        self.spend(100 + 3 * rows)


class Box(NamedTuple):
    """Every combination of the words of six attributes: each is a choice of one word of each."""

    cls: tuple[str, ...]
    origin: tuple[str, ...]
    prov: tuple[str, ...]
    label: tuple[str, ...]
    purpose: tuple[str, ...]
    phase: tuple[str, ...]

    @classmethod
    def reached(cls, row: Row, space: Box) -> Self | None:
        """Return what a row reaches of a box; None if nothing."""
        patterns = (row.cls, row.origin, row.prov, row.label, row.purpose, row.phase)
        words = (
            tuple([word for word in some if has(pattern, word)])
            for pattern, some in zip(patterns, space, strict=True)
        )
        box = cls(*words)
        return box if all(box) else None

    def markings(self) -> Iterator[Marking]:
        """Yield the markings of the box."""
        for words in product(self.cls, self.origin, self.prov, self.label):
            yield Marking(*words)

    def points(self) -> Iterator[tuple[Marking, str, str]]:
        """Yield marking, purpose and phase of everything in the box."""
        yield from product(self.markings(), self.purpose, self.phase)

    def covers(self, marking: Marking) -> bool:
        """Tell whether a marking is in the box."""
        words = (self.cls, self.origin, self.prov, self.label)
        return all(word in some for word, some in zip(marking, words, strict=True))

    @property
    def example(self) -> tuple[Marking, str, str]:
        """The first point, which stands for all if the box is an atom."""
        return next(self.points())


def everything(policy: Policy, labels: Iterable[str] = ()) -> Box:
    """Return all that can be asked under a policy, with these labels of granted documents."""
    return Box(
        (*CLASSES, *policy.classes),
        origins_of(policy.sides),
        PROVENANCES,
        (*LABELS, *labels),
        PURPOSES,
        PHASES,
    )


def atoms(
    space: Box, boxes: Sequence[Box], effort: Effort, among: int = 0
) -> list[tuple[Box, int]]:
    """Divide a box into atoms: boxes each of which lies wholly within or without each given one.

    Args:
        space: What is divided.
        boxes: What rows reach of it, numbered from 0.
        effort: What may still be spent.
        among: Leave out what none of these boxes covers (bit n is box n); 0 leaves out nothing.

    Returns:
        Atoms without overlap, each with the boxes that cover it, as bits.

    Raises:
        TooIntricate: They are too many.
    """
    found: list[tuple[tuple[tuple[str, ...], ...], int]] = [((), (1 << len(boxes)) - 1)]
    for axis, words in enumerate(space):
        alike = _alike(words, [box[axis] for box in boxes])
        effort.spend(len(found) * len(alike))
        found = [
            ((*chosen, group), covered & covering)
            for chosen, covered in found
            for covering, group in alike
            if not among or covered & covering & among
        ]
    return [(Box(*chosen), covered) for chosen, covered in found]


def _alike(
    words: Sequence[str], some: Sequence[tuple[str, ...]]
) -> list[tuple[int, tuple[str, ...]]]:
    """Put words together that the same of some choices name."""
    covering = dict.fromkeys(words, 0)
    for number, choice in enumerate(some):
        for word in choice:
            covering[word] |= 1 << number
    groups: dict[int, list[str]] = {}
    for word, bits in covering.items():
        groups.setdefault(bits, []).append(word)
    return [(bits, tuple(group)) for bits, group in groups.items()]


class Interval(NamedTuple):
    """`[nbf, exp)`, in which no row in question begins or ends."""

    nbf: Instant
    exp: Instant

    @property
    def example(self) -> Instant:
        """An instant of it; they all answer alike."""
        return _EARLIEST if self.nbf == ALWAYS else self.nbf


def intervals(*bounds: Iterable[str]) -> list[Interval]:
    """Return the intervals, in order, between all of the instants at which something changes.

    They end at the open end, where every seat without an end has ended.
    """
    ends = sorted({ALWAYS, NEVER, *(Instant(end) for some in bounds for end in some)})
    found = (Interval(nbf, exp) for nbf, exp in pairwise(ends) if exp <= NEVER)
    # Nobody can ask before the calendar begins.
    return [interval for interval in found if interval.example < interval.exp]


def holds(row: Row, interval: Interval) -> bool:
    """Tell whether a row holds throughout an interval that it does not divide; or else never."""
    return row.nbf <= interval.nbf and interval.exp <= row.exp
