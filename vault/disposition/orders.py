"""From the commit of its order on, what is to be erased cannot be found or opened by any worker.

Marking, rows and the wrapped keys in them go in one transaction. Every way to a case's content
begins with its wrapped key, and every way to a document's with its row, each read in the snapshot
of the request: a worker that has the key in its cache refuses as soon as this has committed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from vault.audit.events import Outcome, Tag
from vault.database import cases, documents, erasures, exceptions, keys, quarantines
from vault.database.erasures import ErasureRow
from vault.details import Sealer
from vault.disclosure.documents import about
from vault.disposition.holds import check_not_held
from vault.disposition.plans import Plan, fingerprint, seal_plan
from vault.errors import Conflict, KeyDestroyed, NotFound
from vault.ids import new_id
from vault.keyring.port import Place
from vault.keyring.wrapped import split
from vault.operators import operator_event
from vault.scope import Deviation, Line, open_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.audit.slots import SealedEvent
    from vault.core import Vault
    from vault.database.connection import Transaction
    from vault.database.documents import DocumentRow
    from vault.disposition.plans import Order
    from vault.ids import CaseId, DocumentId


def order_case(vault: Vault, case_id: CaseId, order: Order) -> ErasureRow:
    """Let a case be found by nobody from now on; its rows are gone with the commit.

    So is its wrapped key, but for the copy in the bucket, and the one that is sealed in the plan
    where a provider has a key of the case's own to destroy.

    Raises:
        NotFound: No such case.
        Conflict: A hold is on it or on a document of it; the refusal is on record.
        Tampered: Its wrapped key is not what was sealed.
        Unavailable: The provider does not answer; nothing has begun.
    """
    erasure_id = new_id()
    try:
        with vault.database.transaction() as tx:
            wrapped = _locked_key(tx, case_id)
            check_not_held(vault, tx, case_id, None)
            own = _has_own_key(vault, case_id, wrapped)
            detail = {"erasure": str(erasure_id), "case": str(case_id)}
            # Sealed under the vault's own key: it must be read when that of the case is gone.
            event = operator_event(vault, tx, Tag.CASE_ERASE, detail)
            plan = _plan(order, event, [wrapped])
            row = ErasureRow(
                erasure_id=erasure_id,
                case_id=case_id,
                document_id=None,
                step="ordered",
                details=seal_plan(
                    vault, erasure_id, replace(plan, wrapped=wrapped.hex() if own else None)
                ),
                inventory="",
                ordered_at=vault.clock(),
                log_index=vault.log.append(tx, event),
                certificate=None,
                certified_index=None,
            )
            erasures.insert_erasure(tx, row)
            erasures.delete_rows_of_case(tx, case_id)
    except Conflict:
        _record_refusal(vault, Tag.CASE_ERASE, case_id, {"case": str(case_id)})
        raise
    vault.keyring.forget(case_id)
    return row


def order_document(vault: Vault, document_id: DocumentId, order: Order) -> ErasureRow:
    """Let a document be found by nobody from now on; its rows are gone with the commit.

    So are its wrapped keys, but for their copies in the bucket. One more line of the case's ledger
    says so: a row that is put back does not open.

    Raises:
        NotFound: No such document.
        Conflict: A hold is on it or on its case; the refusal is on record.
        Tampered: A row of the case is not what was sealed.
    """
    with vault.database.snapshot() as tx:
        found = documents.find_document(tx, document_id)
    if found is None:
        raise NotFound
    try:
        with vault.database.transaction() as tx:
            wrapped = _locked_key(tx, found.case_id)
            document = documents.find_document(tx, document_id)
            if document is None:
                raise NotFound
            check_not_held(vault, tx, document.case_id, document_id)
            key = vault.keyring.open_case_key(document.case_id, wrapped)
            return _ordered(vault, tx, Sealer(document.case_id, key), document, order)
    except Conflict:
        detail = {"document": str(document_id)}
        _record_refusal(vault, Tag.DOCUMENT_ERASE, found.case_id, detail)
        raise


def _ordered(
    vault: Vault, tx: Transaction, sealer: Sealer, document: DocumentRow, order: Order
) -> ErasureRow:
    case = cases.find_case(tx, sealer.case)
    assert case is not None
    document_id, erasure_id = document.document_id, new_id()
    state = sealer.open_state(case.state)
    number = len(open_ledger(tx, sealer, state).lines) + 1
    # A redacted version may be waiting for the malware scan.
    renditions = [
        *documents.renditions_of(tx, [document_id]),
        *quarantines.waiting_of_document(tx, document_id),
    ]
    detail = {"erasure": str(erasure_id), "number": number, **about(document)}
    event = operator_event(vault, tx, Tag.DOCUMENT_ERASE, detail, case=sealer.case)
    plan = replace(
        _plan(order, event, [rendition.wrapped_key for rendition in renditions]),
        renditions=tuple(str(rendition.rendition_id) for rendition in renditions),
    )
    row = ErasureRow(
        erasure_id=erasure_id,
        case_id=sealer.case,
        document_id=document_id,
        step="ordered",
        details=seal_plan(vault, erasure_id, plan),
        inventory="",
        ordered_at=vault.clock(),
        log_index=vault.log.append(tx, event),
        certificate=None,
        certified_index=None,
    )
    line = Line(deviation=Deviation.ERASED, document=document_id)
    exceptions.insert_exception(
        tx,
        exceptions.ExceptionRow(
            case_id=sealer.case,
            number=number,
            document_id=document_id,
            details=sealer.seal(document_id, f"exception/{number}", line.to_json()),
            made_by=None,
            made_at=row.ordered_at,
            log_index=row.log_index,
        ),
    )
    changed = replace(state, exceptions_version=number)
    cases.update_state(tx, sealer.case, sealer.seal_state(changed))
    erasures.insert_erasure(tx, row)
    erasures.delete_rows_of_document(tx, document_id)
    return row


def _locked_key(tx: Transaction, case_id: CaseId) -> bytes:
    """Wait for every change of the case under way, keep others waiting; return its wrapped key."""
    case = cases.lock_case(tx, case_id)
    # A rotation could otherwise put another key in its place between here and its removal.
    keys.lock_case_key(tx, case_id)
    wrapped = keys.wrapped_key(tx, case_id, "case")
    if case is None or wrapped is None:
        raise NotFound
    return wrapped


def _has_own_key(vault: Vault, case_id: CaseId, wrapped: bytes) -> bool:
    """Tell whether a case key is under a key of the case's own, once what says so is authentic.

    Believed unopened, one flipped bit would leave that key alive, and the certificate silent of it.
    """
    with suppress(KeyDestroyed):
        vault.keyring.verify(Place("case", case_id), wrapped)
    return split(wrapped)[0].own


def _plan(order: Order, event: SealedEvent, wrapped: list[bytes]) -> Plan:
    return Plan(
        ordered_by=order.ordered_by,
        reason=order.reason,
        backup_retention_days=order.backup_retention_days,
        leaf=event.leaf.hex(),
        keys=tuple(map(fingerprint, wrapped)),
    )


def _record_refusal(
    vault: Vault, tag: Tag, case_id: CaseId, detail: Mapping[str, str | int]
) -> None:
    with vault.database.snapshot() as tx:
        event = operator_event(vault, tx, tag, detail, case=case_id, outcome=Outcome.REFUSED)
    vault.log.record(event)
