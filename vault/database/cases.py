"""Rows of cases and participants as SQL sees them: rights and names are inside sealed fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vault.database.connection import Transaction
    from vault.ids import CaseId, ParticipantId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One case."""

    case_id: CaseId
    state: bytes
    details: bytes
    opened_at: datetime
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantRow:
    """One person's seat in one case, and its latest change if there was any."""

    participant_id: ParticipantId
    case_id: CaseId
    person_id: PersonId
    details: bytes
    seated_at: datetime
    log_index: int
    change_id: UUID | None = None
    change: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChangeRow:
    """A seat was ended, prolonged or stepped down from."""

    change_id: UUID
    case_id: CaseId
    participant_id: ParticipantId
    details: bytes
    changed_at: datetime
    log_index: int


def insert_case(tx: Transaction, row: CaseRow) -> None:
    """Add a case."""
    tx.execute(
        "INSERT INTO cases (case_id, state, details, opened_at, log_index)"
        " VALUES (%s, %s, %s, %s, %s)",
        (row.case_id, row.state, row.details, row.opened_at, row.log_index),
    )


def find_case(tx: Transaction, case_id: CaseId) -> CaseRow | None:
    """Return a case."""
    return tx.one(CaseRow, "SELECT * FROM cases WHERE case_id = %s", (case_id,))


def lock_case(tx: Transaction, case_id: CaseId) -> CaseRow | None:
    """Return a case and keep every other change of it waiting until this transaction ends."""
    return tx.one(CaseRow, "SELECT * FROM cases WHERE case_id = %s FOR UPDATE", (case_id,))


def share_case(tx: Transaction, case_id: CaseId) -> CaseRow | None:
    """Return a case and keep its state as it is until this transaction ends; others may share."""
    return tx.one(CaseRow, "SELECT * FROM cases WHERE case_id = %s FOR SHARE", (case_id,))


def update_state(tx: Transaction, case_id: CaseId, state: bytes) -> None:
    """Replace the sealed state of a case locked by this transaction."""
    tx.execute("UPDATE cases SET state = %s WHERE case_id = %s", (state, case_id))


def insert_participant(tx: Transaction, row: ParticipantRow) -> None:
    """Add a participant; DuplicateRow if the person already sits in the case."""
    tx.execute(
        "INSERT INTO participants"
        " (participant_id, case_id, person_id, details, seated_at, log_index)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (
            row.participant_id,
            row.case_id,
            row.person_id,
            row.details,
            row.seated_at,
            row.log_index,
        ),
    )


def participants_of(tx: Transaction, case_id: CaseId) -> list[ParticipantRow]:
    """Return everybody ever seated in a case, in the order of seating."""
    return tx.all(
        ParticipantRow,
        "SELECT participants.*, latest.change_id, latest.change FROM participants"
        " LEFT JOIN LATERAL (SELECT change_id, details AS change FROM seat_changes"
        "   WHERE case_id = participants.case_id"
        "     AND participant_id = participants.participant_id"
        "   ORDER BY log_index DESC LIMIT 1) AS latest ON true"
        " WHERE case_id = %s ORDER BY seated_at, participant_id",
        (case_id,),
    )


def participant_of(tx: Transaction, case_id: CaseId, person_id: PersonId) -> ParticipantRow | None:
    """Return one person's seat in a case."""
    return tx.one(
        ParticipantRow,
        "SELECT participants.*, latest.change_id, latest.change FROM participants"
        " LEFT JOIN LATERAL (SELECT change_id, details AS change FROM seat_changes"
        "   WHERE case_id = participants.case_id"
        "     AND participant_id = participants.participant_id"
        "   ORDER BY log_index DESC LIMIT 1) AS latest ON true"
        " WHERE case_id = %s AND person_id = %s",
        (case_id, person_id),
    )


def insert_seat_change(tx: Transaction, row: SeatChangeRow) -> None:
    """Add a change of a seat."""
    tx.execute(
        "INSERT INTO seat_changes"
        " (change_id, case_id, participant_id, details, changed_at, log_index)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (
            row.change_id,
            row.case_id,
            row.participant_id,
            row.details,
            row.changed_at,
            row.log_index,
        ),
    )


def seat_changes_of(tx: Transaction, case_id: CaseId) -> list[SeatChangeRow]:
    """Return every change of a seat in a case."""
    return tx.all(
        SeatChangeRow,
        "SELECT * FROM seat_changes WHERE case_id = %s ORDER BY log_index",
        (case_id,),
    )


def cases_of(tx: Transaction, person_id: PersonId) -> list[CaseRow]:
    """Return every case in which a person was ever seated, newest first."""
    return tx.all(
        CaseRow,
        "SELECT cases.* FROM cases JOIN participants USING (case_id)"
        " WHERE person_id = %s ORDER BY opened_at DESC, case_id",
        (person_id,),
    )
