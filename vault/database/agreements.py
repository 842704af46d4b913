"""Rows of agreements and of what is done with them. Versions are added, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from vault.database.connection import Transaction
    from vault.ids import CaseId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementRow:
    """One version of the agreement of a case, drafted or in force."""

    case_id: CaseId
    version: int
    terms: bytes
    proposed_by: PersonId
    proposed_at: datetime
    in_force_at: datetime | None
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRow:
    """One person's signature under one version."""

    case_id: CaseId
    version: int
    person_id: PersonId
    details: bytes
    signed_at: datetime
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalRow:
    """A draft was taken back."""

    case_id: CaseId
    version: int
    person_id: PersonId
    details: bytes
    withdrawn_at: datetime
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRow:
    """One person said something of one version."""

    comment_id: UUID
    case_id: CaseId
    version: int
    person_id: PersonId
    details: bytes
    commented_at: datetime
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRow:
    """A version reached one person, or was read, for the first time."""

    case_id: CaseId
    version: int
    person_id: PersonId
    how: str
    details: bytes
    noted_at: datetime
    log_index: int


def next_version(tx: Transaction, case_id: CaseId) -> int:
    """Return the number of the next version; the caller holds the case's lock."""
    latest: int | None = tx.value(
        "SELECT max(version) FROM agreements WHERE case_id = %s", (case_id,)
    )
    return (latest or 0) + 1


def drafts_after(tx: Transaction, case_id: CaseId, version: int, proposer: PersonId) -> int:
    """Return how many drafts a person has put forward after a version and not taken back."""
    count: int = tx.value(
        "SELECT count(*) FROM agreements AS drafted WHERE case_id = %s AND version > %s"
        " AND proposed_by = %s AND in_force_at IS NULL AND NOT EXISTS (SELECT 1 FROM withdrawals"
        "   WHERE case_id = drafted.case_id AND version = drafted.version)",
        (case_id, version, proposer),
    )
    return count


def insert_agreement(tx: Transaction, row: AgreementRow) -> None:
    """Add a version."""
    tx.execute(
        "INSERT INTO agreements (case_id, version, terms, proposed_by, proposed_at,"
        " in_force_at, log_index) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            row.case_id,
            row.version,
            row.terms,
            row.proposed_by,
            row.proposed_at,
            row.in_force_at,
            row.log_index,
        ),
    )


def find_agreement(tx: Transaction, case_id: CaseId, version: int) -> AgreementRow | None:
    """Return one version."""
    return tx.one(
        AgreementRow,
        "SELECT * FROM agreements WHERE case_id = %s AND version = %s",
        (case_id, version),
    )


def agreements_of(tx: Transaction, case_id: CaseId) -> list[AgreementRow]:
    """Return every version, oldest first."""
    return tx.all(
        AgreementRow, "SELECT * FROM agreements WHERE case_id = %s ORDER BY version", (case_id,)
    )


def mark_in_force(tx: Transaction, case_id: CaseId, version: int, at: datetime) -> None:
    """Note when a version took effect."""
    tx.execute(
        "UPDATE agreements SET in_force_at = %s WHERE case_id = %s AND version = %s",
        (at, case_id, version),
    )


def insert_signature(tx: Transaction, row: SignatureRow) -> None:
    """Add a signature; DuplicateRow if the person has signed this version before."""
    tx.execute(
        "INSERT INTO signatures (case_id, version, person_id, details, signed_at, log_index)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (
            row.case_id,
            row.version,
            row.person_id,
            row.details,
            row.signed_at,
            row.log_index,
        ),
    )


def signatures_of(tx: Transaction, case_id: CaseId, versions: Sequence[int]) -> list[SignatureRow]:
    """Return who has signed some versions, in the order of signing."""
    return tx.all(
        SignatureRow,
        "SELECT * FROM signatures WHERE case_id = %s AND version = ANY(%s::integer[])"
        " ORDER BY log_index",
        (case_id, list(versions)),
    )


def insert_withdrawal(tx: Transaction, row: WithdrawalRow) -> None:
    """Add a withdrawal; DuplicateRow if the draft was withdrawn before."""
    tx.execute(
        "INSERT INTO withdrawals (case_id, version, person_id, details, withdrawn_at, log_index)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (
            row.case_id,
            row.version,
            row.person_id,
            row.details,
            row.withdrawn_at,
            row.log_index,
        ),
    )


def withdrawals_of(
    tx: Transaction, case_id: CaseId, versions: Sequence[int]
) -> list[WithdrawalRow]:
    """Return which of some versions were taken back."""
    return tx.all(
        WithdrawalRow,
        "SELECT * FROM withdrawals WHERE case_id = %s AND version = ANY(%s::integer[])",
        (case_id, list(versions)),
    )


def insert_comment(tx: Transaction, row: CommentRow) -> None:
    """Add a comment."""
    tx.execute(
        "INSERT INTO comments"
        " (comment_id, case_id, version, person_id, details, commented_at, log_index)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            row.comment_id,
            row.case_id,
            row.version,
            row.person_id,
            row.details,
            row.commented_at,
            row.log_index,
        ),
    )


def comments_on(
    tx: Transaction, case_id: CaseId, version: int, *, after: int, limit: int
) -> list[CommentRow]:
    """Return one page of what was said of a version, oldest first, by the index of its entry."""
    return tx.all(
        CommentRow,
        "SELECT * FROM comments WHERE case_id = %s AND version = %s AND log_index > %s"
        " ORDER BY log_index LIMIT %s",
        (case_id, version, after, limit),
    )


def insert_reading(tx: Transaction, row: ReadingRow) -> None:
    """Add that a version reached somebody; DuplicateRow if that was noted before."""
    tx.execute(
        "INSERT INTO readings (case_id, version, person_id, how, details, noted_at, log_index)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            row.case_id,
            row.version,
            row.person_id,
            row.how,
            row.details,
            row.noted_at,
            row.log_index,
        ),
    )


def readings_of(tx: Transaction, case_id: CaseId, versions: Sequence[int]) -> list[ReadingRow]:
    """Return whom some versions have reached, in the order in which they did."""
    return tx.all(
        ReadingRow,
        "SELECT * FROM readings WHERE case_id = %s AND version = ANY(%s::integer[])"
        " ORDER BY log_index",
        (case_id, list(versions)),
    )
