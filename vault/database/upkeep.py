"""Rows that let the upkeep of a store go on where it was: cursors of scrubs, orphans met before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vault.database.documents import StoredRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from vault.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrubRow:
    """A pass over the renditions of a case, or of the whole vault, and how far it has come."""

    scope_id: UUID
    started_at: datetime
    after_id: UUID
    renditions: int
    bytes: int
    findings: int


def find_scrub(tx: Transaction, scope_id: UUID) -> ScrubRow | None:
    """Return the pass that is under way."""
    return tx.one(ScrubRow, "SELECT * FROM scrubs WHERE scope_id = %s", (scope_id,))


def save_scrub(tx: Transaction, row: ScrubRow) -> None:
    """Note how far a pass has come."""
    tx.execute(
        "INSERT INTO scrubs (scope_id, started_at, after_id, renditions, bytes, findings)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (scope_id) DO UPDATE SET"
        " after_id = EXCLUDED.after_id, renditions = EXCLUDED.renditions,"
        " bytes = EXCLUDED.bytes, findings = EXCLUDED.findings",
        (row.scope_id, row.started_at, row.after_id, row.renditions, row.bytes, row.findings),
    )


def end_scrub(tx: Transaction, scope_id: UUID) -> None:
    """Forget a pass that has come to its end."""
    tx.execute("DELETE FROM scrubs WHERE scope_id = %s", (scope_id,))


def next_rendition(tx: Transaction, after: UUID, case_id: UUID | None) -> StoredRow | None:
    """Return the first rendition behind an id, of one case if it is named."""
    return tx.one(
        StoredRow,
        "SELECT renditions.*, case_id, class AS document_class, origin, provenance,"
        " label, documents.details AS document_details"
        " FROM renditions JOIN documents USING (document_id)"
        " WHERE rendition_id > %(after)s AND (%(case)s::uuid IS NULL OR case_id = %(case)s)"
        " ORDER BY rendition_id LIMIT 1",
        {"after": after, "case": case_id},
    )


def is_first_of_case(tx: Transaction, row: StoredRow) -> bool:
    """Tell whether a pass comes to no rendition of the same case before this one."""
    query = (
        "SELECT 1 FROM renditions JOIN documents USING (document_id)"
        " WHERE case_id = %s AND rendition_id < %s LIMIT 1"
    )
    return tx.value(query, (row.case_id, row.rendition_id)) is None


def note_orphans(tx: Transaction, names: Sequence[str], now: datetime) -> None:
    """Note when orphans were first met, if they were not before."""
    tx.execute(
        "INSERT INTO orphans (name, first_seen_at) SELECT name, %s FROM unnest(%s::text[]) AS name"
        " ON CONFLICT (name) DO NOTHING",
        (now, list(names)),
    )


def met_before(tx: Transaction, names: Sequence[str], instant: datetime) -> set[str]:
    """Return those of the names that were first met at an instant, or before."""
    query = "SELECT name FROM orphans WHERE name = ANY(%s::text[]) AND first_seen_at <= %s"
    return set(tx.values(query, (list(names), instant)))


def forget_orphans(tx: Transaction, *, but: Sequence[str]) -> None:
    """Forget every orphan that is not among these: it is gone, or none after all."""
    tx.execute("DELETE FROM orphans WHERE NOT name = ANY(%s::text[])", (list(but),))
