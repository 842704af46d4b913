"""A document opens whole or from any byte to any other; no byte leaves before it is authenticated.

A part that is wanted whole is opened by the library that sealed it; one that is wanted from or up
to a place within it, chunk by chunk.

Source: docs/sealed-document.md, sections 4 and 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag

from vault.errors import Tampered
from vault.sealing.cobblestone import (
    CHUNK_SIZE,
    HEADER_SIZE,
    SEALED_CHUNK_SIZE,
    TAG_SIZE,
    PartKey,
)
from vault.sealing.parts import sealed_length
from vault.sealing.pieces import PIECE_SIZE, Incoming, join

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vault.sealing.keys import DataKey
    from vault.sealing.parts import Layout, RenditionContext


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from `start` on, up to `end` and without it."""

    start: int
    end: int

    @property
    def size_bytes(self) -> int:
        """How many bytes these are."""
        return self.end - self.start


def stored_range(layout: Layout, wanted: ByteRange) -> ByteRange:
    """Return the bytes of the object that a range of the document is opened from.

    They are whole chunks. The header of the first part is among them if the range begins in that
    part's first chunk, and a part's last chunk, which ends it, if the range reaches the part's end.
    """
    assert 0 <= wanted.start < wanted.end <= layout.size_bytes or wanted == whole(layout)
    first, last = _parts(layout, wanted)
    chunk = (wanted.start - first * layout.part_size) // CHUNK_SIZE
    size_bytes = layout.part_plaintext_length(last)
    chunks = _chunk_count(size_bytes, wanted.end - last * layout.part_size)
    return ByteRange(
        layout.part_start(first) + (HEADER_SIZE + chunk * SEALED_CHUNK_SIZE if chunk else 0),
        layout.part_start(last)
        + min(HEADER_SIZE + chunks * SEALED_CHUNK_SIZE, sealed_length(size_bytes)),
    )


def whole(layout: Layout) -> ByteRange:
    """Return the range that is the whole document, which may be empty."""
    return ByteRange(0, layout.size_bytes)


def open_parts(
    key: DataKey,
    context: RenditionContext,
    layout: Layout,
    headers: Sequence[bytes],
    sealed: Iterable[bytes],
) -> Iterator[bytes]:
    """Open a document whole as its object comes in: see `open_range`."""
    return open_range(key, context, layout, headers, sealed, wanted=whole(layout))


def open_range(
    key: DataKey,
    context: RenditionContext,
    layout: Layout,
    headers: Sequence[bytes],
    sealed: Iterable[bytes],
    *,
    wanted: ByteRange,
) -> Iterator[bytes]:
    """Open a range of a document as the bytes that it is opened from come in.

    A range that is short of the whole says nothing of the rest of the object: compare the object's
    length with the layout's wherever one is opened.

    Args:
        key: The data key of this rendition.
        context: As it was sealed.
        layout: From the pinned size.
        headers: The pinned header of each part, in order.
        sealed: The object from `stored_range(layout, wanted)`, in pieces of any size.
        wanted: At least one byte of the document, or the whole.

    Yields:
        Plaintext in pieces of at most 1 MiB, each authenticated before it leaves; the last one
        leaves when the sealed bytes have ended where they should.

    Raises:
        Tampered: The object is not what was sealed here. What came out before is a prefix of the
            truth, and never all of it.
    """
    if len(headers) != layout.part_count:
        raise Tampered
    opened = _open_each(key, context, layout, headers, Incoming(sealed), wanted=wanted)
    yield from join(opened, wanted.size_bytes)


def _parts(layout: Layout, wanted: ByteRange) -> tuple[int, int]:
    """Return the numbers of the first and the last part that a range touches."""
    size = layout.part_size
    return wanted.start // size, max(wanted.start, wanted.end - 1) // size


def _chunk_count(size_bytes: int, end: int) -> int:
    """Return how many chunks of a part lie before a place in it, the last one with its end."""
    return size_bytes // CHUNK_SIZE + 1 if end >= size_bytes else -(-end // CHUNK_SIZE)


def _open_each(
    key: DataKey,
    context: RenditionContext,
    layout: Layout,
    headers: Sequence[bytes],
    incoming: Incoming,
    *,
    wanted: ByteRange,
) -> Iterator[bytes]:
    first, last = _parts(layout, wanted)
    for number in range(first, last + 1):
        place = context.part(number, last=number == layout.part_count - 1)
        size_bytes = layout.part_plaintext_length(number)
        start = number * layout.part_size
        within = ByteRange(max(wanted.start - start, 0), min(wanted.end - start, size_bytes))
        if within == ByteRange(0, size_bytes):
            yield from _open_part(key, place, headers[number], incoming, size_bytes)
        else:
            part_key = PartKey(key, place, headers[number])
            yield from _open_within(part_key, headers[number], incoming, size_bytes, within)
    incoming.end()


def _open_part(
    key: DataKey, place: bytes, header: bytes, incoming: Incoming, size_bytes: int
) -> Iterator[bytes]:
    if incoming.take_exactly(HEADER_SIZE) != header:
        raise Tampered
    decryptor = Cobblestone256Decryptor(key.material(), place)
    left = sealed_length(size_bytes) - HEADER_SIZE
    try:
        decryptor.update(header)
        while left:
            sealed = incoming.take(min(left, PIECE_SIZE))
            left -= len(sealed)
            yield decryptor.update(sealed)
        yield decryptor.finalize()
    except InvalidTag as error:
        raise Tampered from error


def _open_within(
    part_key: PartKey, header: bytes, incoming: Incoming, size_bytes: int, within: ByteRange
) -> Iterator[bytes]:
    first = within.start // CHUNK_SIZE
    if first == 0 and incoming.take_exactly(HEADER_SIZE) != header:
        raise Tampered
    for number in range(first, _chunk_count(size_bytes, within.end)):
        start = number * CHUNK_SIZE
        sealed = incoming.take_exactly(min(CHUNK_SIZE, size_bytes - start) + TAG_SIZE)
        opened = part_key.open_chunk(number, sealed)
        yield opened[max(within.start - start, 0) : within.end - start]
