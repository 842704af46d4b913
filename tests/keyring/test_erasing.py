"""An erased case opens no more at any kind of provider, whoever kept its wrapped key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.vault.erasing import ORDER, agreed_case, said_by, under
from vault.database import erasures
from vault.disposition import erasure
from vault.errors import KeyDestroyed
from vault.keyring.keyring import Keyring
from vault.manifests import read_case_key

if TYPE_CHECKING:
    from tests.builders import House
    from vault.database.connection import Database
    from vault.keyring.port import KeyProvider
    from vault.keyring.root import FileRootKey
    from vault.storage.s3 import S3Store


def test_an_erased_case_with_a_key_of_its_own_does_not_open_from_a_backup(
    house: House, root_key: FileRootKey, provider: KeyProvider, store: S3Store, owner: Database
) -> None:
    # The vault's own key and those of people were wrapped before.
    case = agreed_case(under(house, Keyring(provider, old=root_key, keys_per_case=True)))
    case.deposit("party:claimant")
    with owner.snapshot() as tx:
        backup = erasures.key_left(tx, case.case_id)
    assert read_case_key(store, case.case_id) == backup
    said = said_by(house, erasure.erase_case(case.house.vault, owner, case.case_id, ORDER))
    with pytest.raises(KeyDestroyed):
        Keyring(provider, old=root_key).open_case_key(case.case_id, backup)
    assert said.provider == provider.name
    assert said.key
    assert said.objects == 3
    assert list(store.names()) == []
    assert said.refused[0].startswith(f"asked to use the key after that, {provider.name} answers")
    assert any(line.startswith("backups of the provider") for line in said.unreached)
    # AWS lets a deletion be cancelled for days.
    comes_back = [line for line in said.unreached if "bring back" in line]
    assert bool(comes_back) == (provider.name == "aws-kms")
    assert (said.destroyed_at > said.certified_at) == (provider.name == "aws-kms")
    assert (said.method == "the case's own key was destroyed at its provider") != bool(comes_back)
    case.house.check()
