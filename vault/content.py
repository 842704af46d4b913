"""No byte of content is decrypted but for a Permit whose use is on record.

`open_content` takes both proofs as arguments: a Permit is made by `policies.decisions.decide` alone
and an AuditReceipt by a committed append alone, so that a way around them does not type-check.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vault.errors import Tampered, TooLarge
from vault.scanning.port import Clean, Unanswered, Verdict, Why
from vault.sealing.cobblestone import HEADER_SIZE
from vault.sealing.opening import open_range, stored_range, whole
from vault.sealing.parts import MOST_PARTS, Layout, RenditionContext, seal_parts
from vault.storage.names import object_name

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from policies.decisions import Permit
    from vault.audit.log import AuditReceipt
    from vault.core import Vault
    from vault.database.documents import RenditionRow
    from vault.details import RenditionDetails, Sealer
    from vault.sealing.opening import ByteRange


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedContent:
    """What the database keeps of content that is durable in the store."""

    context: RenditionContext
    size_bytes: int
    part_size: int
    sha256: str
    headers: bytes
    wrapped_key: bytes


class Pinned(Protocol):
    """What pins an object, whether a row or what is about to become one."""

    @property
    def size_bytes(self) -> int:
        """Of the plaintext."""
        ...

    @property
    def part_size(self) -> int:
        """Of the plaintext of each part but the last."""
        ...

    @property
    def headers(self) -> bytes:
        """Of the parts, in order."""
        ...

    @property
    def wrapped_key(self) -> bytes:
        """The data key, wrapped under the case's."""
        ...


@dataclass(frozen=True, slots=True)
class Room:
    """How large a document may become, and in parts of which size it lies."""

    part_size: int
    limit_bytes: int


def store_content(
    vault: Vault, sealer: Sealer, context: RenditionContext, content: Iterable[bytes], room: Room
) -> SealedContent:
    """Seal content under a fresh data key and store it; return when it is durable.

    Constant memory; no plaintext but in memory. If anything fails nothing is visible: the store
    keeps no object under this name, or one that no row refers to and the sweep removes.

    Raises:
        TooLarge: There is no room for all of the content.
        Unavailable: The store does not answer.
    """
    data_key, wrapped_key = vault.keyring.new_data_key(sealer.key, context)
    measure = _Measure(min(room.limit_bytes, room.part_size * MOST_PARTS))
    headers = bytearray()

    def parts() -> Iterator[bytearray]:
        for part in seal_parts(data_key, context, measure.passing(content), room.part_size):
            headers.extend(part.header)
            yield part.body
            # Let go of it before the next one is sealed, which then lies where it lay.
            del part

    vault.store.put(object_name(context.case, context.rendition), parts())
    return SealedContent(
        context=context,
        size_bytes=measure.size_bytes,
        part_size=room.part_size,
        sha256=measure.digest.hexdigest(),
        headers=bytes(headers),
        wrapped_key=wrapped_key,
    )


def open_content(
    vault: Vault,
    sealer: Sealer,
    row: RenditionRow,
    permit: Permit,
    receipt: AuditReceipt,
    *,
    wanted: ByteRange,
) -> Generator[bytes]:
    """Open a range of a rendition for the reader whom the permit names.

    Nothing is read before the first piece is asked for. Close it, or the store is read on for a
    reader who has gone.

    Args:
        vault: The collaborators.
        sealer: Opens the case's rows.
        row: The rendition.
        permit: For this case, at the rendition's view or above it.
        receipt: Of the entry that records this release.
        wanted: At least one byte of the rendition, or the whole.

    Yields:
        Plaintext in pieces of at most 1 MiB, each authenticated.

    Raises:
        Tampered: The store holds something else than what was sealed.
        Unavailable: The store does not answer.
    """
    assert permit.case == str(sealer.case)
    assert str(permit.question.view) == row.view
    assert receipt.index >= 0
    return _open(vault, sealer, _context_of(sealer, row), row, wanted)


