from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import packages_distributions
from itertools import product
from random import Random
from threading import Barrier
from typing import cast

import casbin
import pytest

from policies.compiler import baseline, compile_terms
from policies.engine import Scope, TimedRoleManager
from policies.instants import NEVER, Instant, instant
from policies.matcher import has
from policies.policy import MODEL_TEXT
from policies.roster import RosterRefused
from policies.terms import PHASES, PURPOSES, Marking, View, parse_terms
from tests.policies.samples import (
    AUDITOR,
    BOARD,
    CASE,
    CLINIC,
    CLINIC_COUNSEL,
    CLINIC_HEAD,
    EXPERT,
    INSURER,
    MIRA,
    NOON,
    NOW,
    PAT,
    PAT_COUNSEL,
    ROSTER,
    SIDES,
    STRANGER,
    clause,
    markings,
    person,
    seated,
    terms,
)
from tests.policies.stock import stock_enforcer

POLICY = compile_terms(CASE, parse_terms(CLINIC))
MEDICAL = Marking("medical", "claimant", "pre-existing", "-")
CLAWED_BACK = Marking("medical", "claimant", "pre-existing", "claw-back")


def clinic() -> Scope:
    return Scope(POLICY, ROSTER, 3)


@pytest.mark.parametrize(
    ("who", "marking", "view", "purpose", "phase", "answer"),
    [
        (PAT, MEDICAL, View.FULL, "mediation", "intake", (True, "OWN")),
        (PAT_COUNSEL, MEDICAL, View.FULL, "mediation", "intake", (True, "OWN")),
        (CLINIC_HEAD, MEDICAL, View.REDACTED, "mediation", "intake", (False, None)),
        (CLINIC_HEAD, MEDICAL, View.REDACTED, "mediation", "exchange", (True, "3.1")),
        (CLINIC_HEAD, MEDICAL, View.FULL, "mediation", "exchange", (False, None)),
        (CLINIC_COUNSEL, MEDICAL, View.FULL, "mediation", "settlement", (True, "3.2")),
        (CLINIC_HEAD, MEDICAL, View.REDACTED, "claims", "exchange", (False, None)),
        (CLINIC_HEAD, CLAWED_BACK, View.METADATA, "mediation", "exchange", (False, "7.1")),
        (PAT, CLAWED_BACK, View.FULL, "mediation", "exchange", (True, "OWN")),
        (MIRA, MEDICAL, View.FULL, "mediation", "exchange", (True, "2.1")),
        (MIRA, CLAWED_BACK, View.METADATA, "mediation", "exchange", (False, None)),
        (MIRA, MEDICAL, View.METADATA, "mediation", "closed", (False, None)),
        (INSURER, MEDICAL, View.REDACTED, "claims", "mediation", (True, "4.2")),
        (INSURER, MEDICAL, View.FULL, "claims", "mediation", (False, None)),
        (EXPERT, MEDICAL, View.FULL, "opinion", "exchange", (True, "5.1")),
        (EXPERT, MEDICAL, View.FULL, "mediation", "exchange", (False, None)),
        (
            BOARD,
            Marking("settlement", "joint", "pre-existing", "-"),
            View.REDACTED,
            "regulatory",
            "closed",
            (True, "6.1"),
        ),
        (AUDITOR, MEDICAL, View.METADATA, "audit", "closed", (True, "6.2")),
        (AUDITOR, MEDICAL, View.REDACTED, "audit", "closed", (False, "FLOOR-2")),
        (
            INSURER,
            Marking("caucus", "respondent", "pre-existing", "-"),
            View.METADATA,
            "claims",
            "mediation",
            (False, "FLOOR-1"),
        ),
        (STRANGER, MEDICAL, View.METADATA, "mediation", "exchange", (False, None)),
    ],
)
def test_the_clinic_agreement_decides_as_it_reads(
    who: str,
    marking: Marking,
    view: View,
    purpose: str,
    phase: str,
    answer: tuple[bool, str | None],
) -> None:
    scope = clinic()
    assert scope.ask(who, marking, view, purpose, phase, NOW) == answer
    assert scope.version == 3
    assert scope.policy is POLICY


