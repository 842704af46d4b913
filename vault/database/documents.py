"""Rows of documents, renditions and uploads; lists are asked for by marking, not filtered after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from vault.database.connection import Transaction
    from vault.ids import CaseId, DocumentId, PersonId, RenditionId


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """One document: its marking, and its sealed details."""

    document_id: DocumentId
    case_id: CaseId
    document_class: str
    origin: str
    label: str
    details: bytes
    deposited_by: PersonId
    deposited_at: datetime
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RenditionRow:
    """One stored object: the document in full, or its redacted version."""

    rendition_id: RenditionId
    document_id: DocumentId
    view: str
    size_bytes: int
    part_size: int
    headers: bytes
    wrapped_key: bytes
    details: bytes
    deposited_by: PersonId
    deposited_at: datetime
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow(RenditionRow):
    """A rendition with the row of the document it belongs to."""

    case_id: CaseId
    document_class: str
    origin: str
    label: str
    document_details: bytes


@dataclass(frozen=True, slots=True)
class MarkingRow:
    """A combination of class, origin and label that occurs in a case."""

    document_class: str
    origin: str
    label: str


@dataclass(frozen=True, slots=True)
class UploadRow:
    """An upload that has begun and not ended."""

    rendition_id: RenditionId
    case_id: CaseId
    person_id: PersonId
    started_at: datetime


def insert_document(tx: Transaction, row: DocumentRow) -> None:
    """Add a document."""
    tx.execute(
        "INSERT INTO documents (document_id, case_id, class, origin, label, details,"
        " deposited_by, deposited_at, log_index) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row.document_id,
            row.case_id,
            row.document_class,
            row.origin,
            row.label,
            row.details,
            row.deposited_by,
            row.deposited_at,
            row.log_index,
        ),
    )


def find_document(tx: Transaction, document_id: DocumentId) -> DocumentRow | None:
    """Return a document."""
    return tx.one(
        DocumentRow,
        "SELECT document_id, case_id, class AS document_class, origin, label, details,"
        " deposited_by, deposited_at, log_index FROM documents WHERE document_id = %s",
        (document_id,),
    )


def markings_of(tx: Transaction, case_id: CaseId) -> list[MarkingRow]:
    """Return each marking that occurs in a case, once."""
    return tx.all(
        MarkingRow,
        "SELECT DISTINCT class AS document_class, origin, label FROM documents WHERE case_id = %s",
        (case_id,),
    )


def documents_by_marking(
    tx: Transaction,
    case_id: CaseId,
    markings: Sequence[MarkingRow],
    *,
    after: tuple[datetime, DocumentId] | None,
    limit: int,
) -> list[DocumentRow]:
    """Return one page of the documents that bear one of the markings, oldest first.

    Each marking is read from the index by itself and stops at `limit`, so that the cost depends
    on the page and not on the size of the case.
    """
    return tx.all(
        DocumentRow,
        "SELECT page.document_id, page.case_id, page.class AS document_class, page.origin,"
        " page.label, page.details, page.deposited_by, page.deposited_at, page.log_index"
        " FROM unnest(%(classes)s::text[], %(origins)s::text[], %(labels)s::text[])"
        "   AS marking (class, origin, label)"
        " CROSS JOIN LATERAL ("
        "   SELECT * FROM documents WHERE case_id = %(case)s AND class = marking.class"
        "     AND origin = marking.origin AND label = marking.label"
        "     AND (%(after_at)s::timestamptz IS NULL"
        "       OR (deposited_at, document_id) > (%(after_at)s, %(after_id)s::uuid))"
        "   ORDER BY deposited_at, document_id LIMIT %(limit)s) AS page"
        " ORDER BY page.deposited_at, page.document_id LIMIT %(limit)s",
        {
            "classes": [m.document_class for m in markings],
            "origins": [m.origin for m in markings],
            "labels": [m.label for m in markings],
            "case": case_id,
            "after_at": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )


def insert_rendition(tx: Transaction, row: RenditionRow) -> None:
    """Add a rendition; DuplicateRow if the document already has one at this view."""
    tx.execute(
        "INSERT INTO renditions (rendition_id, document_id, view, size_bytes, part_size, headers,"
        " wrapped_key, details, deposited_by, deposited_at, log_index)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row.rendition_id,
            row.document_id,
            row.view,
            row.size_bytes,
            row.part_size,
            row.headers,
            row.wrapped_key,
            row.details,
            row.deposited_by,
            row.deposited_at,
            row.log_index,
        ),
    )


def renditions_of(tx: Transaction, document_ids: Sequence[DocumentId]) -> list[RenditionRow]:
    """Return every rendition of the given documents."""
    return tx.all(
        RenditionRow,
        "SELECT * FROM renditions WHERE document_id = ANY(%s::uuid[]) ORDER BY deposited_at",
        (list(document_ids),),
    )


def all_renditions(tx: Transaction) -> Iterator[StoredRow]:
    """Yield every rendition in the vault with its document, case by case, in constant memory."""
    return tx.stream(
        StoredRow,
        "SELECT renditions.*, case_id, class AS document_class, origin, label,"
        " documents.details AS document_details"
        " FROM renditions JOIN documents USING (document_id) ORDER BY case_id, rendition_id",
    )


def accounted_for(tx: Transaction, rendition_ids: Sequence[RenditionId]) -> set[RenditionId]:
    """Return those of the given ids that a rendition or an upload under way answers for."""
    return set(
        tx.values(
            "SELECT rendition_id FROM renditions WHERE rendition_id = ANY(%(ids)s::uuid[])"
            " UNION SELECT rendition_id FROM uploads WHERE rendition_id = ANY(%(ids)s::uuid[])",
            {"ids": list(rendition_ids)},
        )
    )


def insert_upload(tx: Transaction, row: UploadRow) -> None:
    """Note that bytes are about to go to the store under this rendition's name."""
    tx.execute(
        "INSERT INTO uploads (rendition_id, case_id, person_id, started_at)"
        " VALUES (%s, %s, %s, %s)",
        (row.rendition_id, row.case_id, row.person_id, row.started_at),
    )


def complete_upload(tx: Transaction, rendition_id: RenditionId) -> bool:
    """End an upload whose rendition is added in this transaction; False if it was given up."""
    query = "DELETE FROM uploads WHERE rendition_id = %s AND NOT given_up"
    return tx.execute(query, (rendition_id,)) == 1


def give_up_upload(tx: Transaction, rendition_id: RenditionId) -> bool:
    """Let an upload never be completed; False if it has been.

    Waits for a completion whose outcome is still open.
    """
    tx.execute("UPDATE uploads SET given_up = true WHERE rendition_id = %s", (rendition_id,))
    query = "SELECT 1 FROM renditions WHERE rendition_id = %s"
    return tx.value(query, (rendition_id,)) is None


def delete_upload(tx: Transaction, rendition_id: RenditionId) -> None:
    """Forget an upload that was given up and has left nothing in the store."""
    tx.execute("DELETE FROM uploads WHERE rendition_id = %s AND given_up", (rendition_id,))


def uploads_begun_before(tx: Transaction, instant: datetime) -> list[UploadRow]:
    """Return the uploads that began before an instant and have not ended."""
    return tx.all(
        UploadRow,
        "SELECT rendition_id, case_id, person_id, started_at FROM uploads"
        " WHERE started_at < %s ORDER BY started_at",
        (instant,),
    )
