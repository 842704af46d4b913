"""Whoever answers for a seat sees what it may see: no document of which they may not know."""

from __future__ import annotations

import pytest

from policies.decisions import Permit, Question, decide
from policies.terms import View
from tests.builders import CLAUSES, Case, House
from vault.access import stand
from vault.disclosure import listing
from vault.disclosure.view_as import ViewAs, view_as
from vault.errors import Invalid, NotFound, NotPermitted
from vault.ids import ParticipantId, new_id
from vault.inspection import trail
from vault.proceedings import cases

SEATS = ("party:claimant", "counsel:claimant", "party:respondent", "counsel:respondent", "auditor")


@pytest.fixture
def case(house: House) -> Case:
    case = house.case(*SEATS)
    case.agree()
    case.phase("exchange")
    return case


def looked(house: House, case: Case, viewer: str, seat: str) -> ViewAs:
    whose = participant(house, case, seat)
    return view_as(house.vault, case[viewer], case.case_id, whose)


def participant(house: House, case: Case, seat: str) -> ParticipantId:
    _, roster = cases.read_case(house.vault, case["mediator"], case.case_id)
    return next(p.participant_id for p in roster if p.person == case[seat].person)


MAY = {
    "mediator": {"mediator", *SEATS},
    "party:claimant": {"party:claimant", "counsel:claimant"},
    "party:respondent": {"party:respondent", "counsel:respondent"},
    "counsel:claimant": {"counsel:claimant"},
    "counsel:respondent": {"counsel:respondent"},
    "auditor": {"auditor"},
}


@pytest.mark.parametrize("viewer", MAY)
def test_a_seat_looks_at_those_it_answers_for_and_at_nobody_else(
    house: House, case: Case, viewer: str
) -> None:
    for seat in ("mediator", *SEATS):
        if seat in MAY[viewer]:
            assert str(looked(house, case, viewer, seat).participant.seat) == seat
        else:
            with pytest.raises(NotPermitted):
                looked(house, case, viewer, seat)
    house.check()


def test_the_matrix_is_what_the_engine_decides_for_that_seat(house: House, case: Case) -> None:
    shown = looked(house, case, "mediator", "party:respondent")
    with house.vault.database.snapshot() as tx:
        standing = stand(house.vault, tx, case["party:respondent"], case.case_id)
    assert standing.seated is not None
    for cell in shown.matrix:
        permits = [
            answer
            for view in View
            if isinstance(
                answer := decide(
                    standing.seated.scope,
                    Question(
                        person=f"u:{case['party:respondent'].person}",
                        marking=cell.marking,
                        view=view,
                        purpose="mediation",
                        phase="exchange",
                        now=standing.at,
                    ),
                ),
                Permit,
            )
        ]
        highest = permits[-1] if permits else None
        assert cell.view == (highest and highest.question.view)
        assert cell.clause == (highest and highest.clause)
    assert len({cell.marking for cell in shown.matrix}) == 17 * 5 * 2


def test_another_purpose_shows_another_matrix(house: House, case: Case) -> None:
    def seen(purpose: str | None) -> set[str | None]:
        shown = view_as(
            house.vault,
            case["mediator"],
            case.case_id,
            participant(house, case, "auditor"),
            purpose=purpose,
        )
        return {cell.clause for cell in shown.matrix}

    assert "5.1" in seen(None)
    assert "5.1" not in seen("mediation")
    with pytest.raises(Invalid):
        seen("curiosity")


def test_documents_are_those_that_the_viewer_may_know_of(house: House) -> None:
    case = house.case(*SEATS)
    for document_class in ("medical", "caucus", "apology"):
        case.deposit("party:claimant", document_class=document_class, title=document_class)
    case.deposit("party:respondent", document_class="statement", title="statement")
    case.agree([clause for clause in CLAUSES if clause["to"] != "mediator"])
    case.phase("exchange")
    # No clause gives the mediator anything here: the party's own seat is looked at, not its papers.
    assert looked(house, case, "mediator", "party:claimant").documents == ()
    shown = looked(house, case, "party:claimant", "counsel:claimant")
    assert {seen.document.title: seen.clause for seen in shown.documents} == {
        "medical": "OWN",
        "caucus": "OWN",
        "apology": "OWN",
    }
    page = listing.list_documents(house.vault, case["party:claimant"], case.case_id)
    assert [seen.document for seen in shown.documents] == list(page.documents)
    house.check()


def test_a_document_that_the_other_seat_has_not_is_shown_without_a_view(
    house: House, case: Case
) -> None:
    case.deposit("party:claimant", title="chart")
    case.deposit("party:claimant", document_class="apology", title="apology")
    shown = looked(house, case, "mediator", "party:respondent")
    assert {seen.document.title: (seen.view, seen.clause) for seen in shown.documents} == {
        "chart": (View.REDACTED, "2.1"),
        "apology": (None, None),
    }


def test_looking_is_on_record_with_whose_seat_it_was(house: House, case: Case) -> None:
    whose = participant(house, case, "party:respondent")
    looked(house, case, "mediator", "party:respondent")
    with pytest.raises(NotPermitted):
        looked(house, case, "auditor", "party:respondent")
    seen = trail.read_events(house.vault, case["mediator"], case.case_id, limit=500).entries
    names = [
        entry.event.name
        for entry in seen
        if entry.event.detail.get("participant") == str(whose)
        and entry.event.tag == "scope:view-as"
    ]
    assert names == ["scope:view-as", "scope:view-as:denied"]


def test_a_participant_who_is_none_or_has_gone_is_not_found(house: House, case: Case) -> None:
    case.seat("expert", days=1)
    gone = participant(house, case, "expert")
    house.clock.forward(days=1)
    for whose in (gone, ParticipantId(new_id())):
        with pytest.raises(NotFound):
            view_as(house.vault, case["mediator"], case.case_id, whose)
    with pytest.raises(NotFound):
        view_as(
            house.vault, house.person(), case.case_id, participant(house, case, "party:claimant")
        )
    house.check()
