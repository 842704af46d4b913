"""Whatever an attacker puts in the bucket, a range is the truth or is refused before it leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sealing.samples import (
    CHUNK,
    CONTEXT,
    KEY,
    content,
    opening_range,
    released_before_refusal,
    seal,
    stored,
)
from tests.sealing.test_parts_tampering import elsewhere
from tests.sealing.test_ranges import ranges
from vault.errors import Tampered
from vault.sealing.cobblestone import HEADER_SIZE, SEALED_CHUNK_SIZE, TAG_SIZE
from vault.sealing.keys import DataKey
from vault.sealing.opening import ByteRange, open_range, stored_range
from vault.sealing.parts import Layout, sealed_length

if TYPE_CHECKING:
    from collections.abc import Callable

PART = 3 * CHUNK
SIZE = 2 * PART + CHUNK + 7
PLAINTEXT = content(SIZE)
DOCUMENT = seal(PLAINTEXT, PART)
OTHER = seal(PLAINTEXT[::-1], PART)

# From within the first part, over the whole second one, into the third.
WIDE = ByteRange(CHUNK + 5, 2 * PART + CHUNK)
# Within one chunk; over the border of two chunks; from the beginning; to the very end.
NARROW = (
    ByteRange(PART + CHUNK + 3, PART + CHUNK + 9),
    ByteRange(2 * CHUNK - 1, 2 * CHUNK + 1),
    ByteRange(0, 1),
    ByteRange(SIZE - 1, SIZE),
)
RANGES = (WIDE, *NARROW)


def refuse(wanted: ByteRange, sealed: bytes) -> None:
    """Fail unless the opening is refused after a prefix of the truth that is not all of it."""
    released = released_before_refusal(opening_range(DOCUMENT, wanted, sealed))
    assert PLAINTEXT[wanted.start : wanted.end].startswith(released)
    assert len(released) < wanted.size_bytes


@given(st.data())
def test_any_one_byte_changed_in_what_is_read_is_refused(data: st.DataObject) -> None:
    wanted = data.draw(ranges(SIZE))
    sealed = bytearray(stored(DOCUMENT, wanted))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    refuse(wanted, bytes(sealed))


def flips() -> dict[str, int]:
    """Name one byte of every header, and of the text and tag of every chunk."""
    places: dict[str, int] = {}
    for part in range(3):
        start = DOCUMENT.layout.part_start(part)
        places[f"salt of part {part}"] = start
        places[f"commitment of part {part}"] = start + 40
        body = len(DOCUMENT.bodies[part]) - HEADER_SIZE
        for chunk in range(-(-body // SEALED_CHUNK_SIZE)):
            begin = chunk * SEALED_CHUNK_SIZE
            length = min(SEALED_CHUNK_SIZE, body - begin)
            if length > TAG_SIZE:
                places[f"chunk {chunk} of part {part}"] = start + HEADER_SIZE + begin
            places[f"tag of chunk {chunk} of part {part}"] = (
                start + HEADER_SIZE + begin + length - 1
            )
    return places


FLIPS = flips()


@pytest.mark.parametrize("what", FLIPS)
@pytest.mark.parametrize("wanted", RANGES, ids=str)
def test_a_flip_is_refused_by_every_range_that_reads_it(what: str, wanted: ByteRange) -> None:
    whole = bytearray(DOCUMENT.whole)
    whole[FLIPS[what]] ^= 1
    place = stored_range(DOCUMENT.layout, wanted)
    sealed = stored(DOCUMENT, wanted, bytes(whole))
    if place.start <= FLIPS[what] < place.end:
        refuse(wanted, sealed)
    else:
        # What is not read is not vouched for: the bytes are the truth all the same.
        opened = b"".join(opening_range(DOCUMENT, wanted, sealed))
        assert opened == PLAINTEXT[wanted.start : wanted.end]


@pytest.mark.parametrize("wanted", RANGES, ids=str)
def test_what_is_read_is_refused_cut_extended_or_from_elsewhere(wanted: ByteRange) -> None:
    sealed = stored(DOCUMENT, wanted)
    for cut in (0, 1, TAG_SIZE, len(sealed) // 2, len(sealed) - TAG_SIZE, len(sealed) - 1):
        refuse(wanted, sealed[:cut])
    for more in (b"\0", bytes(SEALED_CHUNK_SIZE), sealed[-TAG_SIZE:]):
        refuse(wanted, sealed + more)
    refuse(wanted, stored(DOCUMENT, wanted, OTHER.whole))


CHANGED: dict[str, Callable[[], list[bytes]]] = {
    "two parts swapped": lambda: [DOCUMENT.bodies[1], DOCUMENT.bodies[0], DOCUMENT.bodies[2]],
    "a part twice": lambda: [DOCUMENT.bodies[0], DOCUMENT.bodies[0], DOCUMENT.bodies[2]],
    "a part sealed in another attempt": lambda: [
        *DOCUMENT.bodies[:1],
        seal(PLAINTEXT, PART).bodies[1],
        *DOCUMENT.bodies[2:],
    ],
    "bodies of another attempt under the pinned headers": lambda: [
        header + body[HEADER_SIZE:]
        for header, body in zip(DOCUMENT.headers, OTHER.bodies, strict=True)
    ],
    "headers of another attempt": lambda: [
        header + body[HEADER_SIZE:]
        for header, body in zip(OTHER.headers, DOCUMENT.bodies, strict=True)
    ],
    "chunks swapped": lambda: [
        *DOCUMENT.bodies[:1],
        swapped(DOCUMENT.bodies[1]),
        *DOCUMENT.bodies[2:],
    ],
}


def swapped(body: bytes) -> bytes:
    first, second = HEADER_SIZE + SEALED_CHUNK_SIZE, HEADER_SIZE + 2 * SEALED_CHUNK_SIZE
    return body[:HEADER_SIZE] + body[first:second] + body[HEADER_SIZE:first] + body[second:]


@pytest.mark.parametrize("what", CHANGED)
def test_an_object_put_together_otherwise_is_refused(what: str) -> None:
    refuse(WIDE, stored(DOCUMENT, WIDE, b"".join(CHANGED[what]())))


@pytest.mark.parametrize("wanted", RANGES, ids=str)
def test_nothing_is_decrypted_by_another_key_or_in_another_place(wanted: ByteRange) -> None:
    assert released_before_refusal(opening_range(DOCUMENT, wanted, key=DataKey.generate())) == b""
    for context in elsewhere():
        assert released_before_refusal(opening_range(DOCUMENT, wanted, context=context)) == b""


@pytest.mark.parametrize("wanted", RANGES, ids=str)
@pytest.mark.parametrize("header", [b"", bytes(HEADER_SIZE), b"\0" * 24], ids=len)
def test_another_pinned_header_is_refused_before_anything_is_opened(
    wanted: ByteRange, header: bytes
) -> None:
    for headers in ((header,) * 3, OTHER.headers, DOCUMENT.headers[::-1]):
        document = replace(DOCUMENT, headers=headers)
        if document.headers == DOCUMENT.headers[::-1] and wanted.start // PART == 1:
            continue
        sealed = stored(DOCUMENT, wanted)
        assert released_before_refusal(opening_range(document, wanted, sealed)) == b""


@pytest.mark.parametrize("size", [1, PART, PART + 1, 2 * PART, SIZE - 1, SIZE + 1, 3 * PART])
def test_a_size_that_was_not_sealed_is_refused_where_it_moves_the_end(size: int) -> None:
    layout = Layout(size, PART)
    headers = (DOCUMENT.headers * 2)[: layout.part_count]
    wanted = ByteRange(size - 1, size)
    place = stored_range(layout, wanted)
    sealed = [DOCUMENT.whole[place.start : place.end]]
    opened = open_range(KEY, CONTEXT, layout, headers, sealed, wanted=wanted)
    assert released_before_refusal(opened) == b""


def test_a_number_of_headers_that_the_size_does_not_give_is_refused() -> None:
    for headers in ((), DOCUMENT.headers[:2], DOCUMENT.headers * 2):
        document = replace(DOCUMENT, headers=headers)
        assert released_before_refusal(opening_range(document, NARROW[0])) == b""


def test_a_refusal_of_a_range_says_nothing_of_what_was_wrong() -> None:
    with pytest.raises(Tampered) as refusal:
        list(opening_range(DOCUMENT, WIDE, bytes(sealed_length(PART))))
    assert str(refusal.value) == str(Tampered())
