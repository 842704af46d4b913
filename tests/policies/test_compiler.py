from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from policies.compiler import agreement_digest, baseline, compile_terms
from policies.floors import FLOOR_TEXTS, floors, own_rows
from policies.policy import MODEL_SHA256, MODEL_TEXT, Row
from policies.terms import Terms, TermsRefused, View, parse_terms
from tests.policies.samples import CASE, CLINIC, SIDES, Json, agreements, clause, terms

CLINIC_TERMS = parse_terms(CLINIC)
# Floors that no row can say: how rows are made, and what is refused before signing, holds them.
STRUCTURAL = {"FLOOR-3", "FLOOR-5", "FLOOR-6"}


def test_the_model_reads_the_columns_of_a_row_in_their_order() -> None:
    (definition,) = [line for line in MODEL_TEXT.splitlines() if line.startswith("p = ")]
    assert tuple(definition.removeprefix("p = ").split(", ")) == Row._fields


def test_a_clause_is_one_row() -> None:
    policy = compile_terms(CASE, CLINIC_TERMS)
    assert policy.rows[6] == (
        "insurer:respondent",
        CASE,
        "medical",
        "claimant|respondent",
        "*",
        "!claw-back",
        "2",
        "claims|mediation",
        "mediation|settlement",
        "0000",
        "2026-07-01T00:00:00Z",
        "allow",
        "4.2",
    )
    assert policy.rows[10][-2:] == ("deny", "7.1")
    assert policy.rows[0].phase == "!closed"


@settings(max_examples=40, deadline=None)
@given(agreements(("a", "b", "c")))
def test_clauses_come_in_order_then_own_rows_then_floors(value: Json) -> None:
    parsed = parse_terms(value)
    policy = compile_terms(CASE, parsed)
    clauses = policy.rows[: len(parsed.clauses)]
    assert [row.clause for row in clauses] == [clause.id for clause in parsed.clauses]
    assert policy.rows[len(clauses) :] == baseline(CASE, parsed.sides).rows
    assert all(len(row) == 13 and all(row) for row in policy.rows)


@settings(max_examples=40, deadline=None)
@given(agreements())
def test_no_column_holds_what_separates_columns_or_rows(value: Json) -> None:
    for row in compile_terms(CASE, parse_terms(value)).rows:
        assert not set("".join(row)) & set(",\n\r\"'()[]#")


@settings(max_examples=40, deadline=None)
@given(agreements())
def test_compiling_is_deterministic(value: Json) -> None:
    one, other = (compile_terms(CASE, parse_terms(value)) for _ in range(2))
    assert one == other
    assert one.sha256 == other.sha256


def test_the_words_of_a_clause_decide_nothing() -> None:
    spoken = Terms(SIDES, tuple(replace(c, text="And more.") for c in CLINIC_TERMS.clauses))
    assert compile_terms(CASE, spoken) == compile_terms(CASE, CLINIC_TERMS)


def test_without_an_agreement_there_are_own_rows_and_floors() -> None:
    policy = baseline(CASE, list(SIDES))
    assert policy.sides == SIDES
    assert policy.rows == (*own_rows(CASE, SIDES), *floors(CASE, SIDES))
    assert {row.clause for row in policy.rows} == set(FLOOR_TEXTS) - STRUCTURAL
    with pytest.raises(TermsRefused):
        baseline(CASE, ["claimant"])


def test_what_is_signed_is_this_agreement_of_this_case_at_this_version() -> None:
    policy = compile_terms(CASE, CLINIC_TERMS)
    digest = agreement_digest(CASE, 1, CLINIC_TERMS, policy)
    assert digest == agreement_digest(
        CASE, 1, parse_terms(CLINIC), compile_terms(CASE, CLINIC_TERMS)
    )
    spoken = Terms(SIDES, tuple(replace(c, text="And more.") for c in CLINIC_TERMS.clauses))
    wider = Terms(SIDES, (*CLINIC_TERMS.clauses[:-1],))
    higher = Terms(SIDES, tuple(replace(c, view=View.FULL) for c in CLINIC_TERMS.clauses))
    others = [
        agreement_digest("another", 1, CLINIC_TERMS, policy),
        agreement_digest(CASE, 2, CLINIC_TERMS, policy),
        agreement_digest(CASE, 1, spoken, policy),
        agreement_digest(CASE, 1, wider, compile_terms(CASE, wider)),
        agreement_digest(CASE, 1, CLINIC_TERMS, compile_terms(CASE, higher)),
    ]
    assert len({digest, *others}) == len(others) + 1


def test_the_digest_of_a_known_agreement_is_known() -> None:
    # Made with jq and sha256sum. A change of these changes what every signature so far stands for.
    small = terms(clause("1", "party", "redacted", classes=["medical"]))
    policy = compile_terms(CASE, small)
    assert MODEL_SHA256 == "2dfaad3fca3b7ba4c8fb227e179e1967729c5383e53a4cbd3321d193c49d59a4"
    assert policy.sha256 == "55cc70a87b0d59162ff7f39efe5f53430d94e63fe0ca083dd49f1e41f97b6493"
    digest = agreement_digest(CASE, 1, small, policy)
    assert digest == "47848646ede2902e5b3a8b4cc6faddb1503e77d986747c8d6c13b328a6a09444"
