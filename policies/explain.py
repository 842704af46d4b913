"""Whoever is refused can be told by which clause, and what would have to be otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from policies.decisions import Denial, Permit, decide
from policies.floors import FLOOR_TEXTS
from policies.instants import Instant, instant, is_instant
from policies.sentences import clause_name
from policies.vocabulary import PHASES, PURPOSES, View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.decisions import Question
    from policies.engine import Scope

# A refusal lists the next few instants at which more is seen, and not a calendar: of those at which
# something changes for the reader, so many are tried.
MOST_INSTANTS: Final = 8
_MOST_TRIED: Final = 64


_SEEN: Final = {
    View.METADATA: "That it exists may be known",
    View.REDACTED: "It may be seen redacted",
    View.FULL: "It may be seen in full",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """One thing that, being otherwise, would have made it a permit.

    Attributes:
        attribute: `view`, `purpose`, `phase` or `now`.
        value: What it would have to be; an instant is written as the language writes it.
        view: The highest view that is then allowed, up to the one asked for.
        clause: What then allows it.
    """

    attribute: str
    value: str
    view: View
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision, every clause that speaks of it, and what would change it.

    Attributes:
        decision: As `decide` gives it.
        clauses: All clauses, grants and floors that match the question, in the order of the policy.
        would_allow: For a denial: one change at a time that would make it a permit.
    """

    decision: Permit | Denial
    clauses: tuple[str, ...]
    would_allow: tuple[Counterfactual, ...]


def explain(scope: Scope, question: Question) -> Explanation:
    """Explain a decision by asking the engine, never by reading clauses.

    Tell it to those seated in the case alone, and only about markings they may know to exist: what
    would allow a view says that there is something to be seen.
    """
    decision = decide(scope, question)
    now = instant(question.now)
    asked = (question.person, question.marking, question.view, question.purpose, question.phase)
    return Explanation(
        decision=decision,
        clauses=scope.matching(*asked, now),
        would_allow=tuple(_would_allow(scope, question)) if isinstance(decision, Denial) else (),
    )


def sentences(explanation: Explanation) -> tuple[str, ...]:
    """Say an explanation in plain English, one sentence each."""
    decision = explanation.decision
    if isinstance(decision, Permit):
        return (f"It is allowed by {clause_name(decision.clause)}.",)
    if decision.clause is None:
        said = ["No clause allows it."]
    elif decision.clause in FLOOR_TEXTS:
        said = [f"{decision.clause} decides: {FLOOR_TEXTS[decision.clause]}"]
    else:
        said = [f"It is denied by {clause_name(decision.clause)}."]
    said += [_sentence(would) for would in explanation.would_allow]
    if not explanation.would_allow:
        said.append("Nothing that could be asked otherwise would change it.")
    return tuple(said)


def _sentence(would: Counterfactual) -> str:
    how = {
        "view": "as things are",
        "purpose": f"for purpose {would.value}",
        "phase": f"in phase {would.value}",
        "now": f"from {would.value}",
    }[would.attribute]
    return f"{_SEEN[would.view]} {how}, by {clause_name(would.clause)}."


def _would_allow(scope: Scope, question: Question) -> Iterator[Counterfactual]:
    """Yield what shows more than the reader has as things are, one change at a time."""
    have = _highest(scope, question)
    if have is not None:
        yield _counterfactual("view", str(have.question.view), have)
    for attribute, value, asked in _alternatives(question):
        found = _highest(scope, asked)
        if found is not None and _shows_more(found, have):
            yield _counterfactual(attribute, value, found)
    yield from islice(_later(scope, question, have), MOST_INSTANTS)


def _alternatives(question: Question) -> Iterator[tuple[str, str, Question]]:
    for purpose in PURPOSES:
        if purpose != question.purpose:
            yield "purpose", purpose, replace(question, purpose=purpose)
    for phase in PHASES:
        if phase != question.phase:
            yield "phase", phase, replace(question, phase=phase)


def _later(scope: Scope, question: Question, have: Permit | None) -> Iterator[Counterfactual]:
    """Yield when more is seen, each time that begins.

    The instants at which a scope changes are also those at which others are seated or leave. So an
    instant is told only if the reader's own answer changes there.
    """
    before = have
    for end in islice(_instants(scope, question), _MOST_TRIED):
        now = datetime.fromisoformat(end).astimezone(UTC)
        found = _highest(scope, replace(question, now=now))
        is_news = found is not None and (
            before is None
            or (before.clause, before.question.view) != (found.clause, found.question.view)
        )
        if found is not None and is_news and _shows_more(found, have):
            yield _counterfactual("now", end, found)
        before = found


def _instants(scope: Scope, question: Question) -> Iterator[Instant]:
    """Yield the later instants at which a row or a seat of the reader begins or ends."""
    ends: dict[str, set[str]] = {}
    for row in scope.rows:
        ends.setdefault(row.sub, set()).update((row.nbf, row.exp))
    at = instant(question.now)
    groups = scope.groups_at(question.person, at)
    for end in scope.bounds:
        if is_instant(end) and end > at:
            then = scope.groups_at(question.person, Instant(end))
            if then != groups or any(end in ends.get(group, ()) for group in then):
                yield Instant(end)
            groups = then


def _shows_more(found: Permit, have: Permit | None) -> bool:
    return have is None or found.question.view > have.question.view


def _highest(scope: Scope, question: Question) -> Permit | None:
    """Return the permit for the highest view, up to the one asked for, if there is any."""
    for view in sorted(View, reverse=True):
        if view <= question.view:
            decision = decide(scope, replace(question, view=view))
            if isinstance(decision, Permit):
                return decision
    return None


def _counterfactual(attribute: str, value: str, permit: Permit) -> Counterfactual:
    return Counterfactual(
        attribute=attribute, value=value, view=permit.question.view, clause=permit.clause
    )
