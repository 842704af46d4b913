"""Seat, clause and grant begin and end at their instants, to the microsecond."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from policies.compiler import compile_terms
from policies.decisions import Permit, Question, decide
from policies.engine import Scope
from policies.exceptions import Exceptions, Grant
from policies.instants import instant
from policies.roster import RosterRow
from policies.terms import Marking, Seat, View
from tests.policies.samples import CASE, clause, person, terms

SEATED, SEAT_ENDS = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
AGREED, AGREED_ENDS = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC)
GRANT_BEGINS, GRANT_ENDS = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)


def dated() -> Scope:
    """An expert who is seated, may read bills by a clause, and one letter by a grant."""
    bills = clause(
        "1",
        "expert",
        classes=["billing"],
        **{"from": instant(AGREED), "until": instant(AGREED_ENDS)},
    )
    grant = Grant(
        number=1,
        label="grant-1",
        to=person(1),
        view=View.FULL,
        purposes=("opinion",),
        nbf=instant(GRANT_BEGINS),
        exp=instant(GRANT_ENDS),
    )
    expert = RosterRow.of(person(1), Seat.parse("expert"), SEATED, SEAT_ENDS)
    policy = compile_terms(CASE, terms(bills))
    return Scope(policy, [expert], 1, Exceptions(1, (grant,), {str(UUID(int=1)): "grant-1"}))


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize(
    ("marking", "begins", "ends"),
    [
        (Marking("other", "expert", "pre-existing", "-"), SEATED, SEAT_ENDS),
        (Marking("billing", "claimant", "pre-existing", "-"), AGREED, AGREED_ENDS),
        (Marking("medical", "claimant", "pre-existing", "grant-1"), GRANT_BEGINS, GRANT_ENDS),
    ],
    ids=["seat", "clause", "grant"],
)
def test_it_begins_at_its_instant_and_has_ended_at_its_last_to_the_microsecond(
    marking: Marking, begins: datetime, ends: datetime, warm: bool
) -> None:
    scope, tick = dated(), timedelta(microseconds=1)
    asked = Question(
        person=person(1),
        marking=marking,
        view=View.FULL,
        purpose="opinion",
        phase="exchange",
        now=begins,
    )
    moments = [begins - tick, begins, begins + tick, ends - tick, ends, ends + tick]
    if warm:
        for moment in reversed(moments):
            decide(scope, replace(asked, now=moment))
    permitted = [isinstance(decide(scope, replace(asked, now=at)), Permit) for at in moments]
    assert permitted == [False, True, True, True, False, False]
