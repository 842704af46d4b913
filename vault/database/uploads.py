"""Rows of resumable uploads and of their durable parts, and the room that is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from vault.database.connection import lock_number

if TYPE_CHECKING:
    from datetime import datetime

    from vault.database.connection import Transaction
    from vault.ids import CaseId, DocumentId, PersonId, RenditionId, UploadId


# Drawn once; it stands for nothing else.
_ROOM: Final = UUID("0d1f7c5e-2b0a-4f0b-9a55-5f7c0f3f6c1d")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumableRow:
    """An upload that lives across requests, until it expires.

    Attributes:
        store_write: The store's id of the write, once it was begun.
        last_header: Of the last part in the latest attempt to complete it.
        receipt: The sealed answer that completed it.
    """

    upload_id: UploadId
    rendition_id: RenditionId
    document_id: DocumentId
    case_id: CaseId
    person_id: PersonId
    size_bytes: int
    part_size: int
    wrapped_key: bytes
    details: bytes
    begun_at: datetime
    expires_at: datetime
    store_write: str | None = None
    last_header: bytes | None = None
    receipt: bytes | None = None


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part that is durable in the store."""

    number: int
    header: bytes
    tag: str


def insert(tx: Transaction, row: ResumableRow) -> None:
    """Add an upload of which nothing has come yet."""
    tx.execute(
        "INSERT INTO resumable_uploads (upload_id, rendition_id, document_id, case_id, person_id,"
        " size_bytes, part_size, wrapped_key, details, begun_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row.upload_id,
            row.rendition_id,
            row.document_id,
            row.case_id,
            row.person_id,
            row.size_bytes,
            row.part_size,
            row.wrapped_key,
            row.details,
            row.begun_at,
            row.expires_at,
        ),
    )


def find(tx: Transaction, upload_id: UploadId) -> ResumableRow | None:
    """Return an upload that has not been given up."""
    query = (
        "SELECT * FROM resumable_uploads AS r WHERE upload_id = %s AND NOT EXISTS"
        " (SELECT FROM uploads AS u WHERE u.rendition_id = r.rendition_id AND u.given_up)"
    )
    return tx.one(ResumableRow, query, (upload_id,))


def expired(tx: Transaction, now: datetime) -> list[UploadId]:
    """Return the uploads whose time is over, those that became documents included.

    By both clocks, the caller's and the database's: one that is ahead removes nothing.
    """
    query = (
        "SELECT upload_id FROM resumable_uploads WHERE expires_at <= least(%s, now())"
        " ORDER BY expires_at"
    )
    return tx.values(query, (now,))


def delete(tx: Transaction, rendition_id: RenditionId) -> None:
    """Forget a resumable upload and its parts, if this was one."""
    tx.execute("DELETE FROM resumable_uploads WHERE rendition_id = %s", (rendition_id,))


def parts_of(tx: Transaction, upload_id: UploadId) -> list[PartRow]:
    """Return the durable parts of an upload, in order."""
    return tx.all(
        PartRow,
        "SELECT number, header, tag FROM upload_parts WHERE upload_id = %s ORDER BY number",
        (upload_id,),
    )


def part_count(tx: Transaction, upload_id: UploadId) -> int:
    """Return how many parts of an upload are durable."""
    return tx.value("SELECT count(*) FROM upload_parts WHERE upload_id = %s", (upload_id,))


def insert_part(tx: Transaction, upload_id: UploadId, part: PartRow) -> bool:
    """Add the next durable part; False if it is not the next."""
    added = tx.execute(
        "INSERT INTO upload_parts (upload_id, number, header, tag)"
        " SELECT %(upload)s, %(number)s, %(header)s, %(tag)s WHERE %(number)s = 0 OR EXISTS"
        " (SELECT FROM upload_parts WHERE upload_id = %(upload)s AND number = %(number)s - 1)",
        {
            "upload": upload_id,
            "number": part.number,
            "header": part.header,
            "tag": part.tag,
        },
    )
    return added == 1


def begin_write(tx: Transaction, upload_id: UploadId, write: str) -> None:
    """Note under which id the store takes an upload's parts."""
    query = "UPDATE resumable_uploads SET store_write = %s WHERE upload_id = %s"
    tx.execute(query, (write, upload_id))


def attempt(tx: Transaction, upload_id: UploadId, last_header: bytes) -> None:
    """Note which last part the attempt that follows will complete an upload by."""
    query = "UPDATE resumable_uploads SET last_header = %s WHERE upload_id = %s"
    tx.execute(query, (last_header, upload_id))


def prolong(tx: Transaction, row: ResumableRow, until: datetime) -> None:
    """Let an upload live until an instant."""
    query = "UPDATE resumable_uploads SET expires_at = %s WHERE upload_id = %s"
    tx.execute(query, (until, row.upload_id))
    note = "UPDATE uploads SET expires_at = %s WHERE rendition_id = %s"
    tx.execute(note, (until, row.rendition_id))


def complete(tx: Transaction, upload_id: UploadId, receipt: bytes, until: datetime) -> None:
    """Keep the answer that completed an upload until an instant; its parts are the document's."""
    query = "UPDATE resumable_uploads SET receipt = %s, expires_at = %s WHERE upload_id = %s"
    tx.execute(query, (receipt, until, upload_id))
    tx.execute("DELETE FROM upload_parts WHERE upload_id = %s", (upload_id,))


def wait_for(tx: Transaction, holder: UUID) -> None:
    """Let everybody else who asks for room for this case or person wait for this transaction.

    Not on the holder's own number, by which an erasure waits for the same rows the other way round.
    """
    tx.execute("SELECT pg_advisory_xact_lock(%s)", (lock_number(UUID(int=holder.int ^ _ROOM.int)),))


def case_bytes(tx: Transaction, case_id: CaseId) -> int:
    """Return what a case holds, and what uploads to it have announced, until they are removed."""
    return tx.value(
        "SELECT ((SELECT coalesce(sum(size_bytes), 0) FROM renditions"
        "   JOIN documents USING (document_id) WHERE case_id = %(case)s)"
        " + (SELECT coalesce(sum(declared_bytes), 0) FROM uploads"
        "   WHERE case_id = %(case)s))::bigint",
        {"case": case_id},
    )


def person_bytes(tx: Transaction, person_id: PersonId) -> int:
    """Return what a person has brought to all cases, and announced, until it is removed."""
    return tx.value(
        "SELECT ((SELECT coalesce(sum(size_bytes), 0) FROM renditions"
        "   WHERE deposited_by = %(person)s)"
        " + (SELECT coalesce(sum(declared_bytes), 0) FROM uploads"
        "   WHERE person_id = %(person)s))::bigint",
        {"person": person_id},
    )
