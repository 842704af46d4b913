"""Rows of documents, of their renditions, and of uploads under way."""

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
    provenance: str
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
    provenance: str
    label: str
    document_details: bytes


@dataclass(frozen=True, slots=True)
class WrappedRow:
    """The key of a rendition."""

    rendition_id: RenditionId
    wrapped_key: bytes


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What label a document bears."""

    document_id: DocumentId
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRow:
    """An upload that has begun and not ended; `expires_at` if it lives across requests."""

    rendition_id: RenditionId
    document_id: DocumentId | None
    case_id: CaseId
    person_id: PersonId
    alive_at: datetime
    declared_bytes: int | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """A marking under which somebody has deposited in a case."""

    deposited_by: PersonId
    document_class: str
    origin: str
    provenance: str
    label: str


def insert_document(tx: Transaction, row: DocumentRow) -> None:
    """Add a document."""
    tx.execute(
        "INSERT INTO documents (document_id, case_id, class, origin, provenance, label,"
        " details, deposited_by, deposited_at, log_index)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row.document_id,
            row.case_id,
            row.document_class,
            row.origin,
            row.provenance,
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
        "SELECT document_id, case_id, class AS document_class, origin, provenance, label, details,"
        " deposited_by, deposited_at, log_index FROM documents WHERE document_id = %s",
        (document_id,),
    )


def holdings_of(tx: Transaction, case_id: CaseId, origins: Sequence[str]) -> list[HoldingRow]:
    """Return who has deposited under which markings of some origins, each once."""
    return tx.all(
        HoldingRow,
        "SELECT DISTINCT deposited_by, class AS document_class, origin, provenance, label"
        " FROM documents WHERE case_id = %s AND origin = ANY(%s::text[])"
        " ORDER BY deposited_by, class, origin, provenance, label",
        (case_id, list(origins)),
    )


def labels_of(tx: Transaction, case_id: CaseId) -> Iterator[tuple[DocumentId, str]]:
    """Yield the label of every document of a case."""
    query = "SELECT document_id, label FROM documents WHERE case_id = %s"
    for row in tx.all(LabelRow, query, (case_id,)):
        yield row.document_id, row.label


def relabel(tx: Transaction, document_id: DocumentId, label: str, details: bytes) -> None:
    """Give a document another label; the caller holds the case's lock."""
    tx.execute(
        "UPDATE documents SET label = %s, details = %s WHERE document_id = %s",
        (label, details, document_id),
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


def wrapped_keys_of(
    tx: Transaction, rendition_ids: Sequence[RenditionId]
) -> dict[RenditionId, bytes]:
    """Return the wrapped keys of those of the given renditions that are there."""
    rows = tx.all(
        WrappedRow,
        "SELECT rendition_id, wrapped_key FROM renditions WHERE rendition_id = ANY(%s::uuid[])",
        (list(rendition_ids),),
    )
    return {row.rendition_id: row.wrapped_key for row in rows}


def all_renditions(tx: Transaction) -> Iterator[StoredRow]:
    """Yield every rendition in the vault with its document, case by case, in constant memory."""
    return tx.stream(
        StoredRow,
        "SELECT renditions.*, case_id, class AS document_class, origin, provenance,"
        " label, documents.details AS document_details"
        " FROM renditions JOIN documents USING (document_id) ORDER BY case_id, rendition_id",
    )


def has_documents(tx: Transaction, case_id: CaseId) -> bool:
    """Tell whether a case has any document."""
    query = "SELECT 1 FROM documents WHERE case_id = %s LIMIT 1"
    return tx.value(query, (case_id,)) is not None


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
        "INSERT INTO uploads"
        " (rendition_id, document_id, case_id, person_id, alive_at, declared_bytes, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            row.rendition_id,
            row.document_id,
            row.case_id,
            row.person_id,
            row.alive_at,
            row.declared_bytes,
            row.expires_at,
        ),
    )


def complete_upload(tx: Transaction, rendition_id: RenditionId) -> bool:
    """End an upload whose rendition is added in this transaction; False if it was given up."""
    query = "DELETE FROM uploads WHERE rendition_id = %s AND NOT given_up"
    return tx.execute(query, (rendition_id,)) == 1


def give_up_upload(tx: Transaction, rendition_id: RenditionId) -> bool:
    """Let an upload never be completed; False if it has been, or waits for the malware scan.

    Waits for a completion whose outcome is still open.
    """
    tx.execute(
        "UPDATE uploads SET given_up = true WHERE rendition_id = %(id)s AND NOT EXISTS"
        " (SELECT FROM quarantines WHERE rendition_id = %(id)s AND ended_index IS NULL)",
        {"id": rendition_id},
    )
    query = (
        "SELECT 1 FROM renditions WHERE rendition_id = %(id)s UNION ALL"
        " SELECT 1 FROM quarantines WHERE rendition_id = %(id)s AND ended_index IS NULL LIMIT 1"
    )
    return tx.value(query, {"id": rendition_id}) is None


def delete_upload(tx: Transaction, rendition_id: RenditionId) -> None:
    """Forget an upload that was given up and has left nothing in the store."""
    tx.execute("DELETE FROM uploads WHERE rendition_id = %s AND given_up", (rendition_id,))


def keep_upload_alive(tx: Transaction, rendition_id: RenditionId, now: datetime) -> None:
    """Note that bytes of an upload still come."""
    query = "UPDATE uploads SET alive_at = %s WHERE rendition_id = %s"
    tx.execute(query, (now, rendition_id))


def uploads_silent_since(tx: Transaction, instant: datetime) -> list[UploadRow]:
    """Return the uploads in one request that were last alive before an instant and have not ended.

    One that was given up has not ended before its object is known to be gone. What waits for the
    malware scan is no upload any more, though its note is still there.
    """
    return tx.all(
        UploadRow,
        "SELECT rendition_id, document_id, case_id, person_id, alive_at, declared_bytes,"
        " expires_at"
        " FROM uploads WHERE alive_at < %s AND (expires_at IS NULL OR given_up) AND NOT EXISTS"
        " (SELECT FROM quarantines WHERE quarantines.rendition_id = uploads.rendition_id"
        "   AND ended_index IS NULL)"
        " ORDER BY alive_at",
        (instant,),
    )
