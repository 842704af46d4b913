"""A range opens to exactly those bytes, by the chunks that hold them and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor
from hypothesis import given
from hypothesis import strategies as st

from tests.sealing.samples import (
    CHUNK,
    CONTEXT,
    KEY,
    Sealed,
    content,
    cut_at,
    cuts,
    opening_range,
    seal,
    stored,
)
from tests.sealing.test_parts import sizes
from vault.sealing.cobblestone import HEADER_SIZE, SEALED_CHUNK_SIZE, PartKey
from vault.sealing.opening import ByteRange, stored_range, whole
from vault.sealing.parts import PART_SIZE, Layout, sealed_length

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1 << 20


@st.composite
def ranges(draw: st.DrawFn, size: int) -> ByteRange:
    """A range of at least one byte, mostly beside a border of chunks."""
    near = st.integers(0, size // CHUNK + 1).flatmap(
        lambda chunk: st.integers(-2, 2).map(lambda off: chunk * CHUNK + off)
    )
    place = st.one_of(near, st.integers(0, size)).map(lambda at: min(max(at, 0), size))
    start, end = sorted((draw(place), draw(place)))
    return ByteRange(min(start, size - 1), max(end, min(start, size - 1) + 1))


def opened_by_the_library(document: Sealed) -> bytes:
    """Open a document by the library alone, without any code of ours but contexts."""
    opened = b""
    for number, body in enumerate(document.bodies):
        last = number == len(document.bodies) - 1
        decryptor = Cobblestone256Decryptor(KEY.material(), CONTEXT.part(number, last=last))
        opened += decryptor.update(body) + decryptor.finalize()
    return opened


@given(data=st.data())
def test_a_range_is_what_the_library_opens_there(data: st.DataObject) -> None:
    part_size, size = data.draw(sizes())
    if size == 0:
        return
    document = seal(content(size), part_size)
    truth = opened_by_the_library(document)
    wanted = data.draw(ranges(size))
    sealed = stored(document, wanted)
    pieces = cut_at(sealed, data.draw(cuts(len(sealed))))
    opened = list(opening_range(document, wanted, pieces))
    assert b"".join(opened) == truth[wanted.start : wanted.end]
    assert all(0 < len(piece) <= MIB for piece in opened)


def test_every_range_of_a_small_document_opens() -> None:
    plaintext = content(100)
    document = seal(plaintext, 40)
    for start in range(100):
        for end in range(start + 1, 101):
            opened = b"".join(opening_range(document, ByteRange(start, end)))
            assert opened == plaintext[start:end]


def borders() -> Iterator[ByteRange]:
    """Ranges that begin and end on, before and after every border of two parts' chunks."""
    size = 2 * PART + 5
    places = {
        min(max(border + off, 0), size)
        for border in (0, CHUNK, 2 * CHUNK, PART, PART + CHUNK, 2 * PART, size)
        for off in (-1, 0, 1)
    }
    for start in places:
        yield from (ByteRange(start, end) for end in places if start < end)


PART = 3 * CHUNK
BORDERS = seal(content(2 * PART + 5), PART)


@pytest.mark.parametrize("wanted", list(borders()), ids=str)
def test_a_range_at_a_border_opens(wanted: ByteRange) -> None:
    opened = b"".join(opening_range(BORDERS, wanted))
    assert opened == content(2 * PART + 5)[wanted.start : wanted.end]


def test_an_empty_document_is_opened_whole_alone() -> None:
    document = seal(b"", CHUNK)
    assert list(opening_range(document, whole(document.layout))) == []


@pytest.mark.parametrize(
    ("start", "end", "from_", "to"),
    [
        # From the header on, since the range begins in the first chunk.
        (0, 1, 0, HEADER_SIZE + SEALED_CHUNK_SIZE),
        (CHUNK - 1, CHUNK, 0, HEADER_SIZE + SEALED_CHUNK_SIZE),
        (CHUNK, CHUNK + 1, HEADER_SIZE + SEALED_CHUNK_SIZE, HEADER_SIZE + 2 * SEALED_CHUNK_SIZE),
        # To the part's empty last chunk, since the range ends where the part does.
        (
            PART_SIZE - 1,
            PART_SIZE,
            HEADER_SIZE + 511 * SEALED_CHUNK_SIZE,
            sealed_length(PART_SIZE),
        ),
        (PART_SIZE, PART_SIZE + 1, sealed_length(PART_SIZE), sealed_length(PART_SIZE) + 73),
        (0, PART_SIZE + 1, 0, sealed_length(PART_SIZE) + 73),
    ],
)
def test_a_range_is_opened_from_the_bytes_of_the_specification(
    start: int, end: int, from_: int, to: int
) -> None:
    layout = Layout(PART_SIZE + 1)
    assert stored_range(layout, ByteRange(start, end)) == ByteRange(from_, to)


@given(data=st.data())
def test_no_more_than_two_chunks_and_a_few_borders_are_read_beside_a_range(
    data: st.DataObject,
) -> None:
    layout = Layout(data.draw(st.integers(1, 5 << 30)))
    start = data.draw(st.integers(0, layout.size_bytes - 1))
    wanted = ByteRange(start, min(start + (64 << 10), layout.size_bytes))
    place = stored_range(layout, wanted)
    assert 0 <= place.start < place.end <= layout.object_length
    assert place.size_bytes <= wanted.size_bytes + 2 * SEALED_CHUNK_SIZE + 2 * HEADER_SIZE + 100


def test_the_first_bytes_of_a_long_range_come_before_more_is_taken_from_the_store() -> None:
    document = seal(content(2 * MIB), MIB)
    wanted = ByteRange(CHUNK + 1, 2 * MIB)
    sealed = stored(document, wanted)
    asked: list[int] = []

    def pieces() -> Iterator[bytes]:
        for piece in cut_at(sealed, [256 << 10]):
            asked.append(len(piece))
            yield piece

    first = next(opening_range(document, wanted, pieces()))  # pyright: ignore[reportArgumentType] -- an iterator, to see how far it was asked
    assert len(asked) == 1
    assert len(first) >= 128 << 10
    assert content(2 * MIB)[CHUNK + 1 :].startswith(first)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 5 * CHUNK + 9])
def test_each_chunk_that_the_library_sealed_opens_by_itself(size: int) -> None:
    document = seal(content(size), max(1, size))
    opener = PartKey(KEY, CONTEXT.part(0, last=True), document.headers[0])
    chunks = cut_at(
        document.whole[HEADER_SIZE:], range(SEALED_CHUNK_SIZE, size * 2, SEALED_CHUNK_SIZE)
    )
    opened = [opener.open_chunk(n, chunk) for n, chunk in enumerate(chunks) if chunk]
    assert b"".join(opened) == content(size)
