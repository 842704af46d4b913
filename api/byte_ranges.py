"""What a request says of the bytes it wants is read as RFC 9110 reads it, for one range at a time.

What is stored never changes: two answers with one `ETag` are of the same bytes at the same view.

Source: RFC 9110, sections 13 and 14.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from vault.disclosure.deliveries import everything
from vault.errors import VaultError
from vault.sealing.opening import ByteRange

if TYPE_CHECKING:
    from starlette.datastructures import Headers

    from vault.disclosure.deliveries import Stored

# A position of more digits lies beyond any document, and `int` takes long over thousands.
_RANGE = re.compile(r"([0-9]{1,30})-([0-9]{0,30})|-([0-9]{1,30})")
_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


class RangeRefused(VaultError):
    """The document has none of these bytes, or more than one range was asked for at a time.

    Attributes:
        size_bytes: How long the document is; said to nobody who may not read it.
    """

    def __init__(self, reason: str, size_bytes: int) -> None:
        super().__init__(reason)
        self.size_bytes = size_bytes


class ConditionFailed(VaultError):
    """The request was for another document than the one that is there (`If-Match`)."""

    def __init__(self) -> None:
        super().__init__("What is stored is not what the condition names; nothing was released.")


def etag(stored: Stored) -> str:
    """Return the strong validator of a rendition.

    Of a version at one view it says nothing at another, even where both are the same bytes.
    """
    digest = hashlib.sha256(f"subrosa/etag/v1\0{stored.view}\0{stored.sha256}".encode()).digest()
    return f'"{base64.urlsafe_b64encode(digest[:18]).decode()}"'


@dataclass(slots=True)
class Wanted:
    """What one request wants of a document, as its headers say.

    Attributes:
        headers: The request's.
        content: Whether it wants any: a HEAD request wants none, and ranges are not for it.
        status: After the choice, how it is answered.
    """

    headers: Headers
    content: bool
    status: HTTPStatus = HTTPStatus.OK

    def of(self, stored: Stored) -> ByteRange | None:
        """Choose the bytes of what is stored; conditions first, in the order of section 13.2.2.

        Raises:
            ConditionFailed: `If-Match` names another version.
            RangeRefused: The range cannot be satisfied, or there are several.
        """
        current = etag(stored)
        if "if-match" in self.headers and not _names(self.headers.getlist("if-match"), current):
            raise ConditionFailed
        if _names(self.headers.getlist("if-none-match"), current, weakly=True):
            self.status = HTTPStatus.NOT_MODIFIED
            return None
        if not self.content:
            return None
        # Of another version, or a date, which never proves that bytes are the same: no range.
        same = self.headers.get("if-range", current) == current
        asked = self.headers.getlist("range") if same else []
        wanted = _range_of(asked, stored.size_bytes)
        if wanted is None:
            return everything(stored)
        self.status = HTTPStatus.PARTIAL_CONTENT
        return wanted


def _names(fields: list[str], current: str, *, weakly: bool = False) -> bool:
    """Tell whether a condition names the current version, or any by `*`."""
    text = ",".join(fields)
    if text.strip() == "*":
        return True
    return any(
        found[1] == current and (weakly or not found[0].startswith("W/"))
        for found in _TAG.finditer(text)
    )


def _range_of(fields: list[str], size_bytes: int) -> ByteRange | None:
    """Read a `Range` header; None if there is none, or one that is not well formed.

    Those are ignored (section 14.2), as are units that are not known.
    """
    unit, equals, specifiers = fields[0].partition("=") if len(fields) == 1 else ("", "", "")
    if unit.strip().lower() != "bytes" or not equals:
        return None
    given = [text.strip(" \t") for text in specifiers.split(",")]
    read = [_RANGE.fullmatch(text) for text in given if text]
    if not read or any(match is None or _is_backwards(match) for match in read):
        return None
    if len(read) > 1:
        raise RangeRefused("Ask for one range at a time.", size_bytes)
    return _satisfied(read[0], size_bytes)


def _is_backwards(specifier: re.Match[str]) -> bool:
    first, last, _ = specifier.groups()
    return bool(last) and int(first) > int(last)


def _satisfied(specifier: re.Match[str] | None, size_bytes: int) -> ByteRange | None:
    """Return the bytes that a specifier gives of a document; None for all of an empty one."""
    assert specifier is not None
    first, last, suffix = specifier.groups()
    if suffix is not None:
        wanted = ByteRange(max(0, size_bytes - int(suffix)), size_bytes)
        if int(suffix) and not size_bytes:
            return None
    else:
        end = int(last) + 1 if last else size_bytes
        wanted = ByteRange(int(first), min(end, size_bytes))
    if wanted.size_bytes <= 0:
        raise RangeRefused("The document has no such bytes.", size_bytes)
    return wanted
