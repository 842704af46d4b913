"""A document is sealed as a row of parts, and its size alone says where each of them lies.

One Cobblestone-256 message per part, under a fresh salt each time a part is sealed: a message
that was begun is never continued, since its nonces would then repeat over other bytes.

Source: docs/sealed-document.md, sections 3 and 4; https://c2sp.org/chunked-encryption.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.cobblestone import Cobblestone256Encryptor

from vault.errors import Tampered, TooLarge
from vault.sealing.cobblestone import CHUNK_SIZE, HEADER_SIZE, SEALED_CHUNK_SIZE, TAG_SIZE
from vault.sealing.envelope import encode_context
from vault.sealing.pieces import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vault.ids import CaseId, DocumentId, RenditionId
    from vault.sealing.keys import DataKey

PART_SIZE = 8 << 20

# Stores take this many parts at most, and memory bears some parts of this size for each upload.
MOST_PARTS = 10_000
LARGEST_PART_SIZE = 64 << 20

_CONTEXT_LABEL = b"subrosa/part/v1"


def part_size_for(declared_bytes: int | None) -> int:
    """Return the part size of a new document, which it keeps: the smallest that stores can take.

    Args:
        declared_bytes: How long it will be at most; None if nobody knows. Then the smallest is
            taken, and it ends at `MOST_PARTS` parts.

    Raises:
        TooLarge: It has too many parts even of the largest size.
    """
    size = PART_SIZE
    while declared_bytes is not None and declared_bytes > size * MOST_PARTS:
        size *= 2
        if size > LARGEST_PART_SIZE:
            raise TooLarge
    return size


def sealed_length(size_bytes: int) -> int:
    """Return the length of a sealed part that holds this much plaintext."""
    return HEADER_SIZE + size_bytes + (size_bytes // CHUNK_SIZE + 1) * TAG_SIZE


def plaintext_length(sealed_bytes: int) -> int:
    """Return how much plaintext a sealed part of this length holds.

    Raises:
        Tampered: No sealed part has this length; it was cut or extended.
    """
    chunks, last = divmod(sealed_bytes - HEADER_SIZE, SEALED_CHUNK_SIZE)
    if chunks < 0 or last < TAG_SIZE:
        raise Tampered
    return chunks * CHUNK_SIZE + last - TAG_SIZE


@dataclass(frozen=True, slots=True)
class RenditionContext:
    """Which rendition a part belongs to: sealed for one, it opens in no other."""

    case: CaseId
    document: DocumentId
    rendition: RenditionId

    def part(self, number: int, *, last: bool) -> bytes:
        """Return the canonical encoding of a part's place.

        Args:
            number: Counted from 0.
            last: Whether the document ends with this part.
        """
        return encode_context(
            _CONTEXT_LABEL,
            self.case.bytes,
            self.document.bytes,
            self.rendition.bytes,
            number.to_bytes(4, "big"),
            b"\1" if last else b"\0",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPart:
    """One part, ready to be stored.

    Attributes:
        number: Counted from 0.
        last: Whether the document ends with this part.
        size_bytes: Length of the plaintext.
        body: The sealed part whole, header included; the receiver's own, never written again.
    """

    number: int
    last: bool
    size_bytes: int
    body: bytearray = field(repr=False)

    @property
    def header(self) -> bytes:
        """Salt and commitment: pinned in the database, they say which attempt is current."""
        return bytes(self.body[:HEADER_SIZE])


def seal_parts(
    key: DataKey,
    context: RenditionContext,
    plaintext: Iterable[bytes | memoryview],
    part_size: int = PART_SIZE,
) -> Iterator[SealedPart]:
    """Seal a document part by part, as it comes in.

    Memory is constant: one part of plaintext, and the sealed parts that the caller still holds
    plus one. Each call draws fresh salts, so that sealing again after a failure is safe.

    Args:
        key: A data key of this rendition alone.
        context: Bound into every part.
        plaintext: In pieces of any size, empty ones too.
        part_size: Plaintext in each part but the last.

    Yields:
        The parts in order, at least one; all but the last hold exactly `part_size`.
    """
    for number, (pieces, last) in enumerate(cut(plaintext, part_size)):
        # Nothing here keeps the body beyond the yield: a receiver that drops each part has one
        # sealed part in memory, and the next one lies where it lay.
        yield seal_part(key, context, number, pieces, last=last)


def seal_part(
    key: DataKey,
    context: RenditionContext,
    number: int,
    pieces: list[memoryview],
    *,
    last: bool,
) -> SealedPart:
    """Seal one part whole, under a fresh salt; its plaintext is let go of.

    Args:
        key: A data key of this rendition alone.
        context: Bound into the part.
        number: Counted from 0.
        pieces: All of the part's plaintext; emptied.
        last: Whether the document ends with this part.
    """
    encryptor = Cobblestone256Encryptor(key.material(), context.part(number, last=last))
    size_bytes = sum(map(len, pieces))
    body = _encrypt(encryptor, pieces, sealed_length(size_bytes))
    return SealedPart(number=number, last=last, size_bytes=size_bytes, body=body)


def _encrypt(
    encryptor: Cobblestone256Encryptor, pieces: list[memoryview], sealed_bytes: int
) -> bytearray:
    """Seal a part's pieces, and let go of them before those of the next part are gathered."""
    body = bytearray(sealed_bytes)
    end = 0
    with memoryview(body) as view:
        for piece in pieces:
            end += encryptor.update_into(piece, view[end:])
        view[end:] = encryptor.finalize()
    pieces.clear()
    return body


@dataclass(frozen=True, slots=True)
class Layout:
    """How a document of a known size lies in its object.

    Raises:
        Tampered: No document has this layout.
    """

    size_bytes: int
    part_size: int = PART_SIZE

    def __post_init__(self) -> None:
        """Refuse a size from a changed row before anything is computed from it."""
        if self.size_bytes < 0 or self.part_size < 1:
            raise Tampered

    @property
    def part_count(self) -> int:
        """At least one: an empty document is one empty part."""
        return max(1, -(-self.size_bytes // self.part_size))

    def part_plaintext_length(self, number: int) -> int:
        """Return how much plaintext a part holds; parts are counted from 0."""
        return min(self.part_size, self.size_bytes - number * self.part_size)

    def part_start(self, number: int) -> int:
        """Return where in the object a part begins; parts are counted from 0."""
        return number * sealed_length(self.part_size)

    @property
    def object_length(self) -> int:
        """The sealed parts together; an object of any other length is refused."""
        last = self.part_count - 1
        return self.part_start(last) + sealed_length(self.part_plaintext_length(last))
