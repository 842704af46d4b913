"""Whoever does not belong to a case learns nothing of it, not even that it exists."""

from collections.abc import Callable
from uuid import UUID

import pytest

from policies.terms import Marking, View
from tests.builders import Case, House, terms
from tests.vault.asking import ask
from vault.core import Subject
from vault.database import exceptions as rows
from vault.deviations import clawback, exceptions, grants, register
from vault.deviations.exceptions import NewRequest
from vault.disclosure import documents, exports, listing
from vault.disclosure.explanations import Supposition, explain_supposed
from vault.disclosure.view_as import view_as
from vault.errors import NotFound, NotPermitted
from vault.ids import CaseId, DocumentId, ParticipantId, UploadId, new_id
from vault.inspection import trail
from vault.intake import deposits, uploads
from vault.intake.arrivals import Piece
from vault.intake.descriptions import Bytes, Description
from vault.intake.resuming import receive
from vault.negotiation import agreements, comments, foresight, signing
from vault.proceedings import cases, notices, phases, seat_changes, seats
from vault.sealing.opening import ByteRange

SAID = Description(document_class="medical", title="x", provenance="pre-existing", content=Bytes())

SUPPOSED = Supposition(marking=Marking("medical", "claimant", "pre-existing", "-"), view=View.FULL)

Attempt = Callable[[House, Subject, CaseId, DocumentId], object]


def request_of(house: House, case_id: CaseId) -> UUID:
    """Return a request of a case; one that nobody made if it has none."""
    with house.vault.database.snapshot() as tx:
        found = rows.requests_of(tx, case_id)
    return found[0].request_id if found else new_id()


def upload_of(house: House, case_id: CaseId) -> UploadId:
    """Return an upload of a case; one that nobody began if it has none."""
    with house.vault.database.snapshot() as tx:
        query = "SELECT upload_id FROM resumable_uploads WHERE case_id = %s"
        return tx.value(query, (case_id,)) or UploadId(new_id())


ATTEMPTS: dict[str, Attempt] = {
    "read the case": lambda h, s, c, _d: cases.read_case(h.vault, s, c),
    "seat somebody": lambda h, s, c, _d: seats.seat(
        h.vault, s, c, seats.NewParticipant(person=s.person, seat="auditor", name="me")
    ),
    "move the phase": lambda h, s, c, _d: phases.enter_phase(h.vault, s, c, "closed"),
    "propose": lambda h, s, c, _d: agreements.propose(h.vault, s, c, terms()),
    "list agreements": lambda h, s, c, _d: agreements.list_agreements(h.vault, s, c),
    "read an agreement": lambda h, s, c, _d: agreements.read_agreement(h.vault, s, c, 1),
    "withdraw a draft": lambda h, s, c, _d: agreements.withdraw(h.vault, s, c, 1),
    "sign": lambda h, s, c, _d: signing.sign(
        h.vault, s, c, 1, digest="0" * 64, signature="A" * 86 + "=="
    ),
    "compare versions": lambda h, s, c, _d: foresight.compare(h.vault, s, c, 1, 0),
    "foresee": lambda h, s, c, _d: foresight.what_if(h.vault, s, c, 1),
    "comment": lambda h, s, c, _d: comments.comment(h.vault, s, c, 1, "I was here"),
    "read comments": lambda h, s, c, _d: comments.list_comments(h.vault, s, c, 1),
    "list documents": lambda h, s, c, _d: listing.list_documents(h.vault, s, c),
    "count documents": lambda h, s, c, _d: listing.count_documents(h.vault, s, c),
    "export documents": lambda h, s, c, _d: exports.export_documents(h.vault, s, c),
    "explain": lambda h, s, c, _d: explain_supposed(h.vault, s, c, SUPPOSED),
    "view as": lambda h, s, c, _d: view_as(h.vault, s, c, ParticipantId(c)),
    "read a document": lambda h, s, _c, d: documents.read_document(h.vault, s, d),
    "open a document": lambda h, s, _c, d: documents.release(h.vault, s, d, View.FULL),
    "open some of a document": lambda h, s, _c, d: documents.release(
        h.vault, s, d, View.FULL, choose=lambda _stored: ByteRange(0, 1)
    ),
    "ask how long a document is": lambda h, s, _c, d: documents.release(
        h.vault, s, d, View.FULL, choose=lambda _stored: None
    ),
    "deposit": lambda h, s, c, _d: deposits.deposit(h.vault, s, c, [b"x"], lambda: SAID),
    "begin an upload": lambda h, s, c, _d: uploads.begin(
        h.vault, s, c, uploads.Announced(description=SAID, size_bytes=1, metadata="")
    ),
    "read an upload": lambda h, s, c, _d: uploads.read_upload(h.vault, s, upload_of(h, c)),
    "go on with an upload": lambda h, s, c, _d: receive(
        h.vault, s, upload_of(h, c), Piece(offset=0, content=[b"x"])
    ),
    "end an upload": lambda h, s, c, _d: uploads.terminate(h.vault, s, upload_of(h, c)),
    "redact": lambda h, s, _c, d: deposits.deposit_redacted(h.vault, s, d, [b"x"], Bytes),
    "ask for a grant": lambda h, s, _c, d: exceptions.ask(
        h.vault, s, d, NewRequest(grant=None, reason="I was here")
    ),
    "answer a request": lambda h, s, c, _d: exceptions.answer(
        h.vault, s, request_of(h, c), consents=True
    ),
    "list the exceptions": lambda h, s, c, _d: register.list_exceptions(h.vault, s, c),
    "withdraw a grant": lambda h, s, c, _d: grants.end_grant(h.vault, s, c, 1),
    "claw back": lambda h, s, _c, d: clawback.claw_back(h.vault, s, d),
    "lift a claw-back": lambda h, s, _c, d: clawback.lift(h.vault, s, d),
    "learn who opened it": lambda h, s, _c, d: clawback.read_openings(h.vault, s, d),
    "read notices": lambda h, s, c, _d: notices.list_notices(h.vault, s, c),
    "end a seat": lambda h, s, c, _d: seat_changes.change_end(
        h.vault, s, c, ParticipantId(new_id()), None
    ),
    "step down": lambda h, s, c, _d: seat_changes.step_down(h.vault, s, c, ParticipantId(new_id())),
    "preview a phase": lambda h, s, c, _d: phases.preview_phase(h.vault, s, c, "closed"),
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
    ask(case, "party:claimant", document)
    ATTEMPTS["begin an upload"](house, case["party:claimant"], case.case_id, document)
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
    ask(case, "party:claimant", document)
    ATTEMPTS["begin an upload"](house, case["party:claimant"], case.case_id, document)
    stranger = house.person()
    for attempt in ATTEMPTS.values():
        with pytest.raises(NotFound):
            attempt(house, stranger, case.case_id, document)
    seen = trail.read_events(house.vault, case["mediator"], case.case_id, limit=500).entries
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