# Hazards of pycasbin (design page 3, section 1.3), each shown closed.


def test_h2_a_policy_without_rows_for_somebody_allows_nothing_not_even_empty_words() -> None:
    assert stock_enforcer([], []).enforce_ex(*[""] * 10)[0] is False
    nobody_yet = Scope(baseline(CASE, SIDES), [], 0)
    given = ([STRANGER, ""], ["", "medical"], ["", "claimant"], ["", "pre-existing"], ["", "-"])
    for words in product(*given):
        who, cls, origin, prov, label = words
        marking = Marking(cls, origin, prov, label)
        for view, rest in product(View, [("", ""), ("mediation", "intake")]):
            assert nobody_yet.ask(who, marking, view, *rest, NOW) == (False, None)


def test_h10_asking_about_strangers_leaves_nothing_behind() -> None:
    scope = clinic()
    before = footprint(scope)
    for number in range(100, 400):
        assert scope.ask(person(number), MEDICAL, View.FULL, "audit", "closed", NOW)[0] is False
        assert scope.ask(f"ghost{number}", MEDICAL, View.FULL, "audit", "closed", NOW)[0] is False
    assert footprint(scope) == before + 1


def test_h16_a_refusal_names_the_deny_and_a_grant_the_last_allow_that_matches() -> None:
    policy = compile_terms(
        CASE,
        terms(
            clause("1", "party", "redacted"),
            clause("2", "party", "full"),
            clause("3", "side:claimant", "metadata"),
            clause("4", "party", "full", effect="deny", classes=["billing"]),
        ),
    )
    scope = Scope(policy, ROSTER, 1)
    theirs, bill = (
        Marking("other", "respondent", "pre-existing", "-"),
        Marking("billing", "respondent", "pre-existing", "-"),
    )
    rest = ("mediation", "exchange", NOW)
    assert scope.ask(PAT, theirs, View.METADATA, *rest) == (True, "3")
    assert scope.ask(PAT, theirs, View.REDACTED, *rest) == (True, "2")
    assert scope.ask(PAT, bill, View.REDACTED, *rest) == (True, "2")
    assert scope.ask(PAT, bill, View.FULL, *rest) == (False, "4")
    assert scope.ask(INSURER, theirs, View.METADATA, *rest) == (False, None)


@pytest.mark.parametrize(
    "name", ["mediator", "side:claimant", "party:claimant", "party", "expert", "u:stranger", "*"]
)
def test_h23_nobody_holds_a_seat_by_being_called_like_one(name: str) -> None:
    scope = clinic()
    for marking, view in product(
        [MEDICAL, Marking("other", "mediator", "pre-existing", "-")], View
    ):
        assert scope.ask(name, marking, view, "mediation", "exchange", NOW) == (False, None)
    assert not TimedRoleManager(ROSTER).has_link(name, name, NOW)


def test_a_group_is_held_only_at_an_instant() -> None:
    roles = TimedRoleManager(ROSTER)
    assert roles.has_link(MIRA, "mediator", NOW)
    assert not roles.has_link(MIRA, "mediator")
    assert not roles.has_link(MIRA, "mediator", NOW, NOW)
    assert not roles.has_link(MIRA, "expert", NOW)
    assert not roles.has_link(STRANGER, "mediator", NOW)


def test_only_the_kept_line_of_casbin_is_installed() -> None:
    # The package `casbin` is the old line and shares its folder: the last one installed wins.
    assert set(packages_distributions()["casbin"]) == {"pycasbin"}


