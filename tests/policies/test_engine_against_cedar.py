"""Cedar, told of the agreement in its own language, decides every question for the same reason."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import NamedTuple

import pytest

from policies.compiler import Policy
from policies.decisions import Permit, Question, decide
from policies.engine import Answer, Scope
from policies.instants import instant
from tests.policies.cedar import CedarScope, Reasons
from tests.policies.stock import StockScope
from tests.policies.wide_worlds import PER_AIM, WideWorld, wide_world

SEEDS = range(75)
AIMS = 60


class Decided(NamedTuple):
    world: WideWorld
    ours: list[Answer]
    cedar: list[Reasons]


@lru_cache(maxsize=len(SEEDS))
def decided(seed: int) -> Decided:
    made = wide_world(seed, aims=AIMS)
    cedar = CedarScope(made.terms, made.roster, made.exceptions.grants)
    scope = Scope(made.policy(), made.roster, 1, made.exceptions)
    ours = [_decide(scope, question) for question in made.questions]
    return Decided(made, ours, cedar.answers(made.questions))


def _decide(scope: Scope, question: Question) -> Answer:
    decision = decide(scope, question)
    return isinstance(decision, Permit), decision.clause


@pytest.mark.parametrize("seed", SEEDS)
def test_result_and_clause_equal_cedar(seed: int) -> None:
    made, ours, cedar = decided(seed)
    assert len(made.questions) == AIMS * PER_AIM
    for question, answer, reasons in zip(made.questions, ours, cedar, strict=True):
        # Of all policies that Cedar names, ours is the first deny or the last allow.
        assert answer == (reasons.allowed, reasons.clause), question


@pytest.mark.parametrize("seed", SEEDS)
def test_result_and_clause_equal_stock_casbin_in_the_same_worlds(seed: int) -> None:
    made, ours, _ = decided(seed)
    stock = StockScope(made.policy(), made.roster, made.exceptions)
    for asked, answer in zip(made.questions, ours, strict=True):
        now = instant(asked.now)
        rest = (asked.view, asked.purpose, asked.phase, now)
        assert stock.ask(asked.person, asked.marking, *rest) == answer


def test_twenty_thousand_questions_are_decided_in_every_way() -> None:
    ways: Counter[str] = Counter()
    for seed in SEEDS:
        for allowed, said in decided(seed).ours:
            by = "nothing" if said is None else "a clause" if said.isdigit() else said
            ways[f"{allowed} by {'a grant' if by.startswith('GRANT') else by}"] += 1
    assert ways.total() >= 20_000
    assert set(ways) == {
        "True by a clause",
        "True by a grant",
        "True by OWN",
        "True by FLOOR-4",
        "False by a clause",
        "False by FLOOR-1",
        "False by FLOOR-2",
        "False by nothing",
    }
    assert min(ways.values()) > 100


def test_the_questions_tell_which_of_several_clauses_decides() -> None:
    several = [reasons for seed in SEEDS for reasons in decided(seed).cedar if len(reasons.ids) > 1]
    assert sum(reasons.allowed for reasons in several) > 500
    assert sum(not reasons.allowed for reasons in several) > 100


def test_the_questions_meet_instants_at_which_the_answer_changes() -> None:
    changes: Counter[tuple[bool, bool, bool, bool]] = Counter()
    for seed in SEEDS:
        ours = decided(seed).ours
        for aim in range(0, len(ours), PER_AIM):
            before, just_before, at, just_after = (allowed for allowed, _ in ours[aim : aim + 4])
            changes[before, just_before, at, just_after] += 1
    # A microsecond before an instant it is as a second before, and from the instant on otherwise.
    assert changes[False, False, True, True] > 200
    assert changes[True, True, False, False] > 200
    assert all(at is just_after for _, _, at, just_after in changes)


def _without(policy: Policy, clause: str) -> Policy:
    kept = tuple(row for row in policy.rows if row.clause != clause)
    return Policy(policy.case, policy.sides, kept, policy.organisations, policy.classes)


@pytest.mark.parametrize("clause", ["OWN", "FLOOR-1", "FLOOR-2", "FLOOR-4", "1"])
def test_cedar_notices_when_something_is_left_out_of_the_policy(clause: str) -> None:
    differing = 0
    for seed in SEEDS[:10]:
        made, _, cedar = decided(seed)
        policy = _without(made.policy(), clause)
        scope = Scope(policy, made.roster, 1, made.exceptions)
        differing += sum(
            _decide(scope, question) != (reasons.allowed, reasons.clause)
            for question, reasons in zip(made.questions, cedar, strict=True)
        )
    assert differing > 0
