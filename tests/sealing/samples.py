"""Documents small enough to seal in thousands of ways."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import UUID

from hypothesis import strategies as st

from vault.errors import Tampered
from vault.ids import CaseId, DocumentId, RenditionId
from vault.sealing.keys import DataKey
from vault.sealing.opening import ByteRange, open_parts, open_range, stored_range
from vault.sealing.parts import Layout, RenditionContext, seal_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CHUNK = 16_384
KEY = DataKey(bytes(range(32)))
CASE, DOCUMENT, RENDITION = (UUID(int=n) for n in (0xCA5E, 0xD0C, 0x2E4D))
CONTEXT = RenditionContext(CaseId(CASE), DocumentId(DOCUMENT), RenditionId(RENDITION))


def content(size_bytes: int) -> bytes:
    """Return bytes that differ from place to place, the same each time."""
    return random.Random(size_bytes).randbytes(size_bytes)  # noqa: S311 — sample content, no secret


def cut_at(whole: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Cut bytes into pieces at some places; a place named twice gives an empty piece."""
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    return [whole[begin:end] for begin, end in pairwise(places)]


@dataclass(frozen=True)
class Sealed:
    """A sealed document as a test may bend it; nothing is shared between two of them."""

    layout: Layout
    headers: tuple[bytes, ...]
    bodies: tuple[bytes, ...]

    @property
    def whole(self) -> bytes:
        return b"".join(self.bodies)


def seal(
    plaintext: bytes | Iterable[bytes | memoryview],
    part_size: int,
    *,
    key: DataKey = KEY,
    context: RenditionContext = CONTEXT,
) -> Sealed:
    pieces = [plaintext] if isinstance(plaintext, bytes) else plaintext
    parts = list(seal_parts(key, context, pieces, part_size))
    return Sealed(
        Layout(sum(part.size_bytes for part in parts), part_size),
        tuple(part.header for part in parts),
        tuple(bytes(part.body) for part in parts),
    )


def opening(
    document: Sealed,
    whole: bytes | Sequence[bytes] | None = None,
    *,
    key: DataKey = KEY,
    context: RenditionContext = CONTEXT,
) -> Iterator[bytes]:
    pieces = document.whole if whole is None else whole
    sealed = [pieces] if isinstance(pieces, bytes) else pieces
    return open_parts(key, context, document.layout, document.headers, sealed)


def stored(document: Sealed, wanted: ByteRange, whole: bytes | None = None) -> bytes:
    """Return what a store hands out for a range, of the true object or of another in its place."""
    place = stored_range(document.layout, wanted)
    return (document.whole if whole is None else whole)[place.start : place.end]


def opening_range(
    document: Sealed,
    wanted: ByteRange,
    sealed: bytes | Sequence[bytes] | None = None,
    *,
    key: DataKey = KEY,
    context: RenditionContext = CONTEXT,
) -> Iterator[bytes]:
    pieces = stored(document, wanted) if sealed is None else sealed
    pieces = [pieces] if isinstance(pieces, bytes) else pieces
    return open_range(key, context, document.layout, document.headers, pieces, wanted=wanted)


def released_before_refusal(opened: Iterator[bytes]) -> bytes:
    """Return what came out before Tampered; fail if it never came."""
    released = bytearray()
    try:
        for piece in opened:
            released += piece
    except Tampered:
        return bytes(released)
    raise AssertionError("what is not the truth was opened to the end")


@st.composite
def cuts(draw: st.DrawFn, size_bytes: int) -> list[int]:
    return draw(st.lists(st.integers(0, size_bytes), max_size=12))
