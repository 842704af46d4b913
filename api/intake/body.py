"""A request's body is pulled piece by piece by the thread that consumes it, and never kept.

The only code of the vault that knows the event loop. A sender that is slower than the deadline,
or one too many at once, is sent away: each upload pins a thread, and without slots forty slow
senders stop every other request (measured).
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio
import anyio.from_thread

from vault.errors import Unavailable, VaultError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from starlette.requests import Request

# One hop between event loop and thread carries about this much; smaller hops cost throughput.
_PIECE_BYTES = 1 << 20


class NoSlot(Unavailable):
    """As many uploads are under way as the vault takes at once; trying again soon helps."""

    def __init__(self) -> None:
        super().__init__("Too many uploads are under way; try again in a few seconds.")


class BodyCut(VaultError):
    """The connection ended before the body did; nothing was kept."""

    def __init__(self) -> None:
        super().__init__("The connection ended before the document had arrived.")


class TooSlow(VaultError):
    """Nothing arrived for longer than the deadline; nothing was kept."""

    def __init__(self) -> None:
        super().__init__("Nothing arrived for too long; the upload was given up.")


class Intake:
    """The slots for uploads, shared by all requests of this process."""

    def __init__(self, *, slots: int, silence_s: float) -> None:
        """Open the slots.

        Args:
            slots: Uploads at once.
            silence_s: Seconds without a byte after which an upload is given up.
        """
        self._slots = threading.BoundedSemaphore(slots)
        self._silence_s = silence_s

    @contextmanager
    def body(self, request: Request) -> Generator[Iterator[bytes]]:
        """Hold a slot while a worker thread reads a body as pieces of about 1 MiB.

        Raises:
            NoSlot: All slots are taken.
            BodyCut: From the iterator: the sender went away.
            TooSlow: From the iterator: the sender fell silent.
        """
        if not self._slots.acquire(blocking=False):
            raise NoSlot
        try:
            yield self._pieces(request)
        finally:
            self._slots.release()

    def _pieces(self, request: Request) -> Iterator[bytes]:
        more = True
        while more:
            piece, more = anyio.from_thread.run(self._receive, request)
            if piece:
                yield piece

    async def _receive(self, request: Request) -> tuple[bytes, bool]:
        """Collect what arrives until a piece is full or the body ends."""
        gathered: list[bytes] = []
        size = 0
        while size < _PIECE_BYTES:
            try:
                with anyio.fail_after(self._silence_s):
                    message = await request.receive()
            except TimeoutError as error:
                raise TooSlow from error
            if message["type"] == "http.disconnect":
                raise BodyCut
            gathered.append(message.get("body", b""))
            size += len(gathered[-1])
            if not message.get("more_body", False):
                return b"".join(gathered), False
        return b"".join(gathered), True
