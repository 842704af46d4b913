"""A short secret is sealed whole, under a subkey for one purpose, bound to where it belongs.

Source: docs/sealed-document.md, sections 2 and 5.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vault.errors import Tampered

_NONCE_SIZE = 12
_TAG_SIZE = 16
ENVELOPE_OVERHEAD = _NONCE_SIZE + _TAG_SIZE


def encode_context(label: bytes, *items: bytes) -> bytes:
    """Return the one encoding of a label and its items: no other items give the same bytes.

    Args:
        label: Names the purpose and the version; no label contains a zero byte.
        items: Each is preceded by its length, so that bytes cannot move from one to the next.
    """
    return b"".join((label, b"\0", *(len(item).to_bytes(4, "big") + item for item in items)))


def derive(secret: bytes, label: bytes, length: int = 32) -> bytes:
    """Return the subkey of a secret that serves the purpose the label names.

    Source: RFC 5869 with SHA-256, no salt, the label as info.
    """
    return HKDF(SHA256(), length, salt=None, info=label).derive(secret)


def seal_envelope(subkey: bytes, context: bytes, plaintext: bytes) -> bytes:
    """Return nonce ‖ ciphertext ‖ tag, AES-256-GCM with the context as associated data.

    The nonce is random: one subkey seals at most 2^32 envelopes, far beyond any case's rows.
    """
    nonce = os.urandom(_NONCE_SIZE)
    return nonce + AESGCM(subkey).encrypt(nonce, plaintext, context)


def open_envelope(subkey: bytes, context: bytes, envelope: bytes) -> bytes:
    """Return the plaintext.

    Raises:
        Tampered: Another subkey or context sealed it, or it was changed or cut.
    """
    if len(envelope) < ENVELOPE_OVERHEAD:
        raise Tampered
    nonce, sealed = envelope[:_NONCE_SIZE], envelope[_NONCE_SIZE:]
    try:
        return AESGCM(subkey).decrypt(nonce, sealed, context)
    except InvalidTag as error:
        raise Tampered from error
