"""What a serving vault does beside its requests is done again and again, and never stops it."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from vault.errors import VaultError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_LOGGER = logging.getLogger("subrosa.repeating")

# A server that is away can hold the thread for minutes; the process must still end.
_PATIENCE_S = 5.0


@contextmanager
def repeating(
    name: str, every_s: float, work: Callable[[Callable[[], bool]], object]
) -> Generator[None]:
    """Do a piece of work in a thread of its own, time and again, for as long as the block runs.

    The end of the block waits a moment for the work under way, and then goes on without it, as
    after a kill.

    Args:
        name: Of the work; it is what a collector of logs reads if it fails.
        every_s: Seconds from the end of one turn to the beginning of the next.
        work: One turn; it is given what tells it that it should end. If it raises a VaultError,
            that is logged by its kind alone, and the next turn comes as ever.
    """
    stop = Event()

    def turns() -> None:
        while not stop.wait(every_s):
            try:
                work(stop.is_set)
            except VaultError as error:
                _LOGGER.warning("%s: %s; it is tried again", name, type(error).__name__)

    thread = Thread(target=turns, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_PATIENCE_S)
