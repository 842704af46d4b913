"""What a decision costs when it was never asked for before, beside pycasbin as it comes."""

from __future__ import annotations

import time
from itertools import product
from random import Random
from typing import TYPE_CHECKING

from policies.compiler import compile_terms
from policies.decisions import Question, decide
from policies.engine import Scope
from policies.terms import PHASES, PURPOSES, View, parse_terms
from tests.benchmarks.figures import Figure, interleave
from tests.policies.samples import CASE, CLINIC, NOON, NOW, ROSTER, SIDES, markings
from tests.policies.stock import StockScope

if TYPE_CHECKING:
    from collections.abc import Callable

# The class of which only the questions speak that make a scope build its enforcers.
_UNMEASURED = "other"


def decide_cold(quick: bool) -> Figure:
    """Microseconds of CPU per decision: scope loaded, memo empty.

    Counted is `decide`, from a question to its permit or denial, for questions of which the scope
    has answered none before: Casbin decides each of them. Nine people under an agreement of 11
    clauses (22 rows in all) ask about markings, views, purposes and phases drawn at random from
    the whole vocabulary; a quarter is permitted.

    Not counted is loading the scope. The enforcers of its role sets belong to a loaded scope, so
    every person asks one other question before the clock starts. Each round has a scope of its own.

    The reference is one plain `casbin.Enforcer`, without memo, over the same model, rows and role
    manager and with the same `has`, asked the same questions.
    """
    first, measured = _questions(100 if quick else 1000)
    policy = compile_terms(CASE, parse_terms(CLINIC))
    stock = StockScope(policy, ROSTER)

    def ours() -> float:
        scope = Scope(policy, ROSTER, 1)
        for question in first:
            decide(scope, question)
        return _cpu_us_each(lambda question: decide(scope, question), measured)

    def theirs() -> float:
        return _cpu_us_each(
            lambda question: stock.ask(
                question.person,
                question.marking,
                question.view,
                question.purpose,
                question.phase,
                NOW,
            ),
            measured,
        )

    value, reference = interleave(ours, theirs)
    return Figure("decide_cold", value, "us", "lower", "stock pycasbin, same policy", reference)


def _questions(count: int) -> tuple[list[Question], list[Question]]:
    """One question by each person that is not measured, and distinct ones that are."""
    asked = [
        Question(
            person=row.person, marking=marking, view=view, purpose=purpose, phase=phase, now=NOON
        )
        for row, marking, view, purpose, phase in product(
            ROSTER, markings(SIDES), View, PURPOSES, PHASES
        )
    ]
    unmeasured = {
        question.person: question
        for question in asked
        if question.marking.document_class == _UNMEASURED
    }
    measured = [question for question in asked if question.marking.document_class != _UNMEASURED]
    return list(unmeasured.values()), Random(7).sample(measured, count)  # noqa: S311 — a sample


def _cpu_us_each(decision: Callable[[Question], object], questions: list[Question]) -> float:
    """CPU time of this process: the machine is shared, and a decision waits for nothing."""
    begun = time.process_time()
    for question in questions:
        decision(question)
    return (time.process_time() - begun) / len(questions) * 1e6
