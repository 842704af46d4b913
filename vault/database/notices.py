"""Rows of notices: what a person must be told, sealed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vault.database.connection import Transaction
    from vault.ids import CaseId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """One notice to one person."""

    notice_id: UUID
    case_id: CaseId
    person_id: PersonId
    details: bytes
    made_at: datetime
    log_index: int


def insert_notice(tx: Transaction, row: NoticeRow) -> None:
    """Add a notice."""
    tx.execute(
        "INSERT INTO notices (notice_id, case_id, person_id, details, made_at, log_index)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (row.notice_id, row.case_id, row.person_id, row.details, row.made_at, row.log_index),
    )


def notices_to(tx: Transaction, case_id: CaseId, person_id: PersonId) -> list[NoticeRow]:
    """Return every notice to a person in a case, oldest first."""
    return tx.all(
        NoticeRow,
        "SELECT * FROM notices WHERE case_id = %s AND person_id = %s ORDER BY made_at, notice_id",
        (case_id, person_id),
    )
