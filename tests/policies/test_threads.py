"""From many threads a scope answers what it answers to one, where stock pycasbin breaks."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest

from policies.decisions import decide
from policies.engine import Scope
from policies.instants import instant
from policies.scope_cache import ScopeCache, ScopeKey
from tests.policies.samples import CASE
from tests.policies.stock import StockScope
from tests.policies.wide_worlds import WideWorld, wide_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policies.decisions import Question

THREADS = 8


@pytest.fixture
def _hurried() -> Iterator[None]:
    """Let threads take turns a thousand times as often as usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(usual)


def in_threads(work: Callable[[int], None]) -> Counter[str]:
    """Do work in all threads at once; count what they raise."""
    start, raised = threading.Barrier(THREADS), Counter[str]()

    def one(number: int) -> None:
        start.wait()
        try:
            work(number)
        except Exception as error:  # noqa: BLE001 — whatever comes is what is asked about
            raised[f"{type(error).__name__}: {error}"] += 1

    threads = [threading.Thread(target=one, args=[number]) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def shuffled(made: WideWorld, seed: int, times: int = 1) -> list[Question]:
    questions = [*made.questions] * times
    Random(seed).shuffle(questions)  # noqa: S311 — an order, not a secret
    return questions


@pytest.mark.usefixtures("_hurried")
def test_stock_casbin_breaks_when_several_threads_parse_its_matcher_on_cpython_3_11() -> None:
    made = wide_world(3, aims=40)
    stock = StockScope(made.policy(), made.roster, made.exceptions)

    def ask(number: int) -> None:
        for asked in shuffled(made, number):
            now = instant(asked.now)
            stock.ask(asked.person, asked.marking, asked.view, asked.purpose, asked.phase, now)

    raised = next(filter(None, (in_threads(ask) for _ in range(10))), None)
    if raised is None:
        pytest.skip(f"gh-106905 did not show on {sys.version.split()[0]}: nothing is proved here")
    assert {reason.partition(":")[0] for reason in raised} == {"SystemError"}
    assert all("AST constructor recursion depth mismatch" in reason for reason in raised)


@pytest.mark.usefixtures("_hurried")
@pytest.mark.parametrize("seed", range(4))
def test_eight_threads_ask_a_cold_scope_what_stock_could_not_answer(seed: int) -> None:
    made = wide_world(seed, aims=200)
    alone = Scope(made.policy(), made.roster, 1, made.exceptions)
    expected = {question: decide(alone, question) for question in made.questions}
    shared, wrong = Scope(made.policy(), made.roster, 1, made.exceptions), Counter[int]()

    def ask(number: int) -> None:
        for question in shuffled(made, number, times=2):
            wrong[number] += decide(shared, question) != expected[question]

    assert in_threads(ask) == {}
    assert len(wrong) == THREADS
    assert wrong.total() == 0


@pytest.mark.usefixtures("_hurried")
def test_eight_threads_that_miss_a_small_cache_together_answer_alike() -> None:
    worlds = [wide_world(seed, aims=20) for seed in range(4)]
    policies = [made.policy() for made in worlds]
    cache, wrong = ScopeCache(capacity=2), Counter[int]()

    def load(version: int) -> Scope:
        made = worlds[version]
        return Scope(policies[version], made.roster, version, made.exceptions)

    questions = [(n, question) for n, made in enumerate(worlds) for question in made.questions]
    alone = [load(version) for version in range(len(worlds))]
    expected = {(n, question): decide(alone[n], question) for n, question in questions}

    def ask(number: int) -> None:
        mine = Random(number).sample(questions, len(questions))  # noqa: S311 — an order, no secret
        for version, question in mine:
            scope = cache.get(ScopeKey(CASE, version, 0, 0), lambda version=version: load(version))
            wrong[number] += decide(scope, question) != expected[version, question]

    assert in_threads(ask) == {}
    assert len(wrong) == THREADS
    assert wrong.total() == 0
