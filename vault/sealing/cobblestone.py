"""Any chunk of a part opens by itself, once the part's header has shown whose it is.

The library that seals parts opens them from their first byte on alone. This is the same format,
read at any place.

Source: docs/sealed-document.md, section 4; https://c2sp.org/chunked-encryption.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from vault.errors import Tampered

if TYPE_CHECKING:
    from vault.sealing.keys import DataKey

SALT_SIZE = 24
COMMITMENT_SIZE = 32
HEADER_SIZE = SALT_SIZE + COMMITMENT_SIZE
CHUNK_SIZE = 16 << 10
TAG_SIZE = 16
SEALED_CHUNK_SIZE = CHUNK_SIZE + TAG_SIZE

_SUITE = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"
_KEY_SIZE = 32
_NONCE_SIZE = 12


class PartKey:
    """What opens the chunks of one part; it exists for the right key and context alone."""

    __slots__ = ("_base_nonce", "_cipher")

    def __init__(self, key: DataKey, context: bytes, header: bytes) -> None:
        """Derive it from a part's pinned header, before anything of the part is opened.

        Raises:
            Tampered: The header was not made under this key for this context.
        """
        salt, commitment = header[:SALT_SIZE], header[SALT_SIZE:]
        length = _KEY_SIZE + _NONCE_SIZE + COMMITMENT_SIZE
        expand = HKDFExpand(SHA512(), length, _SUITE + salt + context)
        derived = expand.derive(key.material())
        if not hmac.compare_digest(derived[_KEY_SIZE + _NONCE_SIZE :], commitment):
            raise Tampered
        self._cipher = AESGCM(derived[:_KEY_SIZE])
        self._base_nonce = int.from_bytes(derived[_KEY_SIZE : _KEY_SIZE + _NONCE_SIZE], "big")

    def open_chunk(self, number: int, sealed: bytes | memoryview) -> bytes:
        """Return the plaintext of a chunk, counted from 0.

        Raises:
            Tampered: It is another chunk, or was changed.
        """
        nonce = (self._base_nonce ^ number).to_bytes(_NONCE_SIZE, "big")
        try:
            return self._cipher.decrypt(nonce, sealed, None)
        except InvalidTag as error:
            raise Tampered from error
