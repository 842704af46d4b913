"""Keys are stored wrapped: a row here opens nothing without the root key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from uuid import UUID

KeyKind = Literal["case", "person", "operations"]

# The holder of the vault's own key.
OPERATIONS = UUID(int=0)

if TYPE_CHECKING:
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


def insert_operations_key(tx: Transaction, wrapped: bytes, *, created_at: datetime) -> None:
    """Store the vault's own key, unless it has one already."""
    tx.execute(
        "INSERT INTO keys (holder_id, kind, wrapped, created_at)"
        " VALUES (%s, 'operations', %s, %s) ON CONFLICT (holder_id) DO NOTHING",
        (OPERATIONS, wrapped, created_at),
    )
