"""What is erased is gone: refused, its key destroyed, its objects removed, tried, certified.

The steps are in the order in which a failure harms least, and each is noted when it is done. Killed
at any moment and run again, an erasure goes on where it was and ends with one certificate.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from hashlib import sha256
from typing import TYPE_CHECKING

from vault.audit.certificates import sign_certificate
from vault.audit.events import Tag, instant_text
from vault.database import erasures
from vault.disposition.attempts import attempts_with_what_is_left
from vault.disposition.orders import order_case, order_document
from vault.disposition.plans import as_one_line, certificate_of, locked_lines
from vault.disposition.progress import Progress
from vault.disposition.removal import remove_objects, removed_of
from vault.errors import Conflict, NotFound
from vault.operators import operator_event
from vault.storage.names import may_hold_key

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from uuid import UUID

    from vault.core import Vault
    from vault.database.connection import Database, Writer
    from vault.database.erasures import ErasureRow
    from vault.disposition.plans import Order, Plan
    from vault.ids import CaseId, DocumentId
    from vault.keyring.destruction import Destruction
    from vault.storage.port import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """An erasure that is done.

    Attributes:
        certificate: A signed note (docs/erasure.md).
        inventory: The objects that are gone in every version, one line each: name, bytes, tag.
    """

    erasure_id: UUID
    certificate: str
    inventory: str


def erase_document(vault: Vault, owner: Database, document_id: DocumentId, order: Order) -> Erased:
    """Erase a document, or finish an erasure of it that was begun; the first order stands.

    Args:
        vault: The collaborators.
        owner: The same database under the role that owns it: the one that serves removes no row
            of a case and no key.
        document_id: The document, in all its versions.
        order: Who wants it, and why.

    Raises:
        NotFound: No such document.
        Conflict: A hold is on it, it is erased already, somebody is erasing it now, or the store
            has locked its wrapped keys.
        Tampered: A row of its case is not what was sealed.
        Unavailable: A part of the vault does not answer. If it was begun, it is refused to
            everybody; run it again to finish.
    """
    vault = replace(vault, database=owner)
    with _alone(vault, document_id) as writer:
        with vault.database.snapshot() as tx:
            row = erasures.erasure_of_document(tx, document_id)
        return _finished(vault, writer, row or order_document(vault, document_id, order))


def erase_case(vault: Vault, owner: Database, case_id: CaseId, order: Order) -> Erased:
    """Erase a case, or finish an erasure of it that was begun; the first order stands.

    Args:
        vault: The collaborators.
        owner: The same database under the role that owns it: the one that serves removes no row
            of a case and no key.
        case_id: The case, with all that was ever deposited, agreed or said in it.
        order: Who wants it, and why.

    Raises:
        NotFound: No such case.
        Conflict: A hold is on it or on a document of it, it is erased already, somebody is erasing
            it now, or the store has locked its wrapped key where no other key was destroyed.
        Tampered: Its wrapped key is not what was sealed.
        Unavailable: A part of the vault does not answer. If it was begun, it is refused to
            everybody; run it again to finish.
    """
    vault = replace(vault, database=owner)
    with _alone(vault, case_id) as writer:
        with vault.database.snapshot() as tx:
            row = erasures.erasure_of_case(tx, case_id)
        return _finished(vault, writer, row or order_case(vault, case_id, order))


def find_erased(vault: Vault, erased: UUID) -> Erased:
    """Return the erasure of a document or case once more.

    Raises:
        NotFound: It was not erased.
        Conflict: Its erasure is not finished.
    """
    with vault.database.snapshot() as tx:
        rows = [
            row for row in erasures.all_erasures(tx) if erased == (row.document_id or row.case_id)
        ]
    if not rows:
        raise NotFound
    return _erased(rows[0])


@contextmanager
def _alone(vault: Vault, erased: UUID) -> Generator[Writer]:
    with vault.database.alone(erased) as writer:
        if writer is None:
            raise Conflict("Somebody is erasing this now.")
        yield writer


def _finished(vault: Vault, writer: Writer, row: ErasureRow) -> Erased:
    """Take the steps that are left, one after the other."""
    if row.step == "certified":
        raise Conflict("This is erased already; its certificate can be had again.")
    work = Progress.of(vault, writer, row)
    if work.row.step == "ordered":
        work = _destroy_key(work)
    if work.row.step == "destroyed":
        work = _remove(work)
    return _erased(_certify(work))


def _erased(row: ErasureRow) -> Erased:
    if row.certificate is None:
        raise Conflict("This erasure is not finished; order it again to finish it.")
    return Erased(erasure_id=row.erasure_id, certificate=row.certificate, inventory=row.inventory)


def _destroy_key(work: Progress) -> Progress:
    """Destroy what a provider keeps of the case alone; else the wrapped keys are what must go."""
    plan = work.plan
    if work.row.document_id is not None:
        plan = replace(
            plan,
            provider="the database, wrapped under the case's key",
            key="sha256 of the wrapped keys: " + " ".join(plan.keys),
            method="the wrapped data keys were removed from the database and the bucket",
        )
    elif plan.wrapped is None:
        plan = replace(
            plan,
            provider="the database, wrapped under the vault's root key",
            key="sha256 of the wrapped key: " + " ".join(plan.keys),
            method="the wrapped case key was removed from the database and the bucket",
        )
    else:
        plan = _destroyed_at_provider(work, bytes.fromhex(plan.wrapped))
    return work.note(replace(plan, wrapped=None), step="destroyed")


def _destroyed_at_provider(work: Progress, wrapped: bytes) -> Plan:
    """Let every provider destroy the case's own key, and be asked to use it again."""
    done = work.vault.keyring.destroy_case_key(work.row.case_id, wrapped)
    assert done, "a key is kept for the provider only where it has one"
    missing = ", ".join(one.provider for one in done if not one.found)
    ends = [one.destroyed_at.astimezone(UTC) for one in done if one.destroyed_at is not None]
    final_at = instant_text(max(ends)) if ends else None
    requests = ", ".join(one.request_id for one in done if one.request_id)
    method = "the case's own key was destroyed at its provider"
    if missing:
        method = f"no key of the case's own was found at {missing}: gone before, or out of reach"
    elif final_at is not None:
        method = f"the case's own key is to be destroyed by its provider, final at {final_at}"
    return replace(
        work.plan,
        # What nobody has seen destroyed may be there: then a wrapped key that is left may open.
        own=not missing,
        final_at=final_at,
        provider=as_one_line(", ".join(one.provider for one in done)),
        key=as_one_line(", ".join(one.key_id for one in done)),
        request=as_one_line(requests) if requests else None,
        method=as_one_line(method),
        destroyed_at=final_at or work.vault.clock().isoformat(),
        refused=tuple(map(_said_after, done)),
    )


