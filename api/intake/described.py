"""A deposit arrives as a form, or as a raw body with headers; both become bytes and a description.

The description is asked for when the last byte has arrived, since a form may bring its fields
after its file. What headers say is checked before the first byte is taken.
"""

from __future__ import annotations

import base64
import binascii
import re
from email.message import Message
from typing import TYPE_CHECKING
from urllib.parse import unquote

from api.intake.form import DocumentForm
from vault.errors import Invalid
from vault.intake.descriptions import Bytes, Description

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
_OCTETS = "application/octet-stream"
_FORM = "multipart/form-data"
FLAGS = {"true": True, "false": False}


def read_deposit(
    headers: Mapping[str, str], body: Iterator[bytes]
) -> tuple[Iterator[bytes], Callable[[], Description]]:
    """Return the bytes of a new document, and what to call for its description after them.

    Raises:
        Invalid: A header cannot be accepted; from the iterator and the callable too.
    """
    if not _is_form(headers):
        said = _description(
            {
                "class": headers.get("subrosa-class", ""),
                "title": _percent_decoded(headers.get("subrosa-title", "")),
                "provenance": headers.get("subrosa-provenance", ""),
                "joint": headers.get("subrosa-joint", "false"),
            },
            _raw_bytes(headers),
        )
        return body, lambda: said
    form = DocumentForm(headers["content-type"], body)
    return form.content(), lambda: _description(form.fields, _form_bytes(form, headers))


def announced_length(headers: Mapping[str, str]) -> int | None:
    """Return how long the document is: that of a raw body; a form does not say."""
    value = headers.get("content-length")
    return None if value is None or _is_form(headers) else int(value)


def read_rendition(
    headers: Mapping[str, str], body: Iterator[bytes]
) -> tuple[Iterator[bytes], Callable[[], Bytes]]:
    """Return the bytes of another version, and what to call for what is said of them.

    Raises:
        Invalid: A header cannot be accepted; from the iterator and the callable too.
    """
    if not _is_form(headers):
        said = _raw_bytes(headers)
        return body, lambda: said
    form = DocumentForm(headers["content-type"], body)
    return form.content(), lambda: _form_bytes(form, headers)


def _is_form(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


def _description(fields: Mapping[str, str], content: Bytes) -> Description:
    joint = FLAGS.get(fields.get("joint", "false"))
    if joint is None:
        raise Invalid("joint", "This must be `true` or `false`.")
    return Description(
        document_class=fields.get("class", ""),
        title=fields.get("title") or content.file_name or "",
        provenance=fields.get("provenance", ""),
        joint=joint,
        content=content,
    )


def _raw_bytes(headers: Mapping[str, str]) -> Bytes:
    return Bytes(
        file_name=_file_name(headers.get("content-disposition", "")),
        media_type=headers.get("content-type") or _OCTETS,
        sha256=announced_digest(headers),
    )


def _form_bytes(form: DocumentForm, headers: Mapping[str, str]) -> Bytes:
    return Bytes(
        file_name=form.file_name,
        media_type=form.media_type or _OCTETS,
        sha256=form.fields.get("sha256") or announced_digest(headers),
    )


def _file_name(disposition: str) -> str | None:
    """Read a file's name from Content-Disposition, as `filename*` (RFC 8187) or `filename`."""
    header = Message()
    try:
        header["content-disposition"] = disposition.encode("latin-1").decode()
        return header.get_filename() or None
    except (UnicodeError, LookupError) as error:
        raise Invalid("content-disposition", "The file name is not UTF-8.") from error


def announced_digest(headers: Mapping[str, str]) -> str | None:
    """Read the announced SHA-256 of the document from `Repr-Digest` (RFC 9530).

    Raises:
        Invalid: It is there, and is none.
    """
    value = headers.get("repr-digest")
    if value is None:
        return None
    match = _DIGEST.fullmatch(value.strip())
    if match is None:
        raise Invalid("repr-digest", "This must be `sha-256=:BASE64:`.")
    return binascii.hexlify(base64.b64decode(match[1])).decode()


def _percent_decoded(value: str) -> str:
    """Read a title from a header, which carries ASCII alone: UTF-8, percent-encoded."""
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError as error:
        raise Invalid("subrosa-title", "This is not percent-encoded UTF-8.") from error
