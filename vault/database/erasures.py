"""Rows of erasures; and the rows that one removes, each table named once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, LiteralString

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from vault.database.connection import Transaction
    from vault.ids import CaseId, DocumentId, RenditionId

# In an order that the references between them allow.
OF_A_CASE: Final[dict[str, LiteralString]] = {
    "answers": "DELETE FROM answers USING requests"
    " WHERE answers.request_id = requests.request_id AND requests.case_id = %s",
    "requests": "DELETE FROM requests WHERE case_id = %s",
    "exceptions": "DELETE FROM exceptions WHERE case_id = %s",
    "notices": "DELETE FROM notices WHERE case_id = %s",
    "holds": "DELETE FROM holds WHERE case_id = %s",
    "upload_parts": "DELETE FROM upload_parts USING resumable_uploads WHERE"
    " upload_parts.upload_id = resumable_uploads.upload_id AND resumable_uploads.case_id = %s",
    "resumable_uploads": "DELETE FROM resumable_uploads WHERE case_id = %s",
    "quarantines": "DELETE FROM quarantines WHERE case_id = %s",
    "renditions": "DELETE FROM renditions USING documents"
    " WHERE renditions.document_id = documents.document_id AND documents.case_id = %s",
    "documents": "DELETE FROM documents WHERE case_id = %s",
    "withdrawals": "DELETE FROM withdrawals WHERE case_id = %s",
    "comments": "DELETE FROM comments WHERE case_id = %s",
    "readings": "DELETE FROM readings WHERE case_id = %s",
    "signatures": "DELETE FROM signatures WHERE case_id = %s",
    "agreements": "DELETE FROM agreements WHERE case_id = %s",
    "seat_changes": "DELETE FROM seat_changes WHERE case_id = %s",
    "participants": "DELETE FROM participants WHERE case_id = %s",
    "keys": "DELETE FROM keys WHERE holder_id = %s AND kind = 'case'",
    # The id stays, for what refers to it: uploads that must still be ended, and the erasure.
    "cases": "UPDATE cases SET state = '', details = '' WHERE case_id = %s",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRow:
    """One erasure: of a document, or of a whole case if none is named."""

    erasure_id: UUID
    case_id: CaseId
    document_id: DocumentId | None
    step: str
    details: bytes
    inventory: str
    ordered_at: datetime
    log_index: int
    certificate: str | None
    certified_index: int | None


@dataclass(frozen=True, slots=True)
class PutBackRow:
    """A table that holds something of a case that was erased."""

    case_id: CaseId
    kind: str


def insert_erasure(tx: Transaction, row: ErasureRow) -> None:
    """Add an erasure; DuplicateRow if its document or case has one."""
    tx.execute(
        "INSERT INTO erasures (erasure_id, case_id, document_id, step, details, ordered_at,"
        " log_index) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            row.erasure_id,
            row.case_id,
            row.document_id,
            row.step,
            row.details,
            row.ordered_at,
            row.log_index,
        ),
    )


def erasure_of_document(tx: Transaction, document_id: DocumentId) -> ErasureRow | None:
    """Return the erasure of a document."""
    return tx.one(ErasureRow, "SELECT * FROM erasures WHERE document_id = %s", (document_id,))


def erasure_of_case(tx: Transaction, case_id: CaseId) -> ErasureRow | None:
    """Return the erasure of a whole case."""
    query = "SELECT * FROM erasures WHERE case_id = %s AND document_id IS NULL"
    return tx.one(ErasureRow, query, (case_id,))


def all_erasures(tx: Transaction) -> list[ErasureRow]:
    """Return every erasure, in the order in which they were ordered."""
    return tx.all(ErasureRow, "SELECT * FROM erasures ORDER BY log_index")


def is_erased(tx: Transaction, case_id: CaseId, document_id: DocumentId) -> bool:
    """Tell whether the erasure of a document, or of its case, was ordered."""
    query = (
        "SELECT 1 FROM erasures WHERE case_id = %s AND (document_id = %s OR document_id IS NULL)"
    )
    return tx.value(query, (case_id, document_id)) is not None


def update_erasure(tx: Transaction, row: ErasureRow, *, after: str) -> bool:
    """Note how far an erasure has come; False unless it was at the step that this comes after."""
    query = (
        "UPDATE erasures SET step = %s, details = %s, inventory = %s"
        " WHERE erasure_id = %s AND step = %s"
    )
    return tx.execute(query, (row.step, row.details, row.inventory, row.erasure_id, after)) == 1


def certify(tx: Transaction, erasure_id: UUID, certificate: str, certified_index: int) -> bool:
    """End an erasure with its certificate; False unless everything else is done."""
    query = (
        "UPDATE erasures SET step = 'certified', certificate = %s, certified_index = %s"
        " WHERE erasure_id = %s AND step = 'removed'"
    )
    return tx.execute(query, (certificate, certified_index, erasure_id)) == 1


def delete_rows_of_case(tx: Transaction, case_id: CaseId) -> None:
    """Remove every row that holds sealed content of a case, and its key."""
    for statement in OF_A_CASE.values():
        tx.execute(statement, (case_id,))


def delete_rows_of_document(tx: Transaction, document_id: DocumentId) -> None:
    """Remove a document and its renditions, with their keys, and the uploads that brought them."""
    tx.execute(
        "UPDATE uploads SET given_up = true FROM quarantines WHERE quarantines.document_id = %s"
        " AND quarantines.rendition_id = uploads.rendition_id",
        (document_id,),
    )
    tx.execute("DELETE FROM quarantines WHERE document_id = %s", (document_id,))
    tx.execute("DELETE FROM resumable_uploads WHERE document_id = %s", (document_id,))
    tx.execute("DELETE FROM renditions WHERE document_id = %s", (document_id,))
    tx.execute("DELETE FROM documents WHERE document_id = %s", (document_id,))


def uploads_to(tx: Transaction, row: ErasureRow) -> list[RenditionId]:
    """Return the uploads to what is erased that have not ended, or left something behind."""
    query = (
        "SELECT rendition_id FROM uploads WHERE case_id = %(case)s"
        " AND (%(document)s::uuid IS NULL OR document_id = %(document)s)"
    )
    return tx.values(query, {"case": row.case_id, "document": row.document_id})


def key_left(tx: Transaction, case_id: CaseId) -> bytes:
    """Return the wrapped key that is there for a case, erased or not; nothing if there is none."""
    query = "SELECT wrapped FROM keys WHERE holder_id = %s AND kind = 'case'"
    return tx.value(query, (case_id,)) or b""


def rows_put_back(tx: Transaction) -> list[tuple[CaseId, str]]:
    """Return the erased cases of which something is there all the same, with the tables."""
    rows = tx.all(
        PutBackRow,
        "SELECT DISTINCT found.case_id, kind FROM ("
        " SELECT holder_id AS case_id, 'keys' AS kind FROM keys WHERE kind = 'case'"
        " UNION ALL SELECT case_id, 'cases' FROM cases WHERE details <> '' OR state <> ''"
        " UNION ALL SELECT case_id, 'participants' FROM participants"
        " UNION ALL SELECT case_id, 'seat_changes' FROM seat_changes"
        " UNION ALL SELECT case_id, 'agreements' FROM agreements"
        " UNION ALL SELECT case_id, 'signatures' FROM signatures"
        " UNION ALL SELECT case_id, 'withdrawals' FROM withdrawals"
        " UNION ALL SELECT case_id, 'comments' FROM comments"
        " UNION ALL SELECT case_id, 'readings' FROM readings"
        " UNION ALL SELECT case_id, 'resumable_uploads' FROM resumable_uploads"
        " UNION ALL SELECT case_id, 'quarantines' FROM quarantines"
        " UNION ALL SELECT case_id, 'documents' FROM documents"
        " UNION ALL SELECT case_id, 'requests' FROM requests"
        " UNION ALL SELECT case_id, 'exceptions' FROM exceptions"
        " UNION ALL SELECT case_id, 'notices' FROM notices"
        " UNION ALL SELECT case_id, 'holds' FROM holds"
        ") AS found JOIN erasures ON erasures.case_id = found.case_id"
        " WHERE erasures.document_id IS NULL ORDER BY case_id, kind",
    )
    return [(row.case_id, row.kind) for row in rows]


def cases_among(tx: Transaction, case_ids: Sequence[CaseId]) -> tuple[set[CaseId], set[CaseId]]:
    """Return those of the given ids that are cases, and those of them that were erased."""
    ids = list(case_ids)
    known = tx.values("SELECT case_id FROM cases WHERE case_id = ANY(%s::uuid[])", (ids,))
    erased = tx.values(
        "SELECT case_id FROM erasures WHERE case_id = ANY(%s::uuid[]) AND document_id IS NULL",
        (ids,),
    )
    return set(known), set(erased)


def cases_in_erasure(tx: Transaction, case_ids: Sequence[CaseId]) -> set[CaseId]:
    """Return those of the given cases of which an erasure, of anything in them, is not certified.

    Which objects it has still to remove is sealed; that they are of this case is not.
    """
    query = (
        "SELECT DISTINCT case_id FROM erasures"
        " WHERE case_id = ANY(%s::uuid[]) AND step <> 'certified'"
    )
    return set(tx.values(query, (list(case_ids),)))
