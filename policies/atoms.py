"""What can be asked is finite: words that no row tells apart stand for one another, exactly.

A row is a conjunction of tests, one for each attribute. Two words on which every test of every row
in question agrees are decided alike in whatever company, so that one of them is asked for both; and
between two instants that no row names nothing changes either.
"""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING, Final, NamedTuple

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
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from policies.policy import Policy, Row

# The first instant there is: stands for all that lie before the first one that a row names.
_EARLIEST: Final = Instant("0001-01-01T00:00:00Z")

# Attribute by attribute, as in a row.
ATTRIBUTES: Final = ("cls", "origin", "prov", "label", "purpose", "phase")


class TooIntricate(ValueError):
    """There is more to be asked than can be looked through in a few seconds."""

    def __init__(self) -> None:
        super().__init__(
            "The clauses cross one another in more ways than can be looked through before signing; "
            "fewer dates, or fewer exceptions to exceptions, help."
        )


class Effort:
    """What may still be asked: a question costs about as much as the rows that it is put to."""

    # Some ten seconds of the engine: a row takes it 1 to 3 us, and three views are asked.
    MOST: Final = 1_000_000
    # What a question costs before its first row, in rows.
    _EACH: Final = 8

    def __init__(self) -> None:
        self._left = self.MOST

    def spend(self, questions: int, rows: int) -> None:
        """Put up with that many questions; raise TooIntricate if they are too many in all."""
        self._left -= questions * (rows + self._EACH)
        if self._left < 0:
            raise TooIntricate


class Box(NamedTuple):
    """Every combination of the words of six attributes: each is a choice of one word of each."""

    cls: tuple[str, ...]
    origin: tuple[str, ...]
    prov: tuple[str, ...]
    label: tuple[str, ...]
    purpose: tuple[str, ...]
    phase: tuple[str, ...]

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
    space: Box, rows: Collection[Row], told_apart: Mapping[str, Collection[str]]
) -> Sequence[Box]:
    """Divide a box into boxes on which each of the rows says the same throughout.

    Args:
        space: What is divided.
        rows: Those that may match.
        told_apart: Further patterns by attribute, which the caller's own questions speak of.

    Returns:
        Boxes without overlap that make up the space.
    """
    divided: list[list[tuple[str, ...]]] = []
    for attribute, words in zip(ATTRIBUTES, space, strict=True):
        patterns = {getattr(row, attribute) for row in rows} | set(told_apart.get(attribute, ()))
        alike: dict[tuple[bool, ...], list[str]] = {}
        for word in words:
            alike.setdefault(tuple(has(pattern, word) for pattern in patterns), []).append(word)
        divided.append([tuple(group) for group in alike.values()])
    return [Box(*choice) for choice in product(*divided)]


class Interval(NamedTuple):
    """`[nbf, exp)`, in which no row begins or ends."""

    nbf: Instant
    exp: Instant

    @property
    def example(self) -> Instant:
        """An instant of it; they all answer alike."""
        return _EARLIEST if self.nbf == ALWAYS else self.nbf


def intervals(*bounds: Iterable[str]) -> list[Interval]:
    """Return the intervals, in order, between all of the instants at which something changes."""
    ends = sorted({ALWAYS, NEVER, *(Instant(end) for some in bounds for end in some)})
    found = (Interval(nbf, exp) for nbf, exp in pairwise(ends))
    # Nobody can ask before the calendar begins.
    return [interval for interval in found if interval.example < interval.exp]


def holds(row: Row, interval: Interval) -> bool:
    """Tell whether a row holds throughout an interval; it does, or it never does."""
    return row.nbf <= interval.nbf and interval.exp <= row.exp
