"""Every rendition has its object and its manifest, every such case its key; the bucket has no more.

Nothing is released: what is opened is compared and dropped.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from vault.database import documents, keys
from vault.details import Sealer
from vault.errors import KeyDestroyed, Tampered
from vault.manifests import abandon_rendition, keep_case_key
from vault.sealing.manifests import seal_manifest
from vault.storage.names import Kind, manifest_name, read_name
from vault.upkeep.wholeness import (
    Fault,
    case_key_fault,
    find_faults,
    manifest_fault,
    manifest_of_row,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.core import Vault
    from vault.database.connection import Transaction
    from vault.database.documents import StoredRow
    from vault.ids import CaseId
    from vault.storage.names import ObjectName

_NAMES_AT_ONCE = 500
_SENTENCES: Final = {
    Fault.KEY: "the key of its case is gone, or does not open.",
    Fault.ROW: "its row is not what was sealed.",
    Fault.MISSING: "its object is missing.",
    Fault.DAMAGED: "its object is not what was deposited.",
    Fault.UNREADABLE: "the store answers, but does not give out its object.",
    Fault.MANIFEST_MISSING: "its manifest is missing.",
    Fault.MANIFEST_DAMAGED: "its manifest is not the one that was written.",
}


def compare_bucket(
    vault: Vault, tx: Transaction, row: StoredRow, *, content: bool
) -> Iterator[str]:
    """Say what `find_faults` finds of a rendition, one sentence each.

    Args:
        vault: The collaborators.
        tx: The snapshot that the row was read in.
        row: The rendition.
        content: As for `find_faults`.
    """
    wrapped = keys.wrapped_key(tx, row.case_id, "case")
    for fault in find_faults(vault, row, wrapped, content=content):
        yield f"Rendition {row.rendition_id}: {_SENTENCES[fault]}"


def compare_case_key(vault: Vault, tx: Transaction, case: CaseId) -> Iterator[str]:
    """Hold the wrapped key that the bucket keeps of a case to the one that opens its rows."""
    wrapped = keys.wrapped_key(tx, case, "case")
    if wrapped is not None and case_key_fault(vault, case, wrapped) is not None:
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
    """Name what no rendition, no upload under way and no case answers for: objects, and writes.

    Names are listed first and looked up after: an upload that begins meanwhile has its note before
    its object. One that is abandoned loses its note before its object, so that whatever is found
    is looked for once more at the end.
    """
    writes = _unanswered(vault, (write.name for write in vault.store.writes()))
    objects = _unanswered(vault, vault.store.names())
    for name in _unknown(vault, objects):
        if vault.store.length(name) is not None:
            yield f"Object {name}: no document refers to it."
    if writes:
        writes = sorted({write.name for write in vault.store.writes()}.intersection(writes))
    for name in _unknown(vault, writes):
        yield f"Object {name}: a write of it has not ended, and no upload refers to it."


def _mend_manifest(vault: Vault, row: StoredRow, wrapped: bytes) -> int:
    """Write a rendition's manifest if it is missing or another; return how many were written."""
    try:
        sealer = Sealer(row.case_id, vault.keyring.open_case_key(row.case_id, wrapped))
        expected, _ = manifest_of_row(sealer, row)
        data_key = vault.keyring.open_data_key(sealer.key, expected.context, row.wrapped_key)
    except (Tampered, KeyDestroyed):
        return 0
    if manifest_fault(vault, sealer, row, expected) is None:
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


def _unanswered(vault: Vault, names: Iterator[str]) -> list[str]:
    found = list[str]()
    while batch := list(islice(names, _NAMES_AT_ONCE)):
        found += _unknown(vault, batch)
    return found


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
