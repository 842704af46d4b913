"""A seat ends at its very instant, by whoever may end it; who stepped down is a stranger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import LiteralString

import pytest

from policies.scope_cache import ScopeCache
from tests.builders import Case, House
from tests.conftest import Place
from tests.vault.asking import SEATS, participant
from tests.vault.test_strangers import ATTEMPTS
from tests.vault.test_tampering import run_as_administrator
from vault.errors import Conflict, Invalid, NotFound, NotPermitted, Tampered
from vault.ids import CaseId, DocumentId, ParticipantId, new_id
from vault.inspection import trail
from vault.inspection.verification import check_vault
from vault.proceedings import cases, seat_changes, seats
from vault.proceedings.seats import Participant


@pytest.fixture
def case(house: House) -> Case:
    case = house.case(*SEATS)
    case.agree()
    case.phase("exchange")
    return case


def end(case: Case, by: str, whose: str, until: datetime | None) -> Participant:
    return seat_changes.change_end(
        case.house.vault, case[by], case.case_id, participant(case, whose), until
    )


def step_down(case: Case, seat: str) -> None:
    seat_changes.step_down(case.house.vault, case[seat], case.case_id, participant(case, seat))


def sits(case: Case, seat: str) -> bool:
    try:
        cases.read_case(case.house.vault, case[seat], case.case_id)
    except NotFound:
        return False
    return True


@pytest.mark.parametrize(
    "far",
    [
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5))),
        datetime(9999, 6, 1, tzinfo=UTC),
    ],
)
def test_a_date_that_cannot_be_counted_to_is_refused_and_the_case_stays_open(
    case: Case, far: datetime
) -> None:
    person = case.house.person()
    new = seats.NewParticipant(
        person=person.person, seat="expert", name="Dr. Far Away", seated_until=far
    )
    early = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    for wrong in (new, replace(new, seated_from=early, seated_until=None)):
        with pytest.raises(Invalid):
            seats.seat(case.house.vault, case["mediator"], case.case_id, wrong)
    with pytest.raises(Invalid):
        end(case, "mediator", "expert", far)
    assert sits(case, "party:claimant")
    case.house.check()


@pytest.mark.parametrize("microsecond", [0, 1, 500_000, 999_999])
def test_a_seat_ended_now_is_over_at_the_same_instant(case: Case, microsecond: int) -> None:
    case.house.clock.now = case.house.clock.now.replace(microsecond=microsecond)
    assert sits(case, "expert")
    end(case, "mediator", "expert", case.house.clock())
    assert not sits(case, "expert")
    case.house.clock.forward(microseconds=1)
    assert not sits(case, "expert")
    case.house.check()


def test_a_seat_ends_at_the_very_second_that_was_set_and_can_be_prolonged(case: Case) -> None:
    clock = case.house.clock
    ends = clock() + timedelta(days=1)
    assert end(case, "mediator", "expert", ends).seated_until == ends
    clock.now = ends - timedelta(microseconds=1)
    assert sits(case, "expert")
    clock.now = ends
    assert not sits(case, "expert")
    end(case, "mediator", "expert", ends + timedelta(days=1))
    assert sits(case, "expert")
    clock.now = ends + timedelta(days=1)
    assert not sits(case, "expert")
    end(case, "mediator", "expert", None)
    clock.forward(days=400)
    assert sits(case, "expert")
    case.house.check()


def test_an_end_that_has_passed_means_now(case: Case) -> None:
    ended = end(case, "mediator", "expert", case.house.clock() - timedelta(days=3))
    assert ended.seated_until == case.house.clock()
    with pytest.raises(Invalid):
        end(case, "mediator", "auditor", case.house.clock() + timedelta(microseconds=5))
    case.house.check()


def test_a_seat_that_is_ended_before_it_begins_never_does(case: Case) -> None:
    clock, person = case.house.clock, case.house.person()
    seats.seat(
        case.house.vault,
        case["mediator"],
        case.case_id,
        seats.NewParticipant(
            person=person.person,
            seat="regulator",
            name="Board",
            seated_from=clock() + timedelta(days=1),
        ),
    )
    case.people["regulator"] = person
    end(case, "mediator", "regulator", clock())
    clock.forward(days=2)
    assert not sits(case, "regulator")
    case.house.check()


def test_a_party_ends_its_own_counsel_and_nothing_else(case: Case) -> None:
    case.seat("counsel:respondent")
    now = case.house.clock()
    for whose in ("counsel:respondent", "party:respondent", "mediator", "expert", "party:claimant"):
        with pytest.raises(NotPermitted):
            end(case, "party:claimant", whose, now)
    for by in ("counsel:claimant", "expert", "party:respondent"):
        with pytest.raises(NotPermitted):
            end(case, by, "counsel:claimant", now)
    with pytest.raises(NotPermitted):
        end(case, "party:claimant", "counsel:claimant", None)
    end(case, "party:claimant", "counsel:claimant", now + timedelta(days=2))
    with pytest.raises(NotPermitted):
        end(case, "party:claimant", "counsel:claimant", now + timedelta(days=3))
    end(case, "party:claimant", "counsel:claimant", now)
    assert not sits(case, "counsel:claimant")
    case.house.check()


def test_a_seat_that_is_nowhere_in_the_case_is_not_found(case: Case) -> None:
    other = case.house.case()
    for unknown in (ParticipantId(new_id()), participant(other, "party:claimant")):
        with pytest.raises(NotFound):
            seat_changes.change_end(case.house.vault, case["mediator"], case.case_id, unknown, None)
        with pytest.raises(NotFound):
            seat_changes.step_down(case.house.vault, case["expert"], case.case_id, unknown)
    case.house.check()


def test_a_case_keeps_a_mediator_whose_seat_has_no_end(case: Case) -> None:
    soon = case.house.clock() + timedelta(days=1)
    with pytest.raises(Conflict):
        end(case, "mediator", "mediator", soon)
    with pytest.raises(Conflict):
        step_down(case, "mediator")
    case.people["first"] = case["mediator"]
    second = case.house.person()
    seats.seat(
        case.house.vault,
        case["mediator"],
        case.case_id,
        seats.NewParticipant(
            person=second.person, seat="mediator", name="Second", seated_until=soon
        ),
    )
    case.people["second"] = second
    with pytest.raises(Conflict):
        step_down(case, "mediator")
    end(case, "first", "second", None)
    end(case, "first", "first", soon)
    case.people["mediator"] = second
    with pytest.raises(Conflict):
        step_down(case, "second")
    case.house.check()


def test_whoever_stepped_down_finds_the_case_by_no_door(case: Case) -> None:
    chart = case.deposit("party:claimant").document_id
    expert = case["expert"]
    step_down(case, "expert")
    assert cases.list_cases(case.house.vault, expert) == []
    for name, attempt in ATTEMPTS.items():
        with pytest.raises(NotFound) as absent:
            attempt(case.house, expert, CaseId(new_id()), DocumentId(new_id()))
        with pytest.raises(NotFound) as left:
            attempt(case.house, expert, case.case_id, chart)
        assert str(left.value) == str(absent.value), name
    case.house.check()


def test_to_everybody_else_a_seat_stepped_down_from_has_ended_and_does_not_come_back(
    case: Case,
) -> None:
    whose = participant(case, "expert")
    step_down(case, "expert")
    _, roster = cases.read_case(case.house.vault, case["party:claimant"], case.case_id)
    left = next(p for p in roster if p.participant_id == whose)
    assert left.seated_until == case.house.clock()
    for until in (None, case.house.clock() + timedelta(days=9)):
        with pytest.raises(Conflict):
            seat_changes.change_end(case.house.vault, case["mediator"], case.case_id, whose, until)
    with pytest.raises(Conflict):
        seats.seat(
            case.house.vault,
            case["mediator"],
            case.case_id,
            seats.NewParticipant(
                person=case["expert"].person, seat="expert", name="The same again"
            ),
        )
    seen = trail.read_events(case.house.vault, case["mediator"], case.case_id).entries
    assert "case:participant:step-down" in [entry.event.name for entry in seen]
    case.house.check()


def test_nobody_steps_down_for_somebody_else(case: Case) -> None:
    with pytest.raises(NotPermitted):
        seat_changes.step_down(
            case.house.vault, case["mediator"], case.case_id, participant(case, "expert")
        )
    assert sits(case, "expert")
    case.house.check()


FORGERIES: dict[str, tuple[LiteralString, tuple[str, ...]]] = {
    "the change removed": (
        (
            "DELETE FROM seat_changes WHERE participant_id = %s AND log_index = "
            " (SELECT max(log_index) FROM seat_changes)"
        ),
        ("expert",),
    ),
    "another's change made up for it": (
        (
            "UPDATE seat_changes SET participant_id = %s, log_index = 0 WHERE participant_id = %s"
            " AND log_index = (SELECT max(log_index) FROM seat_changes)"
        ),
        ("auditor", "expert"),
    ),
    "an earlier place given to it": (
        (
            "UPDATE seat_changes SET log_index = 0 WHERE participant_id = %s"
            " AND log_index = (SELECT max(log_index) FROM seat_changes)"
        ),
        ("expert",),
    ),
}


@pytest.mark.parametrize("how", FORGERIES)
def test_a_forged_change_of_a_seat_brings_nobody_back_and_is_reported(
    case: Case, place: Place, how: str
) -> None:
    ids = {seat: participant(case, seat) for seat in ("expert", "auditor")}
    end(case, "mediator", "expert", case.house.clock() + timedelta(days=90))
    end(case, "mediator", "auditor", case.house.clock() + timedelta(days=90))
    step_down(case, "expert")
    statement, whose = FORGERIES[how]
    run_as_administrator(place, statement, *(ids[seat] for seat in whose))
    started = replace(case.house.vault, scopes=ScopeCache(16))
    for vault in (case.house.vault, started):
        with pytest.raises((NotFound, Tampered)):
            cases.read_case(vault, case["expert"], case.case_id)
    assert check_vault(case.house.vault, content=True).problems
