"""Rows of agreements and signatures. Versions are added, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

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


def next_version(tx: Transaction, case_id: CaseId) -> int:
    """Return the number of the next version; the caller holds the case's lock."""
    latest: int | None = tx.value(
        "SELECT max(version) FROM agreements WHERE case_id = %s", (case_id,)
    )
    return (latest or 0) + 1


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


def signatures_of(tx: Transaction, case_id: CaseId, version: int) -> list[SignatureRow]:
    """Return who has signed a version, in the order of signing."""
    return tx.all(
        SignatureRow,
        "SELECT * FROM signatures WHERE case_id = %s AND version = %s ORDER BY signed_at",
        (case_id, version),
    )
