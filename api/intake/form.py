"""A form that brings one document is read as it arrives: its file streams, its fields are small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from api.intake.body import BodyCut
from vault.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_PARTS = 16
_LONGEST_FIELD_BYTES = 4096
_LONGEST_BOUNDARY = 70  # RFC 2046, 5.1.1


class DocumentForm:
    """One `multipart/form-data` body (RFC 7578) with exactly one file, fields in any order.

    Attributes:
        fields: The other fields, complete once `content` is exhausted.
        file_name: What the sender calls the file, or None.
        media_type: What the sender says it is, or None.
    """

    def __init__(self, content_type: str, body: Iterator[bytes]) -> None:
        """Prepare to read.

        Raises:
            Invalid: The content type names no usable boundary.
        """
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if not 1 <= len(boundary) <= _LONGEST_BOUNDARY:
            raise Invalid("content-type", "The form names no boundary.")
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        self.media_type: str | None = None
        self._body = body
        self._part = _Part()
        self._parts = 0
        self._files = 0
        self._ended = False
        self._pending: list[memoryview] = []
        # The parser itself bounds the headers of a part: 8 of 4 KiB each.
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": lambda data, start, end: self._part.name_header(data[start:end]),
                "on_header_value": lambda data, start, end: self._part.value.extend(
                    data[start:end]
                ),
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin_content,
                "on_part_data": self._take_content,
                "on_part_end": self._end_part,
                "on_end": self._end_form,
            },
        )

    def content(self) -> Iterator[bytes]:
        """Yield the file's bytes as they arrive.

        Raises:
            Invalid: This is not a form with exactly one file and a few short fields.
            BodyCut: The body ended before the form did.
        """
        for piece in self._body:
            try:
                self._parser.write(piece)
            except FormParserError as error:
                raise Invalid("", "This is not a well-formed form.") from error
            arrived, self._pending = self._pending, []
            for view in arrived:
                yield bytes(view)
        if not self._ended:
            raise BodyCut
        if self._files == 0:
            raise Invalid("file", "The form brings no file.")

    def _begin_part(self) -> None:
        self._part = _Part()
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise Invalid("", "The form has too many fields.")

    def _end_header(self) -> None:
        self._part.end_header()

    def _begin_content(self) -> None:
        self._part.identify()
        if not self._part.is_file:
            return
        self._files += 1
        if self._files > 1:
            raise Invalid("file", "A form brings one file; deposit the others one by one.")
        self.file_name = self._part.file_name or None
        self.media_type = self._part.headers.get(b"content-type", b"").decode("latin-1") or None

    def _take_content(self, data: bytes, start: int, end: int) -> None:
        if self._part.is_file:
            self._pending.append(memoryview(data)[start:end])
            return
        self._part.text.extend(data[start:end])
        if len(self._part.text) > _LONGEST_FIELD_BYTES:
            raise Invalid("", "A field of the form is too long.")

    def _end_part(self) -> None:
        part = self._part
        if part.is_file:
            return
        if part.name in self.fields:
            raise Invalid("", "A field of the form occurs twice.")
        try:
            self.fields[part.name] = part.text.decode()
        except UnicodeDecodeError as error:
            raise Invalid("", "A field of the form is not UTF-8.") from error

    def _end_form(self) -> None:
        self._ended = True


class _Part:
    """One part while it is being read."""

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.header = bytearray()
        self.value = bytearray()
        self.text = bytearray()
        self.name = ""
        self.file_name: str | None = None
        self.is_file = False

    def name_header(self, data: bytes) -> None:
        """Take a piece of a header's name."""
        self.header.extend(data)

    def end_header(self) -> None:
        """Keep a header whose name and value have arrived."""
        self.headers[bytes(self.header).lower()] = bytes(self.value)
        self.header.clear()
        self.value.clear()

    def identify(self) -> None:
        """Read what the part is from its Content-Disposition (RFC 7578, 4.2)."""
        kind, options = parse_options_header(self.headers.get(b"content-disposition"))
        if kind != b"form-data" or b"name" not in options:
            raise Invalid("", "This is not a well-formed form.")
        try:
            self.name = options[b"name"].decode()
            if b"filename" in options:
                self.file_name = options[b"filename"].decode()
        except UnicodeDecodeError as error:
            raise Invalid("", "A name in the form is not UTF-8.") from error
        self.is_file = self.file_name is not None
