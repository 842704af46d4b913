"""A figure is a value beside its reference, both taken in the same run, turn by turn."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Better = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float
    unit: str
    better: Better
    reference: str | None = None
    reference_value: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.reference_value if self.reference_value else None


def interleave(
    measure: Callable[[], float], reference: Callable[[], float], rounds: int = 7
) -> tuple[float, float]:
    """One warm-up each, then value, reference, value, reference …; the medians of both."""
    measure()
    reference()
    pairs = [(measure(), reference()) for _ in range(rounds)]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)
