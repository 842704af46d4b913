"""A case with a key of its own is erased through each real provider, and a killed rotation too."""

from __future__ import annotations

import resource
import signal
import sys
from dataclasses import replace
from multiprocessing import get_context
from typing import TYPE_CHECKING

import pytest

from tests.builders import House
from tests.vault.erasing import ORDER, agreed_case, problems, said_by
from tests.vault.test_rotation import stored_keys
from vault.disposition.erasure import erase_case
from vault.errors import KeyDestroyed
from vault.ids import CaseId, new_id
from vault.keyring.keyring import Keyring
from vault.keyring.port import Place
from vault.keyring.root import FileRootKey
from vault.upkeep.rotation import rotate_case, rotate_root

if TYPE_CHECKING:
    from pathlib import Path

    from tests import conftest
    from vault.database.connection import Database
    from vault.keyring.port import KeyProvider
    from vault.storage.s3 import S3Store


def test_a_case_is_erased_with_its_key_at_a_real_provider(
    house: House,
    owner: Database,
    place: conftest.Place,
    store: S3Store,
    root_key: FileRootKey,
    provider: KeyProvider,
) -> None:
    keyring = Keyring(provider, old=root_key, keys_per_case=True)
    house = House(replace(house.vault, keyring=keyring), house.clock)
    case, kept = agreed_case(house), agreed_case(house)
    case.deposit("party:claimant")
    kept.deposit("party:claimant")
    backup = stored_keys(place)

    said = said_by(house, erase_case(house.vault, owner, case.case_id, ORDER))

    assert said.provider == provider.name
    assert str(case.case_id) in said.key or provider.name == "aws-kms"
    assert any(provider.name in line for line in said.refused)
    assert not [name for name in store.names() if name.startswith(str(case.case_id))]
    anew = Keyring(provider)
    with pytest.raises(KeyDestroyed):
        anew.open_case_key(case.case_id, backup[case.case_id])
    assert anew.open_case_key(kept.case_id, backup[kept.case_id])
    assert problems(house) == ()


def test_a_case_under_the_root_key_is_erased_though_its_provider_has_no_key_of_its_own(
    house: House, owner: Database, root_key: FileRootKey, provider: KeyProvider
) -> None:
    keyring = Keyring(provider, old=root_key)
    house = House(replace(house.vault, keyring=keyring), house.clock)
    case = agreed_case(house)
    said = said_by(house, erase_case(house.vault, owner, case.case_id, ORDER))
    assert said.provider.startswith("the database, wrapped under the vault's root key")


def test_a_certificate_does_not_say_that_a_key_was_destroyed_which_nobody_found(
    house: House, owner: Database, provider: KeyProvider, root_key: FileRootKey
) -> None:
    keyring = Keyring(provider, old=root_key, keys_per_case=True)
    house = House(replace(house.vault, keyring=keyring), house.clock)
    case = agreed_case(house)
    provider.destroy_case_key(case.case_id)
    said = said_by(house, erase_case(house.vault, owner, case.case_id, ORDER))
    if provider.name == "aws-kms":  # It still has it, and says until when.
        assert "destroyed" in said.method
    else:
        assert said.method.startswith("no key of the case's own was found at ")


def _die_while_a_key_is_written(path: Path, case: CaseId, after_bytes: int) -> None:
    root = FileRootKey.load(path)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after_bytes, resource.RLIM_INFINITY))
    root.new_case_key(case)


@pytest.mark.skipif(sys.platform != "linux", reason="NOT LINUX: processes start otherwise")
@pytest.mark.parametrize("after_bytes", [0, 30])
def test_killed_while_a_cases_own_key_is_made_a_rotation_goes_on_and_all_of_it_is_destroyed(
    house: House,
    owner: Database,
    place: conftest.Place,
    root_key: FileRootKey,
    tmp_path: Path,
    after_bytes: int,
) -> None:
    case = agreed_case(house)
    rotate_case(house.vault, owner, case.case_id)
    process = get_context("spawn").Process(
        target=_die_while_a_key_is_written,
        args=(tmp_path / "root.key", case.case_id, after_bytes),
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGXFSZ
    directory = tmp_path / "root.key.cases"
    assert len(list(directory.iterdir())) == 2

    assert rotate_root(house.vault, owner).refused == ()
    rotate_case(house.vault, owner, case.case_id)
    assert problems(house) == ()
    wrapped = stored_keys(place)[case.case_id]
    assert root_key.unwrap(wrapped, Place("case", case.case_id))
    said_by(house, erase_case(house.vault, owner, case.case_id, ORDER))
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize("done", [False, True])
def test_a_move_that_ended_around_the_making_of_a_key_is_made_again(
    provider: KeyProvider, done: bool
) -> None:
    """Killed before or after the provider has made the key, and before anything is under it."""
    case = CaseId(new_id())
    key, wrapped = Keyring(provider).new_case_key(case)
    if done:
        provider.new_case_key(case)
    keyring = Keyring(provider, keys_per_case=True)
    moved = keyring.rewrap(Place("case", case), wrapped)
    assert Keyring(provider).open_case_key(case, moved).material() == key.material()
    (destroyed,) = keyring.destroy_case_key(case, moved)
    assert destroyed.found
    with pytest.raises(KeyDestroyed):
        keyring.open_case_key(case, moved)