def _said_after(done: Destruction) -> str:
    said = f"asked to use the key after that, {done.provider} answers: {done.refused_with}"
    return as_one_line(said)


def _remove(work: Progress) -> Progress:
    """Remove the objects, and try what is left; only then are wrapped keys gone."""
    work, kept = remove_objects(work)
    plan = work.plan
    if not plan.own:
        _check_no_key_is_locked(kept)
    refused = attempts_with_what_is_left(work.vault, work.row, plan)
    plan = replace(
        plan,
        destroyed_at=plan.destroyed_at or work.vault.clock().isoformat(),
        refused=(*plan.refused, *refused),
        locked=locked_lines(kept),
    )
    return work.note(plan, step="removed", inventory=removed_of(work.row.inventory, kept))


def _check_no_key_is_locked(kept: Sequence[Kept]) -> None:
    """Raise Conflict if the store keeps a wrapped key that opens: nothing is destroyed then."""
    if any(may_hold_key(left.name) for left in kept):
        raise Conflict(
            "The store has locked versions that hold wrapped keys, so that nothing is certified "
            "yet: order it again when their locks have ended."
        )


def _certify(work: Progress) -> ErasureRow:
    """Sign what was done, and put the certificate's digest on the log with the commit."""
    vault, row = work.vault, work.row
    note = sign_certificate(certificate_of(row, work.plan, vault.clock()), vault.erasure_key)
    detail: dict[str, str | int] = {
        "erasure": str(row.erasure_id),
        "case": str(row.case_id),
        "certificate": sha256(note.encode()).hexdigest(),
    }
    tag, case = Tag.CASE_ERASED, None
    if row.document_id is not None:
        tag, case = Tag.DOCUMENT_ERASED, row.case_id
        detail["document"] = str(row.document_id)
    with work.writer.transaction() as tx:
        index = vault.log.append(tx, operator_event(vault, tx, tag, detail, case=case))
        if not erasures.certify(tx, row.erasure_id, note, index):
            raise Conflict("This erasure is not where it was; order it again to finish it.")
    return replace(row, step="certified", certificate=note, certified_index=index)
