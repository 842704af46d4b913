"""What a draft would change is said exactly: the boxes hold every change and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.atoms import TooIntricate, everything
from policies.compiler import baseline, compile_terms
from policies.engine import Scope
from policies.exceptions import Exceptions, Grant
from policies.instants import ALWAYS, NEVER, Instant
from policies.terms import Marking, View, parse_terms
from policies.whatif import (
    Change,
    Side,
    Sight,
    affected,
    changes,
    phase_changes,
    sentence,
)
from tests.policies.samples import (
    CASE,
    CLINIC,
    EXPERT,
    NOON,
    ROSTER,
    clause,
    intricate,
    seated,
    terms,
)
from tests.policies.samples import SIDES as TWO
from tests.policies.worlds import SEATS, SIDES, some_clause, world

CLINIC_POLICY = compile_terms(CASE, parse_terms(CLINIC))
HOLDERS = [seated(number, seat) for number, seat in enumerate(SEATS)]


def highest(scope: Scope, person: str, point: tuple[Marking, str, str], now: Instant) -> Sight:
    marking, purpose, phase = point
    for view in (View.FULL, View.REDACTED):
        allowed, said = scope.ask(person, marking, view, purpose, phase, now)
        if allowed:
            return Sight(view, said)
    allowed, said = scope.ask(person, marking, View.METADATA, purpose, phase, now)
    return Sight(View.METADATA if allowed else None, said)


def found_in(found: tuple[Change, ...], seat: str, point: object, now: str) -> list[Change]:
    marking, purpose, phase = point  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType] — a point
    return [
        change
        for change in found
        if change.seat == seat
        and change.box.covers(marking)  # pyright: ignore[reportUnknownArgumentType] — a point
        and purpose in change.box.purpose
        and phase in change.box.phase
        and change.interval.nbf <= now < change.interval.exp
    ]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_every_change_is_found_once_and_nothing_else_is(seed: int) -> None:
    random = Random(seed)  # noqa: S311 — a sample, not a secret
    old, new = (world(seed + step, questions=1).policy() for step in (0, 1))
    holders = random.sample(HOLDERS, 3)
    found = changes(Side(old), Side(new), holders)
    before, after = Scope(old, HOLDERS, 0), Scope(new, HOLDERS, 0)
    points = list(everything(old).points())
    instants = sorted({*before.bounds, *after.bounds} - {ALWAYS, NEVER}) or ["2026-03-01T00:00:00Z"]
    for holder in holders:
        for point in random.sample(points, 60):
            now = Instant(random.choice(instants))
            was, would = (highest(s, holder.person, point, now) for s in (before, after))
            told = found_in(found, str(holder.seat), point, now)
            if was.view == would.view:
                assert told == []
            else:
                assert [(change.before, change.after) for change in told] == [(was, would)]
                assert told[0].gains is ((would.view or 0) > (was.view or 0))


def test_a_policy_compared_with_itself_changes_nothing() -> None:
    assert changes(Side(CLINIC_POLICY), Side(CLINIC_POLICY), ROSTER) == ()


def one_change(*clauses: dict[str, object], seat: str = "expert") -> tuple[Change, ...]:
    new = compile_terms(CASE, terms(*clauses))
    return changes(Side(baseline(CASE, TWO)), Side(new), [seated(6, seat)])


def test_what_differs_in_one_respect_only_is_said_in_one_sentence() -> None:
    (change,) = one_change(
        clause("5.1", "expert", classes=["medical", "imaging"], origins=["claimant"])
    )
    assert sentence(change, everything(CLINIC_POLICY)) == (
        "The expert would gain: documents of class medical or imaging, of origin claimant, of any "
        "provenance, with label -, for any purpose, in any phase: seeing them in full by clause "
        "5.1 instead of nothing."
    )


def test_dates_are_said_and_adjacent_intervals_are_one() -> None:
    dates = {"from": "2026-02-01T00:00:00Z", "until": "2026-07-01T00:00:00Z"}
    (change,) = one_change(
        {**clause("1", "expert", classes=["medical"], origins=["claimant"]), **dates},
        clause("2", "insurer", until="2026-05-01T00:00:00Z"),
    )
    assert change.interval == ("2026-02-01T00:00:00Z", "2026-07-01T00:00:00Z")
    said = sentence(change, everything(CLINIC_POLICY))
    assert "from 2026-02-01T00:00:00Z, until 2026-07-01T00:00:00Z:" in said


def test_a_change_that_comes_and_goes_is_two() -> None:
    found = one_change(
        clause("1", "expert", classes=["medical"], until="2026-02-01T00:00:00Z"),
        clause("1.2", "expert", classes=["medical"], **{"from": "2026-05-01T00:00:00Z"}),
    )
    times = {change.interval for change in found}
    assert times == {(ALWAYS, "2026-02-01T00:00:00Z"), ("2026-05-01T00:00:00Z", NEVER)}


def test_what_is_lost_is_said_with_the_clause_that_takes_it() -> None:
    denied = compile_terms(
        CASE, terms(clause("9", "side:claimant", effect="deny", classes=["medical"]))
    )
    (change, *rest) = changes(
        Side(baseline(CASE, TWO)), Side(denied), [replace(ROSTER[1], organisation="feld")]
    )
    assert not rest
    assert not change.gains
    assert (change.before, change.after) == ((View.FULL, "OWN"), (View.REDACTED, "OWN"))
    assert sentence(change, everything(denied)).startswith(
        "The parties of claimant, for feld, would lose: documents of class medical"
    )


def test_a_grant_that_a_new_version_denies_is_lost() -> None:
    grant = Grant(
        number=1,
        label="grant-1",
        to="expert",
        view=View.FULL,
        purposes=("opinion",),
        nbf=ALWAYS,
        exp=NEVER,
    )
    granted = Exceptions(1, (grant,))
    denied = compile_terms(CASE, terms(clause("9", "expert", "metadata", effect="deny")))
    found = changes(
        Side(baseline(CASE, TWO), granted), Side(denied, granted), [seated(6, "expert")]
    )
    document = Marking("billing", "claimant", "pre-existing", "grant-1")
    (change,) = affected(found, document)
    assert (change.before, change.after) == ((View.FULL, "GRANT-1"), (None, "9"))
    assert affected(found, document._replace(label="-")) == ()


def test_another_phase_is_looked_at_before_it_is_entered() -> None:
    found = phase_changes(Side(CLINIC_POLICY), "exchange", "settlement", ROSTER, NOON)
    chart = Marking("medical", "claimant", "pre-existing", "-")
    (change,) = [c for c in affected(found, chart) if c.seat == "party:respondent"]
    assert (change.before, change.after) == ((View.REDACTED, "3.1"), (View.FULL, "3.2"))
    assert change.box.phase == ("settlement",)
    assert phase_changes(Side(CLINIC_POLICY), "exchange", "exchange", ROSTER, NOON) == ()


def test_a_phase_is_looked_at_as_of_now() -> None:
    later = datetime(2026, 8, 1, tzinfo=UTC)
    chart = Marking("medical", "claimant", "pre-existing", "-")

    def insurer(now: datetime) -> list[Change]:
        found = phase_changes(Side(CLINIC_POLICY), "exchange", "mediation", ROSTER, now)
        return [c for c in affected(found, chart) if c.seat == "insurer:respondent"]

    assert len(insurer(NOON)) == 1
    assert insurer(later) == []


def test_a_document_granted_on_one_side_alone_bears_no_label_on_the_other() -> None:
    policy = compile_terms(CASE, terms(clause("1", "expert", "metadata", classes=["billing"])))
    grant = Grant(
        number=1,
        label="grant-1",
        to="expert",
        view=View.FULL,
        purposes=("opinion",),
        nbf=ALWAYS,
        exp=NEVER,
    )
    granted = Side(policy, Exceptions(1, (grant,)))
    expert = [seated(6, "expert")]
    document = Marking("billing", "claimant", "pre-existing", "grant-1")
    (gained,) = affected(changes(Side(policy), granted, expert), document)
    assert (gained.before, gained.after) == ((View.METADATA, "1"), (View.FULL, "GRANT-1"))
    (lost,) = affected(changes(granted, Side(policy), expert), document)
    assert (lost.before, lost.after) == (gained.after, gained.before)
    assert gained.box.purpose == lost.box.purpose == ("opinion",)


def test_a_grant_to_a_person_by_name_is_theirs_alone() -> None:
    policy = baseline(CASE, TWO)
    grant = Grant(
        number=1,
        label="grant-1",
        to=EXPERT,
        view=View.FULL,
        purposes=("opinion",),
        nbf=ALWAYS,
        exp=NEVER,
    )
    granted = Side(policy, Exceptions(1, (grant,)))
    found = changes(Side(policy), granted, [seated(6, "expert"), seated(16, "expert")])
    assert len(found) == 1


def test_a_class_that_the_old_agreement_does_not_know_is_gained_with_the_new_one() -> None:
    old, new = baseline(CASE, TWO), baseline(CASE, TWO, ["dental-cast"])
    (change,) = changes(Side(old), Side(new), [seated(6, "expert")])
    assert change.box.cls == ("dental-cast",)
    assert (change.before, change.after) == ((None, None), (View.FULL, "OWN"))


def test_a_side_that_was_not_there_before_saw_nothing() -> None:
    old, new = baseline(CASE, TWO), baseline(CASE, (*TWO, "surgeon"))
    found = changes(Side(old), Side(new), [seated(1, "party:surgeon"), seated(2, "party:claimant")])
    assert {change.seat for change in found} == {"party:surgeon"}
    assert {origin for change in found for origin in change.box.origin} == {"surgeon", "joint"}
    assert all(change.before == (None, None) for change in found)


def test_who_sat_in_one_seat_and_then_in_another_is_looked_at_in_each() -> None:
    new = Side(compile_terms(CASE, terms(clause("1", "mediator"), clause("2", "expert"))))
    found = changes(Side(baseline(CASE, TWO)), new, [seated(1, "mediator"), seated(1, "expert")])
    assert {change.seat for change in found} == {"mediator", "expert"}


@pytest.mark.parametrize(
    ("was", "would"),
    [
        ({}, {"view": "redacted"}),
        ({}, {"until": "2026-07-01T00:00:00Z"}),
        ({}, {"from": "2026-07-01T00:00:00Z"}),
        ({}, {"effect": "deny"}),
        ({}, {"phases": ["intake"]}),
    ],
)
def test_one_member_of_a_clause_that_differs_is_a_loss_and_the_other_way_a_gain(
    was: dict[str, Any], would: dict[str, Any]
) -> None:
    said = clause("1", "expert", classes=["medical"], origins=["claimant"])
    old, new = (Side(compile_terms(CASE, terms({**said, **more}))) for more in (was, would))
    (lost,) = changes(old, new, [seated(6, "expert")])
    (gained,) = changes(new, old, [seated(6, "expert")])
    assert (lost.gains, gained.gains) == (False, True)
    assert (lost.box, lost.interval) == (gained.box, gained.interval)
    assert (lost.before, lost.after) == (gained.after, gained.before)


def test_where_several_clauses_allow_it_the_last_one_is_named() -> None:
    found = one_change(
        clause("1", "expert", classes=["medical", "billing"], origins=["claimant"]),
        clause("2", "expert", classes=["medical"], origins=["claimant"]),
    )
    named = {change.box.cls: change.after.clause for change in found}
    assert named == {("medical",): "2", ("billing",): "1"}


def test_another_number_for_the_same_words_changes_nothing() -> None:
    one, other = (compile_terms(CASE, terms(clause(id_, "expert"))) for id_ in ("1", "2"))
    assert changes(Side(one), Side(other), ROSTER) == ()


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_boxes_expand_to_exactly_the_points_that_change(seed: int) -> None:
    old, new = (world(seed + step, questions=1).policy() for step in (0, 1))
    holder = Random(seed).choice(HOLDERS)  # noqa: S311 — a sample, not a secret
    found = changes(Side(old), Side(new), [holder])
    before, after = Scope(old, HOLDERS, 0), Scope(new, HOLDERS, 0)
    part = everything(old)._replace(cls=("medical", "caucus", "substance-use-record"))
    bounds = sorted({*before.bounds, *after.bounds} - {ALWAYS, NEVER})
    for now in [Instant("2025-12-31T23:59:59Z"), *map(Instant, bounds[:2])]:
        told = [
            (point, change.before.view, change.after.view)
            for change in found
            if change.interval.nbf <= now < change.interval.exp
            for point in set(change.box.points()) & set(part.points())
        ]
        asked = [
            (point, *(highest(scope, holder.person, point, now).view for scope in (before, after)))
            for point in part.points()
        ]
        differing = [one for one in asked if one[1] != one[2]]
        assert len(told) == len(differing)
        assert set(told) == set(differing)


def wild(seed: int, count: int) -> Side:
    random = Random(seed)  # noqa: S311 — a sample, not a secret
    drawn = ({**some_clause(random, f"{n}"), "to": "expert"} for n in range(count))
    return Side(compile_terms(CASE, terms(*drawn, sides=SIDES)))


def test_a_comparison_that_would_take_too_long_is_refused() -> None:
    with pytest.raises(TooIntricate):
        changes(wild(1, 500), wild(2, 500), [seated(number, "expert") for number in range(200)])


def test_four_hundred_clauses_that_cross_one_another_are_compared() -> None:
    assert changes(Side(baseline(CASE, TWO)), Side(compile_terms(CASE, intricate(400))), ROSTER)
