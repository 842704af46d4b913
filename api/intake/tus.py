"""What a tus client says in headers is read strictly, before any of its bytes is taken.

Source: tus resumable upload protocol 1.0.0, with the extensions creation, creation-with-upload,
checksum, expiration and termination.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from api.intake.described import FLAGS, announced_digest
from vault.errors import Invalid, VaultError
from vault.intake.descriptions import Bytes, Description
from vault.intake.uploads import Announced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
CHECKSUMS = "sha256"
MEDIA_TYPE = "application/offset+octet-stream"

_NUMBER = re.compile(r"[0-9]{1,18}")
_KEY = re.compile(r"[!-+\--~]{1,64}")
_LONGEST_METADATA = 4096
_MOST_METADATA = 16


class OtherVersion(VaultError):
    """The client speaks another version of tus than this vault."""

    def __init__(self) -> None:
        super().__init__("This vault speaks tus 1.0.0; say so in `Tus-Resumable`.")


class OtherMediaType(VaultError):
    """The bytes of an upload come as another media type than tus demands."""

    def __init__(self) -> None:
        super().__init__(f"The bytes of an upload come as `{MEDIA_TYPE}`.")


class OtherChecksum(VaultError):
    """The client names a checksum of a kind that this vault does not compute, or none at all."""

    def __init__(self) -> None:
        super().__init__("A checksum must be `sha256 BASE64`.")


class ChecksumDiffers(VaultError):
    """What arrived is not what the client digested; nothing of it was kept."""

    def __init__(self) -> None:
        super().__init__("What arrived does not have this checksum; send it again.")


def check_version(headers: Mapping[str, str]) -> None:
    """Return if a request is of the version that is spoken here.

    Raises:
        OtherVersion: It is not.
    """
    if headers.get("tus-resumable") != VERSION:
        raise OtherVersion


def brings_bytes(headers: Mapping[str, str]) -> bool:
    """Tell whether a creation brings the first bytes with it."""
    return headers.get("content-type", "").strip().lower() == MEDIA_TYPE


def check_media_type(headers: Mapping[str, str]) -> None:
    """Return if the body is the bytes of an upload.

    Raises:
        OtherMediaType: It is something else.
    """
    if not brings_bytes(headers):
        raise OtherMediaType


def read_announced(headers: Mapping[str, str]) -> Announced:
    """Read what is said of a new upload.

    Raises:
        Invalid: The length is missing or deferred, or the metadata cannot be accepted.
    """
    if "upload-defer-length" in headers:
        raise Invalid("upload-defer-length", "The length must be known when an upload is created.")
    metadata = headers.get("upload-metadata", "")
    said = _metadata(metadata)
    joint = FLAGS.get(said.get("joint", "false"))
    if joint is None:
        raise Invalid("upload-metadata", "`joint` must be `true` or `false`.")
    file_name = said.get("filename") or None
    return Announced(
        description=Description(
            document_class=said.get("class", ""),
            title=said.get("title") or file_name or "",
            provenance=said.get("provenance", ""),
            joint=joint,
            content=Bytes(
                file_name=file_name,
                media_type=said.get("filetype") or "application/octet-stream",
                sha256=said.get("sha256") or announced_digest(headers),
            ),
        ),
        size_bytes=_number(headers, "upload-length"),
        metadata=metadata,
    )


def read_offset(headers: Mapping[str, str]) -> int:
    """Read where the client goes on.

    Raises:
        Invalid: It does not say so.
    """
    return _number(headers, "upload-offset")


def content_length(headers: Mapping[str, str]) -> int | None:
    """Return how long a body is, if its sender says so; the server has checked the number."""
    value = headers.get("content-length")
    return None if value is None else int(value)


def checked(headers: Mapping[str, str], body: Iterator[bytes]) -> tuple[Iterator[bytes], bool]:
    """Return a body that ends in an exception unless it has the checksum announced, if one was.

    Returns:
        The body, and whether a checksum was announced: then none of it may be kept before its end.

    Raises:
        OtherChecksum: The checksum is of another kind, or is none.
        ChecksumDiffers: From the iterator.
    """
    value = headers.get("upload-checksum")
    if value is None:
        return body, False
    kind, _, text = value.partition(" ")
    try:
        expected = base64.b64decode(text, validate=True)
    except binascii.Error:
        expected = b""
    if kind != CHECKSUMS or len(expected) != hashlib.sha256().digest_size:
        raise OtherChecksum
    return _digested(body, expected), True


def _digested(body: Iterator[bytes], expected: bytes) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for piece in body:
        digest.update(piece)
        yield piece
    if not hmac.compare_digest(digest.digest(), expected):
        raise ChecksumDiffers


def _metadata(text: str) -> dict[str, str]:
    """Read pairs of a key and a value in base64, separated by commas; a value may be missing."""
    if len(text) > _LONGEST_METADATA:
        raise Invalid("upload-metadata", "This is too long.")
    pairs = [pair.strip().partition(" ") for pair in text.split(",")] if text.strip() else []
    found: dict[str, str] = {}
    for key, _, value in pairs:
        if not _KEY.fullmatch(key) or key in found or len(pairs) > _MOST_METADATA:
            raise Invalid("upload-metadata", "This is not a list of keys, each once, with values.")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except ValueError as error:
            raise Invalid("upload-metadata", "A value is not UTF-8 in base64.") from error
    return found


def _number(headers: Mapping[str, str], name: str) -> int:
    value = headers.get(name, "")
    if not _NUMBER.fullmatch(value):
        raise Invalid(name, "This must be a whole number of bytes.")
    return int(value)
