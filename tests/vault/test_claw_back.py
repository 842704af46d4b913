"""A document clawed back is gone for everybody else at once, and who had opened it is known."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import LiteralString

import psycopg
import pytest

from policies.scope_cache import ScopeCache
from policies.terms import View
from tests.builders import Case, House
from tests.conftest import Place
from tests.vault.asking import SEATS, answer, ask, deposited, grant, participant
from tests.vault.test_tampering import run_as_administrator
from vault.deviations import clawback, exceptions, grants
from vault.deviations.exceptions import NewRequest
from vault.deviations.register import list_exceptions
from vault.deviations.requests import Asked, Status
from vault.disclosure import documents
from vault.errors import Conflict, NotFound, NotPermitted, Tampered, VaultError
from vault.ids import DocumentId
from vault.inspection import trail
from vault.inspection.verification import check_vault
from vault.proceedings import notices, seat_changes


@pytest.fixture
def case(house: House) -> Case:
    case = house.case(*SEATS)
    case.agree()
    case.phase("mediation")
    return case


def ask_lift(case: Case, seat: str, document: DocumentId) -> Asked:
    new = NewRequest(grant=None, reason="It was sent by mistake, and we can live with it.")
    return exceptions.ask(case.house.vault, case[seat], document, new)


def told(case: Case, seat: str) -> list[DocumentId]:
    found = notices.list_notices(case.house.vault, case[seat], case.case_id)
    return [notice.document_id for notice in found]


def test_a_clawed_back_document_leaves_every_list_and_every_clause_at_once(case: Case) -> None:
    chart = case.deposit("party:claimant").document_id
    assert case.read("party:respondent", chart, View.FULL)
    clawback.claw_back(case.house.vault, case["party:claimant"], chart)
    for seat in ("party:respondent", "expert", "mediator", "auditor"):
        assert case.listed(seat) == {}
        with pytest.raises(NotPermitted):
            documents.read_document(case.house.vault, case[seat], chart)
        with pytest.raises(NotPermitted):
            case.read(seat, chart, View.FULL)
    assert case.read("party:claimant", chart, View.FULL)
    assert case.listed("counsel:claimant") == {"Clinic chart": "full"}
    case.house.check()


def test_whoever_had_opened_it_is_named_and_told(case: Case) -> None:
    chart, other = (case.deposit("party:claimant").document_id for _ in range(2))
    case.redact("party:claimant", chart)
    case.read("party:respondent", chart, View.REDACTED)
    case.read("mediator", chart, View.FULL)
    case.read("mediator", other, View.FULL)
    with pytest.raises(NotPermitted):
        case.read("insurer:respondent", chart, View.FULL)
    openings = clawback.claw_back(case.house.vault, case["counsel:claimant"], chart)
    assert [(o.person, o.seat, o.name, o.view, o.clause) for o in openings] == [
        (
            case["party:respondent"].person,
            "party:respondent",
            "Somebody at party:respondent",
            "redacted",
            "2.2",
        ),
        (case["mediator"].person, "mediator", "Mira Okafor", "full", "1.1"),
    ]
    for seat in ("party:claimant", "party:respondent", "mediator"):
        assert told(case, seat) == [chart]
    for seat in ("expert", "insurer:respondent", "counsel:claimant"):
        assert told(case, seat) == []
    case.house.check()


def test_who_opened_a_document_is_read_by_its_side_and_a_mediator_who_knows_of_it(
    case: Case,
) -> None:
    chart = case.deposit("party:claimant").document_id
    case.read("party:respondent", chart, View.FULL)
    for seat in ("party:claimant", "counsel:claimant", "mediator"):
        openings = clawback.read_openings(case.house.vault, case[seat], chart)
        assert [o.person for o in openings] == [case["party:respondent"].person]
    for seat in ("party:respondent", "expert", "auditor"):
        with pytest.raises(NotPermitted):
            clawback.read_openings(case.house.vault, case[seat], chart)
    clawback.claw_back(case.house.vault, case["party:claimant"], chart)
    assert clawback.read_openings(case.house.vault, case["party:claimant"], chart) == openings
    with pytest.raises(NotPermitted):
        clawback.read_openings(case.house.vault, case["mediator"], chart)
    with pytest.raises(NotFound):
        clawback.read_openings(case.house.vault, case.house.person(), chart)
    case.house.check()


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("party:claimant", {"party:claimant", "counsel:claimant"}),
        ("joint", {"party:claimant", "counsel:claimant", "party:respondent", "mediator"}),
        ("mediator", {"mediator"}),
        ("expert", {"expert"}),
    ],
)
def test_whose_a_document_is_claws_it_back(case: Case, origin: str, may: set[str]) -> None:
    for seat in case.people:
        document = deposited(
            case, "mediator" if origin == "joint" else origin, joint=origin == "joint"
        )
        if seat in may:
            clawback.claw_back(case.house.vault, case[seat], document)
        else:
            with pytest.raises(NotPermitted):
                clawback.claw_back(case.house.vault, case[seat], document)
    case.house.check()


def test_what_cannot_be_clawed_back_is_a_statutory_report_and_what_is_already(case: Case) -> None:
    report = deposited(case, "party:respondent", document_class="statutory-report")
    with pytest.raises(Conflict):
        clawback.claw_back(case.house.vault, case["party:respondent"], report)
    letter = deposited(case, "party:claimant")
    with pytest.raises(Conflict):
        clawback.lift(case.house.vault, case["party:claimant"], letter)
    clawback.claw_back(case.house.vault, case["party:claimant"], letter)
    with pytest.raises(Conflict):
        clawback.claw_back(case.house.vault, case["party:claimant"], letter)
    case.house.check()


def test_grants_rest_while_a_document_is_clawed_back_and_hold_again_after(case: Case) -> None:
    letter = deposited(case, "party:claimant")
    number = grant(case, letter)
    clawback.claw_back(case.house.vault, case["party:claimant"], letter)
    with pytest.raises(NotPermitted):
        case.read("insurer:respondent", letter, View.FULL)
    with pytest.raises(Conflict):
        ask(case, "party:claimant", letter, "expert", purposes=("opinion",))
    clawback.lift(case.house.vault, case["party:claimant"], letter)
    assert case.read("insurer:respondent", letter, View.FULL)
    clawback.claw_back(case.house.vault, case["party:claimant"], letter)
    grants.end_grant(case.house.vault, case["party:respondent"], case.case_id, number)
    clawback.lift(case.house.vault, case["party:claimant"], letter)
    with pytest.raises(NotPermitted):
        case.read("insurer:respondent", letter, View.FULL)
    case.house.check()


def test_a_claw_back_closes_the_requests_that_were_made_before_it(case: Case) -> None:
    letter = deposited(case, "party:claimant")
    asked = ask(case, "party:claimant", letter)
    clawback.claw_back(case.house.vault, case["party:claimant"], letter)
    with pytest.raises(Conflict):
        answer(case, "party:respondent", asked)
    clawback.lift(case.house.vault, case["party:claimant"], letter)
    with pytest.raises(Conflict):
        answer(case, "party:respondent", asked)
    anew = ask(case, "party:claimant", letter)
    assert answer(case, "party:respondent", anew).status is Status.GRANTED
    case.house.check()


def test_consent_to_lift_one_claw_back_lifts_no_later_one(case: Case) -> None:
    before, second = case["party:claimant"], case.seat("party:claimant")
    case.people["second"], case.people["party:claimant"] = second, before
    letter = deposited(case, "counsel:claimant")
    clawback.claw_back(case.house.vault, second, letter)
    stale = ask_lift(case, "second", letter)
    clawback.lift(case.house.vault, case["counsel:claimant"], letter)
    clawback.claw_back(case.house.vault, second, letter)
    with pytest.raises(Conflict):
        answer(case, "party:claimant", stale)
    case.house.check()


def test_the_claw_back_of_a_joint_document_waits_for_every_side(case: Case) -> None:
    shared = deposited(case, "mediator", joint=True)
    clawback.claw_back(case.house.vault, case["counsel:claimant"], shared)
    with pytest.raises(NotPermitted):
        clawback.lift(case.house.vault, case["mediator"], shared)
    seat_changes.change_end(
        case.house.vault,
        case["mediator"],
        case.case_id,
        participant(case, "party:claimant"),
        case.house.clock(),
    )
    assert ask_lift(case, "party:respondent", shared).status is Status.OPEN
    case.house.check()


def test_a_party_who_could_not_know_of_a_document_hears_nothing_of_its_claw_back(
    case: Case,
) -> None:
    paper = case.deposit("party:claimant", document_class="caucus").document_id
    clawback.claw_back(case.house.vault, case["party:claimant"], paper)
    assert told(case, "party:claimant") == [paper]
    assert told(case, "party:respondent") == []


def test_what_was_clawed_back_has_left_the_trail_of_those_who_lost_it(case: Case) -> None:
    letter = deposited(case, "party:claimant")
    assert case.read("mediator", letter, View.FULL)
    clawback.claw_back(case.house.vault, case["party:claimant"], letter)
    page = trail.read_events(case.house.vault, case["mediator"], case.case_id, limit=500)
    about = [e for e in page.entries if e.event.detail.get("document") == str(letter)]
    others = [e for e in about if e.event.person != case["mediator"].person]
    assert others
    assert all(entry.withheld for entry in others)


def test_whoever_deposited_lifts_alone_and_nobody_else_does(case: Case) -> None:
    letter = deposited(case, "counsel:claimant")
    clawback.claw_back(case.house.vault, case["party:claimant"], letter)
    for seat in ("party:claimant", "mediator", "party:respondent"):
        with pytest.raises(NotPermitted):
            clawback.lift(case.house.vault, case[seat], letter)
    clawback.lift(case.house.vault, case["counsel:claimant"], letter)
    assert case.read("mediator", letter, View.FULL)
    case.house.check()


def test_a_lift_takes_the_consent_of_every_holder_and_of_nobody_else(case: Case) -> None:
    shared = deposited(case, "mediator", joint=True)
    clawback.claw_back(case.house.vault, case["party:respondent"], shared)
    asked = ask_lift(case, "counsel:claimant", shared)
    assert asked.awaited == {case["party:claimant"].person, case["party:respondent"].person}
    answer(case, "party:claimant", asked)
    assert answer(case, "party:respondent", asked).status is Status.GRANTED
    letter = deposited(case, "counsel:claimant")
    clawback.claw_back(case.house.vault, case["counsel:claimant"], letter)
    assert ask_lift(case, "party:claimant", letter).status is Status.GRANTED
    with pytest.raises(Conflict):
        ask_lift(case, "party:claimant", letter)
    case.house.check()


def test_claw_backs_are_listed_for_those_who_may_know_of_the_document(case: Case) -> None:
    letter = deposited(case, "party:claimant")
    clawback.claw_back(case.house.vault, case["party:claimant"], letter)
    for seat, known in (("counsel:claimant", (letter,)), ("party:respondent", ())):
        register = list_exceptions(case.house.vault, case[seat], case.case_id)
        assert register.clawed_back == known


def test_a_release_under_way_ends_and_the_next_one_is_refused(case: Case) -> None:
    large = case.deposit("party:claimant", bytes(20 << 20)).document_id
    running = documents.release(case.house.vault, case["party:respondent"], large, View.FULL)
    clawback.claw_back(case.house.vault, case["party:claimant"], large)
    with pytest.raises(NotPermitted):
        case.read("party:respondent", large, View.FULL)
    assert sum(map(len, running.chunks)) == 20 << 20
    assert told(case, "party:respondent") == [large]
    case.house.check()


def test_a_claw_back_and_a_grant_that_race_leave_it_clawed_back(case: Case) -> None:
    letters = [deposited(case, "party:claimant") for _ in range(6)]
    asked = [ask(case, "party:claimant", letter) for letter in letters]

    def claw(letter: DocumentId) -> None:
        clawback.claw_back(case.house.vault, case["party:claimant"], letter)

    def consent(one: Asked) -> bool:
        try:
            return answer(case, "party:respondent", one).status is Status.GRANTED
        except Conflict:
            return False

    with ThreadPoolExecutor(4) as threads:
        consents = [threads.submit(consent, one) for one in asked]
        claws = [threads.submit(claw, letter) for letter in letters]
        for done in claws:
            done.result()
        granted = [done.result() for done in consents]
    for letter in letters:
        with pytest.raises(NotPermitted):
            case.read("insurer:respondent", letter, View.FULL)
        clawback.lift(case.house.vault, case["party:claimant"], letter)
    for letter, made in zip(letters, granted, strict=True):
        if made:
            assert case.read("insurer:respondent", letter, View.FULL)
        else:
            with pytest.raises(NotPermitted):
                case.read("insurer:respondent", letter, View.FULL)
    case.house.check()


FORGERIES: dict[str, LiteralString] = {
    "the ledger's last line removed": "DELETE FROM exceptions WHERE number = 3 AND case_id = %s",
    "a line of the ledger removed": "DELETE FROM exceptions WHERE number = 1 AND case_id = %s",
    "two lines of the ledger exchanged": "UPDATE exceptions SET details = (SELECT details"
    " FROM exceptions AS other WHERE other.case_id = exceptions.case_id AND other.number = 1)"
    " WHERE number = 3 AND case_id = %s",
    "a line moved to another document": "UPDATE exceptions SET document_id = (SELECT document_id"
    " FROM documents WHERE documents.case_id = exceptions.case_id"
    " AND documents.document_id <> exceptions.document_id LIMIT 1)"
    " WHERE number = 3 AND case_id = %s",
}


@pytest.mark.parametrize("how", FORGERIES)
def test_a_forged_ledger_opens_nothing_and_is_reported(case: Case, place: Place, how: str) -> None:
    letter, _ = deposited(case, "party:claimant"), deposited(case, "party:claimant")
    number = grant(case, letter)
    grants.end_grant(case.house.vault, case["party:claimant"], case.case_id, number)
    clawback.claw_back(case.house.vault, case["party:claimant"], letter)
    run_as_administrator(place, FORGERIES[how], case.case_id)
    # Another process, which has built no scope of this case before.
    started = replace(case.house.vault, scopes=ScopeCache(16))
    for seat in ("mediator", "insurer:respondent", "party:claimant"):
        with pytest.raises(Tampered):
            documents.release(started, case[seat], letter, View.FULL)
    assert check_vault(case.house.vault, content=True).problems


def test_the_row_from_before_a_claw_back_put_back_is_refused_and_reported(
    case: Case, place: Place
) -> None:
    letter = deposited(case, "party:claimant")
    with psycopg.connect(place.superuser_url) as connection:
        earlier = connection.execute(
            "SELECT label, details FROM documents WHERE document_id = %s", (letter,)
        ).fetchone()
    assert earlier is not None
    clawback.claw_back(case.house.vault, case["party:claimant"], letter)
    run_as_administrator(
        place,
        "UPDATE documents SET label = %s, details = %s WHERE document_id = %s",
        *earlier,
        letter,
    )
    for attempt in (
        lambda: case.read("mediator", letter, View.FULL),
        lambda: case.listed("mediator"),
    ):
        with pytest.raises(Tampered):
            attempt()
    assert check_vault(case.house.vault, content=True).problems


ANSWERS: dict[str, LiteralString] = {
    "a consent copied to another person": "INSERT INTO answers SELECT request_id, %s, details,"
    " answered_at, log_index FROM answers WHERE person_id = %s",
    "a consent given to another's answer": "UPDATE answers SET person_id = %s WHERE person_id = %s",
}


@pytest.mark.parametrize("how", ANSWERS)
def test_a_forged_consent_does_not_count(case: Case, place: Place, how: str) -> None:
    letter = deposited(case, "party:claimant")
    asked = ask(case, "mediator", letter)
    answer(case, "party:claimant", asked)
    run_as_administrator(
        place, ANSWERS[how], case["party:respondent"].person, case["party:claimant"].person
    )
    for seat in ("party:claimant", "party:respondent"):
        with pytest.raises(VaultError):
            answer(case, seat, asked)
    with pytest.raises(NotPermitted):
        case.read("insurer:respondent", letter, View.FULL)
    assert check_vault(case.house.vault, content=True).problems


def test_whoever_is_written_in_as_the_depositor_lifts_nothing(case: Case, place: Place) -> None:
    letter = deposited(case, "party:claimant")
    clawback.claw_back(case.house.vault, case["party:claimant"], letter)
    run_as_administrator(
        place,
        "UPDATE documents SET deposited_by = %s WHERE document_id = %s",
        case["counsel:claimant"].person,
        letter,
    )
    with pytest.raises(NotPermitted):
        clawback.lift(case.house.vault, case["counsel:claimant"], letter)
