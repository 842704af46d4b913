"""The root key file is its owner's alone, or it is not used."""

from __future__ import annotations

import copy
import os
import pickle
import resource
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from vault.errors import Tampered, Unavailable
from vault.ids import CaseId
from vault.keyring.port import KeyGone, Place, RootKeyRefused
from vault.keyring.root import FileRootKey
from vault.sealing.envelope import derive, seal_envelope

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

HERE, THERE = Place("case", UUID(int=1)), Place("case", UUID(int=2))
KEY = b"PLAIN-KEY-BYTES-OF-THIRTY-TWO-XX"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "root.key"


@contextmanager
def umask(mask: int) -> Generator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_a_new_file_is_its_owners_alone_under_any_umask(path: Path, mask: int) -> None:
    with umask(mask):
        FileRootKey.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_created_is_what_is_loaded(path: Path) -> None:
    created = FileRootKey.create(path)
    loaded = FileRootKey.load(path)
    assert loaded.key_id == created.key_id
    assert loaded.unwrap(created.wrap(KEY, HERE), HERE) == KEY


def test_the_file_says_what_it_is(path: Path) -> None:
    root = FileRootKey.create(path)
    first, second, third = path.read_text().splitlines()
    assert first == "subrosa root key v1"
    assert second == f"id {root.key_id}"
    assert third.startswith("key ")
    assert root.key_id not in third


def test_two_root_keys_differ(tmp_path: Path) -> None:
    first, second = (FileRootKey.create(tmp_path / name) for name in ("a", "b"))
    assert first.key_id != second.key_id


def test_a_file_that_exists_is_left_alone(path: Path) -> None:
    FileRootKey.create(path)
    content = path.read_bytes()
    with pytest.raises(RootKeyRefused, match="exists"):
        FileRootKey.create(path)
    assert path.read_bytes() == content


def test_a_file_is_not_created_through_a_link(tmp_path: Path, path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RootKeyRefused):
        FileRootKey.create(path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RootKeyRefused, match=r"gone/root\.key cannot be created: No such file"):
        FileRootKey.create(tmp_path / "gone" / "root.key")


def test_a_full_disk_leaves_no_half_a_key(path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
    try:
        with pytest.raises(RootKeyRefused, match="cannot be written: File too large"):
            FileRootKey.create(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o660, 0o644, 0o777])
def test_a_file_open_to_others_is_refused(path: Path, mode: int) -> None:
    FileRootKey.create(path)
    path.chmod(mode)
    with pytest.raises(RootKeyRefused) as refusal:
        FileRootKey.load(path)
    assert str(refusal.value) == f"{path} has mode {mode:04o}; it must be 0600 or stricter."


def test_a_stricter_mode_is_accepted(path: Path) -> None:
    FileRootKey.create(path)
    path.chmod(0o400)
    FileRootKey.load(path)


def test_a_link_is_refused(tmp_path: Path, path: Path) -> None:
    FileRootKey.create(tmp_path / "real.key")
    path.symlink_to(tmp_path / "real.key")
    with pytest.raises(RootKeyRefused, match="it is a link"):
        FileRootKey.load(path)


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(RootKeyRefused, match=r"root\.key cannot be opened: No such file"):
        FileRootKey.load(path)


def test_a_directory_and_a_pipe_are_refused(path: Path) -> None:
    path.mkdir(mode=0o700)
    with pytest.raises(RootKeyRefused, match="not a regular file"):
        FileRootKey.load(path)
    path.rmdir()
    os.mkfifo(path, 0o600)
    with pytest.raises(RootKeyRefused, match="not a regular file"):
        FileRootKey.load(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="ONLY ROOT can give a file to another user")
def test_a_file_of_another_user_is_refused(path: Path) -> None:
    FileRootKey.create(path)
    os.chown(path, 65534, -1)
    with pytest.raises(RootKeyRefused, match="belongs to user 65534"):
        FileRootKey.load(path)


def test_a_file_cut_at_any_length_is_refused(path: Path) -> None:
    FileRootKey.create(path)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(RootKeyRefused, match="not a root key file"):
            FileRootKey.load(path)


def test_any_changed_byte_of_the_file_is_refused(path: Path) -> None:
    FileRootKey.create(path)
    content = path.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] = ord("0") if changed[place] != ord("0") else ord("1")
        path.write_bytes(changed)
        with pytest.raises(RootKeyRefused):
            FileRootKey.load(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        bytes(32),
        b"subrosa root key v2\nid 0123456789abcdef\nkey " + b"00" * 32 + b"\n",
        b"subrosa root key v1\nid 0123456789abcdef\nkey " + b"00" * 31 + b"\n",
        b"subrosa root key v1\nid 0123456789abcdef\nkey " + b"00" * 33 + b"\n",
        b"subrosa root key v1\r\nid 0123456789abcdef\r\nkey " + b"00" * 32 + b"\r\n",
    ],
)
def test_another_format_is_refused(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(RootKeyRefused, match="not a root key file"):
        FileRootKey.load(path)


def test_anything_after_the_key_is_refused(path: Path) -> None:
    FileRootKey.create(path)
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(RootKeyRefused, match="not a root key file"):
        FileRootKey.load(path)


def test_a_refusal_shows_no_byte_of_the_key(path: Path) -> None:
    FileRootKey.create(path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"id ", b"id 0", 1)[: len(content)])
    with pytest.raises(RootKeyRefused) as refusal:
        FileRootKey.load(path)
    assert content[-65:-1].decode()[:8] not in repr(refusal.value)


