from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from policies.compiler import Policy, baseline, compile_terms
from policies.engine import Scope
from policies.floors import FLOOR_TEXTS, floors
from policies.terms import PHASES, PURPOSES, Marking, Terms, View
from policies.vocabulary import groups_of
from tests.policies.samples import CASE, NOW, clause, markings, person, seated, terms

if TYPE_CHECKING:
    from policies.engine import Answer
    from policies.policy import Row

SIDES = ("patient", "clinic", "surgeon")
SEATS = [
    "mediator",
    *(f"{role}:{side}" for role in ("party", "counsel", "insurer") for side in SIDES),
    "insurer",
    "regulator",
    "expert",
    "auditor",
]
ROSTER = [seated(number, seat) for number, seat in enumerate(SEATS)]


def everything_to_everyone() -> Terms:
    opened = [
        clause(f"{number}", group, labels="*")
        for number, group in enumerate(sorted(groups_of(SIDES)), start=1)
    ]
    return terms(*opened, sides=SIDES)


def answers(policy: Policy, purpose: str = "mediation") -> dict[tuple[str, Marking, View], Answer]:
    scope = Scope(policy, ROSTER, 1)
    return {
        (seat, marking, view): scope.ask(person(number), marking, view, purpose, "mediation", NOW)
        for (number, seat), marking, view in product(enumerate(SEATS), markings(SIDES), View)
    }


def may_see_caucus(seat: str, origin: str) -> bool:
    """Only who was in the room: the mediator, and the side it was held with."""
    role, _, side = seat.partition(":")
    return role == "mediator" or (role in {"party", "counsel"} and side == origin)


def test_no_agreement_opens_a_caucus_to_another_side_or_an_outsider() -> None:
    scope = Scope(compile_terms(CASE, everything_to_everyone()), ROSTER, 1)
    caucus = [marking for marking in markings(SIDES) if marking.document_class == "caucus"]
    asked = 0
    for (number, seat), marking, view, purpose, phase in product(
        enumerate(SEATS), caucus, View, PURPOSES, PHASES
    ):
        allowed, said = scope.ask(person(number), marking, view, purpose, phase, NOW)
        assert allowed is may_see_caucus(seat, marking.origin), (seat, marking, view)
        assert allowed or said in {"FLOOR-1", "FLOOR-2"}
        asked += 1
    assert asked == 14 * 6 * 2 * 2 * 3 * 5 * 6


def test_no_agreement_shows_an_auditor_content() -> None:
    found = answers(compile_terms(CASE, everything_to_everyone()))
    kept = {"caucus", "substance-use-record"}
    for (seat, marking, view), (allowed, _) in found.items():
        if seat == "auditor":
            assert allowed is (view is View.METADATA and marking.document_class not in kept)


def test_what_no_floor_speaks_of_is_open_under_that_agreement() -> None:
    found = answers(compile_terms(CASE, everything_to_everyone()))
    for (seat, marking, _), (allowed, _) in found.items():
        if seat != "auditor" and marking.document_class not in {"caucus", "substance-use-record"}:
            assert allowed


def test_a_clause_that_speaks_of_records_in_general_opens_no_substance_use_record() -> None:
    found = answers(compile_terms(CASE, everything_to_everyone()))
    for (seat, marking, _), (allowed, said) in found.items():
        if marking.document_class == "substance-use-record":
            role, _, side = seat.partition(":")
            own = marking.origin == (side if role in {"party", "counsel"} else role)
            assert (allowed, said) == ((True, "OWN") if own else (False, said))


def test_a_clause_that_names_the_class_opens_a_substance_use_record() -> None:
    named = terms(clause("1", "expert", classes=["substance-use-record"]), sides=SIDES)
    found = answers(compile_terms(CASE, named))
    record = Marking("substance-use-record", "patient", "pre-existing", "-")
    assert found["expert", record, View.FULL] == (True, "1")
    assert found["insurer", record, View.METADATA] == (False, None)


@pytest.mark.parametrize("floor", floors(CASE, SIDES), ids=lambda row: f"{row.clause}-{row.sub}")
def test_every_floor_is_effective(floor: Row) -> None:
    whole = compile_terms(CASE, everything_to_everyone())
    without = Policy(CASE, SIDES, tuple(row for row in whole.rows if row != floor))
    if floor.clause == "FLOOR-4":
        # What this one opens, every other agreement may leave shut.
        whole = baseline(CASE, SIDES)
        without = Policy(CASE, SIDES, tuple(row for row in whole.rows if row != floor))
    kept, opened = answers(whole, "regulatory"), answers(without, "regulatory")
    changed = {key for key, answer in kept.items() if answer[0] != opened[key][0]}
    if floor.sub == "auditor" and floor.clause == "FLOOR-1":
        assert {marking.document_class for _, marking, _ in changed} == {"caucus"}
    assert changed
    assert all(opened[key][0] is (floor.eft == "deny") for key in changed)


def test_without_an_agreement_a_document_is_seen_by_its_depositor_and_nobody_else() -> None:
    for (seat, marking, _), (allowed, said) in answers(baseline(CASE, SIDES)).items():
        role, _, side = seat.partition(":")
        own = {
            "mediator": {"mediator", "joint"},
            "expert": {"expert"},
            "party": {side, "joint"},
            "counsel": {side, "joint"},
        }.get(role, set())
        kept = {
            "caucus": not may_see_caucus(seat, marking.origin),
            "substance-use-record": marking.origin == "joint",
        }
        assert allowed is (marking.origin in own and not kept.get(marking.document_class, False))
        assert said == "OWN" or not allowed


def test_what_is_ones_own_stays_so_in_every_phase_and_for_every_purpose() -> None:
    scope = Scope(baseline(CASE, SIDES), ROSTER, 0)
    mine = Marking("medical", "patient", "pre-existing", "claw-back")
    for purpose, phase in product(PURPOSES, PHASES):
        assert scope.ask(person(1), mine, View.FULL, purpose, phase, NOW) == (True, "OWN")


def test_every_floor_has_its_sentence() -> None:
    with_rows = {row.clause for row in baseline(CASE, SIDES).rows}
    assert set(FLOOR_TEXTS) - with_rows == {"FLOOR-3", "FLOOR-5", "FLOOR-6"}
    assert all(text.endswith(".") and "\n" not in text for text in FLOOR_TEXTS.values())
