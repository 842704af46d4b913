"""Atoms divide everything that can be asked, and rows say the same throughout each of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from policies.atoms import Box, Effort, Interval, TooIntricate, atoms, everything, holds, intervals
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


@settings(max_examples=15, deadline=None)
@given(agreements())
def test_a_row_reaches_what_its_patterns_cover_and_nothing_else(value: Json) -> None:
    for row in compile_terms(CASE, parse_terms(value)).rows:
        box = Box.reached(row, SPACE)
        reached = set[object]() if box is None else set(box.points())
        assert reached == {
            (marking, purpose, phase)
            for marking, purpose, phase in SPACE.points()
            if has(row.cls, marking.document_class)
            and has(row.origin, marking.origin)
            and has(row.prov, marking.provenance)
            and has(row.label, marking.label)
            and has(row.purpose, purpose)
            and has(row.phase, phase)
        }


def boxes_of(value: Json) -> list[Box]:
    reached = (Box.reached(row, SPACE) for row in compile_terms(CASE, parse_terms(value)).rows[:6])
    return [box for box in reached if box is not None]


@settings(max_examples=20, deadline=None)
@given(agreements())
def test_atoms_make_up_the_space_without_overlap(value: Json) -> None:
    divided = atoms(SPACE, boxes_of(value), Effort())
    points = [point for box, _ in divided for point in box.points()]
    assert len(points) == len(set(points))
    assert set(points) == set(SPACE.points())


@settings(max_examples=20, deadline=None)
@given(agreements())
def test_an_atom_lies_wholly_within_the_boxes_it_names_and_without_all_others(value: Json) -> None:
    boxes = boxes_of(value)
    within = [set(box.points()) for box in boxes]
    for box, covering in atoms(SPACE, boxes, Effort()):
        points = set(box.points())
        for number, covered in enumerate(within):
            assert points <= covered if covering >> number & 1 else not points & covered


@settings(max_examples=20, deadline=None)
@given(agreements())
def test_atoms_among_some_boxes_are_those_that_one_of_them_covers(value: Json) -> None:
    boxes = boxes_of(value)
    for among in (1, 1 << len(boxes) - 1, (1 << len(boxes)) - 1):
        every = atoms(SPACE, boxes, Effort())
        assert atoms(SPACE, boxes, Effort(), among) == [one for one in every if one[1] & among]


def test_a_row_that_speaks_of_other_words_reaches_nothing() -> None:
    row = baseline(CASE, SIDES).rows[0]
    assert Box.reached(row, SPACE._replace(origin=("joint",))) is None


def test_more_than_can_be_looked_through_is_refused() -> None:
    effort = Effort()
    effort.spend(Effort.MOST)
    with pytest.raises(TooIntricate):
        effort.spend(1)
    with pytest.raises(TooIntricate):
        effort.ask(0)


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
        (["9999-06-01T00:00:00Z"], [(ALWAYS, NEVER)]),
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
