"""Rows of holds: what must not be erased until somebody lifts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vault.database.connection import Transaction
    from vault.ids import CaseId, DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """One hold: on a document, or on a whole case if none is named."""

    hold_id: UUID
    case_id: CaseId
    document_id: DocumentId | None
    details: bytes
    placed_at: datetime
    log_index: int
    lifted_at: datetime | None
    lifted_index: int | None


def insert_hold(tx: Transaction, row: HoldRow) -> None:
    """Add a hold."""
    tx.execute(
        "INSERT INTO holds (hold_id, case_id, document_id, details, placed_at, log_index)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (row.hold_id, row.case_id, row.document_id, row.details, row.placed_at, row.log_index),
    )


def find_hold(tx: Transaction, hold_id: UUID) -> HoldRow | None:
    """Return a hold."""
    return tx.one(HoldRow, "SELECT * FROM holds WHERE hold_id = %s", (hold_id,))


def lift_hold(
    tx: Transaction, hold_id: UUID, details: bytes, *, lifted_at: datetime, lifted_index: int
) -> None:
    """Note that a hold was lifted; the caller holds its case's lock."""
    tx.execute(
        "UPDATE holds SET details = %s, lifted_at = %s, lifted_index = %s WHERE hold_id = %s",
        (details, lifted_at, lifted_index, hold_id),
    )


def all_holds(tx: Transaction) -> list[HoldRow]:
    """Return every hold, oldest first."""
    return tx.all(HoldRow, "SELECT * FROM holds ORDER BY log_index")


def holds_of(tx: Transaction, case_id: CaseId) -> list[HoldRow]:
    """Return every hold in a case, on the whole of it or on one of its documents."""
    return tx.all(HoldRow, "SELECT * FROM holds WHERE case_id = %s ORDER BY log_index", (case_id,))
