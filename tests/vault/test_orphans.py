"""What nothing refers to is removed in the end; what a live upload or a document has, never."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.contracts.failing_store import FailingStore
from tests.contracts.memory_store import MemoryStore
from tests.storage.versions import bucket_of, client_of
from tests.vault.erasing import ORDER
from tests.vault.uploading import CONTENT, TAIL, announced, begin, send
from vault.database.connection import Database
from vault.disposition import erasure
from vault.errors import Invalid, Unavailable
from vault.ids import RenditionId, new_id
from vault.inspection.verification import check_vault
from vault.intake import unfinished, uploads
from vault.intake.descriptions import Bytes
from vault.storage.names import case_key_name, manifest_name, object_name
from vault.upkeep.orphans import sweep_orphans

if TYPE_CHECKING:
    from tests.builders import Case, House
    from tests.conftest import Place
    from vault.core import Vault
    from vault.storage.s3 import S3Store

NONE = timedelta(0)
DAY = timedelta(days=1)


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent")


def orphan(case: Case) -> str:
    return object_name(case.case_id, RenditionId(new_id()))


def test_an_orphan_is_removed_with_its_manifest_and_nothing_else_is(
    house: House, case: Case, store: S3Store
) -> None:
    deposited = case.deposit("party:claimant")
    known = object_name(case.case_id, deposited.rendition_id)
    manifest = manifest_name(case.case_id, deposited.rendition_id)
    key = case_key_name(case.case_id)
    lost = orphan(case)
    for name in (lost, f"{lost}.manifest"):
        store.put(name, [b"x"])
    found = sweep_orphans(house.vault, NONE)
    assert found.removed == [lost, f"{lost}.manifest"]
    assert (found.waiting, found.unknown) == ([], [])
    assert set(store.names()) == {known, manifest, key}


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "a/b/c",
        "{case}/nothing",
        "{case}/{lost}.pages",
        "{case}/{upper}",
        "{case}/{lost}/1",
        "{other}/key",
    ],
)
def test_what_is_none_of_ours_is_named_and_stays(
    house: House, case: Case, store: S3Store, name: str
) -> None:
    lost = new_id()
    name = name.format(case=case.case_id, lost=lost, upper=str(lost).upper(), other=new_id())
    store.put(name, [b"x"])
    found = sweep_orphans(house.vault, NONE)
    assert (found.removed, found.unknown) == ([], [name])
    assert list(store.names()) == [name]


def test_the_key_of_an_erased_case_that_was_put_back_is_removed(
    house: House, case: Case, store: S3Store, owner: Database
) -> None:
    erasure.erase_case(house.vault, owner, case.case_id, ORDER)
    store.put(case_key_name(case.case_id), [b"x"])
    assert sweep_orphans(house.vault, NONE).removed == [case_key_name(case.case_id)]


def test_an_upload_that_is_given_up_takes_no_key_of_a_case_that_was_not_erased(
    house: House, case: Case, store: S3Store, place: Place
) -> None:
    """Where the row of the key is lost, the bucket has the last copy."""
    case.deposit("party:claimant")
    note_an_upload(place, case)
    with psycopg.connect(place.superuser_url) as connection:
        query = "DELETE FROM keys WHERE holder_id = %s"
        assert connection.execute(query, (case.case_id,)).rowcount == 1
    assert unfinished.sweep(house.vault, house.clock() + DAY) == 1
    assert case_key_name(case.case_id) in store.names()


def note_an_upload(place: Place, case: Case) -> None:
    """Leave the note of an upload whose process was killed."""
    with psycopg.connect(place.superuser_url) as connection:
        connection.execute(
            "INSERT INTO uploads (rendition_id, case_id, person_id, alive_at)"
            " SELECT gen_random_uuid(), case_id, person_id, '2026-03-02T09:00Z'"
            " FROM participants WHERE case_id = %s LIMIT 1",
            (case.case_id,),
        )


def test_a_write_that_nothing_refers_to_is_named_and_ended(
    house: House, case: Case, store: S3Store
) -> None:
    """Its parts are paid for, and no list of objects shows them."""
    begin_upload(house, case)
    lost = orphan(case)
    list(store.put_parts(lost, store.begin(lost), [b"x"]))
    problem = f"Object {lost}: a write of it has not ended, and no upload refers to it."
    assert check_vault(house.vault, content=True).problems == (problem,)
    assert sweep_orphans(house.vault, DAY).waiting == [lost]
    assert sweep_orphans(house.vault, NONE).removed == [lost]
    house.check()


def begin_upload(house: House, case: Case) -> None:
    """Leave a resumable upload after its first part, alive."""
    send(house, case, begin(house, case), 0, CONTENT[:TAIL])


def test_a_refused_upload_leaves_no_version_behind(house: House, versioned: S3Store) -> None:
    house = replace(house, vault=replace(house.vault, store=versioned))
    case = house.case("party:claimant", "party:respondent")
    said = announced(3)
    lie = replace(said, description=replace(said.description, content=Bytes(sha256="0" * 64)))
    upload = uploads.begin(house.vault, case["party:claimant"], case.case_id, lie).upload_id
    with pytest.raises(Invalid):
        send(house, case, upload, 0, b"abc")
    left = client_of(versioned).list_object_versions(Bucket=bucket_of(versioned))
    found = (*left.get("Versions", ()), *left.get("DeleteMarkers", ()))
    assert {one.get("Key") for one in found} <= {case_key_name(case.case_id)}


def test_a_name_is_as_old_as_the_youngest_that_bears_it(house: House, case: Case) -> None:
    store = MemoryStore()
    vault = replace(house.vault, store=store)
    lost = orphan(case)
    store.begin(lost)
    store.forward(2 * DAY)
    store.put(lost, [b"x"])
    for _ in range(2):
        assert sweep_orphans(vault, DAY).waiting == [lost]
        house.clock.forward(days=2)
    store.forward(DAY)
    assert sweep_orphans(vault, DAY).removed == [lost]
    assert (store.kept, store.under_way) == ({}, {})


@pytest.mark.parametrize("what", ["document", "case"])
@pytest.mark.parametrize("stopped_at", ["objects", "destroy", "destroy under"])
def test_what_an_erasure_has_still_to_remove_is_left_to_it(
    house: House, case: Case, store: S3Store, owner: Database, what: str, stopped_at: str
) -> None:
    deposited = case.deposit("party:claimant")
    failing = FailingStore(store, faults={stopped_at: "lost"})
    away = replace(house.vault, store=failing)

    def erase(vault: Vault) -> erasure.Erased:
        if what == "document":
            return erasure.erase_document(vault, owner, deposited.document_id, ORDER)
        return erasure.erase_case(vault, owner, case.case_id, ORDER)

    with pytest.raises(Unavailable):
        erase(away)
    there = set(store.names())
    assert sweep_orphans(house.vault, NONE).removed == []
    assert set(store.names()) == there
    listed = [line.split(" ")[0] for line in erase(house.vault).inventory.splitlines()]
    name = object_name(case.case_id, deposited.rendition_id)
    expected = {name, f"{name}.manifest"}
    assert set(listed) == expected | ({case_key_name(case.case_id)} if what == "case" else set())
    # What is met of the case from now on is an orphan like any other.
    lost = orphan(case)
    store.put(lost, [b"x"])
    assert sweep_orphans(house.vault, NONE).removed == [lost]


def test_a_dry_run_says_so_and_changes_nothing(house: House, case: Case, store: S3Store) -> None:
    lost = orphan(case)
    store.put(lost, [b"x"])
    assert sweep_orphans(house.vault, NONE, dry_run=True).removed == [lost]
    assert sweep_orphans(house.vault, DAY, dry_run=True).waiting == [lost]
    assert list(store.names()) == [lost]
    house.clock.forward(days=3)
    # The dry run has not noted it either: it is met for the first time now.
    assert sweep_orphans(house.vault, timedelta(microseconds=1)).waiting == [lost]


def test_neither_clock_alone_ends_the_grace(house: House, case: Case) -> None:
    store = MemoryStore()
    vault = replace(house.vault, store=store)
    lost = orphan(case)
    store.put(lost, [b"x"])
    assert sweep_orphans(vault, DAY).waiting == [lost]
    house.clock.forward(days=400)
    assert sweep_orphans(vault, DAY).waiting == [lost]
    house.clock.forward(days=-400)
    store.forward(400 * DAY)
    assert sweep_orphans(vault, DAY).waiting == [lost]
    house.clock.forward(days=1)
    assert sweep_orphans(vault, DAY).removed == [lost]


def test_a_write_that_lasted_after_it_was_given_up_is_swept(house: House, case: Case) -> None:
    store = MemoryStore()
    failing = FailingStore(store, faults={"put": "kept", "abandon": "kept"})
    patient = replace(case, house=replace(house, vault=replace(house.vault, store=failing)))
    with pytest.raises(Unavailable):
        patient.deposit("party:claimant")
    failing.faults.clear()
    name = orphan(case)
    store.put(name, [b"a straggler of another attempt"])
    unfinished.sweep(patient.house.vault, house.clock() + DAY)
    assert sweep_orphans(patient.house.vault, NONE).removed == [name]
    assert list(store.names()) == []
