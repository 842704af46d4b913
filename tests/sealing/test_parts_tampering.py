"""An attacker who can change the bucket makes a release fail; they cannot make it lie."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sealing.samples import (
    CHUNK,
    CONTEXT,
    Sealed,
    content,
    cut_at,
    opening,
    released_before_refusal,
    seal,
)
from vault.errors import Tampered
from vault.ids import CaseId, DocumentId, RenditionId, new_id
from vault.sealing.cobblestone import HEADER_SIZE
from vault.sealing.keys import DataKey
from vault.sealing.parts import Layout, RenditionContext, sealed_length

if TYPE_CHECKING:
    from collections.abc import Iterator

PART = (64 << 10) + 1
SIZE = 2 * PART + CHUNK + 7
PLAINTEXT = content(SIZE)
DOCUMENT = seal(PLAINTEXT, PART)
SMALL = seal(content(100), 40)


def refuse(opened: Iterator[bytes], plaintext: bytes = PLAINTEXT) -> None:
    """Fail unless the opening is refused after a prefix of the truth that is not all of it."""
    released = released_before_refusal(opened)
    assert plaintext.startswith(released)
    assert len(released) < len(plaintext)


@given(st.integers(0, len(DOCUMENT.whole) - 1), st.integers(1, 255), st.integers(500, 90_000))
def test_any_one_byte_changed_is_refused(place: int, change: int, piece: int) -> None:
    whole = bytearray(DOCUMENT.whole)
    whole[place] ^= change
    refuse(opening(DOCUMENT, cut_at(bytes(whole), range(0, len(whole), piece))))


def test_every_bit_of_a_small_document_counts() -> None:
    for bit in range(len(SMALL.whole) * 8):
        whole = bytearray(SMALL.whole)
        whole[bit // 8] ^= 1 << bit % 8
        pieces = cut_at(bytes(whole), range(bit % 3, len(whole), 1 + bit % 7))
        refuse(opening(SMALL, pieces), content(100))


def test_what_came_out_before_a_late_change_is_the_truth_up_to_there() -> None:
    plaintext = content(5 << 20)
    document = seal(plaintext, 1 << 20)
    whole = bytearray(document.whole)
    whole[-1] ^= 1
    released = released_before_refusal(opening(document, bytes(whole)))
    assert plaintext.startswith(released)
    assert 3 << 20 < len(released) < len(plaintext)


def test_every_length_but_the_right_one_is_refused() -> None:
    for length in range(len(SMALL.whole)):
        refuse(opening(SMALL, SMALL.whole[:length]), content(100))
    for more in (b"\0", SMALL.bodies[-1], bytes(CHUNK)):
        refuse(opening(SMALL, SMALL.whole + more), content(100))
        refuse(opening(SMALL, [SMALL.whole, b"", more]), content(100))


@pytest.mark.parametrize("chunks", range(9))
@pytest.mark.parametrize("more", [-1, 0, 15, 16, 17])
def test_an_object_cut_to_a_possible_length_is_refused(chunks: int, more: int) -> None:
    length = HEADER_SIZE + chunks * (CHUNK + 16) + more
    refuse(opening(DOCUMENT, DOCUMENT.whole[:length]))


@pytest.mark.parametrize("size", [0, 1, 39, 41, 79, 81, 99, 101, 119])
def test_a_size_that_was_not_sealed_is_refused_whatever_the_object_is_cut_to(size: int) -> None:
    layout = Layout(size, 40)
    headers = (SMALL.headers * 2)[: layout.part_count]
    document = Sealed(layout, headers, SMALL.bodies)
    refuse(opening(document, SMALL.whole[: layout.object_length]), content(100))


def test_a_document_cut_between_parts_is_refused_though_size_and_headers_are_cut_too() -> None:
    document = Sealed(Layout(80, 40), SMALL.headers[:2], SMALL.bodies[:2])
    refuse(opening(document), content(100))


def test_a_document_continued_after_its_last_part_is_refused() -> None:
    one, two = seal(content(40), 40), seal(content(40), 40)
    document = Sealed(Layout(80, 40), one.headers + two.headers, one.bodies + two.bodies)
    refuse(opening(document), content(40) * 2)


def test_another_part_size_is_refused() -> None:
    refuse(opening(replace(SMALL, layout=Layout(100, 34))), content(100))


@pytest.mark.parametrize(
    "order", [(1, 0, 2), (0, 2, 1), (2, 1, 0), (0, 0, 2), (0, 2), (0, 1, 1, 2)]
)
def test_parts_in_another_order_are_refused(order: tuple[int, ...]) -> None:
    bodies = b"".join(DOCUMENT.bodies[number] for number in order)
    refuse(opening(DOCUMENT, bodies))


def test_two_parts_swapped_with_their_pinned_headers_are_refused() -> None:
    order = (1, 0, 2)
    document = Sealed(
        DOCUMENT.layout,
        tuple(DOCUMENT.headers[number] for number in order),
        tuple(DOCUMENT.bodies[number] for number in order),
    )
    assert released_before_refusal(opening(document)) == b""


def test_a_part_of_another_document_is_refused() -> None:
    for context in elsewhere():
        other = seal(PLAINTEXT, PART, context=context)
        for number in range(3):
            bodies = [*DOCUMENT.bodies]
            bodies[number] = other.bodies[number]
            refuse(opening(DOCUMENT, bodies))


@pytest.mark.parametrize("place", range(3))
def test_a_document_moved_to_another_place_is_refused(place: int) -> None:
    moved = list(elsewhere())[place]
    assert released_before_refusal(opening(DOCUMENT, context=moved)) == b""


def elsewhere() -> Iterator[RenditionContext]:
    """The same place but for the case, the document, the rendition."""
    yield replace(CONTEXT, case=CaseId(new_id()))
    yield replace(CONTEXT, document=DocumentId(new_id()))
    yield replace(CONTEXT, rendition=RenditionId(new_id()))


def test_other_bytes_sealed_under_the_same_key_for_the_same_place_are_refused() -> None:
    forged = seal(content(SIZE)[::-1], PART)
    refuse(opening(DOCUMENT, forged.whole))
    refuse(opening(DOCUMENT, [DOCUMENT.bodies[0], forged.bodies[1], DOCUMENT.bodies[2]]))


def test_the_pinned_header_does_not_vouch_for_another_body() -> None:
    forged = seal(content(SIZE)[::-1], PART)
    bodies = [
        header + body[HEADER_SIZE:]
        for header, body in zip(DOCUMENT.headers, forged.bodies, strict=True)
    ]
    assert released_before_refusal(opening(DOCUMENT, bodies)) == b""


@pytest.mark.parametrize(
    "other",
    [b"", b"\0" * HEADER_SIZE, DOCUMENT.headers[0][:-1]],
    ids=["none", "zeros", "cut"],
)
def test_another_pinned_header_is_refused(other: bytes) -> None:
    document = replace(DOCUMENT, headers=(other, *DOCUMENT.headers[1:]))
    assert released_before_refusal(opening(document)) == b""


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_fewer_or_more_parts_than_the_size_gives_are_refused_before_any_is_opened(
    count: int,
) -> None:
    headers, bodies = (DOCUMENT.headers * 2)[:count], (DOCUMENT.bodies * 2)[:count]
    document = Sealed(DOCUMENT.layout, headers, bodies)
    assert released_before_refusal(opening(document)) == b""


def test_another_key_is_refused() -> None:
    assert released_before_refusal(opening(DOCUMENT, key=DataKey.generate())) == b""


def test_an_empty_document_is_refused_as_nothing_and_as_anything_else() -> None:
    empty = seal(b"", CHUNK)
    for whole in (b"", empty.whole[:-1], empty.whole + b"\0", seal(b"", CHUNK).whole):
        assert released_before_refusal(opening(empty, whole)) == b""


def test_a_refusal_says_nothing_of_what_was_wrong() -> None:
    for length in (0, 30, 60, sealed_length(PART) + 5, len(DOCUMENT.whole) - 1):
        with pytest.raises(Tampered) as refusal:
            list(opening(DOCUMENT, DOCUMENT.whole[:length]))
        assert str(refusal.value) == str(Tampered())
