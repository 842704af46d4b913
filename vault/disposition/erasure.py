"""What is erased is gone: refused, its key destroyed and tried, its objects removed, certified.

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
from vault.audit.events import Tag
from vault.database import documents, erasures, keys
from vault.disposition.orders import order_case, order_document
from vault.disposition.plans import certificate_of, locked_lines, open_plan, seal_plan
from vault.errors import Conflict, KeyDestroyed, NotFound, Unavailable, VaultError
from vault.intake.unfinished import abandon
from vault.operators import operator_event
from vault.sealing.parts import RenditionContext
from vault.storage.names import Kind, object_name, read_name

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from uuid import UUID

    from vault.core import Vault
    from vault.database.connection import Database
    from vault.database.erasures import ErasureRow
    from vault.disposition.plans import Order, Plan
    from vault.ids import CaseId, DocumentId
    from vault.storage.port import Listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """An erasure that is done.

    Attributes:
        certificate: A signed note (docs/erasure.md).
        inventory: The objects that were removed, one line each: name, bytes, tag.
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
        Conflict: A hold is on it, it is erased already, or somebody is erasing it now.
        Unavailable: A part of the vault does not answer. If it was begun, it is refused to
            everybody; run it again to finish.
    """
    vault = replace(vault, database=owner)
    with _alone(vault, document_id):
        with vault.database.snapshot() as tx:
            row = erasures.erasure_of_document(tx, document_id)
        return _finished(vault, row or order_document(vault, document_id, order))


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
        Conflict: A hold is on it or on a document of it, it is erased already, or somebody is
            erasing it now.
        Unavailable: A part of the vault does not answer. If it was begun, it is refused to
            everybody; run it again to finish.
    """
    vault = replace(vault, database=owner)
    with _alone(vault, case_id):
        with vault.database.snapshot() as tx:
            row = erasures.erasure_of_case(tx, case_id)
        return _finished(vault, row or order_case(vault, case_id, order))


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
def _alone(vault: Vault, erased: UUID) -> Generator[None]:
    with vault.database.alone(erased) as writer:
        if writer is None:
            raise Conflict("Somebody is erasing this now.")
        yield


def _finished(vault: Vault, row: ErasureRow) -> Erased:
    """Take the steps that are left, one after the other."""
    if row.step == "certified":
        raise Conflict("This is erased already; its certificate can be had again.")
    if row.step == "ordered":
        row = _destroy_key(vault, row)
    if row.step == "destroyed":
        row = _remove_objects(vault, row)
    return _erased(_certify(vault, row))


def _erased(row: ErasureRow) -> Erased:
    if row.certificate is None:
        raise Conflict("This erasure is not finished; order it again to finish it.")
    return Erased(erasure_id=row.erasure_id, certificate=row.certificate, inventory=row.inventory)


def _destroy_key(vault: Vault, row: ErasureRow) -> ErasureRow:
    """Destroy the key wherever it can be reached, and try to open with what is left."""
    plan = open_plan(vault, row)
    refused: list[str] = []
    if row.document_id is None and plan.wrapped is not None:
        plan, refused = _destroyed_case_key(vault, row.case_id, plan, bytes.fromhex(plan.wrapped))
    else:
        plan = replace(
            plan,
            provider="the database, wrapped under the case's key",
            key="sha256 of the wrapped keys: " + " ".join(plan.keys),
            method="the wrapped data keys were removed from the database and the bucket",
        )
    refused += _tried(vault, row, plan)
    plan = replace(
        plan,
        wrapped=None,
        destroyed_at=plan.destroyed_at or vault.clock().isoformat(),
        refused=tuple(refused),
    )
    return _noted(vault, row, "destroyed", plan)


def _destroyed_case_key(
    vault: Vault, case_id: CaseId, plan: Plan, wrapped: bytes
) -> tuple[Plan, list[str]]:
    """Let the provider destroy its key, if it keeps one of the case, and be asked for it again."""
    done = vault.keyring.destroy_case_key(case_id, wrapped)
    if not done:
        return replace(
            plan,
            provider="the database, wrapped under the vault's root key",
            key="sha256 of the wrapped key: " + " ".join(plan.keys),
            method="the wrapped case key was removed from the database and the bucket",
        ), []
    ends = [one.destroyed_at.astimezone(UTC).isoformat() for one in done if one.destroyed_at]
    requests = ", ".join(one.request_id for one in done if one.request_id)
    missing = ", ".join(one.provider for one in done if not one.found)
    return replace(
        plan,
        provider=_line(", ".join(one.provider for one in done)),
        key=_line(", ".join(one.key_id for one in done)),
        request=_line(requests) if requests else None,
        method="the case's own key was destroyed at its provider"
        if not missing
        else f"no key of the case's own was found at {missing}: gone before, or out of our reach",
        destroyed_at=max(ends, default=""),
    ), [
        _line(f"asked to use the key after that, {one.provider} answers: {one.refused_with}")
        for one in done
    ]


