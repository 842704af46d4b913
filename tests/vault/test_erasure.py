"""What is erased is gone by every door, and its certificate says what was done."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

import psycopg
import pytest

from policies.terms import View
from tests.builders import Case, House
from tests.conftest import Place
from tests.vault.erasing import ORDER, agreed_case, names_in_trail, said_by
from vault.access import open_entry
from vault.core import Subject, Vault
from vault.database import erasures, log
from vault.database.connection import Database
from vault.deviations import exceptions, register
from vault.deviations.exceptions import NewRequest
from vault.deviations.grants import NewGrant
from vault.disclosure import documents, exports, listing, view_as
from vault.disclosure.listing import Ask
from vault.disposition import erasure
from vault.disposition.plans import inventory_digest
from vault.errors import NotFound
from vault.ids import CaseId
from vault.inspection import replay, trail
from vault.inspection.verification import verify_the_log
from vault.intake import deposits
from vault.intake.completion import Deposited
from vault.intake.descriptions import Bytes, Description
from vault.proceedings import cases
from vault.storage.names import case_key_name, manifest_name, object_name
from vault.storage.s3 import S3Store

GRANT = NewGrant(to="party:respondent", view=View.FULL, purposes=("mediation",))


def brought(vault: Vault, subject: Subject, case_id: CaseId) -> object:
    said = Description(
        document_class="medical", title="x", provenance="pre-existing", content=Bytes()
    )
    return deposits.deposit(vault, subject, case_id, [b"x"], lambda: said)


DOORS: tuple[Callable[[Vault, Subject, CaseId], object], ...] = (
    cases.read_case,
    listing.list_documents,
    listing.count_documents,
    exports.export_documents,
    trail.read_events,
    register.list_exceptions,
    brought,
)


@pytest.fixture
def case(house: House) -> Case:
    return agreed_case(house)


def objects_of(case: Case, deposited: Deposited) -> set[str]:
    """Return the names of what the store has of a rendition."""
    of = (case.case_id, deposited.rendition_id)
    return {object_name(*of), manifest_name(*of)}


def test_an_erased_document_is_found_by_no_door(
    house: House, case: Case, store: S3Store, owner: Database
) -> None:
    vault, mine = house.vault, case["party:claimant"]
    document = case.deposit("party:claimant").document_id
    case.redact("party:claimant", document)
    kept = case.deposit("party:claimant", b"other", title="Other")
    other = kept.document_id
    erasure.erase_document(vault, owner, document, ORDER)
    for attempt in (
        lambda: documents.read_document(vault, mine, document),
        lambda: documents.release(vault, mine, document, View.FULL),
        lambda: documents.release(vault, mine, document, View.REDACTED),
        lambda: deposits.deposit_redacted(vault, mine, document, [b"x"], Bytes),
        lambda: exceptions.ask(vault, mine, document, NewRequest(grant=None, reason="x")),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert case.listed("party:claimant") == {"Other": "full"}
    found = listing.list_documents(vault, mine, case.case_id, Ask(search="Clinic c")).documents
    assert found == ()
    assert sum(t.count for t in listing.count_documents(vault, mine, case.case_id)) == 1
    exported = exports.export_documents(vault, mine, case.case_id)
    assert [d.document_id for d in exported] == [other]
    _, roster = cases.read_case(vault, case["mediator"], case.case_id)
    seat = next(p.participant_id for p in roster if str(p.seat) == "party:claimant")
    seen = view_as.view_as(vault, case["mediator"], case.case_id, seat)
    assert str(document) not in repr(seen)
    assert set(store.names()) == objects_of(case, kept) | {case_key_name(case.case_id)}
    assert case.read("party:claimant", other, View.FULL) == b"other"
    house.check()


def test_the_log_of_an_erased_document_stays_for_those_who_could_know_of_it(
    house: House, case: Case, owner: Database
) -> None:
    document = case.deposit("party:claimant").document_id
    erasure.erase_document(house.vault, owner, document, ORDER)
    for seat in ("mediator", "party:claimant"):
        assert "document:erase" in names_in_trail(case, seat)
    hidden = case.deposit("party:claimant", document_class="caucus").document_id
    erasure.erase_document(house.vault, owner, hidden, ORDER)
    page = trail.read_events(house.vault, case["party:respondent"], case.case_id, limit=500)
    assert not any(str(hidden) in str(e.event.detail) for e in page.entries)
    house.check()


def test_requests_and_grants_of_an_erased_document_are_listed_no_more(
    house: House, case: Case, owner: Database
) -> None:
    document = case.deposit("party:claimant", document_class="billing").document_id
    asked = exceptions.ask(
        house.vault, case["party:claimant"], document, NewRequest(grant=GRANT, reason="Needed")
    )
    before = register.list_exceptions(house.vault, case["party:claimant"], case.case_id)
    assert len(before.requests) == 1
    erasure.erase_document(house.vault, owner, document, ORDER)
    after = register.list_exceptions(house.vault, case["party:claimant"], case.case_id)
    assert (after.requests, after.grants, after.clawed_back) == ((), (), ())
    with pytest.raises(NotFound):
        exceptions.answer(
            house.vault, case["party:respondent"], asked.request.request_id, consents=True
        )
    assert replay.replay(house.vault).problems == []
    house.check()


def test_the_certificate_says_what_was_done_and_what_was_not(
    house: House, case: Case, store: S3Store, owner: Database
) -> None:
    deposited = case.deposit("party:claimant")
    found = list(store.objects(object_name(case.case_id, deposited.rendition_id)))
    assert {listed.name for listed in found} == objects_of(case, deposited)
    done = erasure.erase_document(house.vault, owner, deposited.document_id, ORDER)
    said = said_by(house, done)
    assert (said.case, said.document) == (case.case_id, deposited.document_id)
    assert (said.ordered_by, said.reason) == (ORDER.ordered_by, ORDER.reason)
    assert said.backups_until == said.ordered_at + timedelta(days=35)
    lines = [f"{listed.name} {listed.length} {listed.tag}\n" for listed in found]
    assert sorted(done.inventory.splitlines(keepends=True)) == sorted(lines)
    assert (said.objects, said.objects_bytes) == (2, sum(listed.length for listed in found))
    assert said.inventory_sha256 == inventory_digest(done.inventory.encode())
    nowhere = "its wrapped key in the database: none is there; in the bucket: none is there"
    assert said.refused == (f"rendition {deposited.rendition_id}: {nowhere}",)
    with house.vault.database.snapshot() as tx:
        entries = {
            event.name: (row.index, event)
            for row in log.all_entries(tx)
            if (event := open_entry(house.vault, tx, row).event) is not None
        }
    assert entries["document:erase"][0] == said.log_index
    digest = entries["document:erased"][1].detail["certificate"]
    assert digest == sha256(done.certificate.encode()).hexdigest()
    again = erasure.find_erased(house.vault, deposited.document_id)
    assert again == done


def test_an_erased_case_is_as_one_that_never_was(
    house: House, case: Case, store: S3Store, place: Place, owner: Database
) -> None:
    vault = house.vault
    document = case.deposit("party:claimant", b"x" * 100).document_id
    case.redact("party:claimant", document)
    asked = exceptions.ask(
        vault,
        case["party:claimant"],
        document,
        NewRequest(
            grant=GRANT,
            reason="Needed",
        ),
    )
    neighbour = house.case("party:claimant", "party:respondent")
    kept = neighbour.deposit("party:claimant", b"kept").document_id
    erasure.erase_case(vault, owner, case.case_id, ORDER)
    never = CaseId(kept)
    for subject in case.people.values():
        for tries in DOORS:
            refusals: list[str] = []
            for asked_for in (case.case_id, never):
                with pytest.raises(NotFound) as refused:
                    tries(vault, subject, asked_for)
                refusals.append(str(refused.value))
            assert refusals[0] == refusals[1]
        with pytest.raises(NotFound):
            documents.read_document(vault, subject, document)
        with pytest.raises(NotFound):
            exceptions.answer(vault, subject, asked.request.request_id, consents=True)
        assert cases.list_cases(vault, subject) == []
    assert all(name.startswith(str(neighbour.case_id)) for name in store.names())
    assert neighbour.read("party:claimant", kept, View.FULL) == b"kept"
    house.check()


def test_the_log_of_an_erased_case_verifies_and_tells_nothing(
    house: House, case: Case, owner: Database
) -> None:
    document = case.deposit("party:claimant").document_id
    before = house.vault.log.checkpoint()
    erasure.erase_case(house.vault, owner, case.case_id, ORDER)
    verdict = verify_the_log(house.vault, against=before)
    assert verdict.problems == ()
    with house.vault.database.snapshot() as tx:
        rows = list(log.entries_of_case(tx, case.case_id))
        assert rows
        assert all(open_entry(house.vault, tx, row).event is None for row in rows)
        erased = [
            event
            for row in log.all_entries(tx)
            if (event := open_entry(house.vault, tx, row).event) and event.tag.startswith("case:er")
        ]
    assert verdict.withheld == len(rows)
    assert [event.name for event in erased] == ["case:erase", "case:erased"]
    assert all(event.detail["case"] == str(case.case_id) for event in erased)
    assert not any(str(document) in str(event.detail) for event in erased)
    replayed = replay.replay(house.vault)
    assert (replayed.problems, replayed.withheld) == ([], len(rows))


def test_every_table_that_holds_something_of_a_case_is_emptied(
    house: House, place: Place, case: Case
) -> None:
    with psycopg.connect(place.superuser_url) as connection:
        of_a_case = {
            table
            for (table,) in connection.execute(
                "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public'"
                " AND column_name IN"
                " ('case_id', 'wrapped', 'wrapped_key', 'request_id', 'upload_id')"
            )
        }
    # The log and the erasure stay; uploads stay until their objects are known to be gone.
    assert of_a_case - {"log_entries", "erasures", "uploads"} == set(erasures.OF_A_CASE)