def verify_content(
    vault: Vault,
    sealer: Sealer,
    row: RenditionRow,
    details: RenditionDetails,
    spend: Callable[[int], None] = lambda _: None,
) -> bool:
    """Tell whether a stored rendition opens, and is what was received, without handing it out.

    Args:
        vault: The collaborators.
        sealer: Opens the case's rows.
        row: The rendition.
        details: What was sealed of it.
        spend: Told how many bytes were opened before more are; may take its time.
    """
    digest = hashlib.sha256()
    try:
        for chunk in _opened_row(vault, sealer, row):
            digest.update(chunk)
            spend(len(chunk))
    except Tampered:
        return False
    return digest.hexdigest() == details.sha256


def scan_content(vault: Vault, sealer: Sealer, stored: SealedContent) -> Verdict:
    """Show what is durable in the store to the malware scanner, and to nobody else.

    It is read back: what is scanned are the bytes that a reader would be given, whatever way and
    in however many requests they came. Clean if no scanner is set.

    Raises:
        Tampered: What is stored is not what was received.
        Unavailable: The store does not answer.
    """
    if vault.scanner is None:
        return Clean()
    with closing(_Reread(vault, sealer, stored)) as reread:
        verdict = vault.scanner.scan(reread.passing())
        if isinstance(verdict, Clean):
            if not reread.ended:
                return Unanswered(Why.NONSENSE)
            if reread.digest.hexdigest() != stored.sha256:
                raise Tampered
    return verdict


def is_received(vault: Vault, sealer: Sealer, stored: SealedContent) -> bool:
    """Tell whether what is in the store opens, and is what was received, without handing it out."""
    with closing(_Reread(vault, sealer, stored)) as reread:
        try:
            for _ in reread.passing():
                pass
        except Tampered:
            return False
        return reread.digest.hexdigest() == stored.sha256


def layout_of(pinned: Pinned) -> Layout:
    """Return how an object is laid out, from its pinned size."""
    return Layout(pinned.size_bytes, pinned.part_size)


def _context_of(sealer: Sealer, row: RenditionRow) -> RenditionContext:
    return RenditionContext(sealer.case, row.document_id, row.rendition_id)


def _opened_row(vault: Vault, sealer: Sealer, row: RenditionRow) -> Generator[bytes]:
    return _open(vault, sealer, _context_of(sealer, row), row, whole(layout_of(row)))


def _open(
    vault: Vault, sealer: Sealer, context: RenditionContext, pinned: Pinned, wanted: ByteRange
) -> Generator[bytes]:
    data_key = vault.keyring.open_data_key(sealer.key, context, pinned.wrapped_key)
    layout, headers = layout_of(pinned), list(_split_headers(pinned.headers))
    place, name = stored_range(layout, wanted), object_name(sealer.case, context.rendition)
    read = vault.store.read(name, place.start, place.end, length=layout.object_length)
    with closing(read) as sealed:
        yield from open_range(data_key, context, layout, headers, sealed, wanted=wanted)


def _split_headers(headers: bytes) -> Iterator[bytes]:
    for start in range(0, len(headers), HEADER_SIZE):
        yield headers[start : start + HEADER_SIZE]


class _Measure:
    """Digests and counts what passes, and stops it at the limit."""

    def __init__(self, limit_bytes: int) -> None:
        self.digest = hashlib.sha256()
        self.size_bytes = 0
        self._limit_bytes = limit_bytes

    def passing(self, content: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the content unchanged."""
        for chunk in content:
            self.size_bytes += len(chunk)
            if self.size_bytes > self._limit_bytes:
                raise TooLarge
            self.digest.update(chunk)
            yield chunk


class _Reread:
    """Digests what is stored as it is opened once more."""

    def __init__(self, vault: Vault, sealer: Sealer, stored: SealedContent) -> None:
        self.digest = hashlib.sha256()
        self.ended = False
        self._opened = _open(vault, sealer, stored.context, stored, whole(layout_of(stored)))

    def passing(self) -> Iterator[bytes]:
        """Yield the content."""
        for chunk in self._opened:
            self.digest.update(chunk)
            yield chunk
        self.ended = True

    def close(self) -> None:
        """Read no more of it."""
        self._opened.close()
