"""A file with a key in it is its owner's alone, whole and durable, or it is not used."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from vault.keyring.port import RootKeyRefused
from vault.keyring.wrapped import KEY_ID_SIZE
from vault.sealing.envelope import derive

if TYPE_CHECKING:
    from pathlib import Path

_KEY_ID_LABEL = b"subrosa/root-key/id/v1"
_LONGEST = 256


def key_id_of(material: bytes) -> str:
    """Return the id of a key that lies in a file: it tells keys apart and says nothing of them."""
    return derive(material, _KEY_ID_LABEL, KEY_ID_SIZE).hex()


def write_key(path: Path, title: str, material: bytes) -> None:
    """Write a key to a file of its own, mode 0600, durable on return.

    Raises:
        RootKeyRefused: There is a file already, which is left alone, or none can be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise RootKeyRefused(f"{path} cannot be created: {error.strerror}.") from error
    text = f"{title}\nid {key_id_of(material)}\nkey {material.hex()}\n"
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(text.encode())
            file.flush()
            os.fsync(descriptor)
        sync_directory(path.parent)
    except OSError as error:
        path.unlink()
        raise RootKeyRefused(f"{path} cannot be written: {error.strerror}.") from error


def read_key(path: Path, title: str) -> bytes:
    """Return the key that `write_key` wrote under this title.

    Raises:
        RootKeyRefused: The file is not there, is a link, is not the owner's alone, or is not what
            was written.
    """
    content = _read_private(path)
    form = re.escape(title).encode() + rb"\nid ([0-9a-f]{16})\nkey ([0-9a-f]{64})\n"
    match = re.fullmatch(form, content)
    if match is None:
        kind = title.removeprefix("subrosa ").removesuffix(" v1")
        raise RootKeyRefused(f"{path} is not a {kind} file of this version, or was cut.")
    material = bytes.fromhex(match[2].decode())
    if key_id_of(material) != match[1].decode():
        raise RootKeyRefused(f"{path} is damaged: its key is not the one that its id names.")
    return material


def overwrite_and_remove(path: Path) -> None:
    """Overwrite a file in place and remove it, durably.

    A file system that writes elsewhere, a snapshot or a flash disk may keep the old blocks.

    Raises:
        OSError: It could not be done; the file may still be there.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.write(descriptor, bytes(os.fstat(descriptor).st_size))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    path.unlink()
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable, not the bytes of its files alone."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_private(path: Path) -> bytes:
    """Return what a file holds, if nobody but the user of this process can have read it.

    Checked on the open file, so that it cannot be exchanged between the check and the reading; a
    named pipe does not block.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        link = ": it is a link" if path.is_symlink() else f": {error.strerror}"
        raise RootKeyRefused(f"{path} cannot be opened{link}.") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise RootKeyRefused(f"{path} is not a regular file.")
        if status.st_uid != os.geteuid():
            raise RootKeyRefused(f"{path} belongs to user {status.st_uid}, not {os.geteuid()}.")
        mode = stat.S_IMODE(status.st_mode)
        if mode & 0o077:
            raise RootKeyRefused(f"{path} has mode {mode:04o}; it must be 0600 or stricter.")
        return os.read(descriptor, _LONGEST)
    finally:
        os.close(descriptor)
