"""A rendition is whole if its object and its manifest say what its row does, and all three open.

Nothing is released: what is opened is compared and dropped.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from policies.terms import Marking, View
from vault.content import SealedContent, layout_of, verify_content
from vault.details import Sealer
from vault.errors import KeyDestroyed, Tampered, Unavailable
from vault.manifests import (
    Described,
    manifest_of,
    opened_manifest,
    read_case_key,
    read_manifest,
)
from vault.sealing.parts import RenditionContext
from vault.storage.names import manifest_name, object_name
from vault.storage.port import ObjectMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vault.core import Vault
    from vault.database.documents import StoredRow
    from vault.details import RenditionDetails
    from vault.ids import CaseId
    from vault.sealing.manifests import Manifest


class Fault(StrEnum):
    """What is wrong with a rendition, as records and alerts name it.

    Unreadable is what the store does not give out although it answers: its own check of the bytes
    has failed, or the disk below them. `case-key` is the copy of the case's key in the bucket.
    """

    KEY = "key"
    ROW = "row"
    MISSING = "missing"
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"
    MANIFEST_MISSING = "manifest-missing"
    MANIFEST_DAMAGED = "manifest-damaged"
    CASE_KEY = "case-key"


def find_faults(
    vault: Vault,
    row: StoredRow,
    wrapped: bytes | None,
    *,
    content: bool = True,
    spend: Callable[[int], None] = lambda _: None,
) -> Iterator[Fault]:
    """Hold a rendition's row to its sealed details, and its object and manifest to them.

    Args:
        vault: The collaborators.
        row: The rendition.
        wrapped: The key of its case; None if there is none any more.
        content: Also open both; otherwise compare lengths alone.
        spend: As for `verify_content`.

    Raises:
        Unavailable: A part of the vault does not answer at all.
    """
    sealer = _sealer_of(vault, row, wrapped)
    if sealer is None:
        yield Fault.KEY
        return
    try:
        expected, details = manifest_of_row(sealer, row)
    except Tampered:
        yield Fault.ROW
        return

    def opens() -> bool:
        return not content or verify_content(vault, sealer, row, details, spend)

    fault = _if_given_out(vault, Fault.UNREADABLE, lambda: _object_fault(vault, row, opens))
    if fault is not None:
        yield fault
    if not content:
        there = vault.store.length(manifest_name(row.case_id, row.rendition_id)) is not None
        fault = None if there else Fault.MANIFEST_MISSING
    else:
        fault = manifest_fault(vault, sealer, row, expected)
    if fault is not None:
        yield fault


def manifest_fault(
    vault: Vault, sealer: Sealer, row: StoredRow, expected: Manifest
) -> Fault | None:
    """Return what is wrong with a rendition's manifest; None if it says what it must."""

    def compare() -> Fault | None:
        try:
            sealed = read_manifest(vault.store, row.case_id, row.rendition_id)
            _, found = opened_manifest(
                vault.keyring, sealer.key, row.case_id, row.rendition_id, sealed
            )
        except ObjectMissing:
            return Fault.MANIFEST_MISSING
        except Tampered:
            return Fault.MANIFEST_DAMAGED
        # Exceptions give a document another label after it was deposited.
        as_now = replace(found, admitted_at=expected.admitted_at, label=expected.label)
        same = sealed.wrapped_key == row.wrapped_key and as_now == expected
        return None if same else Fault.MANIFEST_DAMAGED

    return _if_given_out(vault, Fault.MANIFEST_DAMAGED, compare)


def case_key_fault(vault: Vault, case: CaseId, wrapped: bytes) -> Fault | None:
    """Return what is wrong with the copy of a case's key in the bucket; None if it is its row's."""

    def compare() -> Fault | None:
        try:
            return None if read_case_key(vault.store, case) == wrapped else Fault.CASE_KEY
        except Tampered:
            return Fault.CASE_KEY

    return _if_given_out(vault, Fault.CASE_KEY, compare)


def manifest_of_row(sealer: Sealer, row: StoredRow) -> tuple[Manifest, RenditionDetails]:
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


def _sealer_of(vault: Vault, row: StoredRow, wrapped: bytes | None) -> Sealer | None:
    try:
        key = wrapped and vault.keyring.open_case_key(row.case_id, wrapped)
    except (Tampered, KeyDestroyed):
        return None
    return Sealer(row.case_id, key) if key else None


def _object_fault(vault: Vault, row: StoredRow, opens: Callable[[], bool]) -> Fault | None:
    length = vault.store.length(object_name(row.case_id, row.rendition_id))
    if length is None:
        return Fault.MISSING
    return None if length == layout_of(row).object_length and opens() else Fault.DAMAGED


def _if_given_out(
    vault: Vault, otherwise: Fault, compare: Callable[[], Fault | None]
) -> Fault | None:
    """Compare something in the store; a store that answers for all but this is at fault here.

    Without the difference, one object that has rotted would end every pass at the same place.
    SeaweedFS says "internal error" after 13 s for an object with one bit flipped (measured).

    Raises:
        Unavailable: The store does not answer at all.
    """
    try:
        return compare()
    except Unavailable:
        vault.store.ping()
        return otherwise
