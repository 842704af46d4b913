"""Bytes arrive in pieces of any size, and are cut where parts end in constant memory."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from vault.errors import Tampered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Plaintext leaves in pieces of this size: each hop from thread to event loop has its price.
PIECE_SIZE = 1 << 20

# What a reader is given first is at least so long, if the document is.
_SOON_SIZE = 128 << 10

# Smaller pieces are joined as they come in, or a sender of single bytes could make of one part
# eight million objects.
_GRAIN_SIZE = 64 << 10


def cut(
    plaintext: Iterable[bytes | memoryview], size: int
) -> Iterator[tuple[list[memoryview], bool]]:
    """Cut a stream into parts of exactly `size` bytes, the last one shorter or as long.

    A full part waits for one byte more, which tells that it is not the last.

    Yields:
        The pieces of each part in order, and whether it is the last.
    """
    assert size > 0
    pieces: list[memoryview] = []
    room = size
    for piece in _coarse(plaintext):
        rest = memoryview(piece)
        while rest:
            if not room:
                yield pieces, False
                pieces, room = [], size
            pieces.append(rest[:room])
            rest, room = rest[room:], max(0, room - len(rest))
    yield pieces, True


def fill(
    plaintext: Iterable[bytes | memoryview], sizes: Iterable[int]
) -> Iterator[list[memoryview]]:
    """Cut a stream into parts of known sizes; what does not fill its part is dropped.

    The stream is read to its end before the last part leaves, so that whoever counts or digests it
    on the way has seen all of it by then.

    Yields:
        The pieces of each part, as soon as it is full.
    """
    stream, rest = _coarse(plaintext), memoryview(b"")
    full: list[memoryview] | None = None
    for size in sizes:
        if full is not None:
            yield full
        full, room = [], size
        while room:
            if not rest:
                piece = next(stream, None)
                if piece is None:
                    return
                rest = memoryview(piece)
            full.append(rest[:room])
            rest, room = rest[room:], max(0, room - len(rest))
    deque(stream, maxlen=0)
    if full is not None:
        yield full


def _coarse(plaintext: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """Join small pieces, and copy what the sender could still change while it waits here."""
    grain = bytearray()
    for piece in plaintext:
        if not grain and len(piece) >= _GRAIN_SIZE:
            yield bytes(piece)
            continue
        grain += piece
        if len(grain) >= _GRAIN_SIZE:
            yield bytes(grain)
            grain.clear()
    yield bytes(grain)


def join(pieces: Iterable[bytes], size_bytes: int) -> Iterator[bytes]:
    """Join pieces of at most PIECE_SIZE into as few as may be, for a reader who waits.

    Args:
        pieces: Of `size_bytes` altogether.
        size_bytes: What is left when all of it has come out of the pieces, and not before.

    Yields:
        The first bytes soon; the last ones when the pieces have ended.
    """
    held: list[bytes] = []
    held_bytes, enough = 0, _SOON_SIZE
    for piece in pieces:
        if held_bytes + len(piece) > PIECE_SIZE:
            yield b"".join(held)
            held, held_bytes = [], 0
        held.append(piece)
        held_bytes += len(piece)
        size_bytes -= len(piece)
        if size_bytes and held_bytes >= enough:
            yield b"".join(held)
            held, held_bytes, enough = [], 0, PIECE_SIZE
    if held_bytes:
        yield b"".join(held)


class Incoming:
    """Takes as many bytes at a time from a stream as the reader wants, without copying them."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = iter(stream)
        self._rest = memoryview(b"")

    def take(self, at_most: int) -> memoryview:
        """Return the next bytes, at least one.

        Raises:
            Tampered: The stream has ended.
        """
        if not self._advance():
            raise Tampered
        taken, self._rest = self._rest[:at_most], self._rest[at_most:]
        return taken

    def take_exactly(self, size: int) -> bytes:
        """Return the next `size` bytes; Tampered if the stream ends before."""
        first = self.take(size)
        if len(first) == size:
            return bytes(first)
        taken = bytearray(first)
        while len(taken) < size:
            taken += self.take(size - len(taken))
        return bytes(taken)

    def end(self) -> None:
        """Raise Tampered unless the stream has ended."""
        if self._advance():
            raise Tampered

    def _advance(self) -> bool:
        """Tell whether a byte is left, and have it at hand."""
        while not self._rest:
            piece = next(self._stream, None)
            if piece is None:
                return False
            self._rest = memoryview(piece)
        return True
