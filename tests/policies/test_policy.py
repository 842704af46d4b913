from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings

from policies.compiler import Policy, PolicyRefused, baseline, compile_terms
from policies.policy import MODEL_TEXT, Row, canonical
from policies.terms import TermsRefused, parse_terms
from tests.policies.samples import CASE, CLINIC, SIDES, Json, agreements

POLICY = compile_terms(CASE, parse_terms(CLINIC))
ROW = POLICY.rows[1]


Change = Callable[[Any], object]


def stored(change: Change = lambda _: None) -> Json:
    value: Json = json.loads(json.dumps(POLICY.to_json()))
    change(value)
    return value


@settings(max_examples=40, deadline=None)
@given(agreements())
def test_a_policy_is_read_back_as_it_was_stored(value: Json) -> None:
    policy = compile_terms(CASE, parse_terms(value))
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


def test_the_digest_covers_the_rows_the_sides_the_case_and_the_model() -> None:
    content = {
        "case": CASE,
        "sides": list(SIDES),
        "organisations": [],
        "classes": [],
        "rows": [list(row) for row in POLICY.rows],
        "model": MODEL_TEXT,
    }
    assert POLICY.sha256 == Policy(CASE, SIDES, POLICY.rows).sha256
    assert canonical(content).startswith(b'{"case":"7b1d4c1e')
    others = [
        Policy(CASE, SIDES, POLICY.rows[1:]),
        Policy(CASE, ("respondent", "claimant"), POLICY.rows),
        Policy(CASE, (*SIDES, "hospital"), POLICY.rows),
        Policy(CASE, SIDES, POLICY.rows, organisations=("mutual",)),
        Policy(CASE, SIDES, POLICY.rows, classes=("dental-cast",)),
        compile_terms("another", parse_terms(CLINIC)),
    ]
    assert POLICY.sha256 not in {other.sha256 for other in others}


def test_canonical_json_is_sorted_compact_and_unescaped() -> None:
    assert canonical({"b": "é\n", "a": [1, "x"]}) == '{"a":[1,"x"],"b":"é\\n"}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))


CHANGES: list[Change] = [
    lambda value: value.update(sha256="0" * 64),
    lambda value: value.update(sha256=None),
    lambda value: value.update(extra=1),
    lambda value: value.pop("sha256"),
    lambda value: value.pop("rows"),
    lambda value: value.update(rows=[]),
    lambda value: value.update(rows={}),
    lambda value: value.update(rows=["p, mediator"]),
    lambda value: value.update(case="other"),
    lambda value: value.update(sides=["claimant"]),
    lambda value: value.update(sides=["claimant", "respondent", "hospital"]),
    lambda value: value.update(sides="claimant"),
    lambda value: value["rows"].pop(),
    lambda value: value["rows"].reverse(),
    lambda value: value["rows"][0].pop(),
    lambda value: value["rows"][0].append("x"),
    lambda value: value["rows"][0].__setitem__(5, 3),
    lambda value: value["rows"][0].__setitem__(5, "2"),
    lambda value: value["rows"][-1].__setitem__(10, "Deny"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_stored_policy_that_was_changed_is_refused(change: Change) -> None:
    with pytest.raises(PolicyRefused):
        Policy.from_json(stored(change))


@pytest.mark.parametrize("value", [None, [], "policy", {}, 7])
def test_what_is_no_policy_at_all_is_refused(value: object) -> None:
    with pytest.raises(PolicyRefused):
        Policy.from_json(value)


@pytest.mark.parametrize(
    "row",
    [
        # H3: Casbin ignores a row of any other effect, and what it should deny is open.
        ROW._replace(eft="Deny"),
        ROW._replace(eft="denied"),
        ROW._replace(eft=""),
        # H4, likewise: a deny for a group that nobody holds.
        ROW._replace(sub="side:respondant"),
        ROW._replace(sub="u:00000000-0000-4000-8000-000000000000"),
        ROW._replace(sub="*"),
        ROW._replace(case="another"),
        # H20: what the text adapters would take for more columns, or more rows.
        ROW._replace(clause="7.1, allow"),
        ROW._replace(clause="7.1\np"),
        ROW._replace(cls="medical,billing"),
        ROW._replace(cls="medcal"),
        ROW._replace(cls=""),
        ROW._replace(cls="!"),
        ROW._replace(cls="medical|"),
        ROW._replace(cls="*|medical"),
        ROW._replace(origin="insured"),
        ROW._replace(label="draft"),
        ROW._replace(view="4"),
        ROW._replace(view="full"),
        ROW._replace(purpose="mediation "),
        ROW._replace(phase="mediatoin"),
        ROW._replace(nbf="2026-01-05"),
        ROW._replace(exp="2026-01-05T00:00:00z"),
        ROW._replace(nbf="9999"),
        ROW._replace(exp="0000"),
        ROW._replace(nbf="2026-03-01T00:00:00Z", exp="2026-03-01T00:00:00Z"),
        ROW._replace(nbf="2026-03-02T00:00:00Z", exp="2026-03-01T00:00:00Z"),
    ],
)
def test_a_row_that_casbin_would_read_otherwise_is_refused(row: Row) -> None:
    with pytest.raises(PolicyRefused):
        Policy(CASE, SIDES, (*POLICY.rows, row))


@pytest.mark.parametrize("columns", [12, 14])
def test_a_row_of_another_length_is_refused(columns: int) -> None:
    # H5: one short row makes every decision raise.
    rows = deepcopy(stored()["rows"])
    rows[3] = (rows[3] * 2)[:columns]
    with pytest.raises(PolicyRefused):
        Policy.from_json(stored(lambda value: value.update(rows=rows)))


def test_a_policy_is_never_empty() -> None:
    # H2: Casbin asks an empty policy as if it held one row of empty strings.
    with pytest.raises(PolicyRefused):
        Policy(CASE, SIDES, ())


@pytest.mark.parametrize("case", ["", "a,b", "a\n", "a b", "x" * 65])
def test_a_case_is_named_by_a_plain_id(case: str) -> None:
    with pytest.raises(PolicyRefused):
        baseline(case, SIDES)


def test_a_policy_is_of_a_case_with_sides() -> None:
    with pytest.raises(TermsRefused):
        Policy(CASE, ("claimant",), POLICY.rows)
