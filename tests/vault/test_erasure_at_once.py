"""Whoever is at it when something is erased ends, and what they did is on record."""

import threading
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace

import psycopg
import pytest

from policies.scope_cache import ScopeCache
from policies.terms import View
from tests.builders import Case, House
from tests.conftest import Place
from tests.contracts.failing_store import FailingStore
from tests.vault.erasing import ORDER, agreed_case, last_event, said_by, stored_in
from vault.database.connection import Database
from vault.disclosure import documents
from vault.disposition import erasure
from vault.disposition.erasure import Erased
from vault.disposition.plans import Order
from vault.errors import Conflict, Invalid, NotFound, Unavailable
from vault.ids import CaseId, DocumentId
from vault.intake import deposits
from vault.intake.descriptions import Bytes
from vault.keyring.keyring import Keyring
from vault.keyring.root import FileRootKey
from vault.storage.names import case_key_name
from vault.storage.port import Kept
from vault.storage.s3 import S3Store

MIB = 1 << 20


@pytest.fixture
def case(house: House) -> Case:
    return agreed_case(house)


def worker(house: House, root: FileRootKey) -> House:
    """Return another process's view of the same vault: keys and scopes cached by itself."""
    vault = replace(house.vault, keyring=Keyring(root), scopes=ScopeCache(64))
    return House(vault, house.clock, house.keys)


def test_a_worker_with_a_warm_cache_refuses_at_once(
    house: House, case: Case, root_key: FileRootKey, owner: Database
) -> None:
    first = case.deposit("party:claimant", b"first").document_id
    second = case.deposit("party:claimant", b"second").document_id
    other = replace(case, house=worker(house, root_key))
    for document, content in ((first, b"first"), (second, b"second")):
        assert other.read("party:claimant", document, View.FULL) == content
    erasure.erase_document(house.vault, owner, first, ORDER)
    with pytest.raises(NotFound):
        other.read("party:claimant", first, View.FULL)
    assert other.read("party:claimant", second, View.FULL) == b"second"
    erasure.erase_case(house.vault, owner, case.case_id, ORDER)
    with pytest.raises(NotFound):
        other.read("party:claimant", second, View.FULL)
    with pytest.raises(NotFound):
        other.listed("mediator")
    house.check()


def collect(chunks: Iterable[bytes], into: bytearray) -> None:
    for chunk in chunks:
        into.extend(chunk)


@pytest.mark.parametrize("what", ["document", "case"])
def test_a_download_ends_when_what_it_delivers_is_erased(
    house: House, case: Case, what: str, owner: Database
) -> None:
    content = bytes(range(256)) * (40 * MIB // 256)
    document = case.deposit("party:claimant", content).document_id
    released = documents.release(house.vault, case["party:claimant"], document, View.FULL)
    delivered = bytearray(next(released.chunks))
    if what == "document":
        erasure.erase_document(house.vault, owner, document, ORDER)
    else:
        erasure.erase_case(house.vault, owner, case.case_id, ORDER)
    with pytest.raises(NotFound):
        collect(released.chunks, delivered)
    assert content.startswith(delivered)
    assert len(delivered) <= 9 * MIB
    last = last_event(house)
    assert last.name == "document:delivery:aborted"
    assert last.detail["ended"] == "erased"
    assert last.detail["document"] == str(document)
    assert last.detail["bytes"] == len(delivered)
    house.check()


def test_a_release_that_was_decided_just_before_an_erasure_hands_out_nothing(
    house: House, case: Case, owner: Database
) -> None:
    document = case.deposit("party:claimant").document_id

    class ErasingStore(FailingStore):
        """Erases what is asked for between the record and the first byte."""

        def read(
            self, name: str, start: int = 0, end: int | None = None, *, length: int | None = None
        ) -> Generator[bytes]:
            pieces = list(house.vault.store.read(name, start, end, length=length))
            erasure.erase_document(house.vault, owner, document, ORDER)
            yield from pieces

    slow = replace(house.vault, store=ErasingStore(house.vault.store))
    with pytest.raises(NotFound):
        documents.release(slow, case["party:claimant"], document, View.FULL)
    house.check()


@pytest.mark.parametrize("what", ["document", "case"])
def test_an_upload_that_ends_after_the_erasure_leaves_nothing(
    house: House, case: Case, store: S3Store, what: str, owner: Database
) -> None:
    document = case.deposit("party:claimant").document_id

    def content() -> Iterator[bytes]:
        yield b"a" * (9 * MIB)
        if what == "document":
            erasure.erase_document(house.vault, owner, document, ORDER)
        else:
            erasure.erase_case(house.vault, owner, case.case_id, ORDER)
        yield b"b" * (9 * MIB)

    with pytest.raises(NotFound):
        deposits.deposit_redacted(house.vault, case["party:claimant"], document, content(), Bytes)
    # What lives on is the case, with its key.
    left = [case_key_name(case.case_id)] if what == "document" else []
    assert list(store.names()) == left
    assert last_event(house).name == "rendition:deposit:denied"
    house.check()


def test_an_upload_whose_worker_was_killed_is_removed_with_its_document(
    house: House, case: Case, store: S3Store, owner: Database
) -> None:
    """Its manifest holds a data key under the case's key, which lives."""
    document = case.deposit("party:claimant").document_id

    class Killed(BaseException):
        """The process is gone."""

    class DyingStore(FailingStore):
        """Lets go of its process when a manifest is written, and does nothing after that."""

        def replace(self, name: str, body: bytes) -> None:
            self.real.replace(name, body)
            if name.endswith(".manifest"):
                self.faults["abandon"] = "lost"
                raise Killed

    with pytest.raises(Killed):
        stored_in(case, DyingStore(store)).redact("party:claimant", document)
    assert len(list(store.names())) == 5
    done = erasure.erase_document(house.vault, owner, document, ORDER)
    assert list(store.names()) == [case_key_name(case.case_id)]
    assert any("upload under way" in line for line in said_by(house, done).unreached)
    house.check()


def test_whoever_loses_its_hold_notes_nothing_more(
    house: House, case: Case, place: Place, owner: Database
) -> None:
    document = case.deposit("party:claimant").document_id
    done: list[Erased] = []

    class LosingStore(FailingStore):
        """Loses the connection that holds the erasure, and lets somebody else finish it."""

        def destroy(self, name: str) -> tuple[Kept, ...]:
            if done:
                return self.real.destroy(name)
            with psycopg.connect(place.superuser_url) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks JOIN pg_database"
                    " ON pg_database.oid = pg_locks.database"
                    " WHERE locktype = 'advisory' AND datname = current_database()"
                )
            done.append(erasure.erase_document(house.vault, owner, document, ORDER))
            return self.real.destroy(name)

    slow = replace(house.vault, store=LosingStore(house.vault.store))
    with pytest.raises(Unavailable):
        erasure.erase_document(slow, owner, document, ORDER)
    assert erasure.find_erased(house.vault, document) == done[0]
    assert said_by(house, done[0]).objects == 2
    house.check()


