"""An object is read a little ahead of its reader, and no further once the reader has gone."""

from __future__ import annotations

from collections import deque
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from concurrent.futures import Executor, Future

    # Reads the bytes from one place up to another, in pieces; stops early if the event is set.
    Fetch = Callable[[int, int, Event], list[bytes]]

# The first window is small, so that the first byte comes soon; each further one costs the store a
# request (some 4 ms, measured), so they are large.
FIRST_WINDOW = 256 << 10
WINDOW = 4 << 20

# Windows asked for before their turn. Beside them the reader holds the one it is at: a reader costs
# at most three windows of memory.
AHEAD = 2


def read_ahead(fetch: Fetch, threads: Executor, start: int, end: int) -> Generator[bytes]:
    """Yield what lies from `start` up to `end`, each window fetched by a thread before its turn.

    Closing this ends what is under way at the next piece; it does not wait for a store that hangs.

    Raises:
        VaultError: Whatever `fetch` raised, when its window's turn has come.
    """
    bounds = _windows(start, end)
    gone = Event()
    ahead: deque[Future[list[bytes]]] = deque()

    def ask(windows: int) -> None:
        ahead.extend(threads.submit(fetch, *at, gone) for at in islice(bounds, windows))

    try:
        ask(AHEAD)
        while ahead:
            pieces = deque(ahead.popleft().result())
            ask(1)
            while pieces:
                yield pieces.popleft()
    finally:
        gone.set()
        for window in ahead:
            window.cancel()


def _windows(start: int, end: int) -> Iterator[tuple[int, int]]:
    for begin in range(start, end, WINDOW):
        yield begin, min(begin + WINDOW, end)
