"""The vectors that were published with the format are opened and refused as they say.

They belong to the draft of June 2026, which derives keys by HKDF-SHA-256; the Cobblestone variants
that we seal by use SHA-512 under the same label (C2SP#296). So the readers here take the hash as a
parameter, and the same readers are held to what the vault seals.

Source: PyPI `cryptography-vectors`, `chunked-encryption/vectors.json`.
"""

from __future__ import annotations

import base64
import json
import zlib
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from tests.sealing.samples import CHUNK, CONTEXT, KEY, content, seal
from tests.sealing.second_reader import read

published = pytest.mark.skipif(
    find_spec("cryptography_vectors") is None,
    reason="NO PUBLISHED VECTORS: the package cryptography-vectors is not installed, so that all "
    "but one of them are left out",
)


def opened(key: bytes, context: bytes, message: bytes, digest: HashAlgorithm) -> bytes:
    """Open one message, written from the specification; InvalidTag for anything else."""
    size = len(key)
    label = f"c2sp.org/chunked-encryption@v1+AEAD_AES_{size * 8}_GCM".encode()
    info = label + b"\0" + message[:24] + context
    derived = HKDFExpand(digest, size + 44, info).derive(key)
    if derived[size + 12 :] != message[24:56]:
        raise InvalidTag
    cipher, base = AESGCM(derived[:size]), int.from_bytes(derived[size : size + 12], "big")
    plain, at, number = b"", 56, 0
    while True:
        chunk = message[at : at + CHUNK + 16]
        if len(chunk) < 16:
            raise InvalidTag
        plain += cipher.decrypt((base ^ number).to_bytes(12, "big"), chunk, None)
        at, number = at + len(chunk), number + 1
        if len(chunk) < CHUNK + 16:
            return plain


def vectors() -> list[dict[str, Any]]:
    """Return those of AES-GCM; the format exists for other ciphers too."""
    package = import_module("cryptography_vectors")
    with package.open_vector_file("chunked-encryption/vectors.json", "r") as file:
        listed = json.load(file)["vectors"]
    return [one for one in listed if one["aead"] in {"AEAD_AES_128_GCM", "AEAD_AES_256_GCM"}]


def message_of(vector: dict[str, Any]) -> bytes:
    # An empty message is published as null.
    message = base64.b64decode(vector["ciphertext"] or "")
    return zlib.decompress(message) if vector.get("compressed") else message


@published
def test_every_published_vector_is_opened_or_refused_as_it_says() -> None:
    listed = vectors()
    good = [one for one in listed if one["expect"] == "success"]
    assert (len(good), len(listed) - len(good)) == (18, 50)
    questions = [
        {
            "kind": "message",
            "key": one["key"],
            "context": one["context"].encode().hex(),
            "message": message_of(one).hex(),
            "hash": "sha256",
        }
        for one in listed
    ]
    for one, by_node in zip(listed, read(questions), strict=True):
        key, context = bytes.fromhex(one["key"]), one["context"].encode()
        if one["expect"] == "success":
            plain = opened(key, context, message_of(one), SHA256())
            assert sha256(plain).hexdigest() == one["payload_sha256"], one["name"]
            assert by_node == plain, one["name"]
        else:
            assert by_node is None, one["name"]
            with pytest.raises(InvalidTag):
                opened(key, context, message_of(one), SHA256())


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, 2 * CHUNK + 5])
def test_the_same_reader_with_the_later_hash_opens_what_the_vault_seals(size: int) -> None:
    body, place = seal(content(size), 4 * CHUNK).bodies[0], CONTEXT.part(0, last=True)
    assert opened(KEY.material(), place, body, SHA512()) == content(size)
    with pytest.raises(InvalidTag):
        opened(KEY.material(), place, body, SHA256())


def test_one_published_vector_is_opened_though_the_package_is_not_here() -> None:
    """`aes128gcm_short_payload`, as it is published."""
    message = base64.b64decode(
        "AHAM7+0CDakyGfMj6F5PgnRdZkMfCJ1BqrkLqS+nidSQ0EfZqwtXwohAQtpjD9Aj9i7in0CUMPaImrI6VRpl3eHmF2fn"
        "Si0dt6tiW5kB3A=="
    )
    key = bytes.fromhex("59454c4c4f57205355424d4152494e45")
    plain = opened(key, b"", message, SHA256())
    assert sha256(plain).hexdigest() == (
        "59fdd34a0b323f6044e147b843d8ca246a9414d2c7a06c8e95a7e04c3cdaf395"
    )
    asked = {"kind": "message", "key": key.hex(), "context": "", "message": message.hex()}
    assert read([{**asked, "hash": "sha256"}, asked]) == [plain, None]
