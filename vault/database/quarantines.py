"""Rows of deposits that wait for the malware scan, and of those that have waited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from vault.database.connection import Transaction
    from vault.ids import CaseId, DocumentId, PersonId, RenditionId, UploadId


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRow:
    """A deposit that waits, or has waited.

    Attributes:
        why: What stood in the way at the last try.
        tries: How many times it was shown to the scanner, or was to be.
        next_try_at: From when on it is tried again.
        ended_index: The entry that says what became of it.
        receipt: The sealed answer, if it became a document.
    """

    upload_id: UploadId
    rendition_id: RenditionId
    document_id: DocumentId
    case_id: CaseId
    person_id: PersonId
    size_bytes: int
    part_size: int
    headers: bytes
    wrapped_key: bytes
    details: bytes
    why: str
    quarantined_at: datetime
    tries: int
    next_try_at: datetime
    log_index: int
    ended_index: int | None = None
    receipt: bytes | None = None


def insert(tx: Transaction, row: QuarantineRow) -> None:
    """Add a deposit that waits from now on."""
    tx.execute(
        "INSERT INTO quarantines (upload_id, rendition_id, document_id, case_id, person_id,"
        " size_bytes, part_size, headers, wrapped_key, details, why, quarantined_at, tries,"
        " next_try_at, log_index)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row.upload_id,
            row.rendition_id,
            row.document_id,
            row.case_id,
            row.person_id,
            row.size_bytes,
            row.part_size,
            row.headers,
            row.wrapped_key,
            row.details,
            row.why,
            row.quarantined_at,
            row.tries,
            row.next_try_at,
            row.log_index,
        ),
    )


def find(tx: Transaction, upload_id: UploadId) -> QuarantineRow | None:
    """Return a deposit that waits or has waited."""
    query = "SELECT * FROM quarantines WHERE upload_id = %s"
    return tx.one(QuarantineRow, query, (upload_id,))


def waiting(tx: Transaction) -> list[QuarantineRow]:
    """Return every deposit that waits, the oldest first."""
    return tx.all(
        QuarantineRow,
        "SELECT * FROM quarantines WHERE ended_index IS NULL ORDER BY quarantined_at, upload_id",
    )


def waiting_of_document(tx: Transaction, document_id: DocumentId) -> list[QuarantineRow]:
    """Return the deposits that wait to become versions of a document."""
    return tx.all(
        QuarantineRow,
        "SELECT * FROM quarantines WHERE document_id = %s AND ended_index IS NULL",
        (document_id,),
    )


def has_note(tx: Transaction, row: QuarantineRow) -> bool:
    """Tell whether what waits is noted, and takes the room that it takes."""
    query = (
        "SELECT 1 FROM uploads WHERE rendition_id = %s AND case_id = %s AND person_id = %s"
        " AND declared_bytes = %s AND expires_at IS NULL AND NOT given_up"
    )
    values = (row.rendition_id, row.case_id, row.person_id, row.size_bytes)
    return tx.value(query, values) is not None


def take_due(tx: Transaction, now: datetime) -> QuarantineRow | None:
    """Return a deposit that is due and that no other transaction has taken; put it off with it."""
    return tx.one(
        QuarantineRow,
        "SELECT * FROM quarantines WHERE ended_index IS NULL AND next_try_at <= %s"
        " ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED",
        (now,),
    )


def put_off(tx: Transaction, upload_id: UploadId, tries: int, until: datetime) -> None:
    """Note one more try, and when the one after it is due."""
    query = "UPDATE quarantines SET tries = %s, next_try_at = %s WHERE upload_id = %s"
    tx.execute(query, (tries, until, upload_id))


def note_why(tx: Transaction, upload_id: UploadId, why: str) -> None:
    """Note what stood in the way this time."""
    tx.execute("UPDATE quarantines SET why = %s WHERE upload_id = %s", (why, upload_id))


def lock_waiting(tx: Transaction, upload_id: UploadId) -> bool:
    """Let nobody else end this deposit's wait; False if it has ended."""
    query = "SELECT 1 FROM quarantines WHERE upload_id = %s AND ended_index IS NULL FOR UPDATE"
    return tx.value(query, (upload_id,)) is not None


def end(tx: Transaction, upload_id: UploadId, ended_index: int, receipt: bytes | None) -> None:
    """End a wait that the caller has locked."""
    tx.execute(
        "UPDATE quarantines SET ended_index = %s, receipt = %s WHERE upload_id = %s",
        (ended_index, receipt, upload_id),
    )