def _tried(vault: Vault, row: ErasureRow, plan: Plan) -> list[str]:
    """Try to open the key with whatever the database has now: the negative test."""
    with vault.database.snapshot() as tx:
        case_key = keys.wrapped_key(tx, row.case_id, "case")
        case_key_left = erasures.key_left(tx, row.case_id)
        left = documents.wrapped_keys_of(tx, plan.rendition_ids)
    if row.document_id is None:
        tried = _refusal(lambda: vault.keyring.open_case_key(row.case_id, case_key_left))
        return [_left("the case", case_key_left, tried)]
    if case_key is None:
        return ["the database holds no key for the case of the document"]
    key = vault.keyring.open_case_key(row.case_id, case_key)
    refused: list[str] = []
    for rendition in plan.rendition_ids:
        context = RenditionContext(row.case_id, row.document_id, rendition)
        wrapped = left.get(rendition, b"")
        tried = _refusal(lambda c=context, w=wrapped: vault.keyring.open_data_key(key, c, w))
        refused.append(_left(f"rendition {rendition}", wrapped, tried))
    return refused


def _left(of: str, wrapped: bytes, tried: str) -> str:
    what = "a wrapped key" if wrapped else "no wrapped key"
    return f"the database holds {what} for {of}; unwrapping what it holds fails with {tried}"


def _refusal(attempt: Callable[[], object]) -> str:
    """Return how an attempt to open a destroyed key fails.

    Raises:
        Unavailable: It could not be tried; that proves nothing.
        Conflict: It opens.
    """
    try:
        attempt()
    except KeyDestroyed as refusal:
        return type(refusal).__name__
    except Unavailable:
        raise
    except VaultError as refusal:
        return type(refusal).__name__
    raise Conflict("The key still opens: nothing is certified.")


def _remove_objects(vault: Vault, row: ErasureRow) -> ErasureRow:
    """Remove every object until none is left but what the store has locked.

    What is found is noted before it is removed, so that the inventory is complete whenever this is
    interrupted; and looked for again after, since an upload under way may have ended meanwhile.
    Versions that no list shows go last.
    """
    plan = open_plan(vault, row)
    locked: set[str] = set()
    while True:
        if row.document_id is None:
            _end_uploads(vault, row.case_id)
        found = [listed for listed in _objects(vault, row, plan) if listed.name not in locked]
        if not found:
            break
        known = set(row.inventory.splitlines())
        new = [line for line in map(_inventory_line, found) if line not in known]
        row = replace(row, inventory=row.inventory + "".join(f"{line}\n" for line in new))
        row = _noted(vault, row, row.step, plan)
        for listed in sorted(found, key=_keys_first):
            if vault.store.destroy(listed.name):
                locked.add(listed.name)
    kept = [left for prefix in _prefixes(row, plan) for left in vault.store.destroy_under(prefix)]
    if row.document_id is None:
        # What began before the order may have added a row after it.
        with vault.database.transaction() as tx:
            erasures.delete_rows_of_case(tx, row.case_id)
    return _noted(vault, row, "removed", replace(plan, locked=locked_lines(kept)))


def _end_uploads(vault: Vault, case_id: CaseId) -> None:
    with vault.database.snapshot() as tx:
        under_way = erasures.uploads_of_case(tx, case_id)
    for rendition in under_way:
        if not abandon(vault, case_id, rendition):
            raise Unavailable("An upload to this case cannot be ended now; try again.")


def _objects(vault: Vault, row: ErasureRow, plan: Plan) -> Iterator[Listed]:
    """Yield what the store holds of a case, or of the renditions of a document."""
    for prefix in _prefixes(row, plan):
        yield from vault.store.objects(prefix)


def _prefixes(row: ErasureRow, plan: Plan) -> list[str]:
    """Return what the names of all objects of a case, or of a document, begin with.

    Ids are of one length: what begins with a rendition's name is the rendition's.
    """
    if row.document_id is None:
        return [f"{row.case_id}/"]
    return [object_name(row.case_id, rendition) for rendition in plan.rendition_ids]


def _keys_first(listed: Listed) -> tuple[bool, str]:
    """Sort what may hold a wrapped key before what holds content alone."""
    named = read_name(listed.name)
    return (named is not None and named.kind is Kind.CONTENT, listed.name)


def _inventory_line(listed: Listed) -> str:
    return f"{listed.name} {listed.length} {_line(listed.tag) or '-'}"


def _line(text: str) -> str:
    """Return what another program said as one line that can be signed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500] or "-"


def _noted(vault: Vault, row: ErasureRow, step: str, plan: Plan) -> ErasureRow:
    details = seal_plan(vault, row.erasure_id, plan)
    with vault.database.transaction() as tx:
        erasures.update_erasure(
            tx, row.erasure_id, step=step, details=details, inventory=row.inventory
        )
    return replace(row, step=step, details=details)


def _certify(vault: Vault, row: ErasureRow) -> ErasureRow:
    """Sign what was done, and put the certificate's digest on the log with the commit."""
    certificate = certificate_of(row, open_plan(vault, row), vault.clock())
    note = sign_certificate(certificate, vault.erasure_key)
    detail: dict[str, str | int] = {
        "erasure": str(row.erasure_id),
        "case": str(row.case_id),
        "certificate": sha256(note.encode()).hexdigest(),
    }
    tag, case = Tag.CASE_ERASED, None
    if row.document_id is not None:
        tag, case = Tag.DOCUMENT_ERASED, row.case_id
        detail["document"] = str(row.document_id)
    with vault.database.transaction() as tx:
        index = vault.log.append(tx, operator_event(vault, tx, tag, detail, case=case))
        if not erasures.certify(tx, row.erasure_id, note, index):
            raise Conflict("This erasure is not where it was; order it again to finish it.")
    return replace(row, step="certified", certificate=note, certified_index=index)