def test_a_model_whose_matcher_casbin_would_parse_itself_does_not_decide() -> None:
    # Our enforcers hold a name in place of the matcher's text. Should pycasbin ever stop asking us
    # for the compiled one, it must fail and not decide.
    model = casbin.Enforcer.new_model(text=MODEL_TEXT)
    model["m"]["m"].value = "compiled"
    enforcer = casbin.Enforcer(model)
    enforcer.add_function("has", has)
    model["p"]["p"].policy = [list(row) for row in POLICY.rows]
    words = ("medical", "claimant", "pre-existing", "-")
    with pytest.raises(Exception, match="compiled"):
        enforcer.enforce_ex(PAT, CASE, *words, "1", "audit", "closed", NOW)


# Time.


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        ("2026-02-28T23:59:59Z", False),
        ("2026-03-01T00:00:00Z", True),
        ("2026-04-14T23:59:59Z", True),
        ("2026-04-15T00:00:00Z", False),
        ("2026-04-15T00:00:01Z", False),
    ],
)
@pytest.mark.parametrize(
    "warmed_at", ["2026-01-01T00:00:00Z", "2026-03-20T00:00:00Z", "2027-01-01T00:00:00Z"]
)
def test_a_seat_is_held_from_its_first_second_and_not_a_second_longer(
    now: str, allowed: bool, warmed_at: str
) -> None:
    scope = clinic()
    question = (EXPERT, MEDICAL, View.FULL, "opinion", "exchange")
    scope.ask(*question, Instant(warmed_at))
    assert scope.ask(*question, Instant(now))[0] is allowed


@pytest.mark.parametrize(
    ("now", "answer"),
    [
        ("2026-05-31T23:59:59Z", (False, None)),
        ("2026-06-01T00:00:00Z", (True, "1")),
        ("2026-06-30T23:59:59Z", (True, "1")),
        ("2026-07-01T00:00:00Z", (False, None)),
    ],
)
def test_a_clause_holds_from_its_first_second_and_not_a_second_longer(
    now: str, answer: tuple[bool, str | None]
) -> None:
    dated = clause(
        "1", "regulator", **{"from": "2026-06-01T00:00:00Z", "until": "2026-07-01T00:00:00Z"}
    )
    scope = Scope(compile_terms(CASE, terms(dated)), ROSTER, 1)
    question = (BOARD, MEDICAL, View.FULL, "regulatory", "closed")
    for _ in range(2):
        assert scope.ask(*question, Instant(now)) == answer


def test_the_calendar_ends_where_open_ends_do() -> None:
    scope = clinic()
    question = (PAT, MEDICAL, View.FULL, "mediation", "intake")
    assert scope.ask(*question, Instant("9998-12-31T23:59:59Z"))[0] is True
    assert scope.ask(*question, Instant("9999-01-01T00:00:00Z"))[0] is False
    assert scope.ask(*question, Instant("9998-12-31T23:59:59Z"))[0] is True


@pytest.mark.parametrize("now", ["", "0000", "9999", "now", "2026-03-05", "2026-03-05T12:00:00z"])
def test_a_malformed_clock_is_denied_and_not_remembered(now: str) -> None:
    scope = clinic()
    question = (PAT, MEDICAL, View.FULL, "mediation", "intake")
    assert scope.ask(*question, Instant(now)) == (False, None)
    assert scope.ask(*question, NOW) == (True, "OWN")


# The memo.


def footprint(scope: Scope) -> int:
    return len(scope._memo)  # pyright: ignore[reportPrivateUsage] — a bound on memory shows nowhere else  # noqa: SLF001 — how many answers are kept cannot be seen otherwise


@pytest.mark.parametrize("wrong", ["", "*", "-", "Medical", "medical ", "medical|billing", "!a"])
@pytest.mark.parametrize("place", ["class", "origin", "provenance", "label", "purpose", "phase"])
def test_one_word_outside_the_vocabulary_is_denied_and_leaves_nothing_behind(
    wrong: str, place: str
) -> None:
    opened = clause("1", "party", labels="*")
    scope = Scope(compile_terms(CASE, terms(opened)), ROSTER, 1)
    right = {"class": "medical", "origin": "respondent", "provenance": "pre-existing"}
    asked = {"label": "claw-back", "purpose": "mediation", "phase": "intake"}
    words = {**right, **asked, place: wrong}
    if (place, wrong) == ("label", "-"):
        words[place] = "--"
    cls, origin, prov, label, purpose, phase = words.values()
    marking = Marking(cls, origin, prov, label)
    assert scope.ask(PAT, marking, View.FULL, purpose, phase, NOW) == (False, None)
    assert footprint(scope) == 0


