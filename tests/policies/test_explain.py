"""A refusal can be explained by the engine itself: what decided, and what would change it."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.compiler import compile_terms
from policies.decisions import Denial, Permit, Question, decide
from policies.engine import Scope
from policies.explain import Counterfactual, explain, sentences
from policies.terms import Marking, View, parse_terms
from tests.policies.samples import (
    CASE,
    CLINIC,
    CLINIC_HEAD,
    EXPERT,
    INSURER,
    MIRA,
    NOON,
    PAT,
    ROSTER,
    STRANGER,
    clause,
    seated,
    terms,
)
from tests.policies.worlds import world

SCOPE = Scope(compile_terms(CASE, parse_terms(CLINIC)), ROSTER, 1)
CHART = Marking("medical", "claimant", "pre-existing", "-")


def question(
    who: str = CLINIC_HEAD,
    view: View = View.FULL,
    *,
    marking: Marking = CHART,
    purpose: str = "mediation",
    phase: str = "exchange",
    now: datetime = NOON,
) -> Question:
    return Question(person=who, marking=marking, view=view, purpose=purpose, phase=phase, now=now)


def test_a_default_denial_names_what_there_is_and_the_phase_that_would_allow_it() -> None:
    explained = explain(SCOPE, question())
    assert isinstance(explained.decision, Denial)
    assert explained.would_allow == (
        Counterfactual(attribute="view", value="redacted", view=View.REDACTED, clause="3.1"),
        Counterfactual(attribute="phase", value="settlement", view=View.FULL, clause="3.2"),
    )
    assert sentences(explained) == (
        "No clause allows it.",
        "It may be seen redacted as things are, by clause 3.1.",
        "It may be seen in full in phase settlement, by clause 3.2.",
    )


def test_a_floor_says_what_it_is_and_that_nothing_would_change_it() -> None:
    paper = Marking("caucus", "claimant", "made-for-mediation", "-")
    explained = explain(SCOPE, question(marking=paper))
    assert explained.would_allow == ()
    first, last = sentences(explained)
    assert first.startswith("FLOOR-1 decides: A caucus document is never shown")
    assert last == "Nothing that could be asked otherwise would change it."


def test_a_purpose_and_a_date_can_be_what_is_missing() -> None:
    said = terms(
        clause("1", "expert", purposes=["opinion"], **{"from": "2026-03-10T00:00:00Z"}),
        clause("2", "insurer", "metadata", purposes=["claims"]),
    )
    scope = Scope(compile_terms(CASE, said), ROSTER, 1)
    dated = explain(scope, question(EXPERT, purpose="opinion"))
    assert [(w.attribute, w.value) for w in dated.would_allow] == [("now", "2026-03-10T00:00:00Z")]
    assert sentences(dated)[-1] == (
        "It may be seen in full from 2026-03-10T00:00:00Z, by clause 1."
    )
    (purpose,) = explain(scope, question(INSURER)).would_allow
    assert (purpose.attribute, purpose.value, purpose.view) == ("purpose", "claims", View.METADATA)


def test_a_deny_clause_is_named_as_such() -> None:
    said = terms(clause("9", "expert", "metadata", effect="deny"), clause("1", "expert"))
    scope = Scope(compile_terms(CASE, said), ROSTER, 1)
    explained = explain(scope, question(EXPERT))
    assert explained.clauses == ("9", "1")
    assert sentences(explained)[0] == "It is denied by clause 9."


def test_a_permit_names_every_clause_that_gives_it() -> None:
    said = terms(clause("1", "party"), clause("2", "party:claimant", "redacted"))
    scope = Scope(compile_terms(CASE, said), ROSTER, 1)
    explained = explain(scope, question(PAT, View.REDACTED))
    assert isinstance(explained.decision, Permit)
    assert explained.clauses == ("1", "2", "OWN")
    assert sentences(explained) == ("It is allowed by OWN.",)


def test_what_is_not_of_the_vocabulary_is_spoken_of_by_nothing() -> None:
    odd = explain(SCOPE, question(marking=CHART._replace(document_class="medcal")))
    assert (odd.clauses, odd.would_allow) == ((), ())
    assert explain(SCOPE, question(STRANGER)).clauses == ()


def test_no_more_instants_are_tried_than_can_be_read() -> None:
    monthly = terms(
        *(
            clause(
                f"{month}",
                "mediator",
                phases=["closed"],
                **{
                    "from": f"2027-{month:02}-01T00:00:00Z",
                    "until": f"2027-{month:02}-02T00:00:00Z",
                },
            )
            for month in range(1, 13)
        )
    )
    scope = Scope(compile_terms(CASE, monthly), ROSTER, 1)
    explained = explain(scope, question(MIRA, phase="closed"))
    assert [would.clause for would in explained.would_allow] == [f"{n}" for n in range(1, 9)]


def test_an_instant_that_changes_nothing_for_the_reader_is_not_told() -> None:
    said = terms(
        clause("1", "expert", purposes=["opinion"], **{"from": "2026-03-10T00:00:00Z"}),
        clause("2", "insurer", until="2026-03-20T00:00:00Z"),
        clause("3", "expert", "redacted", classes=["billing"], until="2026-03-15T00:00:00Z"),
    )
    roster = (
        seated(5, "insurer:respondent", exp="2026-03-12T00:00:00Z"),
        seated(6, "expert", "2026-03-01T00:00:00Z", "2026-03-25T00:00:00Z"),
        seated(6, "expert", "2026-04-01T00:00:00Z", "2026-04-15T00:00:00Z"),
    )
    scope = Scope(compile_terms(CASE, said), roster, 1)
    explained = explain(scope, question(EXPERT, purpose="opinion"))
    assert [would.value for would in explained.would_allow] == [
        "2026-03-10T00:00:00Z",
        "2026-04-01T00:00:00Z",
    ]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_would_allow_it_does(seed: int) -> None:
    made = world(seed, questions=6)
    scope = Scope(made.policy(), made.roster, 1)
    for who, marking, view, purpose, phase, now in made.questions:
        asked = question(
            who,
            view,
            marking=marking,
            purpose=purpose,
            phase=phase,
            now=datetime.fromisoformat(now).astimezone(UTC),
        )
        explained = explain(scope, asked)
        if explained.decision.clause is not None:
            assert explained.decision.clause in explained.clauses
        for would in Random(seed).sample(explained.would_allow, min(3, len(explained.would_allow))):  # noqa: S311 — a sample
            otherwise = {
                "view": {},
                "purpose": {"purpose": would.value},
                "phase": {"phase": would.value},
                "now": {"now": datetime.fromisoformat(would.value).astimezone(UTC)}
                if would.attribute == "now"
                else {},
            }[would.attribute]
            words = {"purpose": purpose, "phase": phase, "now": asked.now} | otherwise
            decision = decide(scope, question(who, would.view, marking=marking, **words))  # pyright: ignore[reportArgumentType] — one of three
            assert isinstance(decision, Permit)
            assert decision.clause == would.clause
