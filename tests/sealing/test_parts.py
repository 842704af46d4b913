"""Opening undoes sealing, whatever the pieces; parts end exactly where they should."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sealing.samples import CHUNK, CONTEXT, KEY, content, cut_at, cuts, opening, seal
from vault.errors import Tampered, Unavailable
from vault.sealing.cobblestone import HEADER_SIZE
from vault.sealing.opening import open_parts
from vault.sealing.parts import (
    PART_SIZE,
    Layout,
    plaintext_length,
    seal_parts,
    sealed_length,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1 << 20
PART_SIZES = (1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 4 * CHUNK, (64 << 10) + 1)


@st.composite
def sizes(draw: st.DrawFn) -> tuple[int, int]:
    """A part size, and a document that ends on, before or after a border of parts or chunks."""
    part_size = draw(st.sampled_from(PART_SIZES))
    border = draw(st.sampled_from((part_size, CHUNK))) * draw(st.integers(0, 3))
    size = max(0, border + draw(st.integers(-2, 2)))
    return part_size, min(size, 30 * part_size)


@given(data=st.data())
def test_opening_undoes_sealing_under_any_pieces(data: st.DataObject) -> None:
    part_size, size = data.draw(sizes())
    plaintext = content(size)
    document = seal(cut_at(plaintext, data.draw(cuts(size))), part_size)
    sealed = cut_at(document.whole, data.draw(cuts(len(document.whole))))
    opened = list(opening(document, sealed))
    assert b"".join(opened) == plaintext
    assert all(0 < len(piece) <= MIB for piece in opened)


@given(sizes())
def test_a_document_has_the_parts_its_layout_says(sizes: tuple[int, int]) -> None:
    part_size, size = sizes
    parts = list(seal_parts(KEY, CONTEXT, [content(size)], part_size))
    layout = Layout(size, part_size)
    numbers = range(layout.part_count)
    assert [part.number for part in parts] == list(numbers)
    assert [part.last for part in parts] == [number == numbers[-1] for number in numbers]
    assert [part.size_bytes for part in parts] == [layout.part_plaintext_length(n) for n in numbers]
    assert [len(part.body) for part in parts] == [sealed_length(part.size_bytes) for part in parts]
    assert all(part.header == part.body[:HEADER_SIZE] for part in parts)
    assert sum(len(part.body) for part in parts) == layout.object_length


@pytest.mark.parametrize(
    ("size", "lengths"),
    [
        (0, [0]),
        (1, [1]),
        (CHUNK, [CHUNK]),
        (2 * CHUNK - 1, [2 * CHUNK - 1]),
        (2 * CHUNK, [2 * CHUNK]),
        (2 * CHUNK + 1, [2 * CHUNK, 1]),
        (4 * CHUNK - 1, [2 * CHUNK, 2 * CHUNK - 1]),
        (4 * CHUNK, [2 * CHUNK, 2 * CHUNK]),
    ],
)
def test_a_full_last_part_is_followed_by_none(size: int, lengths: list[int]) -> None:
    parts = list(seal_parts(KEY, CONTEXT, [content(size)], 2 * CHUNK))
    assert [part.size_bytes for part in parts] == lengths
    assert [part.last for part in parts] == [False] * (len(lengths) - 1) + [True]


def test_an_empty_document_is_one_empty_part() -> None:
    for pieces in ([], [b""], [b"", memoryview(b"")]):
        document = seal(pieces, CHUNK)
        assert [len(body) for body in document.bodies] == [72]
        assert list(opening(document)) == []


def test_a_document_of_default_parts_opens_in_pieces_of_a_mebibyte() -> None:
    plaintext = content(PART_SIZE + 3 * MIB)
    document = seal(cut_at(plaintext, range(0, len(plaintext), MIB)), PART_SIZE)
    assert document.layout.part_count == 2
    opened = list(opening(document, cut_at(document.whole, range(0, len(document.whole), 65_537))))
    assert b"".join(opened) == plaintext
    assert max(map(len, opened)) <= MIB
    assert len(opened) <= 13


def test_sealing_again_gives_another_header_and_no_equal_chunk() -> None:
    first, second = (seal(content(CHUNK + 5), CHUNK) for _ in range(2))
    assert not {*first.headers} & {*second.headers}
    assert first.bodies[0][HEADER_SIZE:] != second.bodies[0][HEADER_SIZE:]


def test_a_sender_may_use_its_memory_again_after_each_piece() -> None:
    def reused() -> Iterator[memoryview]:
        memory = bytearray(100_000)
        for number in range(5):
            memory[:] = bytes([number]) * len(memory)
            yield memoryview(memory)

    document = seal(reused(), 200_000)
    assert b"".join(opening(document)) == b"".join(bytes([n]) * 100_000 for n in range(5))


def test_a_part_handed_out_is_never_written_again() -> None:
    parts = seal_parts(KEY, CONTEXT, [content(5 * CHUNK)], CHUNK)
    kept = [(part.body, bytes(part.body)) for part in parts]
    assert all(body == copy for body, copy in kept)
    assert len({id(body) for body, _ in kept}) == 5


@pytest.mark.parametrize(
    ("part_size", "piece_size"), [(MIB // 8, 1), (MIB, 4096), (MIB, 300_000), (MIB, 6 * MIB)]
)
def test_sealing_holds_one_part_of_plaintext_and_two_sealed(
    part_size: int, piece_size: int
) -> None:
    size = (2 if piece_size == 1 else 12) * part_size + 1

    def pieces() -> Iterator[bytes]:
        left = size
        while left:
            yield bytes(min(left, piece_size))
            left -= min(left, piece_size)

    tracemalloc.start()
    for part in seal_parts(KEY, CONTEXT, pieces(), part_size):
        # While a part is on its way to the store, its plaintext is gone already.
        held = tracemalloc.get_traced_memory()[0]
        assert held < len(part.body) + 2 * piece_size + MIB // 2
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Beside them, the piece at hand, and the next one that its sender makes meanwhile.
    assert peak < part_size + 2 * sealed_length(part_size) + 2 * piece_size + MIB // 2


def test_opening_holds_a_few_pieces() -> None:
    document = seal(content(12 * MIB), 4 * MIB)
    whole = document.whole
    tracemalloc.start()
    sealed = (whole[at : at + MIB] for at in range(0, len(whole), MIB))
    for piece in open_parts(KEY, CONTEXT, document.layout, document.headers, sealed):
        assert piece
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * MIB


@given(st.integers(0, 40 * CHUNK))
def test_plaintext_length_undoes_sealed_length(size: int) -> None:
    assert plaintext_length(sealed_length(size)) == size


@pytest.mark.parametrize(
    ("size", "sealed"),
    [
        (0, 72),
        (16_383, 16_455),
        (16_384, 16_472),
        (16_385, 16_473),
        (8_388_608, 8_396_872),
    ],
)
def test_lengths_are_those_of_the_specification(size: int, sealed: int) -> None:
    assert sealed_length(size) == sealed


@pytest.mark.parametrize(
    "length", [-1, 0, 1, 55, 56, 71, 56 + 16_400, 56 + 16_415, 56 + 3 * 16_400 + 15]
)
def test_a_length_that_no_part_has_is_refused(length: int) -> None:
    with pytest.raises(Tampered):
        plaintext_length(length)


@pytest.mark.parametrize(("size", "part_size"), [(-1, CHUNK), (0, 0), (10, -CHUNK)])
def test_a_layout_that_no_document_has_is_refused(size: int, part_size: int) -> None:
    with pytest.raises(Tampered):
        Layout(size, part_size)


def test_the_context_of_a_part_is_that_of_the_specification() -> None:
    assert CONTEXT.part(258, last=True) == (
        b"subrosa/part/v1\0"
        b"\0\0\0\x10"
        + CONTEXT.case.bytes
        + b"\0\0\0\x10"
        + CONTEXT.document.bytes
        + b"\0\0\0\x10"
        + CONTEXT.rendition.bytes
        + b"\0\0\0\x04\0\0\x01\x02\0\0\0\x01\x01"
    )
    assert CONTEXT.part(0, last=False).endswith(b"\0\0\0\x04\0\0\0\0\0\0\0\x01\0")


def test_what_the_sender_or_the_store_raises_passes_through() -> None:
    def failing(begin: bytes) -> Iterator[bytes]:
        yield begin
        raise Unavailable

    with pytest.raises(Unavailable):
        list(seal_parts(KEY, CONTEXT, failing(content(CHUNK)), CHUNK))
    document = seal(content(3 * CHUNK), CHUNK)
    with pytest.raises(Unavailable):
        list(
            open_parts(KEY, CONTEXT, document.layout, document.headers, failing(document.bodies[0]))
        )
