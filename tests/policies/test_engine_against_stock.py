"""The compiled matcher over a role set's rows gives what stock pycasbin gives over all of them."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.engine import Scope
from policies.terms import Effect, View
from tests.policies.stock import StockScope
from tests.policies.worlds import some_clause, world

seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("seed", range(100))
def test_result_and_clause_equal_stock_casbin(seed: int) -> None:
    made = world(seed, questions=80)
    scope = Scope(made.policy(), made.roster, 1)
    stock = StockScope(made.policy(), made.roster)
    for question in made.questions:
        once, again = scope.ask(*question), scope.ask(*question)
        assert once == again == stock.ask(*question)


def test_the_questions_compared_with_stock_are_decided_in_every_way() -> None:
    decided: Counter[str] = Counter()
    for seed in range(100):
        made = world(seed, questions=80)
        scope = Scope(made.policy(), made.roster, 1)
        for question in made.questions:
            allowed, said = scope.ask(*question)
            by = "nothing" if said is None else "a clause" if said.isdigit() else said
            decided[f"{allowed} by {by}"] += 1
    assert set(decided) == {
        "True by a clause",
        "True by OWN",
        "True by FLOOR-4",
        "False by a clause",
        "False by FLOOR-1",
        "False by FLOOR-2",
        "False by nothing",
    }
    assert min(decided.values()) > 10


@settings(max_examples=100, deadline=None)
@given(seeds)
def test_views_are_downward_closed(seed: int) -> None:
    made = world(seed, questions=20)
    scope = Scope(made.policy(), made.roster, 1)
    for who, marking, _, purpose, phase, now in made.questions:
        metadata, redacted, full = (
            scope.ask(who, marking, view, purpose, phase, now)[0] for view in View
        )
        assert metadata >= redacted >= full


@settings(max_examples=100, deadline=None)
@given(seeds, st.integers(0, 9))
def test_a_deny_clause_never_widens(seed: int, place: int) -> None:
    made = world(seed, questions=20)
    deny = some_clause(Random(seed), "99", Effect.DENY)  # noqa: S311 — a sample, not a secret
    before = Scope(made.policy(), made.roster, 1)
    after = Scope(made.policy(deny, at=place), made.roster, 2)
    for question in made.questions:
        assert before.ask(*question)[0] >= after.ask(*question)[0]
