"""Rows of requests, their answers, and the ledger of exceptions; all are added, none changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vault.database.connection import Transaction
    from vault.ids import CaseId, DocumentId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """Somebody asks for an exception for one document."""

    request_id: UUID
    case_id: CaseId
    document_id: DocumentId
    details: bytes
    requested_by: PersonId
    requested_at: datetime
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """What one person answered to a request."""

    request_id: UUID
    person_id: PersonId
    details: bytes
    answered_at: datetime
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionRow:
    """One line of the ledger."""

    case_id: CaseId
    number: int
    document_id: DocumentId
    details: bytes
    made_by: PersonId | None
    made_at: datetime
    log_index: int


def insert_request(tx: Transaction, row: RequestRow) -> None:
    """Add a request."""
    tx.execute(
        "INSERT INTO requests (request_id, case_id, document_id, details, requested_by,"
        " requested_at, log_index) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            row.request_id,
            row.case_id,
            row.document_id,
            row.details,
            row.requested_by,
            row.requested_at,
            row.log_index,
        ),
    )


def find_request(tx: Transaction, request_id: UUID) -> RequestRow | None:
    """Return a request."""
    return tx.one(RequestRow, "SELECT * FROM requests WHERE request_id = %s", (request_id,))


def requests_of(tx: Transaction, case_id: CaseId) -> list[RequestRow]:
    """Return every request of a case, oldest first."""
    return tx.all(
        RequestRow, "SELECT * FROM requests WHERE case_id = %s ORDER BY log_index", (case_id,)
    )


def insert_answer(tx: Transaction, row: AnswerRow) -> None:
    """Add an answer; DuplicateRow if the person has answered before."""
    tx.execute(
        "INSERT INTO answers (request_id, person_id, details, answered_at, log_index)"
        " VALUES (%s, %s, %s, %s, %s)",
        (row.request_id, row.person_id, row.details, row.answered_at, row.log_index),
    )


def answers_to(tx: Transaction, request_id: UUID) -> list[AnswerRow]:
    """Return every answer to a request, in the order in which they came."""
    return tx.all(
        AnswerRow,
        "SELECT * FROM answers WHERE request_id = %s ORDER BY log_index",
        (request_id,),
    )


def insert_exception(tx: Transaction, row: ExceptionRow) -> None:
    """Add a line to the ledger; the caller holds the case's lock."""
    tx.execute(
        "INSERT INTO exceptions (case_id, number, document_id, details, made_by, made_at,"
        " log_index) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            row.case_id,
            row.number,
            row.document_id,
            row.details,
            row.made_by,
            row.made_at,
            row.log_index,
        ),
    )


def exceptions_of(tx: Transaction, case_id: CaseId) -> list[ExceptionRow]:
    """Return the ledger of a case, in the order of its numbers."""
    return tx.all(
        ExceptionRow, "SELECT * FROM exceptions WHERE case_id = %s ORDER BY number", (case_id,)
    )
