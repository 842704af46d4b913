"""Whoever does not belong to a case learns nothing of it, not even that it exists."""

from collections.abc import Callable

import pytest

from policies.terms import View
from tests.builders import Case, House, terms
from vault import agreements, cases, deposits, documents, trail
from vault.core import Subject
from vault.deposits import Bytes, Description
from vault.errors import NotFound, NotPermitted
from vault.ids import CaseId, DocumentId, new_id

SAID = Description(document_class="medical", title="x", provenance="pre-existing", content=Bytes())

Attempt = Callable[[House, Subject, CaseId, DocumentId], object]

ATTEMPTS: dict[str, Attempt] = {
    "read the case": lambda h, s, c, _d: cases.read_case(h.vault, s, c),
    "seat somebody": lambda h, s, c, _d: cases.seat(
        h.vault, s, c, cases.NewParticipant(person=s.person, seat="auditor", name="me")
    ),
    "move the phase": lambda h, s, c, _d: cases.enter_phase(h.vault, s, c, "closed"),
    "propose": lambda h, s, c, _d: agreements.propose(h.vault, s, c, terms()),
    "list agreements": lambda h, s, c, _d: agreements.list_agreements(h.vault, s, c),
    "read an agreement": lambda h, s, c, _d: agreements.read_agreement(h.vault, s, c, 1),
    "sign": lambda h, s, c, _d: agreements.sign(h.vault, s, c, 1, "0" * 64),
    "list documents": lambda h, s, c, _d: documents.list_documents(h.vault, s, c),
    "read a document": lambda h, s, _c, d: documents.read_document(h.vault, s, d),
    "open a document": lambda h, s, _c, d: documents.release(h.vault, s, d, View.FULL),
    "deposit": lambda h, s, c, _d: deposits.deposit(h.vault, s, c, [b"x"], lambda: SAID),
    "redact": lambda h, s, _c, d: deposits.deposit_redacted(h.vault, s, d, [b"x"], Bytes),
    "read the trail": lambda h, s, c, _d: trail.read_events(h.vault, s, c),
}


@pytest.fixture
def case(house: House) -> Case:
    case = house.case("party:claimant", "party:respondent")
    case.agree()
    return case


def outsider(house: House, case: Case, kind: str) -> Subject:
    """Make somebody who must not know of the case."""
    if kind == "seated elsewhere":
        return house.case("party:claimant", "party:respondent")["party:claimant"]
    if kind == "allowed to open cases":
        return house.person(opens_cases=True)
    person = case.seat("auditor", days=1)
    house.clock.forward(days=1)
    return person


@pytest.mark.parametrize("kind", ["seated elsewhere", "allowed to open cases", "seat has ended"])
def test_outsiders_find_nothing_by_any_door(house: House, case: Case, kind: str) -> None:
    document = case.deposit("party:claimant").document_id
    stranger = outsider(house, case, kind)
    for attempt in ATTEMPTS.values():
        with pytest.raises(NotFound) as absent:
            attempt(house, stranger, CaseId(new_id()), DocumentId(new_id()))
        with pytest.raises(NotFound) as foreign:
            attempt(house, stranger, case.case_id, document)
        assert str(absent.value) == str(foreign.value)
    assert case.case_id not in [c.case_id for c in cases.list_cases(house.vault, stranger)]
    house.check()


def test_every_attempt_of_an_outsider_is_on_record(house: House, case: Case) -> None:
    document = case.deposit("party:claimant").document_id
    stranger = house.person()
    for attempt in ATTEMPTS.values():
        with pytest.raises(NotFound):
            attempt(house, stranger, case.case_id, document)
    seen = trail.read_events(house.vault, case["mediator"], case.case_id).entries
    denied = [e.event for e in seen if e.event.person == stranger.person]
    assert len(denied) == len(ATTEMPTS)
    assert all(event.name.endswith(":denied") for event in denied)


def test_only_the_mediator_seats_and_moves(house: House, case: Case) -> None:
    for seat in ("party:claimant", "party:respondent"):
        with pytest.raises(NotPermitted):
            ATTEMPTS["seat somebody"](house, case[seat], case.case_id, DocumentId(new_id()))
        with pytest.raises(NotPermitted):
            ATTEMPTS["move the phase"](house, case[seat], case.case_id, DocumentId(new_id()))
    house.check()


def test_only_whom_the_institution_lets_opens_a_case(house: House) -> None:
    with pytest.raises(NotPermitted):
        cases.open_case(
            house.vault, house.person(), title="Mine", sides=("a", "b"), name="Somebody"
        )
    house.check()


def test_a_party_sees_who_opened_its_own_records_and_not_who_opened_the_others(
    house: House, case: Case
) -> None:
    mine = case.deposit("party:claimant").document_id
    theirs = case.deposit("party:respondent").document_id
    for document in (mine, theirs):
        case.read("mediator", document, View.FULL)
    seen = trail.read_events(house.vault, case["party:claimant"], case.case_id).entries
    opened = {e.event.detail["document"] for e in seen if e.event.tag == "document:release"}
    assert opened == {str(mine)}


def test_the_auditor_sees_that_a_caucus_paper_was_opened_and_not_which(
    house: House, case: Case
) -> None:
    case.seat("auditor")
    paper = case.deposit("party:claimant", document_class="caucus").document_id
    case.read("mediator", paper, View.FULL)
    seen = trail.read_events(house.vault, case["auditor"], case.case_id).entries
    releases = [e for e in seen if e.event.tag == "document:release"]
    assert [e.withheld for e in releases] == [True]


def test_the_trail_pages_without_gap_or_overlap(house: House, case: Case) -> None:
    for _ in range(5):
        case.listed("party:claimant")
    everything = trail.read_events(house.vault, case["mediator"], case.case_id).entries
    whole = [entry.index for entry in everything]
    paged: list[int] = []
    after: int | None = -1
    while after is not None and len(paged) < len(whole):
        page = trail.read_events(house.vault, case["mediator"], case.case_id, after=after, limit=3)
        paged += [entry.index for entry in page.entries]
        after = page.after
    assert paged[: len(whole)] == whole
