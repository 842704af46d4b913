"""No version that breaks a floor for anybody, at any time, gets as far as being signed."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings

from policies.atoms import TooIntricate, everything
from policies.compiler import baseline, compile_terms
from policies.engine import Scope
from policies.invariants import MOST_VIOLATIONS, check
from policies.policy import Policy
from policies.terms import Terms, View, parse_terms
from policies.vocabulary import groups_of
from tests.policies.samples import (
    CASE,
    CLINIC,
    NOW,
    SIDES,
    Json,
    agreement,
    agreements,
    clause,
    intricate,
    seated,
    terms,
)

CLINIC_TERMS = parse_terms(CLINIC)


def everything_to_everyone(effect: str = "allow") -> Terms:
    return terms(
        *(
            clause(f"{number}", group, labels="*", effect=effect)
            for number, group in enumerate(sorted(groups_of(SIDES)), start=1)
        )
    )


def without(policy: Policy, *floors: str) -> Policy:
    rows = tuple(row for row in policy.rows if row.clause not in floors)
    return Policy(policy.case, policy.sides, rows, policy.organisations, policy.classes)


def broken(policy: Policy) -> set[str]:
    return {violation.floor for violation in check(policy)}


def test_a_believable_agreement_and_the_baseline_keep_every_floor() -> None:
    assert check(compile_terms(CASE, CLINIC_TERMS), CLINIC_TERMS) == ()
    assert check(baseline(CASE, ("a", "b", "c"))) == ()


def test_an_agreement_that_opens_everything_to_everyone_keeps_every_floor() -> None:
    assert check(compile_terms(CASE, everything_to_everyone())) == ()


@settings(max_examples=15, deadline=None)
@given(agreements(most=3))
def test_what_a_hostile_agreement_allows_breaks_no_floor(value: Json) -> None:
    for said in value["clauses"]:
        said["effect"] = "allow"
    assert check(compile_terms(CASE, parse_terms(value))) == ()


@pytest.mark.parametrize(
    ("floor", "policy"),
    [
        ("FLOOR-1", without(compile_terms(CASE, everything_to_everyone()), "FLOOR-1")),
        ("FLOOR-2", without(compile_terms(CASE, everything_to_everyone()), "FLOOR-2")),
        ("FLOOR-4", without(baseline(CASE, SIDES), "FLOOR-4")),
    ],
)
def test_every_floor_that_is_a_row_is_effective(floor: str, policy: Policy) -> None:
    assert broken(policy) == {floor}


def test_a_rule_in_general_that_took_substance_use_records_along_is_found() -> None:
    policy = compile_terms(CASE, terms(clause("1", "expert")))
    general = tuple(row._replace(cls="*") if row.clause == "1" else row for row in policy.rows)
    (violation,) = check(Policy(CASE, SIDES, general))
    assert (violation.floor, violation.clause) == ("FLOOR-3", "1")
    named = terms(clause("1", "expert", classes=["substance-use-record"]))
    assert check(compile_terms(CASE, named)) == ()


def test_joint_substance_use_records_reach_nobody_by_the_baseline() -> None:
    policy = baseline(CASE, SIDES)
    wide = tuple(row._replace(cls="*") if row.origin == "joint" else row for row in policy.rows)
    assert broken(Policy(CASE, SIDES, wide)) == {"FLOOR-3"}


def test_a_clause_that_bars_a_licensing_board_is_refused_with_the_reason() -> None:
    barring = terms(
        clause("1", "party"),
        clause("7.2", "regulator", "full", effect="deny", classes=["medical"]),
    )
    (violation,) = check(compile_terms(CASE, barring), barring)
    assert (violation.floor, violation.clause) == ("FLOOR-5", "7.2")
    assert violation.pointer == "/clauses/1"
    assert violation.sentence == (
        "The regulator would not see documents of class medical of claimant, pre-existing, for "
        "purpose regulatory, in phase intake, by clause 7.2. FLOOR-5: No clause keeps records that "
        "existed before the mediation from a licensing board asking for its regulatory purpose: a "
        "term that bars reporting to a board, or cooperating with it, is void (California Business "
        "and Professions Code 2220.7, 143.5)."
    )


@pytest.mark.parametrize(
    "kept",
    [
        {"provenances": ["made-for-mediation"], "classes": {"not": ["statutory-report"]}},
        {"purposes": ["mediation", "claims"]},
        {"classes": ["caucus"], "provenances": ["made-for-mediation"]},
    ],
)
def test_what_was_made_for_the_mediation_may_be_kept_from_a_board(kept: Json) -> None:
    keeping = terms(clause("7.2", "regulator", "metadata", effect="deny", **kept))
    assert check(compile_terms(CASE, keeping)) == ()


def test_no_clause_vetoes_a_statutory_report() -> None:
    veto = {"provenances": ["made-for-mediation"], "classes": ["statutory-report"]}
    found = check(
        compile_terms(CASE, terms(clause("9", "regulator", "full", effect="deny", **veto)))
    )
    assert [(violation.floor, violation.clause) for violation in found] == [("FLOOR-4", "9")]


def test_an_organisation_that_might_be_a_board_cannot_be_barred_either() -> None:
    value = {
        **agreement(clause("1", "organisation:state-board", "metadata", effect="deny")),
        "organisations": ["state-board"],
    }
    found = check(compile_terms(CASE, parse_terms(value)))
    assert {violation.floor for violation in found} == {"FLOOR-4", "FLOOR-5"}
    assert "the regulator, for state-board, would" in found[0].sentence.lower()


def test_an_organisation_opens_no_caucus() -> None:
    value = {
        **agreement(clause("1", "organisation:mutual", labels="*")),
        "organisations": ["mutual"],
    }
    policy = compile_terms(CASE, parse_terms(value))
    assert check(policy) == ()
    assert broken(without(policy, "FLOOR-1")) == {"FLOOR-1"}


def test_a_floor_is_looked_for_in_every_interval() -> None:
    for_a_day = {"from": "2026-05-01T00:00:00Z", "until": "2026-05-02T00:00:00Z"}
    caucus = terms(clause("1", "expert", "metadata", classes=["caucus"], **for_a_day))
    assert check(compile_terms(CASE, caucus)) == ()
    (violation,) = check(without(compile_terms(CASE, caucus), "FLOOR-1"), caucus)[:1]
    assert violation.floor == "FLOOR-1"


def test_atoms_find_what_asking_everything_finds() -> None:
    given_away = terms(clause("1", "expert", classes=["caucus", "billing"], phases=["closed"]))
    policy = without(compile_terms(CASE, given_away), "FLOOR-1")
    found = {(v.floor, v.clause) for v in check(policy) if "expert" in v.sentence}
    expert = seated(1, "expert")
    scope = Scope(policy, [expert], 0)
    by_hand = {
        ("FLOOR-1", said)
        for (marking, purpose, phase), view in product(everything(policy).points(), View)
        for allowed, said in [scope.ask(expert.person, marking, view, purpose, phase, NOW)]
        if allowed and marking.document_class == "caucus"
    }
    assert by_hand == {("FLOOR-1", "1"), ("FLOOR-1", "OWN")}
    assert found <= by_hand
    assert ("FLOOR-1", "1") in found


def test_not_more_violations_are_listed_than_can_be_read() -> None:
    barring = terms(
        *(clause(f"{n}", "regulator", effect="deny", classes=["medical"]) for n in range(30)),
        *(
            clause(f"{n}", "regulator", effect="deny", classes=["billing"], phases=["intake"])
            for n in range(30, 60)
        ),
    )
    assert 1 <= len(check(compile_terms(CASE, barring))) <= MOST_VIOLATIONS
    many = terms(
        *(
            clause(
                f"{n}",
                "regulator",
                effect="deny",
                classes=["medical"],
                **{
                    "from": f"2026-01-{n + 1:02}T00:00:00Z",
                    "until": f"2026-01-{n + 2:02}T00:00:00Z",
                },
            )
            for n in range(25)
        )
    )
    assert len(check(compile_terms(CASE, many))) == MOST_VIOLATIONS


def test_what_would_take_too_long_to_look_through_is_refused() -> None:
    with pytest.raises(TooIntricate):
        check(compile_terms(CASE, intricate(400)))
