"""What was decided comes out again from what was signed, by stock Casbin; or it is named."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from policies.compiler import compile_terms
from policies.decisions import Permit
from policies.terms import View, parse_terms
from tests.builders import CLAUSES, Case, House, terms
from tests.vault.test_scope_in_force import everything_to
from tests.vault.test_tampering import run_as_administrator
from vault.access import open_entry, stand
from vault.audit.events import Outcome, Tag
from vault.database.log import all_entries
from vault.deviations import clawback, exceptions
from vault.deviations.exceptions import NewRequest
from vault.deviations.grants import NewGrant
from vault.disclosure import documents
from vault.disclosure.evaluation import Evaluation, Person, evaluate
from vault.disclosure.selection import marking_of
from vault.errors import Conflict, NotFound, NotPermitted
from vault.inspection.replay import replay
from vault.proceedings import cases, seat_changes

if TYPE_CHECKING:
    from tests.conftest import Place
    from vault.audit.events import Event
    from vault.ids import DocumentId


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "counsel:claimant", "party:respondent", "auditor")


def live(house: House, case: Case) -> DocumentId:
    """Live through versions, phases, seats, a grant, a claw-back and instants at a boundary."""
    chart = case.deposit("party:claimant").document_id
    caucus = case.deposit("party:claimant", document_class="caucus").document_id
    ask_for_everything(case, chart, caucus)
    until = house.clock() + timedelta(days=2)
    case.agree([{**c, "until": f"{until:%Y-%m-%dT%H:%M:%SZ}"} for c in CLAUSES])
    case.phase("exchange")
    case.seat("expert", days=1)
    for _ in range(2):
        house.clock.forward(days=1, microseconds=-1)
        ask_for_everything(case, chart, caucus)
        house.clock.forward(microseconds=1)
        ask_for_everything(case, chart, caucus)
    case.agree()
    case.redact("party:claimant", chart)
    grant(house, case, chart)
    ask_for_everything(case, chart, caucus)
    _, roster = cases.read_case(house.vault, case["mediator"], case.case_id)
    counsel = next(p for p in roster if str(p.seat) == "counsel:claimant")
    seat_changes.change_end(
        house.vault, case["mediator"], case.case_id, counsel.participant_id, house.clock()
    )
    case.phase("mediation")
    ask_for_everything(case, chart, caucus)
    clawback.claw_back(house.vault, case["party:claimant"], chart)
    ask_for_everything(case, chart, caucus)
    return chart


def grant(house: House, case: Case, document: DocumentId) -> None:
    """Grant a document to the auditor, beyond scope, by the consent of both parties."""
    wanted = NewGrant(to="auditor", view=View.METADATA, purposes=["claims"])
    asked = exceptions.ask(
        house.vault,
        case["party:claimant"],
        document,
        NewRequest(grant=wanted, reason="It is asked for."),
    )
    exceptions.answer(
        house.vault, case["party:respondent"], asked.request.request_id, consents=True
    )


def ask_for_everything(case: Case, *asked: DocumentId) -> None:
    """Let every seat ask for every document for two purposes; much of it is refused."""
    vault = case.house.vault
    for seat in case.people:
        for document in asked:
            for view in (View.REDACTED, View.FULL):
                with suppress(NotFound, NotPermitted, Conflict):
                    case.read(seat, document, view)
            with suppress(NotFound, NotPermitted):
                documents.read_document(vault, case[seat], document, purpose="claims")


def recorded(house: House) -> list[Event]:
    with house.vault.database.snapshot() as tx:
        events = [open_entry(house.vault, tx, row).event for row in all_entries(tx)]
    return [event for event in events if event is not None]


def decisions(house: House) -> list[Event]:
    return [event for event in recorded(house) if "decided_at" in event.detail]


def test_a_whole_history_comes_out_again(house: House, case: Case) -> None:
    live(house, case)
    made = decisions(house)
    outcomes = {(event.tag, event.outcome) for event in made}
    assert {
        (Tag.DOCUMENT_RELEASE, Outcome.GRANTED),
        (Tag.DOCUMENT_RELEASE, Outcome.REFUSED),
        (Tag.DOCUMENT_DELIVERY, Outcome.COMPLETED),
        (Tag.DOCUMENT_READ, Outcome.GRANTED),
    } <= outcomes
    clauses = {event.clause for event in made}
    assert {None, "OWN", "FLOOR-1", "1.1", "4.1", "GRANT-1"} <= clauses
    assert len({event.detail["roster_version"] for event in made}) > 2
    assert len({event.detail["exceptions_version"] for event in made}) > 2
    verdict = replay(house.vault)
    assert verdict.problems == []
    assert verdict.replayed == len(made)
    signed = [event for event in recorded(house) if event.tag is Tag.AGREEMENT_SIGN]
    assert verdict.agreements == len(signed) + 2
    assert verdict.withheld == 0
    house.check()


def test_an_evaluation_is_made_again_for_whom_it_was_about(house: House, case: Case) -> None:
    chart = case.deposit("party:claimant").document_id
    case.agree()
    case.phase("exchange")
    about = Person("person", case["party:respondent"].person)
    asked = Evaluation(about=about, resource=chart, view=View.REDACTED, purpose=None)
    answers = evaluate(house.vault, case["mediator"], [asked, replace(asked, view=View.FULL)])
    assert [answer.permitted for answer in answers] == [True, False]
    verdict = replay(house.vault)
    assert verdict.replayed == len(decisions(house)) == 2
    assert verdict.problems == []


def test_one_entry_or_one_case_can_be_replayed_alone(house: House, case: Case) -> None:
    for where in (case, house.case()):
        chart = where.deposit("party:claimant").document_id
        where.read("party:claimant", chart, View.FULL)
    assert replay(house.vault).replayed == 4
    assert replay(house.vault, case=case.case_id).replayed == 2
    with house.vault.database.snapshot() as tx:
        index = max(row.index for row in all_entries(tx))
    assert replay(house.vault, index=index).replayed == 1
    assert replay(house.vault, case=case.case_id, index=index).replayed == 0


def test_a_release_without_a_permit_for_that_person_is_found(house: House, case: Case) -> None:
    chart = case.deposit("party:claimant").document_id
    with house.vault.database.snapshot() as tx:
        owner = stand(house.vault, tx, case["party:claimant"], case.case_id)
        other = stand(house.vault, tx, case["party:respondent"], case.case_id)
    row = documents.find(house.vault, case["party:claimant"], chart)[1]
    assert row is not None
    permit = owner.decide(marking_of(row), View.FULL, None)
    assert isinstance(permit, Permit)
    receipt = other.record(Tag.DOCUMENT_RELEASE, decision=permit, detail=documents.about(row))
    verdict = replay(house.vault)
    assert verdict.differing == 2
    assert all(str(receipt.index) in problem for problem in verdict.problems)
    assert any("denied" in problem for problem in verdict.problems)


def test_a_version_that_was_exchanged_under_its_signatures_is_found(
    house: House, case: Case, place: Place
) -> None:
    chart = case.deposit("party:claimant").document_id
    case.agree()
    case.phase("exchange")
    case.read("mediator", chart, View.FULL)
    with house.vault.database.snapshot() as tx:
        seated = stand(house.vault, tx, case["mediator"], case.case_id).seated
    assert seated is not None
    other = parse_terms(terms(everything_to("side:respondent")))
    with house.vault.database.snapshot() as tx:
        stored = tx.value("SELECT terms FROM agreements")
    details = replace(
        seated.sealer.open_agreement(1, stored),
        terms=other,
        policy=compile_terms(str(case.case_id), other),
    )
    sealed = seated.sealer.seal_agreement(1, details)
    run_as_administrator(place, "UPDATE agreements SET terms = %s WHERE version = 1", sealed)
    said = " ".join(replay(house.vault).problems)
    assert "what was signed is not the stored version" in said
    assert "another policy" in said
    assert "it is denied when it is decided again" in said


def test_a_version_put_in_the_place_of_another_is_found(
    house: House, case: Case, place: Place
) -> None:
    chart = case.deposit("party:claimant").document_id
    case.agree(everything_to("mediator"))
    case.agree()
    case.read("mediator", chart, View.FULL)
    run_as_administrator(
        place,
        "UPDATE agreements SET terms = (SELECT terms FROM agreements WHERE version = 1)"
        " WHERE version = 2",
    )
    assert replay(house.vault).differing > 0


def test_a_seat_or_an_exception_taken_away_is_found(house: House, case: Case, place: Place) -> None:
    chart = live(house, case)
    assert chart
    run_as_administrator(place, "DELETE FROM exceptions WHERE number = 1")
    assert replay(house.vault).differing > 0


def test_what_a_key_is_gone_for_is_counted_and_no_fault(
    house: House, case: Case, place: Place
) -> None:
    chart = case.deposit("party:claimant").document_id
    case.read("party:claimant", chart, View.FULL)
    elsewhere = house.case()
    elsewhere.deposit("party:claimant")
    elsewhere.read("party:claimant", elsewhere.deposit("party:claimant").document_id, View.FULL)
    run_as_administrator(
        place, "DELETE FROM keys WHERE holder_id = %s", case["party:claimant"].person
    )
    run_as_administrator(place, "DELETE FROM keys WHERE holder_id = %s", elsewhere.case_id)
    verdict = replay(house.vault)
    assert verdict.replayed == 0
    assert verdict.withheld > 4
    assert verdict.problems == []
