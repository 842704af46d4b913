"""What a decision costs when it was never asked for before, beside pycasbin as it comes."""

from __future__ import annotations

import json
import statistics
import time
import tracemalloc
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Final

from policies.compiler import compile_terms
from policies.decisions import Question, decide
from policies.engine import Scope
from policies.invariants import check
from policies.policy import Policy
from policies.terms import CLASSES, PHASES, PURPOSES, View, parse_terms
from policies.whatif import Side, changes
from tests.benchmarks.figures import Figure, interleave
from tests.policies.samples import (
    CASE,
    CLINIC,
    NOON,
    NOW,
    ROSTER,
    SIDES,
    Json,
    clause,
    markings,
    seated,
    terms,
)
from tests.policies.stock import StockScope
from tests.policies.worlds import SEATS, Asked
from tests.policies.worlds import SIDES as _THREE

if TYPE_CHECKING:
    from collections.abc import Callable

_HOLDERS: Final = [
    seated(number, seat)
    for number, seat in enumerate((*SEATS[:9], "regulator", "expert", "auditor"))
]
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


def decide_warm(quick: bool) -> Figure:
    """Microseconds of CPU per question that the scope has answered before in the same interval.

    Counted is `Scope.ask`: who is asking is looked up, the interval found, the answer looked up.
    The reference looks the same tuple up in one dict, the answer to a question of six parts.
    """
    asked = _asked(200 if quick else 1000)
    scope = Scope(compile_terms(CASE, parse_terms(CLINIC)), ROSTER, 1)
    known = {question: scope.ask(*question) for question in asked}
    rounds = 5 if quick else 50

    def ours() -> float:
        ask, begun = scope.ask, time.process_time()
        for _ in range(rounds):
            for question in asked:
                ask(*question)
        return (time.process_time() - begun) / (rounds * len(asked)) * 1e6

    def theirs() -> float:
        begun = time.process_time()
        for _ in range(rounds):
            for question in asked:
                known[question]
        return (time.process_time() - begun) / (rounds * len(asked)) * 1e6

    value, reference = interleave(ours, theirs)
    return Figure("decide_warm", value, "us", "lower", "one dict look-up, same tuple", reference)


def scope_memory_kib(quick: bool) -> Figure:
    """KiB that one cached scope holds, after five people have asked 24 markings at every view.

    Counted is what Python allocates from the stored policy on: rows, roster, enforcers and
    answers. Words that all scopes share are counted once, in the first of them.
    """
    stored = json.dumps(compile_terms(CASE, parse_terms(CLINIC)).to_json())
    scopes, people = 4 if quick else 24, [row.person for row in ROSTER[:5]]
    seen = Random(3).sample(markings(SIDES), 24)  # noqa: S311 — a sample

    def warm() -> Scope:
        scope = Scope(Policy.from_json(json.loads(stored)), ROSTER, 1)
        for person, marking, view in product(people, seen, View):
            scope.ask(person, marking, view, "mediation", "exchange", NOW)
        return scope

    warm()
    tracemalloc.start()
    held = [warm()]
    before, _ = tracemalloc.get_traced_memory()
    held += [warm() for _ in range(scopes)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Figure("scope_memory_kib", (after - before) / (len(held) - 1) / 1024, "KiB", "lower")


def floors_ms(quick: bool) -> Figure:
    """Milliseconds of CPU: every floor is looked for in an agreement of 60 clauses, 3 sides."""
    return _looked_through("floors_ms", lambda: check(_DRAFT), quick=quick)


def whatif_ms(quick: bool) -> Figure:
    """Milliseconds of CPU: what a draft of 60 clauses changes against another, for 12 seats."""

    def compared() -> object:
        return changes(Side(_IN_FORCE), Side(_DRAFT), _HOLDERS)

    return _looked_through("whatif_ms", compared, quick=quick)


def _looked_through(name: str, look: Callable[[], object], *, quick: bool) -> Figure:
    look()
    taken: list[float] = []
    for _ in range(1 if quick else 5):
        begun = time.process_time()
        look()
        taken.append((time.process_time() - begun) * 1e3)
    return Figure(name, statistics.median(taken), "ms", "lower")


def _sixty_clauses(turn: int) -> Policy:
    """Five clauses for each of twelve groups, some for all and some for single words, six dated."""
    groups = [str(row.seat) for row in _HOLDERS]
    clauses: list[Json] = []
    for number in range(60):
        said = clause(
            f"{number}",
            groups[number % 12],
            str(list(View)[(number // 12 + turn) % 3]),
            classes=[CLASSES[(number * 3 + step) % 15] for step in range(3)]
            if number % 4
            else {"not": ["caucus", "peer-review"]},
            origins="*" if number % 3 else [_THREE[0]],
            purposes=["mediation"] if number % 2 else "*",
            phases=list(PHASES[number % 3 : number % 3 + 3]),
        )
        if number % 10 == 0:
            said["until"] = f"2026-0{1 + number // 10}-01T00:00:00Z"
        clauses.append(said)
    return compile_terms(CASE, terms(*clauses, sides=_THREE))


def _asked(count: int) -> list[Asked]:
    everything = product([row.person for row in ROSTER], markings(SIDES), View, PURPOSES, PHASES)
    drawn = Random(7).sample(list(everything), count)  # noqa: S311 — a sample
    return [(*question, NOW) for question in drawn]


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


_IN_FORCE: Final = _sixty_clauses(0)
_DRAFT: Final = _sixty_clauses(1)
