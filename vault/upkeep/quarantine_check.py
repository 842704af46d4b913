"""Every deposit that waits for the malware scan has its object, its note and its entry.

Nothing is released: what is opened is compared and dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.audit.events import Outcome, Tag
from vault.content import is_received, layout_of
from vault.database import documents, keys, quarantines
from vault.details import Sealer
from vault.errors import KeyDestroyed, Tampered
from vault.intake.quarantine import open_waiting
from vault.storage.names import object_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.audit.events import Event
    from vault.core import Vault
    from vault.database.connection import Transaction
    from vault.database.quarantines import QuarantineRow
    from vault.intake.quarantine import Waiting

# How the wait of a deposit ends, if the entry names it.
_ENDS = frozenset(
    {
        (Tag.DOCUMENT_DEPOSIT, Outcome.GRANTED),
        (Tag.RENDITION_DEPOSIT, Outcome.GRANTED),
        (Tag.DOCUMENT_SCAN, Outcome.REFUSED),
        (Tag.DOCUMENT_QUARANTINE, Outcome.ABORTED),
    }
)


def rows_of(event: Event) -> Iterator[tuple[str, str]]:
    """Yield the rows that must exist if this began or ended a wait: kind and upload."""
    upload = event.detail.get("upload")
    if upload is None:
        return
    if (event.tag, event.outcome) == (Tag.DOCUMENT_QUARANTINE, Outcome.GRANTED):
        yield "quarantine", str(upload)
    elif (event.tag, event.outcome) in _ENDS:
        yield "quarantine-end", str(upload)


def compare_waiting(vault: Vault, tx: Transaction, *, content: bool) -> Iterator[str]:
    """Hold every deposit that waits to what was sealed, to its note and to its object.

    Args:
        vault: The collaborators.
        tx: The snapshot that everything is compared in.
        content: Also open the objects; otherwise compare lengths alone.
    """
    for row in quarantines.waiting(tx):
        try:
            waiting = _opened(vault, tx, row)
        except Tampered:
            yield f"Upload {row.upload_id}: its row in quarantine is not what was sealed."
            continue
        except KeyDestroyed:
            continue  # Named among the keys.
        if waiting is None:
            yield f"Upload {row.upload_id}: it is in quarantine, and the key of its case is gone."
            continue
        if not quarantines.has_note(tx, row):
            yield f"Upload {row.upload_id}: it is in quarantine, and takes no room."
        if row.rendition_id in documents.wrapped_keys_of(tx, [row.rendition_id]):
            yield f"Upload {row.upload_id}: it is in quarantine, and is a document all the same."
        yield from _compare_object(vault, waiting, content=content)


def _opened(vault: Vault, tx: Transaction, row: QuarantineRow) -> Waiting | None:
    wrapped = keys.wrapped_key(tx, row.case_id, "case")
    if wrapped is None:
        return None
    return open_waiting(Sealer(row.case_id, vault.keyring.open_case_key(row.case_id, wrapped)), row)


def _compare_object(vault: Vault, waiting: Waiting, *, content: bool) -> Iterator[str]:
    row = waiting.row
    length = vault.store.length(object_name(row.case_id, row.rendition_id))
    if length is None:
        yield f"Upload {row.upload_id}: its object in quarantine is missing."
    elif length != layout_of(row).object_length:
        yield f"Upload {row.upload_id}: its object in quarantine has another length."
    elif content and not is_received(vault, waiting.sealer, waiting.stored):
        yield f"Upload {row.upload_id}: its object in quarantine is not what was received."
