from __future__ import annotations

import copy
import dataclasses
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.compiler import compile_terms
from policies.decisions import (
    Denial,
    Obligation,
    Permit,
    Question,
    decide,
    default_purpose,
    visible_markings,
)
from policies.engine import Scope
from policies.terms import PHASES, PURPOSES, Marking, Role, View, parse_terms
from tests.policies.samples import (
    AUDITOR,
    CASE,
    CLINIC,
    CLINIC_HEAD,
    EXPERT,
    NOON,
    PAT,
    ROSTER,
    SIDES,
    STRANGER,
    Json,
    agreements,
    clause,
    markings,
    person,
    terms,
)

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = compile_terms(CASE, parse_terms(CLINIC))
SCOPE = Scope(POLICY, ROSTER, 3)
MEDICAL = Marking("medical", "claimant", "pre-existing", "-")


def question(
    who: str = CLINIC_HEAD,
    view: View = View.REDACTED,
    *,
    marking: Marking = MEDICAL,
    purpose: str = "mediation",
    phase: str = "exchange",
    now: datetime = NOON,
) -> Question:
    return Question(person=who, marking=marking, view=view, purpose=purpose, phase=phase, now=now)


def test_a_permit_carries_what_was_asked_and_what_decided() -> None:
    asked = question()
    permit = decide(SCOPE, asked)
    assert isinstance(permit, Permit)
    assert (permit.case, permit.version, permit.policy_sha256) == (CASE, 3, POLICY.sha256)
    assert (permit.question, permit.clause) == (asked, "3.1")


def test_a_denial_carries_the_deciding_clause_or_none() -> None:
    silent = decide(SCOPE, question(view=View.FULL))
    assert isinstance(silent, Denial)
    assert (silent.case, silent.version, silent.policy_sha256) == (CASE, 3, POLICY.sha256)
    assert silent.clause is None
    floor = decide(SCOPE, question(AUDITOR, purpose="audit"))
    assert isinstance(floor, Denial)
    assert floor.clause == "FLOOR-2"


@settings(deadline=None)
@given(
    st.text(),
    st.builds(Marking, st.text(), st.text(), st.text()),
    st.integers(),
    st.text(),
    st.text(),
    st.datetimes(timezones=st.none() | st.timezones()),
)
def test_decide_is_total_and_denies_what_it_does_not_know(
    who: str, marking: Marking, view: int, purpose: str, phase: str, now: datetime
) -> None:
    asked = Question(
        person=who, marking=marking, view=cast("View", view), purpose=purpose, phase=phase, now=now
    )
    assert isinstance(decide(SCOPE, asked), Denial)


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 3, 5, 12),  # noqa: DTZ001 — the point of the test
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=12))),
    ],
)
def test_a_clock_that_is_no_instant_denies(now: datetime) -> None:
    assert isinstance(decide(SCOPE, question(PAT, View.METADATA, now=now)), Denial)
    assert not visible_markings(SCOPE, PAT, "mediation", "exchange", now, [MEDICAL])


def test_the_clock_is_compared_as_an_instant_wherever_it_was_read() -> None:
    ends = datetime(2026, 4, 15, tzinfo=UTC)
    last = ends - timedelta(microseconds=1)
    east = timezone(timedelta(hours=9))
    for moment, kind in [(last, Permit), (ends, Denial)]:
        for now in (moment, moment.astimezone(east)):
            asked = question(EXPERT, View.FULL, purpose="opinion", now=now)
            assert isinstance(decide(SCOPE, asked), kind)


@pytest.mark.parametrize("kind", [Permit, Denial])
def test_nothing_but_decide_makes_a_decision(kind: Callable[..., object]) -> None:
    made = {"case": CASE, "version": 3, "policy_sha256": "", "question": question(), "clause": "1"}
    for proof in (None, object(), True, "decide"):
        with pytest.raises(TypeError, match=r"Only decide\(\)"):
            kind(proof=proof, **made)
    with pytest.raises(TypeError):
        kind(**made)


def test_a_decision_cannot_be_changed_into_another() -> None:
    permit = decide(SCOPE, question())
    with pytest.raises(dataclasses.FrozenInstanceError):
        permit.clause = "2.1"  # pyright: ignore[reportAttributeAccessIssue] — the point of the test
    with pytest.raises(ValueError, match="proof"):
        dataclasses.replace(permit, question=question(view=View.FULL))
    assert copy.copy(permit) == permit


def test_making_a_permit_elsewhere_is_a_type_error(tmp_path: Path) -> None:
    snippet = tmp_path / "forged.py"
    snippet.write_text(
        "from policies.decisions import Permit, Question, _DECIDED\n\n\n"
        "def forge(question: Question) -> Permit:\n"
        "    return Permit(proof=_DECIDED, case='', version=1, policy_sha256='',"
        " question=question, clause='1')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--outputjson", str(snippet)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode != 0
    assert "reportPrivateUsage" in done.stdout


@settings(max_examples=30, deadline=None)
@given(agreements(), st.integers(0, 9), st.sampled_from(PURPOSES), st.sampled_from(PHASES))
def test_the_visible_markings_are_those_that_are_permitted_one_by_one(
    value: Json, number: int, purpose: str, phase: str
) -> None:
    scope = Scope(compile_terms(CASE, parse_terms(value)), ROSTER, 1)
    who, every = (
        person(number),
        [*markings(SIDES), Marking("medcal", "claimant", "pre-existing", "-")],
    )
    expected: dict[Marking, tuple[View, str]] = {}
    for marking in every:
        for view in View:
            asked = question(who, view, marking=marking, purpose=purpose, phase=phase)
            decision = decide(scope, asked)
            if isinstance(decision, Permit):
                expected[marking] = (view, decision.clause)
    assert visible_markings(scope, who, purpose, phase, NOON, iter(every)) == expected


def test_a_stranger_sees_nothing_in_a_list() -> None:
    assert not visible_markings(SCOPE, STRANGER, "mediation", "exchange", NOON, markings(SIDES))


def test_every_role_has_a_purpose_of_the_vocabulary() -> None:
    assert {role.value: default_purpose(role) for role in Role} == {
        "mediator": "mediation",
        "party": "mediation",
        "counsel": "mediation",
        "insurer": "claims",
        "regulator": "regulatory",
        "expert": "opinion",
        "auditor": "audit",
    }
    assert {default_purpose(role) for role in Role} == set(PURPOSES)


def test_a_permit_for_a_substance_use_record_carries_its_notice_unless_it_is_ones_own() -> None:
    named = clause("1", "side:respondent", classes=["substance-use-record"])
    scope = Scope(compile_terms(CASE, terms(named)), ROSTER, 1)
    record = Marking("substance-use-record", "claimant", "pre-existing", "-")
    theirs, own = (
        decide(scope, question(who, View.FULL, marking=record)) for who in (CLINIC_HEAD, PAT)
    )
    assert isinstance(theirs, Permit)
    assert isinstance(own, Permit)
    assert theirs.obligations == (Obligation.PART_2_NOTICE,)
    assert own.obligations == ()
