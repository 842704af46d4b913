"""How fast others seal the same bytes: what somebody would take who did not take our format."""

from __future__ import annotations

import io
import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tests.benchmarks.sealing import PIECE_SIZE, compared, pieces_of, seal_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.figures import Figure

# None of them has types.
_age: Any = import_module("pyrage")
_tink: Any = import_module("tink")
_streaming: Any = import_module("tink.streaming_aead")
_esdk: Any = import_module("aws_encryption_sdk")
_words: Any = import_module("aws_encryption_sdk.identifiers")
_raw: Any = import_module("aws_encryption_sdk.key_providers.raw")
_wrapping: Any = import_module("aws_encryption_sdk.internal.crypto.wrapping_keys")


def seal_vs_tink(quick: bool) -> Figure:
    """Beside Tink's streaming AEAD, AES-256-GCM-HKDF with segments of 1 MiB."""
    pieces = pieces_of(quick)
    _streaming.register()
    template = _streaming.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
    cipher = _tink.new_keyset_handle(template).primitive(_streaming.StreamingAead)

    def theirs() -> None:
        with cipher.new_encrypting_stream(_Sink(), b"context") as stream:
            for piece in pieces:
                stream.write(piece)

    return compared("seal_vs_tink", seal_all(pieces), "Tink streaming AEAD, 1 MiB", theirs, pieces)


def seal_vs_esdk(quick: bool) -> Figure:
    """Beside the AWS Encryption SDK: raw AES wrapping key, key commitment, frames of 1 MiB."""
    pieces = pieces_of(quick)
    whole = b"".join(pieces)
    policy = _esdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    client, provider = _esdk.EncryptionSDKClient(commitment_policy=policy), _raw_keys()

    def theirs() -> None:
        with client.stream(
            mode="encrypt",
            source=io.BytesIO(whole),
            key_provider=provider,
            algorithm=_words.Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
            frame_length=PIECE_SIZE,
            encryption_context={"case": "bench"},
        ) as stream:
            while stream.read(PIECE_SIZE):
                pass

    return compared("seal_vs_esdk", seal_all(pieces), "AWS Encryption SDK, 1 MiB", theirs, pieces)


def seal_vs_age(quick: bool) -> Figure:
    """Beside age, by the Rust library behind pyrage, to one X25519 recipient."""
    pieces = pieces_of(quick)
    recipient = _age.x25519.Identity.generate().to_public()

    def theirs() -> None:
        _age.encrypt_io(_Source(pieces), _Sink(), [recipient])

    return compared("seal_vs_age", seal_all(pieces), "age (pyrage)", theirs, pieces)


def _raw_keys() -> Any:
    """Return a provider of one wrapping key in memory."""
    key = _wrapping.WrappingKey(
        wrapping_algorithm=_words.WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
        wrapping_key=os.urandom(32),
        wrapping_key_type=_words.EncryptionKeyType.SYMMETRIC,
    )

    def found(*_: object) -> object:
        return key

    members = {"provider_id": "bench", "_get_raw_key": found}
    provider = type("RawKeys", (_raw.RawMasterKeyProvider,), members)()
    provider.add_master_key("bench")
    return provider


class _Sink(io.RawIOBase):
    """Takes what is written and keeps none of it."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return len(data)


class _Source(io.RawIOBase):
    """Gives pieces that lie in memory."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._whole = io.BytesIO(b"".join(pieces))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._whole.readinto(buffer)
