"""What was erased stays erased: what is put back is named, and so is an erasure nobody recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.audit.certificates import verify_certificate
from vault.audit.events import Tag
from vault.audit.notes import NoteRefused
from vault.database import erasures, holds
from vault.disposition.holds import open_hold
from vault.disposition.plans import open_plan
from vault.errors import Tampered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.audit.events import Event
    from vault.core import Vault
    from vault.database.connection import Transaction
    from vault.database.erasures import ErasureRow

# Which rows each of these changes makes, and the member of its detail that names them.
ROWS_OF: dict[Tag, dict[str, str]] = {
    Tag.HOLD_PLACE: {"hold": "hold"},
    Tag.HOLD_LIFT: {"hold-lift": "hold"},
    Tag.DOCUMENT_ERASE: {"exception": "number", "erasure": "erasure"},
    Tag.CASE_ERASE: {"erasure": "erasure"},
    Tag.DOCUMENT_ERASED: {"certificate": "certificate"},
    Tag.CASE_ERASED: {"certificate": "certificate"},
}

_OF_DEPOSITS = frozenset(
    {Tag.DOCUMENT_DEPOSIT, Tag.RENDITION_DEPOSIT, Tag.DOCUMENT_QUARANTINE, Tag.DOCUMENT_SCAN}
)

# Their rows outlive the case, and are compared without it.
WITHOUT_CASE = frozenset({"erasure", "certificate"})


def is_of_erased(event: Event, erased: frozenset[str]) -> bool:
    """Tell whether an event made rows of a document that was erased since."""
    return event.tag in _OF_DEPOSITS and event.detail.get("document") in erased


def erased_documents(tx: Transaction) -> frozenset[str]:
    """Return the ids of documents that were erased."""
    return frozenset(
        str(row.document_id) for row in erasures.all_erasures(tx) if row.document_id is not None
    )


def compare_erasures(vault: Vault, tx: Transaction) -> Iterator[str]:
    """Hold erasures and holds to what was sealed and signed, and to what is there."""
    for row in erasures.all_erasures(tx):
        yield from _compare(vault, row)
    for case, table in erasures.rows_put_back(tx):
        yield f"Case {case}: it was erased, and something of it is in {table}."
    for row in holds.all_holds(tx):
        try:
            open_hold(vault, row)
        except Tampered:
            yield f"Hold {row.hold_id}: it is not what was sealed."


def _compare(vault: Vault, row: ErasureRow) -> Iterator[str]:
    try:
        open_plan(vault, row)
    except Tampered:
        yield f"Erasure {row.erasure_id}: it is not what was sealed."
    if row.certificate is None:
        yield f"Erasure {row.erasure_id}: it is not finished; order it again to finish it."
        return
    try:
        said = verify_certificate(row.certificate, vault.erasure_key.verify_key)
    except NoteRefused:
        yield f"Erasure {row.erasure_id}: its certificate does not verify."
        return
    if (said.erasure, said.case, said.document) != (row.erasure_id, row.case_id, row.document_id):
        yield f"Erasure {row.erasure_id}: its certificate is of another erasure."
