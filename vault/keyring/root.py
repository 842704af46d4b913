"""The root key lies in one file that its owner alone can read, and never leaves this process."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, NoReturn, Self, final

from vault.errors import Tampered
from vault.sealing.envelope import derive, open_envelope, seal_envelope
from vault.sealing.keys import KEY_SIZE

if TYPE_CHECKING:
    from pathlib import Path

_FORMAT = re.compile(rb"subrosa root key v1\nid ([0-9a-f]{16})\nkey ([0-9a-f]{64})\n")
_FILE_SIZE = len("subrosa root key v1\nid \nkey \n") + 16 + 64
_VERSION = b"\x01"
_KEY_ID_SIZE = 8
_KEY_ID_LABEL = b"subrosa/root-key/id/v1"
_WRAP_LABEL = b"subrosa/root-key/wrap/v1"


class RootKeyRefused(Exception):
    """The root key file cannot be used; `str()` is one sentence for the operator.

    Not a VaultError: the vault does not start, so no caller ever sees it.
    """


@final
class FileRootKey:
    """Wraps case and person keys under a root key read from a file.

    Trusted with every secret of the vault: whoever has the file and the database reads all, and
    without the file nobody does. What is kept in memory is the wrapping subkey; Python does not
    overwrite the freed bytes of the file.

    Attributes:
        key_id: Tells root keys apart in wrapped keys and in messages; says nothing of the key.
    """

    __slots__ = ("_wrapping", "key_id")

    def __init__(self, material: bytes) -> None:
        assert len(material) == KEY_SIZE
        self._wrapping = derive(material, _WRAP_LABEL)
        self.key_id = derive(material, _KEY_ID_LABEL, _KEY_ID_SIZE).hex()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Draw a new root key and write its file, mode 0600, durable on return.

        Raises:
            RootKeyRefused: There is a file already, which is left alone, or none can be written.
        """
        material = os.urandom(KEY_SIZE)
        root = cls(material)
        text = f"subrosa root key v1\nid {root.key_id}\nkey {material.hex()}\n"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            raise RootKeyRefused(f"{path} cannot be created: {error.strerror}.") from error
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o600)
                file.write(text.encode())
                file.flush()
                os.fsync(descriptor)
            _sync_directory(path.parent)
        except OSError as error:
            path.unlink()
            raise RootKeyRefused(f"{path} cannot be written: {error.strerror}.") from error
        return root

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a root key from its file.

        Raises:
            RootKeyRefused: The file is a link, is not the owner's alone, or is not what `create`
                writes.
        """
        content = _read_private(path)
        match = _FORMAT.fullmatch(content)
        if match is None:
            raise RootKeyRefused(f"{path} is not a root key file of this version, or was cut.")
        root = cls(bytes.fromhex(match[2].decode()))
        if root.key_id != match[1].decode():
            raise RootKeyRefused(f"{path} is damaged: its key is not the one that its id names.")
        return root

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Return a key wrapped for one context: version ‖ key id ‖ envelope."""
        return self._prefix() + seal_envelope(self._wrapping, context, key)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the key that was wrapped for this context.

        Raises:
            Tampered: It was wrapped for another context or under another root key, or changed.
        """
        prefix = self._prefix()
        if not wrapped.startswith(prefix):
            raise Tampered
        return open_envelope(self._wrapping, context, wrapped[len(prefix) :])

    def _prefix(self) -> bytes:
        return _VERSION + bytes.fromhex(self.key_id)

    def __repr__(self) -> str:
        return f"<FileRootKey {self.key_id}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A root key cannot be pickled or copied.")


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
        return os.read(descriptor, _FILE_SIZE + 1)
    finally:
        os.close(descriptor)


def _sync_directory(directory: Path) -> None:
    """Make the file's name durable, not its bytes alone."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
