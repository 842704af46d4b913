"""The bucket's copy of a case's key is the row's whatever runs beside it, and none once erased."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import pytest

from tests.builders import Case, House
from tests.conftest import Place
from tests.contracts.failing_store import FailingStore
from tests.vault.erasing import ORDER, agreed_case, said_by
from tests.vault.test_rotation import Reopened, new_root, reopened, stored_keys
from vault.core import Vault
from vault.database.connection import Database
from vault.disposition.erasure import erase_case
from vault.errors import KeyDestroyed, VaultError
from vault.ids import RenditionId, new_id
from vault.keyring.keyring import Keyring
from vault.keyring.root import FileRootKey
from vault.manifests import abandon_rendition, keep_case_key, read_case_key
from vault.storage.names import case_key_name
from vault.storage.s3 import S3Store
from vault.upkeep.inventory import mend_bucket
from vault.upkeep.restoring import Restorable, restorable
from vault.upkeep.rotation import rotate_case, rotate_root

__all__ = ["new_root", "reopened"]


@dataclass
class Interrupted(FailingStore):
    """Lets something happen once, just before or just after a case's key is read or written."""

    before_replace: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])
    after_read: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])

    def replace(self, name: str, body: bytes) -> None:
        if name.endswith("/key") and self.before_replace:
            self.before_replace.pop()()
        self.real.replace(name, body)

    def read(
        self, name: str, start: int = 0, end: int | None = None, *, length: int | None = None
    ) -> Generator[bytes]:
        with closing(self.real.read(name, start, end, length=length)) as pieces:
            yield from pieces
        if name.endswith("/key") and self.after_read:
            self.after_read.pop()()


def interrupted(
    vault: Vault, what: list[Callable[[], object]], moment: str = "before_replace"
) -> Vault:
    store = Interrupted(vault.store)
    setattr(store, moment, what)
    return replace(vault, store=store)


@pytest.fixture
def case(house: House) -> Case:
    return agreed_case(house)


def in_bucket(store: S3Store, case: Case) -> bool:
    return case_key_name(case.case_id) in set(store.names())


def test_a_deposit_beside_a_rotation_leaves_the_new_key_in_the_bucket(
    house: House,
    case: Case,
    owner: Database,
    place: Place,
    store: S3Store,
    reopened: Reopened,
    root_key: FileRootKey,
    new_root: FileRootKey,
) -> None:
    vault = reopened(Keyring(new_root, old=root_key)).vault
    meeting = interrupted(vault, [lambda: rotate_root(vault, owner)])
    Case(House(meeting, house.clock), case.case_id, case.people).deposit("party:claimant")
    assert read_case_key(store, case.case_id) == stored_keys(place)[case.case_id]
    (found,) = restorable(store, Keyring(new_root))
    assert isinstance(found, Restorable)
    assert b"".join(found.content()) == b"chart of 3 March"


def test_mending_beside_a_rotation_leaves_the_new_key_in_the_bucket(
    case: Case,
    owner: Database,
    place: Place,
    store: S3Store,
    reopened: Reopened,
    root_key: FileRootKey,
    new_root: FileRootKey,
) -> None:
    case.deposit("party:claimant")
    store.abandon(case_key_name(case.case_id))
    vault = reopened(Keyring(new_root, old=root_key)).vault
    meeting = interrupted(vault, [lambda: rotate_root(vault, owner)])
    assert mend_bucket(meeting) == 1
    assert read_case_key(store, case.case_id) == stored_keys(place)[case.case_id]


@pytest.mark.parametrize("moment", ["after_read", "before_replace"])
def test_a_rotation_puts_no_key_of_an_erased_case_back(
    case: Case,
    owner: Database,
    store: S3Store,
    reopened: Reopened,
    root_key: FileRootKey,
    new_root: FileRootKey,
    moment: str,
) -> None:
    case.deposit("party:claimant")
    vault = reopened(Keyring(new_root, old=root_key)).vault
    erasing: list[Callable[[], object]] = [lambda: erase_case(vault, owner, case.case_id, ORDER)]
    rotate_root(interrupted(vault, erasing, moment), owner)
    assert erasing == []
    assert not in_bucket(store, case)


def test_a_deposit_puts_no_key_of_an_erased_case_back(
    house: House, case: Case, owner: Database, store: S3Store
) -> None:
    erasing: list[Callable[[], object]] = [
        lambda: erase_case(house.vault, owner, case.case_id, ORDER)
    ]
    meeting = interrupted(house.vault, erasing)
    with pytest.raises(VaultError):
        Case(House(meeting, house.clock), case.case_id, case.people).deposit("party:claimant")
    assert erasing == []
    assert list(store.names()) == []


def test_no_version_of_an_erased_cases_key_stays_in_a_bucket_that_keeps_versions(
    house: House, case: Case, owner: Database, versioned: S3Store
) -> None:
    vault = replace(house.vault, store=versioned)
    erasing: list[Callable[[], object]] = [lambda: erase_case(vault, owner, case.case_id, ORDER)]
    keep_case_key(interrupted(vault, erasing), case.case_id)
    assert erasing == []
    assert versioned.destroy(case_key_name(case.case_id)) == ()
    assert list(versioned.names()) == []


def test_the_last_copy_of_a_cases_key_outlives_an_upload_that_is_given_up(
    house: House, case: Case, place: Place, store: S3Store, root_key: FileRootKey
) -> None:
    case.deposit("party:claimant", b"kept")
    with psycopg.connect(place.superuser_url) as connection:
        connection.execute("DELETE FROM keys WHERE holder_id = %s", (case.case_id,))
    abandon_rendition(house.vault, case.case_id, RenditionId(new_id()))
    (found,) = restorable(store, Keyring(root_key))
    assert isinstance(found, Restorable)
    assert b"".join(found.content()) == b"kept"


def test_a_case_moved_just_before_it_is_erased_leaves_no_key_at_either_provider(
    house: House,
    case: Case,
    owner: Database,
    place: Place,
    reopened: Reopened,
    root_key: FileRootKey,
    new_root: FileRootKey,
) -> None:
    case.deposit("party:claimant")
    rotate_case(house.vault, owner, case.case_id)
    before = stored_keys(place)[case.case_id]
    vault = reopened(Keyring(new_root, old=root_key, keys_per_case=True)).vault
    rotate_root(vault, owner)
    moved = stored_keys(place)[case.case_id]
    said = said_by(house, erase_case(vault, owner, case.case_id, ORDER))
    assert said.provider == "file, file"
    for wrapped in (before, moved):
        with pytest.raises(KeyDestroyed):
            Keyring(new_root, old=root_key).open_case_key(case.case_id, wrapped)


def test_a_rotation_waits_for_an_order_that_has_read_the_key(
    house: House,
    case: Case,
    owner: Database,
    place: Place,
    reopened: Reopened,
    root_key: FileRootKey,
    new_root: FileRootKey,
) -> None:
    """Asked between the order's reading of the key's row and its removal."""
    vault = reopened(Keyring(new_root, old=root_key, keys_per_case=True)).vault
    seen: list[Any] = []

    def clock() -> Any:
        if not seen:
            with psycopg.connect(place.owner_url) as connection:
                connection.execute("SET lock_timeout = 200")
                try:
                    connection.execute(
                        "UPDATE keys SET wrapped = '' WHERE holder_id = %s", (case.case_id,)
                    )
                except psycopg.errors.LockNotAvailable:
                    connection.rollback()
                    seen.append("waited")
                else:
                    seen.append("replaced")
        return house.clock()

    erase_case(replace(vault, clock=clock), owner, case.case_id, ORDER)
    assert seen == ["waited"]