def test_a_step_is_noted_only_after_the_one_before_it(
    house: House, case: Case, place: Place, owner: Database
) -> None:
    document = case.deposit("party:claimant").document_id

    class SteppingStore(FailingStore):
        """Finds the erasure at another step than it was."""

        def destroy(self, name: str) -> tuple[Kept, ...]:
            with psycopg.connect(place.superuser_url) as connection:
                connection.execute("UPDATE erasures SET step = 'ordered'")
            return self.real.destroy(name)

    other = replace(house.vault, store=SteppingStore(house.vault.store))
    with pytest.raises(Conflict, match="not where it was"):
        erasure.erase_document(other, owner, document, ORDER)
    assert erasure.erase_document(house.vault, owner, document, ORDER).certificate
    house.check()


@pytest.mark.parametrize("what", ["document", "case"])
def test_of_many_erasures_at_once_one_does_it(
    house: House, case: Case, what: str, owner: Database
) -> None:
    document = case.deposit("party:claimant").document_id
    done: list[Erased] = []
    told: list[str] = []
    barrier = threading.Barrier(4)

    def attempt() -> None:
        barrier.wait()
        try:
            if what == "document":
                done.append(erasure.erase_document(house.vault, owner, document, ORDER))
            else:
                done.append(erasure.erase_case(house.vault, owner, case.case_id, ORDER))
        except Conflict as refusal:
            told.append(str(refusal))

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(done), len(told)) == (1, 3)
    house.check()


def test_an_erased_document_or_case_is_not_erased_again(
    house: House, case: Case, owner: Database
) -> None:
    document = case.deposit("party:claimant").document_id
    erasure.erase_document(house.vault, owner, document, ORDER)
    with pytest.raises(Conflict, match="erased already"):
        erasure.erase_document(house.vault, owner, document, ORDER)
    erasure.erase_case(house.vault, owner, case.case_id, ORDER)
    with pytest.raises(Conflict, match="erased already"):
        erasure.erase_case(house.vault, owner, case.case_id, ORDER)
    assert erasure.find_erased(house.vault, document).certificate
    house.check()


def test_what_was_never_there_is_not_erased(house: House, case: Case, owner: Database) -> None:
    nothing = house.person().person
    with pytest.raises(NotFound):
        erasure.erase_document(house.vault, owner, DocumentId(nothing), ORDER)
    with pytest.raises(NotFound):
        erasure.erase_case(house.vault, owner, CaseId(nothing), ORDER)
    with pytest.raises(NotFound):
        erasure.find_erased(house.vault, nothing)
    house.check()


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"reason": "two\nlines"},
        {"reason": "x" * 501},
        {"reason": "a\u202eb"},
        {"ordered_by": " "},
        {"ordered_by": "x" * 101},
        {"backup_retention_days": -1},
        {"backup_retention_days": 36_501},
    ],
)
def test_an_order_that_could_not_be_certified_is_refused(wrong: dict[str, object]) -> None:
    sound = {"ordered_by": "A. Clerk", "reason": "Closed", "backup_retention_days": 35}
    with pytest.raises(Invalid):
        Order(**{**sound, **wrong})  # type: ignore[arg-type]
