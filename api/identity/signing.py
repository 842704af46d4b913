"""A person's private key is made and kept on their own machine; what leaves it are signatures."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, NoReturn, Self, final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from vault.audit.personal import signed_bytes

if TYPE_CHECKING:
    from pathlib import Path


class KeyFileRefused(Exception):
    """A key file cannot be made, or holds no key to sign with; `str()` is one sentence."""


@final
class PrivateKey:
    """The private half of the key by which one person signs agreements."""

    __slots__ = ("_key",)

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def generate(cls) -> Self:
        """Make a new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a key from a PEM file, whatever program made it.

        Raises:
            KeyFileRefused: The file cannot be read, or holds no Ed25519 key.
        """
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyFileRefused(f"{path} holds no private key that can be read.") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyFileRefused(f"The key in {path} is not an Ed25519 key.")
        return cls(key)

    def save(self, path: Path) -> None:
        """Write the key to a file that its owner alone can read, as PEM (PKCS #8).

        Raises:
            KeyFileRefused: The file is there already, or cannot be written.
        """
        pem = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError as error:
            raise KeyFileRefused(f"{path} is there already; it is not overwritten.") from error
        except OSError as error:
            raise KeyFileRefused(f"{path} cannot be written: {error.strerror}.") from error
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(descriptor)

    def public_text(self) -> str:
        """Return the public half as it is registered: base64 of its 32 bytes."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign_agreement(self, digest: str) -> str:
        """Return the signature, in base64, of the agreement of this digest."""
        return base64.b64encode(self._key.sign(signed_bytes(digest))).decode()

    def __repr__(self) -> str:
        return f"<PrivateKey of {self.public_text()}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A private key cannot be pickled or copied.")
