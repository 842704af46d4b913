"""An erasure is done for whom it was ordered by, unless a hold or a key is in the way."""

from dataclasses import replace

import psycopg
import pytest

from policies.terms import View
from tests.builders import Case, House
from tests.conftest import Clock, Place
from tests.contracts.failing_store import FailingStore
from tests.storage.versions import bucket_of, client_of
from tests.vault.erasing import (
    NOON,
    ORDER,
    ProviderOfCaseKeys,
    agreed_case,
    names_in_trail,
    put_back,
    said_by,
    tables,
)
from vault.database.connection import Database
from vault.disposition import erasure, holds
from vault.errors import Conflict, NotFound, Unavailable
from vault.keyring.root import FileRootKey
from vault.storage.names import case_key_name, manifest_name, object_name
from vault.storage.port import Kept
from vault.storage.s3 import S3Store


@pytest.fixture
def case(house: House) -> Case:
    return agreed_case(house)


@pytest.mark.parametrize("at_once", [False, True])
def test_a_case_key_is_destroyed_at_its_provider(
    house: House, case: Case, root_key: FileRootKey, at_once: bool, owner: Database
) -> None:
    provider = ProviderOfCaseKeys(root_key, at_once=at_once)
    vault = replace(house.vault, keyring=provider)
    case.deposit("party:claimant")
    said = said_by(house, erasure.erase_case(vault, owner, case.case_id, ORDER))
    assert provider.destroyed == {case.case_id}
    assert (said.provider, said.key) == ("transit (double)", f"case/{case.case_id}")
    assert said.request == "request-7"
    assert said.destroyed_at == (house.clock() if at_once else NOON)
    assert [line.rpartition(" ")[2] for line in said.refused] == ["found", "Tampered"]
    house.check()


def test_a_key_that_came_back_meanwhile_is_not_certified(
    house: House, case: Case, place: Place, owner: Database
) -> None:
    document = case.deposit("party:claimant").document_id
    backup = tables(place)
    failing = FailingStore(house.vault.store, faults={"objects": "lost"})
    with pytest.raises(Unavailable):
        erasure.erase_case(replace(house.vault, store=failing), owner, case.case_id, ORDER)
    put_back(place, backup, "keys")
    with psycopg.connect(place.superuser_url) as connection:
        connection.execute("UPDATE erasures SET step = 'ordered'")
    with pytest.raises(Conflict, match="still opens"):
        erasure.erase_case(house.vault, owner, case.case_id, ORDER)
    with pytest.raises(NotFound):
        case.read("party:claimant", document, View.FULL)


def test_what_the_store_has_locked_is_named_with_its_date(
    house: House, case: Case, owner: Database
) -> None:
    class LockingStore(FailingStore):
        def destroy(self, name: str) -> tuple[Kept, ...]:
            return (Kept(name, "1", NOON),)

        def destroy_under(self, prefix: str) -> tuple[Kept, ...]:
            return (Kept(prefix, "1", NOON), Kept(prefix, "2", NOON), Kept(prefix, "3", None))

    case.deposit("party:claimant")
    vault = replace(house.vault, store=LockingStore(house.vault.store))
    said = said_by(house, erasure.erase_case(vault, owner, case.case_id, ORDER))
    assert [line for line in said.unreached if "locked" in line] == [
        "ciphertext in the store: 2 versions of objects are locked until 2026-03-02",
        "ciphertext in the store: 1 versions of objects are locked until no date that it tells",
    ]


@pytest.mark.parametrize("what", ["document", "case"])
def test_versions_that_no_list_shows_are_removed_too(
    house: House, case: Case, versioned: S3Store, what: str, owner: Database
) -> None:
    here = replace(case, house=replace(house, vault=replace(house.vault, store=versioned)))
    deposited = here.deposit("party:claimant")
    versioned.abandon(object_name(case.case_id, deposited.rendition_id))
    versioned.abandon(manifest_name(case.case_id, deposited.rendition_id))
    key = case_key_name(case.case_id)
    assert list(versioned.names()) == [key]
    if what == "document":
        erasure.erase_document(here.house.vault, owner, deposited.document_id, ORDER)
    else:
        erasure.erase_case(here.house.vault, owner, case.case_id, ORDER)
    left = client_of(versioned).list_object_versions(Bucket=bucket_of(versioned))
    # Of a document: the case lives on, with its key.
    expected = [key] if what == "document" else []
    assert [version.get("Key") for version in left.get("Versions", ())] == expected
    assert "DeleteMarkers" not in left
    here.house.check()


def test_a_hold_keeps_what_it_is_on(
    house: House, case: Case, clock: Clock, owner: Database
) -> None:
    document = case.deposit("party:claimant").document_id
    other = case.deposit("party:claimant", title="Other").document_id
    held = holds.place_on_document(house.vault, document, "Subpoena of 2 March")
    with pytest.raises(Conflict, match="hold"):
        erasure.erase_document(house.vault, owner, document, ORDER)
    with pytest.raises(Conflict, match="hold"):
        erasure.erase_case(house.vault, owner, case.case_id, ORDER)
    erasure.erase_document(house.vault, owner, other, ORDER)
    assert "document:erase:denied" in names_in_trail(case, "mediator")
    assert "case:erase:denied" in names_in_trail(case, "mediator")
    holds.lift(house.vault, held.hold_id)
    whole = holds.place_on_case(house.vault, case.case_id, "Audit")
    with pytest.raises(Conflict, match="hold"):
        erasure.erase_document(house.vault, owner, document, ORDER)
    holds.lift(house.vault, whole.hold_id)
    house.check()
    erasure.erase_document(house.vault, owner, document, ORDER)
    erasure.erase_case(house.vault, owner, case.case_id, ORDER)
    house.check()
