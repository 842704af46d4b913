"""An erasure is done for whom it was ordered by, unless a hold or a key is in the way."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from policies.terms import View
from tests.builders import Case, House
from tests.conftest import Clock, Place
from tests.contracts.failing_store import FailingStore
from tests.storage.versions import bucket_of, client_of, end_locks, lock
from tests.vault.erasing import (
    NOON,
    ORDER,
    OwnKeys,
    agreed_case,
    names_in_trail,
    problems,
    put_back,
    said_by,
    stored_in,
    tables,
    under,
)
from vault.core import Vault
from vault.database import erasures
from vault.database.connection import Database
from vault.disposition import erasure, holds
from vault.disposition.orders import order_case
from vault.disposition.plans import open_plan
from vault.errors import Conflict, NotFound, Tampered
from vault.ids import DocumentId
from vault.keyring.keyring import Keyring
from vault.keyring.root import FileRootKey
from vault.storage.names import case_key_name, manifest_name, object_name
from vault.storage.port import Kept
from vault.storage.s3 import S3Store
from vault.upkeep.restoring import Restorable, restorable

NEXT_YEAR = datetime.now(UTC).replace(microsecond=0) + timedelta(days=365)


@pytest.fixture
def case(house: House) -> Case:
    return agreed_case(house)


@pytest.fixture
def own(house: House, root_key: FileRootKey) -> Case:
    """A case with a key of its own at the provider."""
    return agreed_case(under(house, OwnKeys(root_key)))


def test_what_a_provider_says_of_a_key_stands_in_the_certificate_on_one_line(
    house: House, root_key: FileRootKey, owner: Database
) -> None:
    said = {
        "provider": "transit\n(double)",
        "request_id": "request-7",
        "refused_with": "no\nsuch key",
        "destroyed_at": NOON,
    }
    case = agreed_case(under(house, OwnKeys(root_key, said=said)))
    case.deposit("party:claimant")
    done = said_by(house, erasure.erase_case(case.house.vault, owner, case.case_id, ORDER))
    assert (done.provider, done.key) == ("transit (double)", str(case.case_id))
    assert done.request == "request-7"
    assert [line.rpartition(": ")[2] for line in done.refused] == ["no such key", "none is there"]


def test_a_key_that_its_provider_can_bring_back_is_not_called_destroyed(
    house: House, root_key: FileRootKey, owner: Database
) -> None:
    case = agreed_case(under(house, OwnKeys(root_key, said={"destroyed_at": NOON})))
    done = said_by(house, erasure.erase_case(case.house.vault, owner, case.case_id, ORDER))
    assert done.certified_at < done.destroyed_at == NOON
    until = "2026-03-02T12:00:00.000000Z"
    assert done.method == f"the case's own key is to be destroyed by its provider, final at {until}"
    assert f"the case's own key, which its provider can bring back until {until}" in done.unreached
    assert any(line.startswith("backups of the provider") for line in done.unreached)


def test_a_key_whose_header_was_changed_is_not_taken_at_its_word(
    own: Case, place: Place, owner: Database
) -> None:
    """Read as wrapped under the root key, the case's own key would live on, uncertified."""
    with psycopg.connect(place.superuser_url) as connection:
        query = "UPDATE keys SET wrapped = set_byte(wrapped, 2, 0) WHERE holder_id = %s"
        assert connection.execute(query, (own.case_id,)).rowcount == 1
    with pytest.raises(Tampered):
        erasure.erase_case(own.house.vault, owner, own.case_id, ORDER)
    with owner.snapshot() as tx:
        assert erasures.erasure_of_case(tx, own.case_id) is None
        assert erasures.key_left(tx, own.case_id)


def test_a_case_whose_key_its_provider_has_lost_can_be_erased(own: Case, owner: Database) -> None:
    own.house.vault.keyring.destroy_case_key(own.case_id, wrapped_key(own, owner))
    assert erasure.erase_case(own.house.vault, owner, own.case_id, ORDER).certificate


def test_a_wrapped_key_outlives_the_order_only_where_a_provider_needs_it(
    case: Case, own: Case, owner: Database
) -> None:
    for ordered, kept in ((case, None), (own, wrapped_key(own, owner).hex())):
        vault = replace(ordered.house.vault, database=owner)
        row = order_case(vault, ordered.case_id, ORDER)
        assert open_plan(vault, row).wrapped == kept


def wrapped_key(case: Case, owner: Database) -> bytes:
    with owner.snapshot() as tx:
        return erasures.key_left(tx, case.case_id)


@dataclass
class PuttingBack(FailingStore):
    """A store in which something is there again as soon as all of it was removed."""

    put_back: Callable[[], object] = field(kw_only=True)

    def destroy_under(self, prefix: str) -> tuple[Kept, ...]:
        kept = self.real.destroy_under(prefix)
        self.put_back()
        return kept


