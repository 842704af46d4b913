"""What a decision costs beside Cedar's, asked from the same Python, one question at a time."""

from __future__ import annotations

import json
import time
from itertools import product
from random import Random
from typing import TYPE_CHECKING, TypeVar

import cedarpy

from policies.compiler import compile_terms
from policies.decisions import Permit, Question, decide
from policies.engine import Scope
from policies.terms import PHASES, PURPOSES, Effect, Terms, View, parse_terms
from tests.benchmarks.figures import Figure, interleave
from tests.policies.cedar import conditions, document, request, views_of
from tests.policies.samples import CASE, CLINIC, NOON, NOW, ROSTER, SIDES, markings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_Asked = TypeVar("_Asked")

_REFERENCE = "cedarpy, pre-parsed policy set"
_ALL = ("metadata", "redacted", "full")
_NAMED = 'resource.class != "substance-use-record"'


def decide_vs_cedar_cold(quick: bool) -> Figure:
    """Microseconds of CPU per decision that the scope has not made before.

    Counted is `decide`, from a question to its permit or denial. Each round has a scope of its
    own, whose enforcers were built by one other question of each person, as in `decide_cold`.

    The reference is `cedarpy.is_authorized`, from a request that is made already to its result,
    over policies and entities that are parsed already. They are not those of the tests, which
    allow for any roster and take a third longer: they are written for speed, for people with one
    seat each, who are `in` their groups. That both decide alike is checked before the clock runs.
    """
    first, asked = _questions(100 if quick else 1000)
    policy = compile_terms(CASE, parse_terms(CLINIC))
    theirs = _cedar(Scope(policy, ROSTER, 1), asked)

    def ours() -> float:
        scope = Scope(policy, ROSTER, 1)
        for question in first:
            decide(scope, question)
        return _cpu_us_each(lambda question: decide(scope, question), asked)

    value, reference = interleave(ours, theirs)
    return Figure("decide_vs_cedar_cold", value, "us", "lower", _REFERENCE, reference)


def decide_vs_cedar_warm(quick: bool) -> Figure:
    """Microseconds of CPU per question that the scope has answered before in the same interval.

    Counted is `Scope.ask`, as in `decide_warm`: like Cedar it gives the result and the clause.
    The reference is that of `decide_vs_cedar_cold`; Cedar keeps no answers.
    """
    _, asked = _questions(100 if quick else 1000)
    scope = Scope(compile_terms(CASE, parse_terms(CLINIC)), ROSTER, 1)
    theirs = _cedar(scope, asked)
    tuples = [(q.person, q.marking, q.view, q.purpose, q.phase, NOW) for q in asked]

    def ours() -> float:
        return _cpu_us_each(lambda question: scope.ask(*question), tuples * 10)

    value, reference = interleave(ours, theirs)
    return Figure("decide_vs_cedar_warm", value, "us", "lower", _REFERENCE, reference)


def _cedar(scope: Scope, asked: Sequence[Question]) -> Callable[[], float]:
    policies, entities = _policies(scope, parse_terms(CLINIC)), _entities()
    requests = [request(question) for question in asked]
    for question, result in zip(
        asked, cedarpy.is_authorized_batch(requests, policies, entities), strict=True
    ):
        decision, said = decide(scope, question), result.diagnostics
        assert not said.errors
        assert result.allowed is isinstance(decision, Permit)
        assert decision.clause in (said.id_annotations_by_reason.values() or [None])
    return lambda: _cpu_us_each(
        lambda asking: cedarpy.is_authorized(asking, policies, entities), requests
    )


def _policies(scope: Scope, terms: Terms) -> cedarpy.PolicySet:
    written = [
        _policy(clause.id, clause.to, views_of(clause), *conditions(clause), effect=clause.effect)
        for clause in terms.clauses
    ]
    return cedarpy.PolicySet.from_str("\n".join([*written, *_always(scope.policy.sides)]))


def _always(sides: Sequence[str]) -> Iterator[str]:
    caucus = 'resource.class == "caucus"'
    for group, origin in (*((f"side:{side}", side) for side in sides), ("mediator", "mediator")):
        yield _policy("OWN", group, _ALL, f'resource.origin == "{origin}"')
        yield _policy("OWN", group, _ALL, 'resource.origin == "joint"', _NAMED)
    yield _policy("OWN", "expert", _ALL, 'resource.origin == "expert"')
    statutory = ('resource.class == "statutory-report"', 'context.purpose == "regulatory"')
    yield _policy("FLOOR-4", "regulator", _ALL, *statutory)
    for side in sides:
        of_others = f'resource.origin != "{side}"'
        yield _policy("FLOOR-1", f"side:{side}", _ALL, caucus, of_others, effect=Effect.DENY)
    for role in ("insurer", "regulator", "expert", "auditor"):
        yield _policy("FLOOR-1", role, _ALL, caucus, effect=Effect.DENY)
    yield _policy("FLOOR-2", "auditor", _ALL[1:], effect=Effect.DENY)


def _policy(
    clause: str, to: str, views: Sequence[str], *tests: str, effect: Effect = Effect.ALLOW
) -> str:
    keyword = "permit" if effect is Effect.ALLOW else "forbid"
    actions = ", ".join(f'Action::"{view}"' for view in views)
    seated = ("principal.from <= context.now", "context.now < principal.until")
    return (
        f'@id("{clause}") {keyword} (principal in Group::"{to}", action in [{actions}], resource)'
        f" when {{ {' && '.join((*tests, *seated))} }};"
    )


def _entities() -> cedarpy.Entities:
    # Every seat of the sample is held at noon, so that only the cost of comparing counts.
    held = {"from": 0, "until": 2**63 - 1}
    everything: list[object] = [*map(document, markings(SIDES))]
    for row in ROSTER:
        groups = [{"type": "Group", "id": group} for group in sorted(row.groups())]
        uid = {"type": "Person", "id": row.person}
        everything.append({"uid": uid, "attrs": held, "parents": groups})
    return cedarpy.Entities.from_json_str(json.dumps(everything))


def _questions(count: int) -> tuple[list[Question], list[Question]]:
    """One question by each person that is not measured, and distinct ones that are."""
    asked = [
        Question(person=row.person, marking=m, view=view, purpose=purpose, phase=phase, now=NOON)
        for row, m, view, purpose, phase in product(ROSTER, markings(SIDES), View, PURPOSES, PHASES)
    ]
    unmeasured = {q.person: q for q in asked if q.marking.document_class == "other"}
    measured = [q for q in asked if q.marking.document_class != "other"]
    return list(unmeasured.values()), Random(7).sample(measured, count)  # noqa: S311 — a sample


def _cpu_us_each(decision: Callable[[_Asked], object], asked: Sequence[_Asked]) -> float:
    """CPU time of this process: the machine is shared, and a decision waits for nothing."""
    begun = time.process_time()
    for question in asked:
        decision(question)
    return (time.process_time() - begun) / len(asked) * 1e6
