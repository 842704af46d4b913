"""Nothing is certified while a key that is left anywhere we can look still opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.database import documents, erasures, keys
from vault.errors import Conflict, KeyDestroyed, Unavailable, VaultError
from vault.keyring.port import Place
from vault.manifests import read_case_key, read_manifest
from vault.sealing.parts import RenditionContext
from vault.storage.port import ObjectMissing

if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.core import Vault
    from vault.database.erasures import ErasureRow
    from vault.disposition.plans import Plan
    from vault.ids import CaseId, DocumentId


def attempts_with_what_is_left(vault: Vault, row: ErasureRow, plan: Plan) -> list[str]:
    """Look for the wrapped keys where they were kept, and try to open whatever is there.

    Returns:
        One line for each key: what was found, and how opening it fails.

    Raises:
        Conflict: One opens.
        Unavailable: It could not be tried; that proves nothing.
    """
    if row.document_id is None:
        return [_case_key_left(vault, row.case_id)]
    return _data_keys_left(vault, row.case_id, row.document_id, plan)


def _case_key_left(vault: Vault, case: CaseId) -> str:
    with vault.database.snapshot() as tx:
        in_database = erasures.key_left(tx, case)
    in_bucket = _found(lambda: read_case_key(vault.store, case))

    def opened(wrapped: bytes) -> None:
        vault.keyring.verify(Place("case", case), wrapped)

    return f"case {case}: {_tried(in_database, in_bucket, opened)}"


def _data_keys_left(vault: Vault, case: CaseId, document: DocumentId, plan: Plan) -> list[str]:
    with vault.database.snapshot() as tx:
        case_key = keys.wrapped_key(tx, case, "case")
        left = documents.wrapped_keys_of(tx, plan.rendition_ids)
    if case_key is None:
        return [f"case {case}: the database has no key for it, under which the document's were"]
    key = vault.keyring.open_case_key(case, case_key)
    lines: list[str] = []
    for rendition in plan.rendition_ids:
        context = RenditionContext(case, document, rendition)
        in_bucket = _found(lambda r=rendition: read_manifest(vault.store, case, r).wrapped_key)
        tried = _tried(
            left.get(rendition),
            in_bucket,
            lambda wrapped, c=context: vault.keyring.open_data_key(key, c, wrapped),
        )
        lines.append(f"rendition {rendition}: {tried}")
    return lines


def _found(read: Callable[[], bytes]) -> bytes | None:
    """Return the wrapped key that the bucket has; what is no manifest holds none."""
    try:
        return read()
    except ObjectMissing:
        return None
    except VaultError as refusal:
        if isinstance(refusal, Unavailable):
            raise
        return b""


def _tried(
    in_database: bytes | None, in_bucket: bytes | None, opened: Callable[[bytes], object]
) -> str:
    database, bucket = _refusal(in_database, opened), _refusal(in_bucket, opened)
    return f"its wrapped key in the database: {database}; in the bucket: {bucket}"


def _refusal(wrapped: bytes | None, opened: Callable[[bytes], object]) -> str:
    """Return how an attempt to open what is left of a key fails."""
    if wrapped is None:
        return "none is there"
    try:
        opened(wrapped)
    except KeyDestroyed as refusal:
        return f"opening it fails with {type(refusal).__name__}"
    except Unavailable:
        raise
    except VaultError as refusal:
        return f"opening it fails with {type(refusal).__name__}"
    raise Conflict("The key still opens: nothing is certified.")
