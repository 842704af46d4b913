"""Every rendition has its object and its manifest, every such case its key; the bucket has no more.

Nothing is released: what is opened is compared and dropped.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from policies.terms import Marking, View
from vault.content import SealedContent, layout_of, verify_content
from vault.database import documents, keys
from vault.details import Sealer
from vault.errors import KeyDestroyed, Tampered
from vault.manifests import (
    Described,
    abandon_rendition,
    keep_case_key,
    manifest_of,
    opened_manifest,
    read_case_key,
    read_manifest,
)
from vault.sealing.manifests import seal_manifest
from vault.sealing.parts import RenditionContext
from vault.storage.names import Kind, manifest_name, object_name, read_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.core import Vault
    from vault.database.connection import Transaction
    from vault.database.documents import StoredRow
    from vault.details import RenditionDetails
    from vault.ids import CaseId
    from vault.sealing.manifests import Manifest
    from vault.storage.names import ObjectName

_NAMES_AT_ONCE = 500


def compare_bucket(
    vault: Vault, tx: Transaction, row: StoredRow, *, content: bool
) -> Iterator[str]:
    """Hold a rendition's row to its sealed details, and its object and manifest to them.

    Args:
        vault: The collaborators.
        tx: The snapshot that the row was read in.
        row: The rendition.
        content: Also open both; otherwise compare lengths alone.
    """
    wrapped = keys.wrapped_key(tx, row.case_id, "case")
    if wrapped is None:
        yield f"Rendition {row.rendition_id}: the key of its case is gone."
        return
    try:
        sealer = Sealer(row.case_id, vault.keyring.open_case_key(row.case_id, wrapped))
        expected, details = _manifest_of_row(sealer, row)
    except Tampered:
        yield f"Rendition {row.rendition_id}: its row is not what was sealed."
        return
    except KeyDestroyed:
        yield f"Rendition {row.rendition_id}: the key of its case is gone."
        return
    length = vault.store.length(object_name(row.case_id, row.rendition_id))
    if length is None:
        yield f"Rendition {row.rendition_id}: its object is missing."
    elif length != layout_of(row).object_length:
        yield f"Rendition {row.rendition_id}: its object has another length."
    elif content and not verify_content(vault, sealer, row, details):
        yield f"Rendition {row.rendition_id}: its object is not what was deposited."
    if vault.store.length(manifest_name(row.case_id, row.rendition_id)) is None:
        yield f"Rendition {row.rendition_id}: its manifest is missing."
    elif content and not _has_manifest(vault, sealer, row, expected):
        yield f"Rendition {row.rendition_id}: its manifest is not the one that was written."


def compare_case_key(vault: Vault, tx: Transaction, case: CaseId) -> Iterator[str]:
    """Hold the wrapped key that the bucket keeps of a case to the one that opens its rows."""
    wrapped = keys.wrapped_key(tx, case, "case")
    if wrapped is not None and not _has_case_key(vault, case, wrapped):
        yield f"Case {case}: its key in the bucket is missing, or is not the one of its row."


def mend_bucket(vault: Vault) -> int:
    """Write again what the bucket lacks beside the objects: manifests, and keys of cases.

    Made from rows that open; whatever does not is left as it is, for the comparison to name.

    Returns:
        How many objects were written.
    """
    written, case = 0, None
    with vault.database.snapshot() as tx:
        for row in documents.all_renditions(tx):
            wrapped = keys.wrapped_key(tx, row.case_id, "case")
            if wrapped is None:
                continue
            if row.case_id != case:
                case = row.case_id
                written += keep_case_key(vault, case)
            written += _mend_manifest(vault, row, wrapped)
    return written


def unaccounted_objects(vault: Vault) -> Iterator[str]:
    """Name the objects that no rendition, no upload under way and no case answers for.

    Names are listed first and looked up after: an upload that begins meanwhile has its note before
    its object. One that is abandoned loses its note before its object, so that whatever is found
    is looked for once more at the end.
    """
    names, found = vault.store.names(), list[str]()
    while batch := list(islice(names, _NAMES_AT_ONCE)):
        found += _unknown(vault, batch)
    for name in _unknown(vault, found):
        if vault.store.length(name) is not None:
            yield f"Object {name}: no document refers to it."


def _manifest_of_row(sealer: Sealer, row: StoredRow) -> tuple[Manifest, RenditionDetails]:
    """Return what the manifest must say, but for the instant of admission and a later label.

    Raises:
        Tampered: The row is not what was sealed.
    """
    marking = Marking(row.document_class, row.origin, row.provenance, row.label)
    document = sealer.open_document(row.document_id, marking, row.document_details)
    details = sealer.open_rendition(row.rendition_id, row.view, row.size_bytes, row.details)
    stored = SealedContent(
        context=RenditionContext(row.case_id, row.document_id, row.rendition_id),
        size_bytes=row.size_bytes,
        part_size=row.part_size,
        sha256=details.sha256,
        headers=row.headers,
        wrapped_key=row.wrapped_key,
    )
    said = Described(View.parse(row.view), document.title, marking, details, row.deposited_at)
    return manifest_of(stored, said), details


def _has_manifest(vault: Vault, sealer: Sealer, row: StoredRow, expected: Manifest) -> bool:
    try:
        sealed = read_manifest(vault.store, row.case_id, row.rendition_id)
        _, found = opened_manifest(vault.keyring, sealer.key, row.case_id, row.rendition_id, sealed)
    except Tampered:
        return False
    # Exceptions give a document another label after it was deposited.
    as_now = replace(found, admitted_at=expected.admitted_at, label=expected.label)
    return sealed.wrapped_key == row.wrapped_key and as_now == expected


def _has_case_key(vault: Vault, case: CaseId, wrapped: bytes) -> bool:
    try:
        return read_case_key(vault.store, case) == wrapped
    except Tampered:
        return False


def _mend_manifest(vault: Vault, row: StoredRow, wrapped: bytes) -> int:
    """Write a rendition's manifest if it is missing or another; return how many were written."""
    try:
        sealer = Sealer(row.case_id, vault.keyring.open_case_key(row.case_id, wrapped))
        expected, _ = _manifest_of_row(sealer, row)
        data_key = vault.keyring.open_data_key(sealer.key, expected.context, row.wrapped_key)
    except (Tampered, KeyDestroyed):
        return 0
    if _has_manifest(vault, sealer, row, expected):
        return 0
    sealed = seal_manifest(data_key, row.wrapped_key, expected).encoded()
    vault.store.replace(manifest_name(row.case_id, row.rendition_id), sealed)
    _unless_erased(vault, row)
    return 1


def _unless_erased(vault: Vault, row: StoredRow) -> None:
    """Take back what was written again if it was erased since its row was read."""
    with vault.database.transaction() as tx:
        there = documents.accounted_for(tx, [row.rendition_id])
    if not there:
        abandon_rendition(vault, row.case_id, row.rendition_id)


def _unknown(vault: Vault, names: list[str]) -> list[str]:
    read = {name: read_name(name) for name in names}
    ours = [found for found in read.values() if found is not None]
    with vault.database.transaction() as tx:
        renditions = documents.accounted_for(
            tx, [found.rendition for found in ours if found.rendition is not None]
        )
        cases = keys.holders_among(
            tx, [found.case for found in ours if found.kind is Kind.CASE_KEY]
        )

    def known(found: ObjectName | None) -> bool:
        if found is None:
            return False
        return found.case in cases if found.rendition is None else found.rendition in renditions

    return [name for name, found in read.items() if not known(found)]
