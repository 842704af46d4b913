"""The bucket and the root key are enough: whatever a document needs besides stands beside it.

A manifest is written when the bytes are durable and before any row refers to them, so that every
document has one. The case's wrapped key lies in the bucket once, not in every manifest: it is
rewritten in one place when the root key changes, and gone with one object when the case is erased.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vault.database import documents, erasures, keys
from vault.errors import Tampered, Unavailable
from vault.sealing.manifests import (
    LONGEST_BYTES,
    Manifest,
    SealedManifest,
    open_manifest,
    seal_manifest,
)
from vault.sealing.parts import RenditionContext
from vault.storage.names import case_key_name, manifest_name, object_name

if TYPE_CHECKING:
    from datetime import datetime

    from policies.terms import Marking, View
    from vault.content import SealedContent
    from vault.core import Vault
    from vault.details import Sealer
    from vault.ids import CaseId, RenditionId
    from vault.keyring.keyring import Keyring
    from vault.sealing.keys import CaseKey, DataKey
    from vault.storage.port import ObjectStore

_WRAPPED_LONGEST_BYTES = 4096


class Named(Protocol):
    """What is said of the bytes: by their depositor, or by their row."""

    @property
    def file_name(self) -> str | None:
        """As the depositor named the file."""
        ...

    @property
    def media_type(self) -> str:
        """`type/subtype`."""
        ...


@dataclass(frozen=True, slots=True)
class Described:
    """What a manifest says of a rendition besides its bytes; see `Manifest`."""

    view: View
    title: str
    marking: Marking
    content: Named
    admitted_at: datetime


def write_manifest(vault: Vault, sealer: Sealer, stored: SealedContent, said: Described) -> None:
    """Store the manifest of content that is durable; return when it is durable too.

    The first of a case is preceded by the case's wrapped key.

    Raises:
        Unavailable: The store or the database does not answer.
    """
    with vault.database.snapshot() as tx:
        first = not documents.has_documents(tx, stored.context.case)
    if first:
        keep_case_key(vault, stored.context.case)
    key = vault.keyring.open_data_key(sealer.key, stored.context, stored.wrapped_key)
    sealed = seal_manifest(key, stored.wrapped_key, manifest_of(stored, said)).encoded()
    # In the place of one that an attempt before this one has left.
    vault.store.replace(manifest_name(stored.context.case, stored.context.rendition), sealed)


def manifest_of(stored: SealedContent, said: Described) -> Manifest:
    """Put together what the manifest of stored content says."""
    return Manifest(
        context=stored.context,
        view=str(said.view),
        title=said.title,
        file_name=said.content.file_name,
        media_type=said.content.media_type,
        document_class=said.marking.document_class,
        origin=said.marking.origin,
        provenance=said.marking.provenance,
        label=said.marking.label,
        admitted_at=said.admitted_at,
        size_bytes=stored.size_bytes,
        part_size=stored.part_size,
        sha256=stored.sha256,
        headers=stored.headers,
    )


def keep_case_key(vault: Vault, case: CaseId) -> bool:
    """Let the bucket have a case's wrapped key as its row has it, and none once it is erased.

    The row is read again after each write, until it is as it was written: of all who write, the
    last one sees every change that was made before, so that neither a key that was replaced nor
    one that was erased meanwhile stays in the bucket.

    Returns:
        Whether anything had to be written.

    Raises:
        Unavailable: The store or the database does not answer; do it again.
    """
    written: bytes | None = None
    while True:
        with vault.database.snapshot() as tx:
            wrapped = keys.wrapped_key(tx, case, "case")
        if wrapped is None:
            _forget_erased_key(vault, case)
            return written is not None
        if wrapped == written:
            return True
        if written is None and wrapped == _kept_case_key(vault.store, case):
            return False
        vault.store.replace(case_key_name(case), wrapped)
        written = wrapped


def has_case_key(store: ObjectStore, case: CaseId) -> bool:
    """Tell whether the bucket has anything in the place of a case's key."""
    return store.length(case_key_name(case)) is not None


def read_case_key(store: ObjectStore, case: CaseId) -> bytes:
    """Return the case's wrapped key as the bucket has it.

    Raises:
        ObjectMissing: The bucket has none.
        Tampered: What it has is too long to be one.
        Unavailable: The store does not answer.
    """
    return _read_short(store, case_key_name(case), _WRAPPED_LONGEST_BYTES)


def read_manifest(store: ObjectStore, case: CaseId, rendition: RenditionId) -> SealedManifest:
    """Return a rendition's manifest as the bucket has it; nothing of it is true yet.

    Raises:
        ObjectMissing: The bucket has none.
        Tampered: What it has is none.
        Unavailable: The store does not answer.
    """
    return SealedManifest.parse(_read_short(store, manifest_name(case, rendition), LONGEST_BYTES))


def opened_manifest(
    keyring: Keyring, key: CaseKey, case: CaseId, rendition: RenditionId, sealed: SealedManifest
) -> tuple[DataKey, Manifest]:
    """Open a manifest that was found under a rendition's name, and the data key with it.

    Raises:
        Tampered: It is not this rendition's, or was changed.
    """
    context = RenditionContext(case, sealed.document, rendition)
    data_key = keyring.open_data_key(key, context, sealed.wrapped_key)
    return data_key, open_manifest(data_key, context, sealed)


def abandon_rendition(vault: Vault, case: CaseId, rendition: RenditionId) -> None:
    """Remove a rendition's object and its manifest, with the data key that it holds.

    Doing it again is fine.

    Raises:
        Unavailable: The store or the database does not answer; some of it may be left.
    """
    vault.store.abandon(manifest_name(case, rendition))
    vault.store.abandon(object_name(case, rendition))
    # An upload that was under way may have written it after the erasure had removed it.
    _forget_erased_key(vault, case)


def _forget_erased_key(vault: Vault, case: CaseId) -> None:
    """Remove the key of an erased case from the bucket, with every version of it.

    That the database has no key says nothing: if its row was lost, the bucket's is the last.
    """
    with vault.database.snapshot() as tx:
        erased = erasures.erasure_of_case(tx, case) is not None
    if erased:
        vault.store.destroy(case_key_name(case))


def _kept_case_key(store: ObjectStore, case: CaseId) -> bytes | None:
    try:
        return read_case_key(store, case)
    except (Tampered, Unavailable):
        # What has rotted in the store is no longer given out, and can still be replaced.
        return None


def _read_short(store: ObjectStore, name: str, longest: int) -> bytes:
    """Read an object whole, and no more of it than it may have."""
    read = bytearray()
    for piece in store.read(name):
        read += piece
        if len(read) > longest:
            raise Tampered
    return bytes(read)
