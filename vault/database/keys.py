"""Keys are stored wrapped: a row here opens nothing without the root key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

KeyKind = Literal["case", "person", "operations"]

# The holder of the vault's own key.
OPERATIONS = UUID(int=0)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vault.database.connection import Transaction


def insert_key(
    tx: Transaction,
    holder: UUID,
    kind: KeyKind,
    wrapped: bytes,
    *,
    created_at: datetime,
) -> None:
    """Store a wrapped key; DuplicateRow if its holder has one."""
    tx.execute(
        "INSERT INTO keys (holder_id, kind, wrapped, created_at) VALUES (%s, %s, %s, %s)",
        (holder, kind, wrapped, created_at),
    )


def wrapped_key(tx: Transaction, holder: UUID, kind: KeyKind) -> bytes | None:
    """Return the wrapped key of a holder, or None if there is none (any more).

    Of an erased case there is none, whatever was put back: every way to open anything of a case
    begins here, in the snapshot of the request, so that a key some worker has opened is of no use.
    """
    found: bytes | None = tx.value(
        "SELECT wrapped FROM keys WHERE holder_id = %s AND kind = %s AND NOT EXISTS"
        " (SELECT FROM erasures WHERE case_id = holder_id AND document_id IS NULL)",
        (holder, kind),
    )
    return found


def lock_case_key(tx: Transaction, case_id: UUID) -> None:
    """Let nobody replace a case's wrapped key until the transaction ends; wait for who does now."""
    tx.execute("SELECT FROM keys WHERE holder_id = %s AND kind = 'case' FOR UPDATE", (case_id,))


def holders_among(tx: Transaction, holders: Sequence[UUID]) -> set[UUID]:
    """Return those of the given ids that still have a key."""
    query = "SELECT holder_id FROM keys WHERE holder_id = ANY(%s::uuid[])"
    return set(tx.values(query, (list(holders),)))


def closed_among(tx: Transaction, holders: Sequence[UUID], since: datetime) -> set[UUID]:
    """Return those of the given ids whose keys should not be at hand any more.

    Their key is gone, their case was erased, or a seat or a token of theirs was ended since then.
    """
    query = (
        "SELECT id FROM unnest(%(holders)s::uuid[]) AS id"
        " WHERE NOT EXISTS (SELECT FROM keys WHERE holder_id = id)"
        " OR EXISTS (SELECT FROM erasures WHERE case_id = id AND document_id IS NULL)"
        " OR EXISTS (SELECT FROM seat_changes WHERE case_id = id AND changed_at >= %(since)s)"
        " OR EXISTS (SELECT FROM tokens WHERE person_id = id AND revoked_at >= %(since)s)"
    )
    return set(tx.values(query, {"holders": list(holders), "since": since}))


def insert_operations_key(tx: Transaction, wrapped: bytes, *, created_at: datetime) -> None:
    """Store the vault's own key, unless it has one already."""
    tx.execute(
        "INSERT INTO keys (holder_id, kind, wrapped, created_at)"
        " VALUES (%s, 'operations', %s, %s) ON CONFLICT (holder_id) DO NOTHING",
        (OPERATIONS, wrapped, created_at),
    )


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One wrapped key."""

    holder_id: UUID
    kind: KeyKind
    wrapped: bytes


def keys_after(tx: Transaction, holder: UUID | None, limit: int) -> list[KeyRow]:
    """Return wrapped keys by their holders' ids, after one of these or from the first."""
    return tx.all(
        KeyRow,
        "SELECT holder_id, kind, wrapped FROM keys"
        " WHERE %(after)s::uuid IS NULL OR holder_id > %(after)s::uuid"
        " ORDER BY holder_id LIMIT %(limit)s",
        {"after": holder, "limit": limit},
    )


def replace_wrapped(tx: Transaction, row: KeyRow, wrapped: bytes) -> bool:
    """Store another wrapping of a key, if nobody has replaced or removed it since it was read."""
    return bool(
        tx.execute(
            "UPDATE keys SET wrapped = %s WHERE holder_id = %s AND wrapped = %s",
            (wrapped, row.holder_id, row.wrapped),
        )
    )
