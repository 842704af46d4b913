"""A manifest says, under the data key, all that it takes to verify and restore one rendition.

What stands before it in clear leads to the data key: whoever has the case's key needs no database.

Source: docs/sealed-document.md, section 8.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from vault.errors import Tampered
from vault.ids import DocumentId
from vault.sealing.envelope import encode_context
from vault.sealing.parts import HEADER_SIZE, Layout, plaintext_length

if TYPE_CHECKING:
    from vault.sealing.keys import DataKey
    from vault.sealing.parts import RenditionContext

# Nobody is made to hold more of what an untrusted store calls a manifest: 10 000 headers in base64
# are 747 kB.
LONGEST_BYTES = 2 << 20

_VERSION = b"\x01"
_ID_SIZE = 16
_CONTEXT_LABEL = b"subrosa/manifest/v1"
_INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TEXTS = ("class", "label", "media_type", "origin", "provenance", "title", "view")
_NUMBERS = ("part_size", "size_bytes")
_MEMBERS = {*_TEXTS, *_NUMBERS, "admitted_at", "file_name", "headers", "sha256"}
_IDS = ("case", "document", "rendition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is known of a rendition when its last byte is durable.

    Attributes:
        context: Which rendition this is.
        view: `full` or `redacted`.
        title: What the document is called.
        file_name: As its depositor named it, or None; never a path to write to.
        media_type: `type/subtype`.
        document_class: Its marking as it was deposited: exceptions made later are not here.
        origin: See `document_class`.
        provenance: See `document_class`.
        label: See `document_class`.
        admitted_at: When its upload was let in, by the vault's clock, aware UTC.
        size_bytes: Length of the plaintext.
        part_size: Plaintext in each part but the last.
        sha256: Of the plaintext, in hex.
        headers: The header of each part, one after the other.
    """

    context: RenditionContext
    view: str
    title: str = field(repr=False)
    file_name: str | None = field(repr=False)
    media_type: str
    document_class: str
    origin: str
    provenance: str
    label: str
    admitted_at: datetime
    size_bytes: int
    part_size: int
    sha256: str
    headers: bytes = field(repr=False)

    @property
    def layout(self) -> Layout:
        """How the object lies, and how long it must be."""
        return Layout(self.size_bytes, self.part_size)

    def pinned(self) -> list[bytes]:
        """Return the header of each part, in order."""
        starts = range(0, len(self.headers), HEADER_SIZE)
        return [self.headers[at : at + HEADER_SIZE] for at in starts]

    def to_json(self) -> dict[str, str | int | None]:
        """Return the members as they are written."""
        return {
            "admitted_at": self.admitted_at.astimezone(UTC).strftime(_INSTANT),
            "case": str(self.context.case),
            "class": self.document_class,
            "document": str(self.context.document),
            "file_name": self.file_name,
            "headers": b64encode(self.headers).decode(),
            "label": self.label,
            "media_type": self.media_type,
            "origin": self.origin,
            "part_size": self.part_size,
            "provenance": self.provenance,
            "rendition": str(self.context.rendition),
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "title": self.title,
            "view": self.view,
        }

    def text(self) -> bytes:
        """Return the one way in which these members are written (RFC 8785)."""
        value = json.dumps(
            self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        return value.encode()

    @classmethod
    def parse(cls, context: RenditionContext, text: bytes) -> Manifest:
        """Read what `text` writes of this rendition; Tampered for anything else."""
        try:
            decoded: object = json.loads(text)
            manifest = cls._of(context, _members(decoded))
            canonical = manifest.text() == text
        except (ValueError, RecursionError) as error:
            raise Tampered from error
        if not canonical:
            raise Tampered
        return manifest

    @classmethod
    def _of(cls, context: RenditionContext, value: dict[str, Any]) -> Manifest:
        headers = b64decode(value["headers"], validate=True)
        layout = Layout(value["size_bytes"], value["part_size"])
        if len(headers) != layout.part_count * HEADER_SIZE:
            raise Tampered
        return cls(
            context=context,
            view=value["view"],
            title=value["title"],
            file_name=value["file_name"],
            media_type=value["media_type"],
            document_class=value["class"],
            origin=value["origin"],
            provenance=value["provenance"],
            label=value["label"],
            admitted_at=datetime.strptime(value["admitted_at"], _INSTANT).replace(tzinfo=UTC),
            size_bytes=value["size_bytes"],
            part_size=value["part_size"],
            sha256=value["sha256"],
            headers=headers,
        )


@dataclass(frozen=True, slots=True)
class SealedManifest:
    """A manifest as it is stored: in clear which document and under which data key, then sealed.

    Attributes:
        document: Needed to open the data key; bound into the seal, as case and rendition are.
        wrapped_key: The data key, wrapped under the case key.
        message: The manifest, sealed under the data key.
    """

    document: DocumentId
    wrapped_key: bytes
    message: bytes = field(repr=False)

    def encoded(self) -> bytes:
        """Return the bytes of the object."""
        length = len(self.wrapped_key).to_bytes(2, "big")
        return _VERSION + self.document.bytes + length + self.wrapped_key + self.message

    @classmethod
    def parse(cls, stored: bytes) -> SealedManifest:
        """Take an object apart; Tampered if it is none of these. Nothing of it is true yet."""
        length_at = len(_VERSION) + _ID_SIZE
        key_at = length_at + 2
        if not stored.startswith(_VERSION) or len(stored) < key_at:
            raise Tampered
        end = key_at + int.from_bytes(stored[length_at:key_at], "big")
        if len(stored) < end:
            raise Tampered
        document = DocumentId(UUID(bytes=stored[len(_VERSION) : length_at]))
        return cls(document, stored[key_at:end], stored[end:])


def seal_manifest(key: DataKey, wrapped_key: bytes, manifest: Manifest) -> SealedManifest:
    """Seal a manifest under the data key of its rendition, in one message of its own."""
    encryptor = Cobblestone256Encryptor(key.material(), _place(manifest.context))
    message = encryptor.update(manifest.text()) + encryptor.finalize()
    assert len(message) <= LONGEST_BYTES
    return SealedManifest(manifest.context.document, wrapped_key, message)


def open_manifest(key: DataKey, context: RenditionContext, sealed: SealedManifest) -> Manifest:
    """Open the manifest of a rendition.

    Raises:
        Tampered: It was not sealed for this rendition under this key, was changed, or does not
            say what a manifest says in the one way in which that is written.
    """
    if sealed.document != context.document:
        raise Tampered
    plaintext_length(len(sealed.message))
    decryptor = Cobblestone256Decryptor(key.material(), _place(context))
    try:
        text = decryptor.update(sealed.message) + decryptor.finalize()
    except InvalidTag as error:
        raise Tampered from error
    return Manifest.parse(context, text)


def _place(context: RenditionContext) -> bytes:
    return encode_context(
        _CONTEXT_LABEL, context.case.bytes, context.document.bytes, context.rendition.bytes
    )


def _members(decoded: object) -> dict[str, Any]:
    """Return the members if they are those of a manifest, each of its kind."""
    if not isinstance(decoded, dict):
        raise Tampered
    value = cast("dict[str, Any]", decoded)
    if value.keys() != _MEMBERS | set(_IDS):
        raise Tampered
    texts = (*_TEXTS, *_IDS, "admitted_at", "headers", "sha256")
    if not all(type(value[name]) is str for name in texts):
        raise Tampered
    if not all(type(value[name]) is int for name in _NUMBERS):
        raise Tampered
    if value["file_name"] is not None and type(value["file_name"]) is not str:
        raise Tampered
    if value["view"] not in {"full", "redacted"} or not _SHA256.fullmatch(value["sha256"]):
        raise Tampered
    return value