@pytest.mark.parametrize("view", [-1, 0, 4])
def test_a_view_that_is_none_is_denied_and_leaves_nothing_behind(view: int) -> None:
    scope = clinic()
    none = cast("View", view)
    assert scope.ask(PAT, MEDICAL, none, "mediation", "intake", NOW) == (False, None)
    assert footprint(scope) == 0
    assert scope.ask(PAT, MEDICAL, View.FULL, "mediation", "intake", NOW) == (True, "OWN")
    assert footprint(scope) == 1


def test_the_memo_is_bounded_and_forgetting_changes_no_answer() -> None:
    scope = Scope(baseline(CASE, ("a", "b", "c")), [seated(1, "party:a")], 0)
    everything = list(product(markings(("a", "b", "c")), View, PURPOSES, PHASES))
    assert len(everything) > 16_384
    first = [scope.ask(person(1), *question, NOW) for question in everything]
    assert 0 < footprint(scope) <= 16_384
    assert first == [scope.ask(person(1), *question, NOW) for question in everything]


def test_people_with_the_same_groups_share_what_was_found_out_and_nothing_else() -> None:
    scope = clinic()
    question = (MEDICAL, View.REDACTED, "mediation", "exchange", NOW)
    assert (
        scope.ask(CLINIC_HEAD, *question) == scope.ask(CLINIC_COUNSEL, *question) == (True, "3.1")
    )
    assert scope.ask(STRANGER, *question) == (False, None)


# Threads.


def test_eight_threads_on_one_cold_scope_agree_with_one() -> None:
    # On CPython 3.11 stock pycasbin raises SystemError here now and then: it parses in each
    # decision (gh-106905). Ours parses nothing.
    everyone = [row.person for row in ROSTER] + [STRANGER]
    questions = list(
        product(everyone, markings(SIDES)[::3], View, ["mediation", "claims"], ["exchange"])
    )
    alone = clinic()
    expected = {question: alone.ask(*question, NOW) for question in questions}
    shared, start = clinic(), Barrier(8)

    def ask_all(seed: int) -> int:
        mine = questions[:]
        Random(seed).shuffle(mine)  # noqa: S311 — an order, not a secret
        start.wait()
        return sum(shared.ask(*question, NOW) != expected[question] for question in mine)

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask_all, range(8))) == [0] * 8
    finally:
        sys.setswitchinterval(usual)


# Rosters.


def test_a_seat_on_a_side_that_the_case_does_not_have_is_refused() -> None:
    with pytest.raises(RosterRefused):
        Scope(POLICY, [seated(1, "party:hospital")], 1)


def test_a_scope_cannot_be_built_over_a_conflict_of_seats() -> None:
    with pytest.raises(RosterRefused):
        Scope(POLICY, [seated(1, "mediator"), seated(1, "party:claimant")], 1)


def test_a_person_who_moves_to_another_seat_holds_one_at_a_time() -> None:
    moved = instant(NOON)
    scope = Scope(
        POLICY,
        [seated(1, "party:claimant", exp=moved), seated(1, "expert", nbf=moved, exp=NEVER)],
        1,
    )
    as_party = (
        person(1),
        Marking("other", "claimant", "pre-existing", "-"),
        View.FULL,
        "mediation",
        "exchange",
    )
    as_expert = (person(1), MEDICAL, View.FULL, "opinion", "exchange")
    before, after = Instant("2026-03-05T11:59:59Z"), moved
    assert [scope.ask(*as_party, now)[0] for now in (before, after)] == [True, False]
    assert [scope.ask(*as_expert, now) for now in (before, after)] == [(True, "OWN"), (True, "5.1")]
