"""Persons are ids and nothing else: whoever reads these tables learns no name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from vault.database.connection import Transaction
    from vault.ids import PersonId


@dataclass(frozen=True, slots=True)
class Bearer:
    """The person a live token stands for."""

    person_id: PersonId
    opens_cases: bool


def insert_person(
    tx: Transaction, person_id: PersonId, *, opens_cases: bool, created_at: datetime
) -> None:
    """Add a person."""
    tx.execute(
        "INSERT INTO persons (person_id, opens_cases, created_at) VALUES (%s, %s, %s)",
        (person_id, opens_cases, created_at),
    )


def person_exists(tx: Transaction, person_id: PersonId) -> bool:
    """Tell whether the vault knows this person."""
    return tx.value("SELECT 1 FROM persons WHERE person_id = %s", (person_id,)) is not None


def insert_token(
    tx: Transaction,
    digest: bytes,
    person_id: PersonId,
    *,
    issued_at: datetime,
    expires_at: datetime,
) -> None:
    """Add a token by its SHA-256; the token itself is never stored."""
    tx.execute(
        "INSERT INTO tokens (digest, person_id, issued_at, expires_at) VALUES (%s, %s, %s, %s)",
        (digest, person_id, issued_at, expires_at),
    )


def bearer(tx: Transaction, digest: bytes, now: datetime) -> Bearer | None:
    """Return whom a token stands for, unless it is unknown, revoked or past its hour."""
    return tx.one(
        Bearer,
        "SELECT person_id, opens_cases FROM tokens JOIN persons USING (person_id)"
        " WHERE digest = %s AND revoked_at IS NULL AND issued_at <= %s AND %s < expires_at",
        (digest, now, now),
    )


def revoke_tokens(tx: Transaction, person_id: PersonId, now: datetime) -> int:
    """Revoke every live token of a person; return how many there were."""
    return tx.execute(
        "UPDATE tokens SET revoked_at = %s WHERE person_id = %s AND revoked_at IS NULL",
        (now, person_id),
    )
