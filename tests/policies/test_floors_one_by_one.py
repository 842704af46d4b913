"""Floors are found broken by atoms exactly where asking everything one by one finds them broken."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from policies.atoms import everything
from policies.compiler import baseline, compile_terms
from policies.doubts import doubts
from policies.engine import Scope
from policies.floors import OUTSIDERS
from policies.instants import ALWAYS, NEVER, Instant
from policies.invariants import Look
from policies.matcher import has
from policies.policy import Policy
from policies.seatings import Seating, seatings
from policies.terms import Effect, Marking, Role, Seat, View, parse_terms
from policies.vocabulary import groups_of
from tests.policies.samples import CASE, NOW, SIDES, Json, agreements, clause, terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.policy import Row

# Asked one by one, for every way to sit; all of each attribute that a floor tells apart, and more.
SLICE = everything(baseline(CASE, SIDES))._replace(
    cls=("caucus", "substance-use-record", "statutory-report", "medical"),
    purpose=("regulatory", "mediation"),
    phase=("intake", "closed"),
)
Broken = tuple[str, Marking, str, str, Instant]


def matches(row: Row, marking: Marking, purpose: str, phase: str) -> bool:
    columns = (row.cls, row.origin, row.prov, row.label, row.purpose, row.phase)
    words = (*marking, purpose, phase)
    return all(has(column, word) for column, word in zip(columns, words, strict=True))


def broken_for(scope: Scope, seating: Seating, at: Instant) -> Iterator[Broken]:
    """Hold every answer to what the floors say, without atoms, regions or doubts."""
    groups = seating.groups()
    general = [
        row
        for row in scope.rows
        if row.sub in groups
        and row.eft == "allow"
        and row.cls[0] in "*!"
        and row.nbf <= at < row.exp
    ]
    outside = seating.is_one_of(*OUTSIDERS)
    for point in SLICE.points():
        marking, purpose, phase = point
        metadata, redacted, full = (
            scope.ask(seating.person, marking, view, purpose, phase, at) for view in View
        )
        side, origin = seating.side, marking.origin
        others = outside or (side is not None and side != origin)
        board = seating.is_one_of(Role.REGULATOR) and purpose == "regulatory"
        found = {
            "FLOOR-1": marking.document_class == "caucus" and others and metadata[0],
            "FLOOR-2": seating.is_one_of(Role.AUDITOR) and redacted[0],
            "FLOOR-3": marking.document_class == "substance-use-record"
            and origin not in seating.own
            and metadata[0]
            and any(matches(row, *point) for row in general),
            "FLOOR-4": marking.document_class == "statutory-report" and board and not full[0],
            "FLOOR-5": marking.document_class in {"medical", "substance-use-record"}
            and marking.provenance == "pre-existing"
            and board
            and not full[0]
            and full[1] is not None,
        }
        yield from ((floor, *point, at) for floor, is_broken in found.items() if is_broken)


def mutants() -> st.SearchStrategy[Policy]:
    """Policies that no compiler of ours makes: without floors, and with general rows."""

    def mutant(value: Json, kept: set[str], widened: bool) -> Policy:
        policy = compile_terms(CASE, parse_terms(value))
        rows = [
            row for row in policy.rows if not row.clause.startswith("FLOOR") or row.clause in kept
        ]
        if widened:
            rows = [row._replace(cls="*") if row.cls.startswith("!") else row for row in rows]
        return Policy(CASE, SIDES, tuple(rows))

    floors = st.sets(st.sampled_from(["FLOOR-1", "FLOOR-2", "FLOOR-4"]))
    return st.builds(mutant, agreements(most=6), floors, st.booleans())


# Without shrinking: one example takes a second, and a failure shows what differs as it is.
@settings(max_examples=8, deadline=None, phases=[Phase.reuse, Phase.generate])
@given(mutants())
def test_what_is_found_by_atoms_is_exactly_what_asking_one_by_one_finds(policy: Policy) -> None:
    scopes = [(seating, Scope(policy, seating.roster, 0)) for seating in seatings(SIDES)]
    ends = {end for row in policy.rows for end in (row.nbf, row.exp)} - {ALWAYS, NEVER}
    instants = [Instant("2025-01-01T00:00:00Z"), *map(Instant, sorted(ends)[:3])]
    look, points = Look(policy), set(SLICE.points())
    expanded = {
        (doubt.floor, *point, at)
        for doubt in doubts(policy)
        for found in look.counter_examples(doubt)
        for at in instants
        if found.period.nbf <= at < found.period.exp
        for point in points.intersection(found.box.points())
    }
    by_hand = {
        broken
        for at in instants
        for seating, scope in scopes
        for broken in broken_for(scope, seating, at)
    }
    assert expanded == by_hand


def test_asking_one_by_one_finds_every_floor_broken_that_is_taken_away() -> None:
    opened = (clause(f"{n}", to, labels="*") for n, to in enumerate(sorted(groups_of(SIDES))))
    barred = clause("99", "regulator", effect="deny")
    policy = compile_terms(CASE, terms(*opened, barred))
    rows = (row for row in policy.rows if not row.clause.startswith("FLOOR"))
    wide = (row._replace(cls="*") if row.cls.startswith("!") else row for row in rows)
    mutant = Policy(CASE, SIDES, tuple(wide))
    found = {
        broken[0]
        for seating in seatings(SIDES)
        for broken in broken_for(Scope(mutant, seating.roster, 0), seating, NOW)
    }
    look = Look(mutant)
    by_atoms = {doubt.floor for doubt in doubts(mutant) if any(look.counter_examples(doubt))}
    assert found == by_atoms == {f"FLOOR-{number}" for number in range(1, 6)}


@pytest.mark.parametrize(("effect", "view"), list(product(Effect, View)))
def test_a_row_allows_all_lower_views_and_denies_all_higher_ones(
    effect: Effect, view: View
) -> None:
    row = compile_terms(CASE, terms(clause("1", "expert", str(view), effect=effect.value))).rows[0]
    seating = Seating((Seat(Role.EXPERT, None),))
    scope = Scope(Policy(CASE, SIDES, (row,)), seating.roster, 0)
    marking, purpose, phase = SLICE._replace(cls=("medical",)).example
    spoken = {
        asked
        for asked in View
        if scope.ask(seating.person, marking, asked, purpose, phase, NOW)[1] is not None
    }
    allow = effect is Effect.ALLOW
    assert spoken == {asked for asked in View if (asked <= view if allow else asked >= view)}
