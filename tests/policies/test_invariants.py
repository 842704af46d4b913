"""No version that breaks a floor for anybody, at any time, gets as far as being signed."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from policies.atoms import TooIntricate
from policies.compiler import baseline, compile_terms
from policies.instants import ALWAYS, NEVER
from policies.invariants import MOST_VIOLATIONS, check
from policies.policy import Policy
from policies.terms import CLASSES, Terms, parse_terms
from policies.vocabulary import groups_of
from tests.policies.samples import (
    CASE,
    CLINIC,
    SIDES,
    Json,
    agreement,
    agreements,
    clause,
    intricate,
    terms,
)

if TYPE_CHECKING:
    pass

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


def broken_by(policy: Policy) -> set[str]:
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
    assert broken_by(policy) == {floor}


@pytest.mark.parametrize("cls", ["*", "!medical"])
def test_a_rule_in_general_that_took_substance_use_records_along_is_found(cls: str) -> None:
    policy = compile_terms(CASE, terms(clause("1", "expert")))
    general = tuple(row._replace(cls=cls) if row.clause == "1" else row for row in policy.rows)
    (violation,) = check(Policy(CASE, SIDES, general))
    assert (violation.floor, violation.clause) == ("FLOOR-3", "1")
    named = terms(clause("1", "expert", classes=["substance-use-record"]))
    assert check(compile_terms(CASE, named)) == ()


def test_joint_substance_use_records_reach_nobody_by_the_baseline() -> None:
    policy = baseline(CASE, SIDES)
    wide = tuple(row._replace(cls="*") if row.origin == "joint" else row for row in policy.rows)
    assert broken_by(Policy(CASE, SIDES, wide)) == {"FLOOR-3"}


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
    assert broken_by(without(policy, "FLOOR-1")) == {"FLOOR-1"}


def test_a_floor_is_looked_for_in_every_interval() -> None:
    for_a_day = {"from": "2026-05-01T00:00:00Z", "until": "2026-05-02T00:00:00Z"}
    caucus = terms(clause("1", "expert", "metadata", classes=["caucus"], **for_a_day))
    assert check(compile_terms(CASE, caucus)) == ()
    (violation,) = check(without(compile_terms(CASE, caucus), "FLOOR-1"), caucus)[:1]
    assert violation.floor == "FLOOR-1"


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


def test_who_sees_how_much_and_when_is_said_in_the_counter_example() -> None:
    clawed_back = clause(
        "4.1",
        "insurer:respondent",
        "redacted",
        classes=["caucus"],
        origins=["claimant"],
        labels=["claw-back"],
        **{"from": "2026-05-01T00:00:00Z", "until": "2026-06-01T00:00:00Z"},
    )
    open_to_them = terms(clause("1", "party"), clawed_back)
    found = check(without(compile_terms(CASE, open_to_them), "FLOOR-1"), open_to_them)
    (violation,) = (one for one in found if one.clause == "4.1")
    assert violation.pointer == "/clauses/1"
    assert violation.sentence.startswith(
        "The insurer of respondent would see, redacted, documents of class caucus of claimant, "
        "pre-existing, with label claw-back, for purpose mediation, in phase intake, "
        "from 2026-05-01T00:00:00Z, until 2026-06-01T00:00:00Z, by clause 4.1. FLOOR-1: A caucus"
    )


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ("full", "The regulator would not see in full documents"),
        ("redacted", "The regulator would know of, and not see, documents"),
        ("metadata", "The regulator would not see documents"),
    ],
)
def test_what_is_kept_from_a_board_is_said_by_what_is_left_to_it(view: str, said: str) -> None:
    barring = terms(
        clause("1", "regulator"),
        clause("2", "regulator", view, effect="deny", classes=["medical"]),
    )
    (violation,) = check(compile_terms(CASE, barring), barring)
    assert violation.sentence.startswith(said)


def test_a_statutory_report_that_nothing_opens_is_broken_by_no_clause() -> None:
    (violation,) = check(without(baseline(CASE, SIDES), "FLOOR-4"), terms(clause("1", "party")))
    assert (violation.floor, violation.clause, violation.pointer) == ("FLOOR-4", None, "")
    assert ", by no clause. FLOOR-4: " in violation.sentence


def test_rows_that_open_statutory_reports_together_open_them() -> None:
    policy = baseline(CASE, SIDES)
    (floor,) = (row for row in policy.rows if row.clause == "FLOOR-4")
    rest = tuple(row for row in policy.rows if row != floor)
    halves = (floor._replace(phase="intake"), floor._replace(phase="!intake"))
    assert check(Policy(CASE, SIDES, (*rest, *halves))) == ()
    assert broken_by(Policy(CASE, SIDES, (*rest, halves[0]))) == {"FLOOR-4"}


def test_rows_that_keep_caucus_papers_together_keep_them() -> None:
    policy = compile_terms(CASE, terms(clause("1", "expert", classes=["caucus"])))
    (floor,) = (row for row in policy.rows if row.clause == "FLOOR-1" and row.sub == "expert")
    rest = tuple(row for row in policy.rows if row != floor)
    noon = "2026-03-05T12:00:00Z"
    halves = (floor._replace(exp=noon), floor._replace(nbf=noon))
    assert check(Policy(CASE, SIDES, (*rest, *halves))) == ()
    gap = halves[1]._replace(nbf="2026-03-05T12:00:01Z")
    assert broken_by(Policy(CASE, SIDES, (*rest, halves[0], gap))) == {"FLOOR-1"}


def test_a_row_that_keeps_a_part_of_them_keeps_no_other_part() -> None:
    policy = compile_terms(CASE, terms(clause("1", "expert", classes=["caucus"])))
    part = tuple(
        row._replace(phase="intake") if (row.clause, row.sub) == ("FLOOR-1", "expert") else row
        for row in policy.rows
    )
    found = [one for one in check(Policy(CASE, SIDES, part)) if one.clause == "1"]
    assert ["in phase exchange" in one.sentence for one in found] == [True]


def test_a_hostile_agreement_of_five_hundred_clauses_is_looked_through() -> None:
    assert check(compile_terms(CASE, intricate(500))) == ()
    sides, organisations = [f"s{n}" for n in range(16)], [f"o{n}" for n in range(64)]
    everybody = sorted(groups_of(sides, organisations))
    hostile = [
        clause(
            f"{n}",
            everybody[n % len(everybody)],
            labels="*",
            classes={"not": [CLASSES[n % len(CLASSES)]]},
            **{
                "from": f"2026-01-01T{n // 60:02}:{n % 60:02}:00Z",
                "until": f"2026-01-02T{n // 60:02}:{n % 60:02}:00Z",
            },
        )
        for n in range(500)
    ]
    value = {**agreement(*hostile, sides=sides), "organisations": organisations}
    assert check(compile_terms(CASE, parse_terms(value))) == ()


def test_what_would_take_too_long_to_look_through_is_refused() -> None:
    policy = baseline(CASE, SIDES)
    (floor,) = (row for row in policy.rows if row.clause == "FLOOR-1" and row.sub == "expert")
    rest = tuple(row for row in policy.rows if row != floor)
    minutes = [
        f"2026-01-{d:02}T{h:02}:{m:02}:00Z"
        for d, h, m in product(range(1, 3), range(24), range(60))
    ]
    ends = [ALWAYS, *minutes, NEVER]
    slices = [floor._replace(nbf=nbf, exp=exp) for nbf, exp in pairwise(ends)]
    with pytest.raises(TooIntricate):
        check(Policy(CASE, SIDES, (*rest, *slices)))
