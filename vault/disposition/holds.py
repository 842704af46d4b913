"""What is under a hold is not erased, whoever orders it, until the hold is lifted on record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vault.audit.events import Tag
from vault.database import cases, documents, holds, keys
from vault.errors import Conflict, NotFound, Tampered
from vault.ids import new_id
from vault.operators import open_own, operator_event, seal_own
from vault.wording import one_line

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vault.core import Vault
    from vault.database.connection import Transaction
    from vault.database.holds import HoldRow
    from vault.ids import CaseId, DocumentId

REASON_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced:
    """A hold, and whether it still holds.

    Attributes:
        document_id: What is held; None for the whole case.
        lifted_at: None while it holds.
    """

    hold_id: UUID
    case_id: CaseId
    document_id: DocumentId | None
    reason: str
    placed_at: datetime
    lifted_at: datetime | None


def place_on_document(vault: Vault, document_id: DocumentId, reason: str) -> HoldPlaced:
    """Keep a document from being erased, and with it its case; on record.

    Raises:
        NotFound: No such document.
        Invalid: The reason is not one line of at most 500 characters.
    """
    with vault.database.transaction() as tx:
        row = documents.find_document(tx, document_id)
        if row is None:
            raise NotFound
        return _placed(vault, tx, row.case_id, document_id, reason)


def place_on_case(vault: Vault, case_id: CaseId, reason: str) -> HoldPlaced:
    """Keep a case, and every document of it, from being erased; on record.

    Raises:
        NotFound: No such case.
        Invalid: The reason is not one line of at most 500 characters.
    """
    with vault.database.transaction() as tx:
        return _placed(vault, tx, case_id, None, reason)


def lift(vault: Vault, hold_id: UUID) -> None:
    """End a hold; on record.

    Raises:
        NotFound: No such hold.
        Conflict: It was lifted before.
    """
    with vault.database.transaction() as tx:
        found = holds.find_hold(tx, hold_id)
        if found is None or cases.lock_case(tx, found.case_id) is None:
            raise NotFound
        # Once more: somebody may have lifted it, or erased the case, before the lock was had.
        row = holds.find_hold(tx, hold_id)
        if row is None:
            raise NotFound
        hold = open_hold(vault, row)
        if hold.lifted_at is not None:
            raise Conflict("This hold was lifted before.")
        now = vault.clock()
        event = operator_event(vault, tx, Tag.HOLD_LIFT, _about(row), case=row.case_id)
        index = vault.log.append(tx, event)
        details = _sealed(vault, row, hold.reason, lifted_at=now)
        holds.lift_hold(tx, hold_id, details, lifted_at=now, lifted_index=index)


def list_holds(vault: Vault) -> list[HoldPlaced]:
    """Return every hold, oldest first."""
    with vault.database.snapshot() as tx:
        return [open_hold(vault, row) for row in holds.all_holds(tx)]


def check_not_held(
    vault: Vault, tx: Transaction, case_id: CaseId, document_id: DocumentId | None
) -> None:
    """Raise Conflict if a hold keeps a document, or a case if none is named, from being erased.

    A hold on a case keeps its documents, and one on a document keeps its case. The caller holds
    the case's lock, so that none is placed meanwhile.
    """
    for row in holds.holds_of(tx, case_id):
        hold = open_hold(vault, row)
        meant = None in (document_id, hold.document_id) or document_id == hold.document_id
        if meant and hold.lifted_at is None:
            raise Conflict("A hold is on this: it is not erased until the hold is lifted.")


def open_hold(vault: Vault, row: HoldRow) -> HoldPlaced:
    """Open a hold; Tampered if it is on something else, or not lifted as the row says."""
    value = open_own(vault, row.hold_id, "hold", row.details)
    if value != _value(row, value["reason"], row.lifted_at):
        raise Tampered
    return HoldPlaced(
        hold_id=row.hold_id,
        case_id=row.case_id,
        document_id=row.document_id,
        reason=value["reason"],
        placed_at=row.placed_at,
        lifted_at=row.lifted_at,
    )


def _placed(
    vault: Vault, tx: Transaction, case_id: CaseId, document_id: DocumentId | None, reason: str
) -> HoldPlaced:
    reason = one_line("reason", reason, longest=REASON_LONGEST)
    if cases.lock_case(tx, case_id) is None or keys.wrapped_key(tx, case_id, "case") is None:
        raise NotFound
    if document_id is not None and documents.find_document(tx, document_id) is None:
        raise NotFound
    row = holds.HoldRow(
        hold_id=new_id(),
        case_id=case_id,
        document_id=document_id,
        details=b"",
        placed_at=vault.clock(),
        log_index=-1,
        lifted_at=None,
        lifted_index=None,
    )
    details = _sealed(vault, row, reason, lifted_at=None)
    event = operator_event(vault, tx, Tag.HOLD_PLACE, _about(row), case=case_id)
    index = vault.log.append(tx, event)
    placed = replace(row, details=details, log_index=index)
    holds.insert_hold(tx, placed)
    return open_hold(vault, placed)


def _about(row: HoldRow) -> dict[str, str | int]:
    held = {} if row.document_id is None else {"document": str(row.document_id)}
    return {"hold": str(row.hold_id), **held}


def _sealed(vault: Vault, row: HoldRow, reason: str, *, lifted_at: datetime | None) -> bytes:
    return seal_own(vault, row.hold_id, "hold", _value(row, reason, lifted_at))


def _value(row: HoldRow, reason: str, lifted_at: datetime | None) -> dict[str, str | None]:
    return {
        "case": str(row.case_id),
        "document": None if row.document_id is None else str(row.document_id),
        "reason": reason,
        "lifted_at": None if lifted_at is None else lifted_at.isoformat(),
    }
