"""Somebody without a vault opens what they were given, and nothing that was changed since."""

from __future__ import annotations

import os
import re
import socket
import stat
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from api.__main__ import app
from vault.errors import Tampered
from vault.sealing.exported import ExportedKey, KeyFileRefused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.builders import House
    from tests.conftest import Place
    from vault.keyring.root import FileRootKey

MIB = 1 << 20
LARGE = os.urandom(9 * MIB)


@pytest.fixture
def folder(
    house: House,
    root_key: FileRootKey,
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A case with one document, exported sealed by the operator."""
    house.case("party:claimant").deposit("party:claimant", LARGE)
    for name, value in {
        "ENDPOINT": place.s3.endpoint or "",
        "BUCKET": place.s3.bucket,
        "ACCESS_KEY": place.s3.access_key,
        "SECRET_KEY": place.s3.secret_key,
    }.items():
        monkeypatch.setenv(f"SUBROSA_S3_{name}", value)
    monkeypatch.setenv("SUBROSA_ROOT_KEY_FILE", str(tmp_path / "root.key"))
    out = tmp_path / "exported"
    done = CliRunner().invoke(app, ["restore-from-bucket", "--out", str(out), "--sealed"])
    assert done.exit_code == 0, done.output
    (case,) = (path for path in out.iterdir() if path.is_dir())
    assert sorted(path.suffix for path in case.iterdir()) == [".key", ".manifest", ".sealed"]
    return case


def files(folder: Path) -> tuple[Path, Path, Path]:
    sealed, key, manifest = (
        next(folder.glob(f"*.{kind}")) for kind in ("sealed", "key", "manifest")
    )
    return sealed, key, manifest


def run(folder: Path, *, with_manifest: bool) -> tuple[int, str]:
    sealed, key, manifest = files(folder)
    words = ["open-file", str(sealed), "--key", str(key), "--out", str(folder / "out")]
    done = CliRunner().invoke(app, [*words, *(["--manifest", str(manifest)] * with_manifest)])
    return done.exit_code, done.output or str(done.exception)


@pytest.mark.parametrize("with_manifest", [True, False])
def test_an_exported_document_opens_offline(
    folder: Path, with_manifest: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was asked for")

    for name in tuple(os.environ):
        if name.startswith("SUBROSA_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(socket, "socket", refuse)
    code, said = run(folder, with_manifest=with_manifest)
    assert code == 0, said
    assert said.startswith(f"Opened {len(LARGE)} bytes, SHA-256 ")
    assert (folder / "out").read_bytes() == LARGE
    assert stat.S_IMODE((folder / "out").stat().st_mode) == 0o600
    code, said = run(folder, with_manifest=with_manifest)
    assert code == 1
    assert (folder / "out").read_bytes() == LARGE


def change(path: Path, do: Callable[[bytes], bytes]) -> None:
    path.write_bytes(do(path.read_bytes()))


def flip(at: int) -> Callable[[bytes], bytes]:
    def flipped(body: bytes) -> bytes:
        changed = bytearray(body)
        changed[at] ^= 1
        return bytes(changed)

    return flipped


def in_text(old: str, new: str) -> Callable[[bytes], bytes]:
    def replaced(body: bytes) -> bytes:
        assert old.encode() in body
        return body.replace(old.encode(), new.encode())

    return replaced


# Which file is changed, how, and whether it needs the manifest to be found.
CHANGES: dict[str, tuple[str, Callable[[bytes], bytes], bool]] = {
    "a byte of the first header": ("sealed", flip(3), False),
    "a byte of the first part": ("sealed", flip(99), False),
    "the last byte": ("sealed", flip(-1), False),
    "cut": ("sealed", lambda b: b[:-1], False),
    "cut to a part": ("sealed", lambda b: b[:8_396_872], False),
    "extended": ("sealed", lambda b: b + b"\0", False),
    "emptied": ("sealed", lambda _: b"", False),
    "another size": ("key", in_text(f"size_bytes {9 * MIB}", f"size_bytes {9 * MIB - 1}"), False),
    "another part size": ("key", in_text("part_size 8388608", "part_size 8388607"), False),
    "another digest": ("key", lambda b: re.sub(rb"sha256 .{8}", b"sha256 00000000", b), False),
    "another key": ("key", lambda b: re.sub(rb"key .{8}", b"key 00000000", b), False),
    "another case": ("key", lambda b: re.sub(rb"case .{8}", b"case 00000000", b), False),
    "manifest changed": ("manifest", flip(-1), True),
    "manifest of another version": ("manifest", flip(0), True),
    "manifest of another document": ("manifest", flip(2), True),
    "manifest cut": ("manifest", lambda b: b[:50], True),
    "manifest emptied": ("manifest", lambda _: b"", True),
    "manifest endless": ("manifest", lambda b: b + bytes(3 * MIB), True),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_does_not_open_and_leaves_no_file(folder: Path, what: str) -> None:
    kind, do, needs_manifest = CHANGES[what]
    change(next(folder.glob(f"*.{kind}")), do)
    for with_manifest in {True, needs_manifest}:
        code, said = run(folder, with_manifest=with_manifest)
        assert code == 1
        assert said == "It does NOT open: these files do not belong together, or one was changed.\n"
        assert not (folder / "out").exists()
        assert list(folder.glob("*.unverified")) == []


TEXT = """\
subrosa data key v1
case 00000000-0000-0000-0000-00000000ca5e
document 00000000-0000-0000-0000-000000000d0c
rendition 00000000-0000-0000-0000-000000002e4d
size_bytes 41
part_size 40
sha256 abababababababababababababababababababababababababababababababab
key 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
"""

FAULTS = {
    "nothing": "",
    "another version": TEXT.replace("v1", "v2"),
    "a line less": TEXT.replace("part_size 40\n", ""),
    "a line more": TEXT + "note well\n",
    "lines in another order": TEXT.replace("part_size 40\n", "").replace(
        "key", "part_size 40\nkey"
    ),
    "no line feed at the end": TEXT[:-1],
    "carriage returns": TEXT.replace("\n", "\r\n"),
    "a leading zero": TEXT.replace("size_bytes 41", "size_bytes 041"),
    "a negative size": TEXT.replace("size_bytes 41", "size_bytes -1"),
    "no part size": TEXT.replace("part_size 40", "part_size 0"),
    "an id in capitals": TEXT.replace("ca5e", "CA5E"),
    "an id that is none": TEXT.replace("case 00000000-0", "case 00000000--"),
    "an id with its hyphens elsewhere": TEXT.replace("case 00000000-0000", "case 000000000-000"),
    "a key in capitals": TEXT.replace("0a0b", "0A0B"),
    "a short key": TEXT.replace("1e1f", "1e"),
}


def test_a_key_file_is_written_exactly_so() -> None:
    assert ExportedKey.parse(TEXT).text() == TEXT
    assert "0a0b0c" not in repr(ExportedKey.parse(TEXT))


@pytest.mark.parametrize("fault", FAULTS)
def test_any_other_text_is_no_key_file(fault: str) -> None:
    assert FAULTS[fault] != TEXT
    with pytest.raises((KeyFileRefused, Tampered)) as refused:
        ExportedKey.parse(FAULTS[fault])
    assert "0a0b" not in str(refused.value)


def test_a_key_file_that_is_none_is_refused_in_one_sentence(folder: Path) -> None:
    _, key, _ = files(folder)
    for body in (b"", b"\xff" * 64, os.urandom(5000)):
        key.write_bytes(body)
        code, said = run(folder, with_manifest=True)
        assert code == 1
        assert said == "This is not the key file of a sealed document, or it was changed."
