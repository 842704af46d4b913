"""What happens in the sample case is timed, compared with what the story says, and kept."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from api.demo.outcome import Refusal, Sighting

_MB = 1_000_000


@dataclass(slots=True)
class Journal:
    """What a run has shown so far.

    Attributes:
        report: Told a line when a step is done.
        refused: Requests beyond a seat's scope that were refused, named in the story or not.
    """

    report: Callable[[str], None]
    matrix: list[Sighting] = field(default_factory=list["Sighting"])
    refusals: list[Refusal] = field(default_factory=list["Refusal"])
    timings: dict[str, float] = field(default_factory=dict[str, float])
    off: list[str] = field(default_factory=list[str])
    refused: int = 0

    def expect(self, expected: object, found: object, what: str) -> None:
        """Compare; what differs is off, and the run goes on."""
        if expected != found:
            self.off.append(f"{what}: expected {expected}, found {found}.")

    @contextmanager
    def step(self, name: str, size_bytes: int = 0) -> Generator[None]:
        """Time a step, and its rate if it moves so many bytes; report it when it is done."""
        began = time.perf_counter()
        yield
        seconds = time.perf_counter() - began
        self.timings[name] = round(seconds, 3)
        line = f"{name.replace('_', ' ')}: {seconds:.2f} s"
        if size_bytes:
            rate = size_bytes / _MB / seconds
            self.timings[f"{name}_mb_per_s"] = round(rate, 1)
            line += f", {rate:.0f} MB/s"
        self.report(line)
