"""How much of the cipher's own speed is left when a document passes through our format."""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.benchmarks.figures import Figure, interleave
from vault.ids import CaseId, DocumentId, RenditionId, new_id
from vault.sealing.keys import DataKey
from vault.sealing.opening import open_parts
from vault.sealing.parts import Layout, RenditionContext, seal_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PIECE_SIZE = 1 << 20


def seal(quick: bool) -> Figure:
    """MB/s from plaintext in pieces of 1 MiB to sealed parts that the consumer drops."""
    pieces, cipher, out = _pieces(quick), AESGCM(os.urandom(32)), bytearray(_PIECE_SIZE + 16)
    key, context = DataKey.generate(), _context()

    def ours() -> None:
        _drop(seal_parts(key, context, pieces))

    def raw() -> None:
        for number, piece in enumerate(pieces):
            cipher.encrypt_into(_nonce(number), piece, None, out)

    return _figure("seal", ours, "AESGCM.encrypt_into, 1 MiB", raw, len(pieces))


def open_(quick: bool) -> Figure:
    """MB/s from a stored object in pieces of 1 MiB to authenticated plaintext."""
    pieces, cipher, out = _pieces(quick), AESGCM(os.urandom(32)), bytearray(_PIECE_SIZE)
    key, context = DataKey.generate(), _context()
    parts = [(part.header, bytes(part.body)) for part in seal_parts(key, context, pieces)]
    headers, stored = [header for header, _ in parts], b"".join(body for _, body in parts)
    sealed = [stored[at : at + _PIECE_SIZE] for at in range(0, len(stored), _PIECE_SIZE)]
    layout = Layout(len(pieces) * _PIECE_SIZE)
    messages = [cipher.encrypt(_nonce(number), piece, None) for number, piece in enumerate(pieces)]

    def ours() -> None:
        _drop(open_parts(key, context, layout, headers, sealed))

    def raw() -> None:
        for number, message in enumerate(messages):
            cipher.decrypt_into(_nonce(number), message, None, out)

    return _figure("open", ours, "AESGCM.decrypt_into, 1 MiB", raw, len(pieces))


def _drop(items: Iterator[object]) -> None:
    """Drop each item before the next is made, as a loop's own variable would not."""
    deque(items, maxlen=0)


def _pieces(quick: bool) -> list[bytes]:
    return [os.urandom(_PIECE_SIZE) for _ in range(16 if quick else 64)]


def _context() -> RenditionContext:
    return RenditionContext(CaseId(new_id()), DocumentId(new_id()), RenditionId(new_id()))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _figure(
    name: str, ours: Callable[[], None], reference: str, raw: Callable[[], None], pieces: int
) -> Figure:
    megabytes = pieces * _PIECE_SIZE / 1e6

    def speed(run: Callable[[], None]) -> float:
        began = time.perf_counter()
        run()
        return megabytes / (time.perf_counter() - began)

    value, reference_value = interleave(lambda: speed(ours), lambda: speed(raw))
    return Figure(name, value, "MB/s", "higher", reference, reference_value)
