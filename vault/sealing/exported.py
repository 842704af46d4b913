"""A sealed document leaves with its data key in one small file, and opens with these two anywhere.

Source: docs/sealed-document.md, section 9.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Self
from uuid import UUID

from vault.errors import Tampered
from vault.ids import CaseId, DocumentId, RenditionId
from vault.sealing.keys import DataKey
from vault.sealing.manifests import LONGEST_BYTES, SealedManifest, open_manifest
from vault.sealing.opening import open_parts
from vault.sealing.parts import HEADER_SIZE, Layout, RenditionContext, sealed_length

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.sealing.manifests import Manifest

LONGEST_KEY_FILE_BYTES = 1024

_PIECE_BYTES = 1 << 20
_FORMAT = re.compile(
    r"""subrosa data key v1
case ([0-9a-f-]{36})
document ([0-9a-f-]{36})
rendition ([0-9a-f-]{36})
size_bytes (0|[1-9][0-9]{0,15})
part_size ([1-9][0-9]{0,15})
sha256 ([0-9a-f]{64})
key ([0-9a-f]{64})
"""
)


class KeyFileRefused(Exception):
    """A file is none that `text` writes; `str()` is one sentence for whoever holds it.

    Not a VaultError: it is read where there is no vault.
    """

    def __init__(self) -> None:
        super().__init__("This is not the key file of a sealed document, or it was changed.")


@dataclass(frozen=True, slots=True)
class ExportedKey:
    """A data key with the place and the layout of what it opens.

    Attributes:
        context: Where the parts belong.
        layout: How they lie in the object.
        sha256: Of the plaintext, in hex.
        key: The data key: whoever has it reads the document, now and later.
    """

    context: RenditionContext
    layout: Layout
    sha256: str
    key: DataKey = field(repr=False)

    @classmethod
    def of(cls, manifest: Manifest, key: DataKey) -> Self:
        """Take what the manifest says of the document."""
        return cls(manifest.context, manifest.layout, manifest.sha256, key)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `text` writes; raise KeyFileRefused for anything else."""
        match = _FORMAT.fullmatch(text)
        if match is None:
            raise KeyFileRefused
        case, document, rendition, size_bytes, part_size, sha256, key = match.groups()
        try:
            ids = (CaseId(UUID(case)), DocumentId(UUID(document)), RenditionId(UUID(rendition)))
        except ValueError as error:
            raise KeyFileRefused from error
        layout = Layout(int(size_bytes), int(part_size))
        found = cls(RenditionContext(*ids), layout, sha256, DataKey(bytes.fromhex(key)))
        if found.text() != text:
            raise KeyFileRefused
        return found

    def text(self) -> str:
        """Return the file. It holds the key in clear: keep it as you would keep the document."""
        return (
            "subrosa data key v1\n"
            f"case {self.context.case}\n"
            f"document {self.context.document}\n"
            f"rendition {self.context.rendition}\n"
            f"size_bytes {self.layout.size_bytes}\n"
            f"part_size {self.layout.part_size}\n"
            f"sha256 {self.sha256}\n"
            f"key {self.key.material().hex()}\n"
        )


def open_exported(
    sealed: BinaryIO, exported: ExportedKey, manifest: bytes | None
) -> Iterator[bytes]:
    """Open an exported object.

    With its manifest the header of each part is held to the pinned one. Without it every byte is
    still authenticated under the key, in its place, and the digest of the whole compared.

    Args:
        sealed: The object; a file that can be read at any place.
        exported: Its key file.
        manifest: Its manifest, or None.

    Yields:
        Plaintext in pieces of at most 1 MiB, each authenticated.

    Raises:
        Tampered: These do not belong together, or were changed. What came out is then no document.
    """
    headers = _headers(sealed, exported.layout)
    if manifest is not None:
        headers = _pinned(exported, manifest)
    sealed.seek(0)
    digest = hashlib.sha256()
    pieces = iter(lambda: sealed.read(_PIECE_BYTES), b"")
    for piece in open_parts(exported.key, exported.context, exported.layout, headers, pieces):
        digest.update(piece)
        yield piece
    if digest.hexdigest() != exported.sha256:
        raise Tampered


def _headers(sealed: BinaryIO, layout: Layout) -> list[bytes]:
    """Return what stands where each part begins; Tampered if the object has another length."""
    if sealed.seek(0, 2) != layout.object_length:
        raise Tampered
    headers = list[bytes]()
    for number in range(layout.part_count):
        sealed.seek(number * sealed_length(layout.part_size))
        headers.append(sealed.read(HEADER_SIZE))
    return headers


def _pinned(exported: ExportedKey, stored: bytes) -> list[bytes]:
    if len(stored) > LONGEST_BYTES:
        raise Tampered
    manifest = open_manifest(exported.key, exported.context, SealedManifest.parse(stored))
    if (manifest.layout, manifest.sha256) != (exported.layout, exported.sha256):
        raise Tampered
    return manifest.pinned()
