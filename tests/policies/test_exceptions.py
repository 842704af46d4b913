"""A grant opens one label to one recipient, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.compiler import compile_terms
from policies.decisions import Obligation, Permit, Question, decide
from policies.engine import Scope
from policies.exceptions import NO_EXCEPTIONS, Exceptions, Grant
from policies.instants import ALWAYS, NEVER, Instant
from policies.policy import PolicyRefused
from policies.terms import CLASSES, PHASES, PURPOSES, Marking, View, parse_terms
from tests.policies.samples import (
    CASE,
    CLINIC,
    EXPERT,
    INSURER,
    NOON,
    NOW,
    PAT,
    ROSTER,
    STRANGER,
    clause,
    terms,
)
from tests.policies.stock import StockScope

GRANT = Grant(
    number=1,
    label="grant-1",
    to="insurer:respondent",
    view=View.REDACTED,
    purposes=("claims",),
    nbf=ALWAYS,
    exp=Instant("2026-04-01T00:00:00Z"),
)
POLICY = compile_terms(CASE, parse_terms(CLINIC))
LETTER = Marking("correspondence", "claimant", "made-for-mediation", "grant-1")


def scope(*grants: Grant) -> Scope:
    return Scope(POLICY, ROSTER, 1, Exceptions(len(grants), grants))


def ask(scope: Scope, person: str, view: View, *, now: Instant = NOW, to: str = "claims") -> object:
    return scope.ask(person, LETTER, view, to, "mediation", now)


def test_a_grant_opens_its_document_to_its_recipient_at_its_view_for_its_purpose() -> None:
    granted = scope(GRANT)
    assert ask(granted, INSURER, View.REDACTED) == (True, "GRANT-1")
    assert ask(granted, INSURER, View.METADATA) == (True, "GRANT-1")
    assert ask(granted, INSURER, View.FULL) == (False, None)
    assert ask(granted, INSURER, View.REDACTED, to="mediation") == (False, None)
    assert ask(granted, EXPERT, View.METADATA) == (False, None)
    assert ask(granted, STRANGER, View.METADATA) == (False, None)


def test_a_grant_begins_and_ends_at_the_very_second() -> None:
    timed = scope(replace(GRANT, nbf=Instant("2026-03-05T12:00:00Z")))
    seconds = {
        "2026-03-05T11:59:59Z": False,
        "2026-03-05T12:00:00Z": True,
        "2026-03-31T23:59:59Z": True,
        "2026-04-01T00:00:00Z": False,
    }
    for now, allowed in seconds.items():
        found = ask(timed, INSURER, View.METADATA, now=Instant(now))
        assert found == (allowed, "GRANT-1" if allowed else None)


def test_a_grant_may_name_one_person() -> None:
    personal = scope(replace(GRANT, to=EXPERT))
    assert ask(personal, EXPERT, View.REDACTED) == (True, "GRANT-1")
    assert ask(personal, INSURER, View.METADATA) == (False, None)
    gone = Instant("2026-03-31T00:00:00Z")
    assert ask(personal, EXPERT, View.METADATA, now=gone) == (True, "GRANT-1")
    after_the_seat = Scope(
        POLICY, ROSTER, 1, Exceptions(1, (replace(GRANT, to=EXPERT, exp=NEVER),))
    )
    ended = Instant("2026-04-15T00:00:00Z")
    assert ask(after_the_seat, EXPERT, View.METADATA, now=ended) == (False, None)


def test_what_was_agreed_holds_for_a_granted_document_too() -> None:
    chart = Marking("medical", "claimant", "pre-existing", "grant-1")
    plain = chart._replace(label="-")
    granted = scope(GRANT)
    for row, view, purpose, phase in product(ROSTER, View, PURPOSES, PHASES):
        if "insurer" not in str(row.seat):
            both = [granted.ask(row.person, m, view, purpose, phase, NOW) for m in (chart, plain)]
            assert both[0] == both[1]


def test_a_document_that_is_clawed_back_loses_its_grants() -> None:
    assert scope(GRANT).ask(
        INSURER, LETTER._replace(label="claw-back"), View.METADATA, "claims", "mediation", NOW
    ) == (False, None)


def test_a_deny_clause_beats_a_grant() -> None:
    kept = terms(clause("9", "insurer", "metadata", effect="deny", classes=["correspondence"]))
    denied = Scope(compile_terms(CASE, kept), ROSTER, 1, Exceptions(1, (GRANT,)))
    assert ask(denied, INSURER, View.METADATA) == (False, "9")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(CLASSES),
    st.sampled_from(["claimant", "respondent", "joint", "mediator"]),
    st.sampled_from(["insurer:respondent", "expert", "regulator", "auditor", INSURER]),
    st.sampled_from(PURPOSES),
)
def test_no_grant_opens_a_caucus_or_content_to_the_auditor(
    cls: str, origin: str, to: str, purpose: str
) -> None:
    wide = replace(GRANT, to=to, view=View.FULL, purposes=tuple(PURPOSES), exp=NEVER)
    granted = scope(wide)
    marking = Marking(cls, origin, "pre-existing", "grant-1")
    for row, view in product(ROSTER[5:], View):
        allowed, said = granted.ask(row.person, marking, view, purpose, "mediation", NOW)
        if cls == "caucus":
            assert (allowed, said) == (False, "FLOOR-1")
        if str(row.seat) == "auditor" and view > View.METADATA:
            assert not allowed


def test_a_label_that_nobody_was_granted_is_no_word_of_the_scope() -> None:
    other = LETTER._replace(label="grant-2")
    assert scope(GRANT).ask(PAT, other, View.METADATA, "mediation", "mediation", NOW) == (
        False,
        None,
    )


def test_two_grants_of_one_document_stand_beside_each_other() -> None:
    both = scope(GRANT, replace(GRANT, number=2, to="expert", purposes=("opinion",)))
    assert ask(both, INSURER, View.REDACTED) == (True, "GRANT-1")
    assert ask(both, EXPERT, View.REDACTED, to="opinion") == (True, "GRANT-2")


def test_whoever_reads_by_a_grant_is_told_to_return_or_destroy() -> None:
    question = Question(
        person=INSURER,
        marking=LETTER,
        view=View.REDACTED,
        purpose="claims",
        phase="mediation",
        now=NOON,
    )
    permit = decide(scope(GRANT), question)
    assert isinstance(permit, Permit)
    assert permit.obligations == (Obligation.RETURN_OR_DESTROY,)


def test_stock_casbin_decides_grants_alike() -> None:
    granted = scope(GRANT, replace(GRANT, number=2, to=EXPERT, view=View.FULL))
    stock = StockScope(POLICY, ROSTER, granted.exceptions)
    for row, view, purpose in product(ROSTER, View, PURPOSES):
        question = (row.person, LETTER, view, purpose, "mediation", NOW)
        assert granted.ask(*question) == stock.ask(*question)


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 0},
        {"label": "-"},
        {"label": "grant-0"},
        {"label": "grant-1|claw-back"},
        {"purposes": ()},
        {"purposes": ("claims", "curiosity")},
        {"nbf": "2026-01-01"},
        {"nbf": "2026-04-01T00:00:00Z"},
        {"exp": "0000"},
    ],
)
def test_a_grant_that_casbin_would_read_otherwise_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(PolicyRefused):
        replace(GRANT, **wrong)  # pyright: ignore[reportArgumentType] — wrong on purpose


def test_a_document_without_an_exception_bears_no_label() -> None:
    one, other = UUID(int=1), UUID(int=2)
    assert NO_EXCEPTIONS.label_of(one) == "-"
    assert Exceptions(1, (), {str(one): "claw-back"}).label_of(one) == "claw-back"
    assert Exceptions(1, (), {str(one): "claw-back"}).label_of(other) == "-"