def test_a_root_key_shows_its_id_and_nothing_else(path: Path) -> None:
    root = FileRootKey.create(path)
    key = path.read_text().split()[-1]
    assert repr(root) == str(root) == f"<FileRootKey {root.key_id}>"
    assert key[:8] not in repr(root)


def test_a_root_key_is_neither_pickled_nor_copied(path: Path) -> None:
    root = FileRootKey.create(path)
    for duplicate in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            duplicate(root)


def test_a_key_wrapped_for_one_context_opens_in_no_other(path: Path) -> None:
    root = FileRootKey.create(path)
    wrapped = root.wrap(KEY, HERE)
    with pytest.raises(Tampered):
        root.unwrap(wrapped, THERE)


def test_a_key_wrapped_under_another_root_key_is_refused(tmp_path: Path) -> None:
    first, second = (FileRootKey.create(tmp_path / name) for name in ("a", "b"))
    wrapped = first.wrap(KEY, HERE)
    with pytest.raises(Tampered):
        second.unwrap(wrapped, HERE)
    # The id alone decides nothing: with the other's id put in, the key still does not open.
    renamed = wrapped[:3] + bytes.fromhex(second.key_id) + wrapped[11:]
    with pytest.raises(Tampered):
        second.unwrap(renamed, HERE)


def every_change(wrapped: bytes) -> list[bytes]:
    others = [wrapped[:length] for length in range(len(wrapped))]
    for bit in range(len(wrapped) * 8):
        other = bytearray(wrapped)
        other[bit // 8] ^= 1 << bit % 8
        others.append(bytes(other))
    return [*others, wrapped + b"\0"]


def test_every_bit_and_every_length_of_a_wrapped_key_counts(path: Path) -> None:
    root = FileRootKey.create(path)
    wrapped = root.wrap(KEY, HERE)
    assert len(wrapped) == 71
    assert wrapped[:11] == b"\x02\x01\x00" + bytes.fromhex(root.key_id)
    for other in every_change(wrapped):
        with pytest.raises(Tampered):
            root.unwrap(other, HERE)


def in_the_first_format(root: FileRootKey, material: bytes) -> bytes:
    subkey = derive(material, b"subrosa/root-key/wrap/v1")
    return b"\x01" + bytes.fromhex(root.key_id) + seal_envelope(subkey, HERE.encoded(), KEY)


def test_a_key_of_the_first_format_opens_and_is_wrapped_anew_in_the_second() -> None:
    root = FileRootKey(bytes(32))
    wrapped = in_the_first_format(root, bytes(32))
    assert root.unwrap(wrapped, HERE) == KEY
    anew = root.rewrap(wrapped, HERE)
    assert anew[0] == 2
    assert root.unwrap(anew, HERE) == KEY
    assert root.rewrap(anew, HERE) == anew


def test_every_bit_and_every_length_of_the_first_format_counts() -> None:
    root = FileRootKey(bytes(32))
    for other in every_change(in_the_first_format(root, bytes(32))):
        with pytest.raises(Tampered):
            root.unwrap(other, HERE)


def test_a_cases_own_key_lies_in_a_file_of_its_owners_alone(path: Path) -> None:
    root, case = FileRootKey.create(path), CaseId(UUID(int=1))
    with umask(0):
        root.new_case_key(case)
    (file,) = (path.parent / "root.key.cases").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert file.name.startswith(f"{case}.000000.")
    assert file.read_text().startswith("subrosa case key v1\nid ")


def test_a_destroyed_file_is_overwritten_before_it_is_removed(path: Path) -> None:
    root, case = FileRootKey.create(path), CaseId(UUID(int=1))
    root.new_case_key(case)
    (file,) = (path.parent / "root.key.cases").iterdir()
    with file.open("rb") as held:
        assert b"subrosa" in held.read()
        root.destroy_case_key(case)
        held.seek(0)
        assert set(held.read()) == {0}
    assert list(file.parent.iterdir()) == []


def test_a_cases_own_key_opens_nothing_without_the_root_key(tmp_path: Path) -> None:
    first, second = (FileRootKey.create(tmp_path / name) for name in ("a", "b"))
    first.new_case_key(CaseId(UUID(int=1)))
    wrapped = first.wrap(KEY, HERE, own=True)
    (tmp_path / "a.cases").rename(tmp_path / "b.cases")
    renamed = wrapped[:3] + bytes.fromhex(second.key_id) + wrapped[11:]
    with pytest.raises(Tampered):
        second.unwrap(renamed, HERE)


def test_a_directory_that_is_not_mounted_is_no_destroyed_key(path: Path) -> None:
    root, case = FileRootKey.create(path), CaseId(UUID(int=1))
    root.new_case_key(case)
    wrapped = root.wrap(KEY, HERE, own=True)
    directory = path.parent / "root.key.cases"
    directory.rename(path.parent / "elsewhere")
    with pytest.raises(Unavailable):
        root.unwrap(wrapped, HERE)
    assert not root.destroy_case_key(case).found
    directory.mkdir()
    with pytest.raises(KeyGone):
        root.unwrap(wrapped, HERE)


def test_a_cases_own_file_that_others_can_read_is_not_used(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = FileRootKey.create(path)
    root.new_case_key(CaseId(UUID(int=1)))
    wrapped = root.wrap(KEY, HERE, own=True)
    (file,) = (path.parent / "root.key.cases").iterdir()
    file.chmod(0o644)
    with pytest.raises(Unavailable) as refusal:
        root.unwrap(wrapped, HERE)
    assert "0644" in caplog.text
    assert "0644" not in str(refusal.value)
