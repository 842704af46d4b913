"""Atoms divide everything that can be asked, and rows say the same throughout each of them."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings

from policies.atoms import ATTRIBUTES, Box, Interval, atoms, everything, holds, intervals
from policies.compiler import baseline, compile_terms
from policies.instants import ALWAYS, NEVER, Instant
from policies.matcher import has
from policies.terms import parse_terms
from tests.policies.samples import CASE, SIDES, Json, agreements

SPACE = everything(baseline(CASE, SIDES, ["dental-cast"]), ["grant-1"])


def test_everything_holds_every_word_that_can_be_asked() -> None:
    assert "dental-cast" in SPACE.cls
    assert SPACE.label == ("-", "claw-back", "grant-1")
    assert set(SPACE.origin) == {*SIDES, "joint", "mediator", "expert"}


@settings(max_examples=40, deadline=None)
@given(agreements())
def test_atoms_make_up_the_space_without_overlap(value: Json) -> None:
    rows = compile_terms(CASE, parse_terms(value)).rows
    divided = atoms(SPACE, rows, {"cls": ("caucus",)})
    points = [point for box in divided for point in box.points()]
    assert len(points) == len(set(points))
    assert set(points) == set(SPACE.points())


@settings(max_examples=40, deadline=None)
@given(agreements())
def test_no_row_tells_two_words_of_an_atom_apart(value: Json) -> None:
    rows = compile_terms(CASE, parse_terms(value)).rows
    for box in atoms(SPACE, rows, {})[:60]:
        for row, (attribute, words) in product(rows, zip(ATTRIBUTES, box, strict=True)):
            assert len({has(getattr(row, attribute), word) for word in words}) == 1


def test_what_a_question_speaks_of_stands_apart() -> None:
    divided = atoms(SPACE, (), {"cls": ("caucus",)})
    assert sorted(box.cls == ("caucus",) for box in divided) == [False, True]


def test_a_box_covers_its_markings_and_no_others() -> None:
    box = Box(("medical",), SIDES, ("pre-existing",), ("-",), ("audit",), ("intake", "closed"))
    assert len(list(box.markings())) == 2
    assert len(list(box.points())) == 4
    marking, purpose, phase = box.example
    assert (purpose, phase) == ("audit", "intake")
    assert box.covers(marking)
    assert not box.covers(marking._replace(origin="joint"))


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ([], [(ALWAYS, NEVER)]),
        (
            [ALWAYS, "2026-03-01T00:00:00Z", NEVER],
            [(ALWAYS, "2026-03-01T00:00:00Z"), ("2026-03-01T00:00:00Z", NEVER)],
        ),
        (["0001-01-01T00:00:00Z"], [("0001-01-01T00:00:00Z", NEVER)]),
    ],
)
def test_intervals_lie_between_the_instants_that_rows_name(
    bounds: list[str], expected: list[tuple[str, str]]
) -> None:
    found = intervals(bounds)
    assert [tuple(interval) for interval in found] == expected
    assert all(
        interval.nbf <= interval.example < interval.exp and len(interval.example) == 20
        for interval in found
    )


def test_a_row_holds_throughout_an_interval_or_never() -> None:
    march, april = Instant("2026-03-01T00:00:00Z"), Instant("2026-04-01T00:00:00Z")
    row = baseline(CASE, SIDES).rows[0]._replace(nbf=march)
    found = [holds(row, interval) for interval in intervals([march, april])]
    assert found == [False, True, True]
    assert not holds(row, Interval(ALWAYS, march))
