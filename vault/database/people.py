"""Persons are ids and nothing else: whoever reads these tables learns no name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vault.database.connection import Transaction
    from vault.ids import PersonId


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token that was not revoked, and the person it stands for."""

    person_id: PersonId
    token: bytes
    person: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyRow:
    """A public key that a person signs agreements by."""

    key_id: UUID
    person_id: PersonId
    details: bytes
    registered_at: datetime


def insert_person(
    tx: Transaction, person_id: PersonId, details: bytes, *, created_at: datetime
) -> None:
    """Add a person."""
    tx.execute(
        "INSERT INTO persons (person_id, details, created_at) VALUES (%s, %s, %s)",
        (person_id, details, created_at),
    )


def person_exists(tx: Transaction, person_id: PersonId) -> bool:
    """Tell whether the vault knows this person."""
    return tx.value("SELECT 1 FROM persons WHERE person_id = %s", (person_id,)) is not None


def insert_token(
    tx: Transaction, digest: bytes, person_id: PersonId, details: bytes, *, issued_at: datetime
) -> None:
    """Add a token by its SHA-256; the token itself is never stored."""
    tx.execute(
        "INSERT INTO tokens (digest, person_id, details, issued_at) VALUES (%s, %s, %s, %s)",
        (digest, person_id, details, issued_at),
    )


def find_token(tx: Transaction, digest: bytes) -> TokenRow | None:
    """Return a token, unless it is unknown or revoked."""
    return tx.one(
        TokenRow,
        "SELECT person_id, tokens.details AS token, persons.details AS person"
        " FROM tokens JOIN persons USING (person_id)"
        " WHERE digest = %s AND revoked_at IS NULL",
        (digest,),
    )


def revoke_tokens(tx: Transaction, person_id: PersonId, now: datetime) -> int:
    """Revoke every live token of a person; return how many there were."""
    return tx.execute(
        "UPDATE tokens SET revoked_at = %s WHERE person_id = %s AND revoked_at IS NULL",
        (now, person_id),
    )


def insert_signing_key(tx: Transaction, row: SigningKeyRow) -> None:
    """Add a signing key; DuplicateRow if anybody has registered it before."""
    tx.execute(
        "INSERT INTO signing_keys (key_id, person_id, details, registered_at)"
        " VALUES (%s, %s, %s, %s)",
        (row.key_id, row.person_id, row.details, row.registered_at),
    )


def signing_keys_of(tx: Transaction, person_id: PersonId) -> list[SigningKeyRow]:
    """Return every signing key of a person, the latest first."""
    return tx.all(
        SigningKeyRow,
        "SELECT * FROM signing_keys WHERE person_id = %s ORDER BY registered_at DESC, key_id",
        (person_id,),
    )