@pytest.mark.parametrize("what", ["renditions", "manifest", "key"])
def test_a_key_that_came_back_meanwhile_is_not_certified(
    house: House, case: Case, store: S3Store, place: Place, owner: Database, what: str
) -> None:
    deposited = case.deposit("party:claimant")
    backup, objects = tables(place), {name: b"".join(store.read(name)) for name in store.names()}

    def put_back_one() -> None:
        if what == "renditions":
            put_back(place, backup, what)
        for name, body in objects.items():
            if name.endswith(what):
                store.replace(name, body)

    vault = replace(house.vault, store=PuttingBack(store, put_back=put_back_one))
    erased = "case" if what == "key" else "document"
    with pytest.raises(Conflict, match="still opens"):
        erase(vault, owner, case, deposited.document_id, erased)
    assert any("not finished" in problem for problem in problems(house))
    with pytest.raises(NotFound):
        case.read("party:claimant", deposited.document_id, View.FULL)


@pytest.mark.parametrize("what", ["document", "case"])
def test_a_wrapped_key_is_destroyed_when_it_is_gone_from_the_bucket_too(
    house: House, case: Case, clock: Clock, owner: Database, what: str
) -> None:
    document = case.deposit("party:claimant").document_id
    forward = PuttingBack(house.vault.store, put_back=lambda: clock.forward(hours=1))
    vault = replace(house.vault, store=forward)
    said = said_by(house, erase(vault, owner, case, document, what))
    assert said.destroyed_at == clock()


def erase(
    vault: Vault, owner: Database, case: Case, document: DocumentId, what: str
) -> erasure.Erased:
    if what == "document":
        return erasure.erase_document(vault, owner, document, ORDER)
    return erasure.erase_case(vault, owner, case.case_id, ORDER)


@pytest.mark.parametrize("what", ["document", "case"])
def test_nothing_is_certified_while_the_store_has_locked_a_wrapped_key_that_opens(
    case: Case, versioned: S3Store, root_key: FileRootKey, owner: Database, what: str
) -> None:
    here = stored_in(case, versioned)
    document = here.deposit("party:claimant", b"secret").document_id
    lock(versioned, NEXT_YEAR)
    try:
        for _ in range(2):
            with pytest.raises(Conflict, match="locked"):
                erase(here.house.vault, owner, case, document, what)
        assert not any(
            isinstance(found, Restorable) for found in restorable(versioned, Keyring(root_key))
        )
        assert any("not finished" in problem for problem in problems(here.house))
    finally:
        end_locks(versioned)
    said = said_by(here.house, erase(here.house.vault, owner, case, document, what))
    assert said.objects == (2 if what == "document" else 3)
    assert not any("locked" in line for line in said.unreached)


def test_what_the_store_has_locked_is_named_with_its_date_and_not_counted(
    own: Case, versioned: S3Store, root_key: FileRootKey, owner: Database
) -> None:
    here = stored_in(own, versioned)
    document = here.deposit("party:claimant").document_id
    here.redact("party:claimant", document)
    lock(versioned, NEXT_YEAR)
    try:
        done = erasure.erase_case(here.house.vault, owner, own.case_id, ORDER)
        assert not list(restorable(versioned, Keyring(root_key)))
    finally:
        end_locks(versioned)
    said = said_by(here.house, done)
    assert (said.objects, said.objects_bytes, done.inventory) == (0, 0, "")
    until = NEXT_YEAR.date().isoformat()
    assert [line for line in said.unreached if "locked" in line] == [
        f"ciphertext in the store, hidden: versions of objects that are locked until {until}: 2",
        f"wrapped keys in the store, hidden: versions of objects that are locked until {until}: 3",
    ]


def test_content_alone_that_is_locked_opens_no_more(
    case: Case, versioned: S3Store, owner: Database
) -> None:
    here = stored_in(case, versioned)
    deposited = here.deposit("party:claimant")
    lock(versioned, NEXT_YEAR, ending=str(deposited.rendition_id))
    try:
        done = erasure.erase_document(here.house.vault, owner, deposited.document_id, ORDER)
    finally:
        end_locks(versioned)
    said = said_by(here.house, done)
    assert [line.split(" ")[0].rpartition(".")[2] for line in done.inventory.splitlines()] == [
        "manifest"
    ]
    assert len([line for line in said.unreached if "locked" in line]) == 1


@pytest.mark.parametrize("what", ["document", "case"])
def test_versions_that_no_list_shows_are_removed_too(
    case: Case, versioned: S3Store, what: str, owner: Database
) -> None:
    here = stored_in(case, versioned)
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
