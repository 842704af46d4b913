"""An export is lines: CSV that no spreadsheet takes for a formula, or one JSON object each."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Literal

from api.schemas.documents import DocumentOut
from vault.disclosure.documents import Document

ExportFormat = Literal["csv", "jsonl"]

MEDIA_TYPES: dict[ExportFormat, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "jsonl": "application/jsonl",
}

_COLUMNS = (
    "document",
    "title",
    "class",
    "origin",
    "provenance",
    "deposited_at",
    "view",
    "clause",
    "scope_version",
    "obligations",
    "file_name",
    "media_type",
    "size_bytes",
    "sha256",
)

# What a spreadsheet may run: a cell that begins so gets an apostrophe in front (OWASP, "CSV
# injection"). File names and titles are chosen by the other side.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(format_: ExportFormat, documents: Iterable[Document]) -> Iterator[str]:
    """Write documents line by line; CSV begins with the names of its columns."""
    if format_ == "jsonl":
        for document in documents:
            yield DocumentOut.of(document).model_dump_json(by_alias=True) + "\n"
        return
    yield _row(_COLUMNS)
    for document in documents:
        yield _row(_cells(document))


def _cells(document: Document) -> Iterator[str]:
    """Return a document's cells, with the fullest version that the reader may open."""
    stored = max(document.renditions, key=lambda stored: stored.view, default=None)
    yield str(document.document_id)
    yield document.title
    yield document.marking.document_class
    yield document.marking.origin
    yield document.marking.provenance
    yield document.deposited_at.isoformat()
    yield str(document.view)
    yield document.clause
    yield str(document.scope_version)
    yield " ".join(document.obligations)
    yield (stored and stored.file_name) or ""
    yield stored.media_type if stored else ""
    yield str(stored.size_bytes) if stored else ""
    yield stored.sha256 if stored else ""


def _row(cells: Iterable[str]) -> str:
    """Write one line of RFC 4180."""
    line = StringIO()
    csv.writer(line).writerow(f"'{c}" if c.startswith(_FORMULA) else c for c in cells)
    return line.getvalue()
