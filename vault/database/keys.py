"""Keys are stored wrapped: a row here opens nothing without the root key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

KeyKind = Literal["case", "person", "operations"]

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

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
    """Return the wrapped key of a holder, or None if there is none (any more)."""
    found: bytes | None = tx.value(
        "SELECT wrapped FROM keys WHERE holder_id = %s AND kind = %s", (holder, kind)
    )
    return found
