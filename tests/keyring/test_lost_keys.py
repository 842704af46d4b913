"""A key that a provider does not show is not a key that was destroyed, and nothing says it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.keyring.servers import Bao, StrictKms, kms_address
from vault.errors import Unavailable
from vault.ids import CaseId, new_id
from vault.keyring.keyring import Keyring
from vault.keyring.kms import KmsRootKey
from vault.keyring.port import Place
from vault.keyring.root import FileRootKey
from vault.keyring.transit import TransitRootKey

if TYPE_CHECKING:
    from pathlib import Path

CASE = CaseId(new_id())
PLACE = Place("case", CASE)
KEY = b"PLAIN-KEY-BYTES-OF-THIRTY-TWO-XX"


def test_a_directory_of_keys_that_is_away_destroys_nothing(tmp_path: Path) -> None:
    root = FileRootKey.create(tmp_path / "r.key")
    keyring = Keyring(root, keys_per_case=True)
    _, wrapped = keyring.new_case_key(CASE)
    cases = tmp_path / "r.key.cases"
    cases.rename(tmp_path / "away")
    with pytest.raises(Unavailable):
        keyring.destroy_case_key(CASE, wrapped)
    cases.mkdir(0o700)
    (done,) = keyring.destroy_case_key(CASE, wrapped)
    assert not done.found
    cases.rmdir()
    (tmp_path / "away").rename(cases)
    assert Keyring(root).open_case_key(CASE, wrapped)
    (done,) = keyring.destroy_case_key(CASE, wrapped)
    assert done.found


def test_a_key_file_that_was_cut_by_a_crash_is_no_version_and_is_destroyed_too(
    tmp_path: Path,
) -> None:
    root = FileRootKey.create(tmp_path / "r.key")
    root.new_case_key(CASE)
    cut = tmp_path / "r.key.cases" / f"{CASE}.000001.{'00' * 8}.key.new"
    cut.write_bytes(b"subrosa case key v1\nid 00")
    wrapped = root.wrap(KEY, PLACE, own=True)
    assert root.unwrap(wrapped, PLACE) == KEY
    assert root.destroy_case_key(CASE).found
    assert list(cut.parent.iterdir()) == []


def test_a_kms_key_whose_alias_was_removed_is_not_said_to_be_destroyed(kms: StrictKms) -> None:
    keyring = Keyring(KmsRootKey(kms, kms_address(kms)), keys_per_case=True)
    _, wrapped = keyring.new_case_key(CASE)
    aliases = kms.inner.list_aliases()["Aliases"]
    (alias,) = (one for one in aliases if one["AliasName"].startswith("alias/subrosa-case-"))
    kms.inner.delete_alias(AliasName=alias["AliasName"])
    (done,) = keyring.destroy_case_key(CASE, wrapped)
    assert not done.found
    said = kms.inner.describe_key(KeyId=alias["TargetKeyId"])["KeyMetadata"]
    assert said["KeyState"] == "Enabled"


def test_an_engines_key_that_is_not_there_is_not_said_to_be_destroyed(bao: Bao) -> None:
    keyring = Keyring(TransitRootKey(bao.make_key("absent")), keys_per_case=True)
    _, wrapped = keyring.new_case_key(CASE)
    name = f"absent-case-{CASE}"
    bao.transit().update_key_configuration(name, deletion_allowed=True)
    bao.transit().delete_key(name)
    (done,) = keyring.destroy_case_key(CASE, wrapped)
    assert not done.found


def test_an_engines_key_that_a_killed_run_made_can_be_destroyed(bao: Bao) -> None:
    root = TransitRootKey(bao.make_key("killed"))
    # The one request that `new_case_key` sends, and nothing after it.
    bao.transit().create_key(f"killed-case-{CASE}", derived=True, exportable=False)
    keyring = Keyring(root, keys_per_case=True)
    moved = keyring.rewrap(PLACE, Keyring(root).new_case_key(CASE)[1])
    (done,) = keyring.destroy_case_key(CASE, moved)
    assert done.found


def test_an_engines_key_is_not_deleted_by_whoever_does_not_allow_it_first(bao: Bao) -> None:
    TransitRootKey(bao.make_key("kept")).new_case_key(CASE)
    with pytest.raises(Exception, match="deletion is not allowed"):
        bao.transit().delete_key(f"kept-case-{CASE}")
