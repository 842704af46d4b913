from __future__ import annotations

import pytest
from hypothesis import given, settings

from policies.compiler import compile_terms
from policies.sentences import sentence
from tests.policies.samples import Json, clause, clauses, terms


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            clause(
                "3.1",
                "side:respondent",
                "redacted",
                classes=["medical", "billing"],
                origins=["claimant"],
                purposes=["mediation"],
                phases=["exchange", "settlement"],
                until="2026-07-01T00:00:00Z",
            ),
            (
                "Clause 3.1: the parties and counsel of respondent may see, at most redacted, "
                "documents of class billing or medical, of origin claimant, not clawed back, for "
                "purpose mediation, in phase exchange or settlement, until 2026-07-01T00:00:00Z."
            ),
        ),
        (
            clause(
                "7.1",
                "party",
                "metadata",
                effect="deny",
                classes={"not": ["billing"]},
                phases={"not": ["closed", "intake"]},
                **{"from": "2026-07-01T00:00:00Z"},
            ),
            (
                "Clause 7.1: every party must not see or know of documents of any class but "
                "billing, of any origin, clawed back or not, for any purpose, in any phase but "
                "closed or intake, from 2026-07-01T00:00:00Z."
            ),
        ),
        (
            clause("2", "insurer:a", labels=["claw-back", "-"]),
            (
                "Clause 2: the insurer of a may see in full documents of any class but "
                "substance-use-record, of any origin, clawed back or not, for any purpose, in any "
                "phase."
            ),
        ),
        (
            clause("2.1", "expert", provenances=["pre-existing"], labels=["claw-back"]),
            (
                "Clause 2.1: the expert may see in full documents of any class but "
                "substance-use-record, of any origin, of provenance pre-existing, clawed back, for "
                "any purpose, in any phase."
            ),
        ),
    ],
)
def test_a_clause_reads_as_a_sentence(said: Json, expected: str) -> None:
    sides = ("a", "b") if said["to"] == "insurer:a" else ("claimant", "respondent")
    assert sentence(terms(said, sides=sides).clauses[0]) == expected


@settings(max_examples=60, deadline=None)
@given(clauses(), clauses())
def test_clauses_that_differ_in_what_they_do_read_differently(one: Json, other: Json) -> None:
    first, second = (terms(said) for said in (one, other))
    alike = compile_terms("c", first).rows[0] == compile_terms("c", second).rows[0]
    assert alike == (sentence(first.clauses[0]) == sentence(second.clauses[0]))


def test_naming_every_label_is_to_name_none() -> None:
    both, any_label = (
        terms(clause("1", "auditor", "redacted", labels=labels))
        for labels in (["-", "claw-back"], "*")
    )
    assert compile_terms("c", both).rows[0] == compile_terms("c", any_label).rows[0]
    assert sentence(both.clauses[0]) == sentence(any_label.clauses[0])
