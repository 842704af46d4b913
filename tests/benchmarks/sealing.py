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
    from collections.abc import Callable, Iterator, Sequence

PIECE_SIZE = 1 << 20


def seal(quick: bool) -> Figure:
    """MB/s from plaintext in pieces of 1 MiB to sealed parts that the consumer drops."""
    pieces, cipher, out = pieces_of(quick), AESGCM(os.urandom(32)), bytearray(PIECE_SIZE + 16)

    def raw() -> None:
        for number, piece in enumerate(pieces):
            cipher.encrypt_into(_nonce(number), piece, None, out)

    return compared("seal", seal_all(pieces), "AESGCM.encrypt_into, 1 MiB", raw, pieces)


def open_(quick: bool) -> Figure:
    """MB/s from a stored object in pieces of 1 MiB to authenticated plaintext."""
    pieces, cipher, out = pieces_of(quick), AESGCM(os.urandom(32)), bytearray(PIECE_SIZE)
    key, context = DataKey.generate(), _context()
    parts = [(part.header, bytes(part.body)) for part in seal_parts(key, context, pieces)]
    headers, stored = [header for header, _ in parts], b"".join(body for _, body in parts)
    sealed = [stored[at : at + PIECE_SIZE] for at in range(0, len(stored), PIECE_SIZE)]
    layout = Layout(len(pieces) * PIECE_SIZE)
    messages = [cipher.encrypt(_nonce(number), piece, None) for number, piece in enumerate(pieces)]

    def ours() -> None:
        _drop(open_parts(key, context, layout, headers, sealed))

    def raw() -> None:
        for number, message in enumerate(messages):
            cipher.decrypt_into(_nonce(number), message, None, out)

    return compared("open", ours, "AESGCM.decrypt_into, 1 MiB", raw, pieces)


def seal_all(pieces: Sequence[bytes]) -> Callable[[], None]:
    """Return what seals a document of these pieces under a key of its own, and drops it."""
    key, context = DataKey.generate(), _context()
    return lambda: _drop(seal_parts(key, context, pieces))


def _drop(items: Iterator[object]) -> None:
    """Drop each item before the next is made, as a loop's own variable would not."""
    deque(items, maxlen=0)


def pieces_of(quick: bool) -> list[bytes]:
    return [os.urandom(PIECE_SIZE) for _ in range(16 if quick else 64)]


def _context() -> RenditionContext:
    return RenditionContext(CaseId(new_id()), DocumentId(new_id()), RenditionId(new_id()))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def compared(
    name: str,
    ours: Callable[[], None],
    reference: str,
    theirs: Callable[[], None],
    pieces: Sequence[bytes],
) -> Figure:
    """Return our MB/s over these pieces beside somebody else's, turn by turn."""
    megabytes = len(pieces) * PIECE_SIZE / 1e6

    def speed(run: Callable[[], None]) -> float:
        began = time.perf_counter()
        run()
        return megabytes / (time.perf_counter() - began)

    value, reference_value = interleave(lambda: speed(ours), lambda: speed(theirs))
    return Figure(name, value, "MB/s", "higher", reference, reference_value)
