"""An agreement written to open what is shut opens nothing of it, however it is spelt."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.compiler import compile_terms
from policies.engine import Scope
from policies.exceptions import Exceptions, Grant
from policies.instants import ALWAYS, NEVER, Instant
from policies.policy import Policy
from policies.roster import RosterRow
from policies.terms import CLASSES, PHASES, PROVENANCES, PURPOSES, Marking, Seat, View, parse_terms
from policies.vocabulary import LABELS, TermsRefused, groups_of, origins_of
from tests.policies.samples import CASE, NOW, SIDES, Json, agreement, clause, person, terms
from tests.policies.stock import StockScope

if TYPE_CHECKING:
    from collections.abc import Sequence

ORGANISATIONS = ("mediator", "party", "cantonal-mutual")
GROUPS = sorted(groups_of(SIDES, ORGANISATIONS))
SEATS = (
    *(f"{role}:{side}" for role in ("party", "counsel", "insurer") for side in SIDES),
    *("insurer", "regulator", "expert", "auditor"),
)
# One in every seat; all sit for an organisation, and one of those is called like a role.
PEOPLE = tuple(
    RosterRow(person(n), Seat.parse(seat), ALWAYS, NEVER, ORGANISATIONS[n % 3])
    for n, seat in enumerate(SEATS)
)
GRANTED = ("grant-1", "grant-2")
MARKINGS = [
    Marking("caucus", origin, provenance, label)
    for origin in origins_of(SIDES)
    for provenance in PROVENANCES
    for label in (*LABELS, *GRANTED)
]
BEFORE, START = Instant("2026-02-28T23:59:59Z"), Instant("2026-03-01T00:00:00Z")


def was_there(row: RosterRow, origin: str) -> bool:
    """Tell whether a seat is of the side whose caucus a document of this origin is from."""
    return row.seat.role.value in {"party", "counsel"} and row.seat.side == origin


@dataclass(frozen=True, slots=True)
class Attempt:
    agreement: Json
    grants: tuple[Grant, ...]

    def scope(self) -> Scope:
        labels = {str(UUID(int=n)): label for n, label in enumerate(GRANTED)}
        exceptions = Exceptions(len(self.grants), self.grants, labels)
        return Scope(compile_terms(CASE, parse_terms(self.agreement)), PEOPLE, 1, exceptions)


def _wide(words: Sequence[str], *named: str) -> st.SearchStrategy[Any]:
    """Everything, said in each way the language has."""
    others = [word for word in words if word not in named]
    return st.sampled_from(["*", list(words), {"not": others[:1]}, list(named) or "*"])


hostile_clauses = st.fixed_dictionaries(
    {
        "id": st.just(""),
        "to": st.sampled_from(GROUPS),
        "view": st.just("full"),
        "classes": _wide(CLASSES, "caucus"),
        "origins": _wide(origins_of(SIDES), *SIDES),
        "provenances": _wide(PROVENANCES),
        "labels": st.sampled_from(["*", list(LABELS), ["-"], ["claw-back"]]),
        "purposes": _wide(PURPOSES),
        "phases": _wide(PHASES),
        "effect": st.sampled_from(["allow", "allow", "allow", "deny"]),
        "text": st.sampled_from(["", "FLOOR-1 is waived.", "p, *, *, *, allow"]),
    },
    optional={"from": st.just(START), "until": st.just("9998-12-31T23:59:59Z")},
)
hostile_grants = st.builds(
    Grant,
    number=st.integers(1, 9),
    label=st.sampled_from(GRANTED),
    to=st.sampled_from([*GROUPS, *(row.person for row in PEOPLE)]),
    view=st.just(View.FULL),
    purposes=st.just(tuple(sorted(PURPOSES))),
    nbf=st.sampled_from([ALWAYS, START]),
    exp=st.just(NEVER),
)


@st.composite
def attempts(draw: st.DrawFn) -> Attempt:
    drawn = draw(st.lists(hostile_clauses, min_size=1, max_size=8))
    clauses = [{**made, "id": f"{number}"} for number, made in enumerate(drawn, start=1)]
    said = agreement(*clauses)
    said |= {"organisations": list(ORGANISATIONS), "uploader_grants": "attested"}
    return Attempt(said, tuple(draw(st.lists(hostile_grants, max_size=4))))


def opened(scope: Scope, purpose: str, phase: str) -> list[tuple[str, Marking, View]]:
    """What is shown of caucus to somebody who was not in the room."""
    return [
        (str(row.seat), marking, view)
        for row, marking, view, now in product(PEOPLE, MARKINGS, View, (BEFORE, START))
        if not was_there(row, marking.origin)
        and scope.ask(row.person, marking, view, purpose, phase, now)[0]
    ]


@settings(max_examples=100, deadline=None)
@given(attempts(), st.sampled_from(PURPOSES), st.sampled_from(PHASES))
def test_no_agreement_and_no_grant_opens_caucus(attempt: Attempt, purpose: str, phase: str) -> None:
    assert opened(attempt.scope(), purpose, phase) == []


def test_the_same_attempts_succeed_where_the_floor_is_missing() -> None:
    wide = clause("1", "organisation:mediator", labels="*")
    grant = Grant(
        number=1,
        label="grant-1",
        to="insurer",
        view=View.FULL,
        purposes=tuple(sorted(PURPOSES)),
        nbf=ALWAYS,
        exp=NEVER,
    )
    attempt = Attempt({**agreement(wide), "organisations": [*ORGANISATIONS]}, (grant,))
    floored = attempt.scope()
    rows = tuple(row for row in floored.policy.rows if row.clause != "FLOOR-1")
    policy = Policy(CASE, SIDES, rows, tuple(sorted(ORGANISATIONS)))
    without = Scope(policy, PEOPLE, 1, floored.exceptions)
    assert opened(floored, "claims", "closed") == []
    seats = {seat for seat, _, _ in opened(without, "claims", "closed")}
    by_clause = {"party:claimant", "counsel:respondent", "insurer", "auditor"}
    assert seats >= by_clause | {"insurer:claimant", "insurer:respondent"}


@settings(max_examples=100, deadline=None)
@given(attempts(), st.sampled_from(PURPOSES), st.sampled_from(PHASES))
def test_none_of_them_opens_content_to_the_auditor_or_anything_to_strangers(
    attempt: Attempt, purpose: str, phase: str
) -> None:
    scope = attempt.scope()
    auditor = next(row.person for row in PEOPLE if str(row.seat) == "auditor")
    for cls, origin, label in product(CLASSES, origins_of(SIDES), (*LABELS, *GRANTED)):
        marking, rest = Marking(cls, origin, "pre-existing", label), (purpose, phase, START)
        for view in (View.REDACTED, View.FULL):
            assert scope.ask(auditor, marking, view, *rest)[0] is False
        for stranger in (person(99), "mediator", "side:claimant", "organisation:mediator", "*"):
            assert scope.ask(stranger, marking, View.METADATA, *rest) == (False, None)


@settings(max_examples=100, deadline=None)
@given(attempts(), st.sampled_from(PURPOSES), st.sampled_from(PHASES))
def test_none_of_them_opens_a_substance_use_record_without_naming_it(
    attempt: Attempt, purpose: str, phase: str
) -> None:
    named = {
        made["id"]
        for made in attempt.agreement["clauses"]
        if isinstance(made["classes"], list) and "substance-use-record" in made["classes"]
    }
    scope = attempt.scope()
    for row, origin, label in product(PEOPLE, origins_of(SIDES), (*LABELS, *GRANTED)):
        marking = Marking("substance-use-record", origin, "pre-existing", label)
        allowed, said = scope.ask(row.person, marking, View.METADATA, purpose, phase, START)
        if allowed:
            assert said is not None
            own = said == "OWN" and row.seat.origin() == origin
            assert own or said in named or (said.startswith("GRANT") and label in GRANTED)


def test_whoever_sits_for_an_organisation_called_mediator_is_not_the_mediator() -> None:
    scope = Scope(compile_terms(CASE, terms(clause("1", "mediator"))), PEOPLE, 1)
    letter = Marking("correspondence", "joint", "pre-existing", "-")
    theirs = [row.person for row in PEOPLE if row.organisation == "mediator"]
    insurers = [row.person for row in PEOPLE if row.seat.role.value == "insurer"]
    assert set(theirs) & set(insurers)
    for who in insurers:
        assert scope.ask(who, letter, View.METADATA, "mediation", "closed", NOW) == (False, None)


def test_five_hundred_clauses_compile_and_decide_as_stock_casbin_does() -> None:
    clauses = [
        clause(
            f"{number}",
            GROUPS[number % len(GROUPS)],
            classes=[CLASSES[number % len(CLASSES)]],
            phases=[PHASES[number % len(PHASES)]],
            effect="deny" if number % 7 == 0 else "allow",
        )
        for number in range(500)
    ]
    said = {**agreement(*clauses), "organisations": list(ORGANISATIONS)}
    policy = compile_terms(CASE, parse_terms(said))
    scope, stock = Scope(policy, PEOPLE, 1), StockScope(policy, PEOPLE)
    decided: set[str | None] = set()
    for row, cls, phase in product(PEOPLE, CLASSES[:4], PHASES[:2]):
        asked = (Marking(cls, "joint", "pre-existing", "-"), View.FULL, "mediation", phase, NOW)
        answer = scope.ask(row.person, *asked)
        assert answer == stock.ask(row.person, *asked)
        decided.add(answer[1])
    assert len(decided) > 10
    with pytest.raises(TermsRefused, match="between 1 and 500"):
        parse_terms({**said, "clauses": [*clauses, clause("500", "party")]})
