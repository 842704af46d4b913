"""The part size is chosen once, from the announced length, so that the store can take all parts."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.errors import TooLarge
from vault.ids import CaseId, DocumentId, RenditionId, new_id
from vault.sealing.keys import DataKey
from vault.sealing.opening import open_parts
from vault.sealing.parts import (
    LARGEST_PART_SIZE,
    MOST_PARTS,
    PART_SIZE,
    Layout,
    RenditionContext,
    part_size_for,
    seal_part,
)
from vault.sealing.pieces import fill

KEY = DataKey.generate()
CONTEXT = RenditionContext(CaseId(new_id()), DocumentId(new_id()), RenditionId(new_id()))
EDGE = PART_SIZE * MOST_PARTS


@pytest.mark.parametrize(
    ("declared", "size"),
    [
        (None, PART_SIZE),
        (0, PART_SIZE),
        (EDGE, PART_SIZE),
        (EDGE + 1, 2 * PART_SIZE),
        (2 * EDGE, 2 * PART_SIZE),
        (2 * EDGE + 1, 4 * PART_SIZE),
        (LARGEST_PART_SIZE * MOST_PARTS, LARGEST_PART_SIZE),
    ],
)
def test_the_smallest_size_is_taken_that_needs_few_enough_parts(
    declared: int | None, size: int
) -> None:
    assert part_size_for(declared) == size
    assert Layout(declared or 0, size).part_count <= MOST_PARTS


def test_what_needs_too_many_parts_of_the_largest_size_is_refused() -> None:
    with pytest.raises(TooLarge):
        part_size_for(LARGEST_PART_SIZE * MOST_PARTS + 1)


@given(
    size=st.integers(0, 200),
    part_size=st.integers(1, 64),
    cuts=st.lists(st.integers(0, 200), max_size=6),
    again=st.integers(0, 200),
)
def test_parts_sealed_in_several_goes_open_as_one_document(
    size: int, part_size: int, cuts: list[int], again: int
) -> None:
    content, layout = os.urandom(size), Layout(size, part_size)
    sealed: list[bytes] = []
    headers: list[bytes] = []
    ends = [*sorted(min(cut, size) for cut in cuts), size]
    for end in [min(again, size), *ends]:
        first = len(headers)
        sizes = map(layout.part_plaintext_length, range(first, layout.part_count))
        start = min(first * part_size, size)
        for number, pieces in enumerate(fill([content[start:end]], sizes), first):
            last = number == layout.part_count - 1
            part = seal_part(KEY, CONTEXT, number, pieces, last=last)
            headers.append(part.header)
            sealed.append(bytes(part.body))
    assert b"".join(open_parts(KEY, CONTEXT, layout, headers, sealed)) == content


def test_what_does_not_fill_its_part_is_dropped_and_the_sender_heard_to_the_end() -> None:
    heard: list[int] = []

    def counted() -> Iterator[bytes]:
        for number in range(3):
            heard.append(number)
            yield b"x" * 10

    assert [b"".join(part) for part in fill(counted(), [20])] == [b"x" * 20]
    assert heard == [0, 1, 2]
    assert list(fill([b"x" * 19], [20])) == []
