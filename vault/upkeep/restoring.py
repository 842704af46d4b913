"""A bucket and the root key give back every document in it, verified, without a database.

Nobody's scope is asked here and nothing is on record: whoever holds the root key and reads the
bucket could do the same with a program of their own (docs/threat-model.md, 4.11).
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vault.errors import KeyDestroyed, Tampered
from vault.manifests import opened_manifest, read_case_key, read_manifest
from vault.sealing.exported import ExportedKey
from vault.sealing.opening import open_parts
from vault.storage.names import Kind, object_name, read_name
from vault.storage.port import ObjectMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.ids import CaseId, RenditionId
    from vault.keyring.keyring import Keyring
    from vault.sealing.keys import CaseKey, DataKey
    from vault.sealing.manifests import Manifest, SealedManifest
    from vault.storage.port import ObjectStore


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something in the bucket that is not restored.

    Attributes:
        name: Of the object; whoever writes to the bucket chose it.
        why: One sentence.
    """

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Restorable:
    """A document whose manifest is authentic; its bytes are so far as they are read.

    Attributes:
        name: Of its object.
        manifest: What it is.
        sealed_manifest: The same as it is stored.
    """

    name: str
    manifest: Manifest
    sealed_manifest: SealedManifest = field(repr=False)
    _store: ObjectStore = field(repr=False)
    _key: DataKey = field(repr=False)

    def content(self) -> Iterator[bytes]:
        """Yield the plaintext in pieces of at most 1 MiB, each authenticated.

        Raises:
            Tampered: The object is not the one of its manifest: what came out is then no document,
                and must not be kept as one. Also if all of it came out and is not what was
                received.
            Unavailable: The store does not answer.
        """
        manifest, digest = self.manifest, hashlib.sha256()
        if self._store.length(self.name) != manifest.layout.object_length:
            raise Tampered
        place, layout, headers = manifest.context, manifest.layout, manifest.pinned()
        with closing(self._store.read(self.name)) as stored:
            for piece in open_parts(self._key, place, layout, headers, stored):
                digest.update(piece)
                yield piece
        if digest.hexdigest() != manifest.sha256:
            raise Tampered

    def object(self) -> Iterator[bytes]:
        """Yield the sealed object as it is stored, unverified; Unavailable as `content`."""
        return self._store.read(self.name)

    def exported_key(self) -> ExportedKey:
        """Return the data key in the form in which it leaves the vault."""
        return ExportedKey.of(self.manifest, self._key)


def restorable(
    store: ObjectStore, keyring: Keyring, case: CaseId | None = None
) -> Iterator[Restorable | Refusal]:
    """Yield every document of a bucket, and everything in it that is none.

    Memory does not grow with the bucket but by the ids of one case. What was taken out of the
    bucket whole, object and manifest, is not missed here: receipts and the log name it.

    Args:
        store: The bucket; not trusted.
        keyring: Opens what this vault's root key wrapped.
        case: Only this one.

    Raises:
        Unavailable: The store does not answer.
    """
    yield from _Walk(store, keyring).over(case)


class _Walk:
    """Goes through the names in their order, case by case."""

    def __init__(self, store: ObjectStore, keyring: Keyring) -> None:
        self._store = store
        self._keyring = keyring
        self._case: CaseId | None = None
        self._key: CaseKey | None = None
        self._without_manifest: set[RenditionId] = set()

    def over(self, only: CaseId | None) -> Iterator[Restorable | Refusal]:
        for name in self._store.names():
            found = read_name(name)
            if found is None:
                if only is None:
                    yield Refusal(name, "It has no name that this vault gives.")
                continue
            if only not in {None, found.case}:
                continue
            if found.case != self._case:
                yield from self._left()
                yield from self._enter(found.case)
            if found.kind is Kind.CONTENT and found.rendition is not None:
                self._without_manifest.add(found.rendition)
            if found.kind is Kind.MANIFEST and found.rendition is not None:
                self._without_manifest.discard(found.rendition)
                yield self._document(name, found.case, found.rendition)
        yield from self._left()

    def _enter(self, case: CaseId) -> Iterator[Refusal]:
        self._case, self._key = case, None
        try:
            wrapped = read_case_key(self._store, case)
            self._key = self._keyring.open_case_key(case, wrapped)
        except ObjectMissing:
            yield Refusal(str(case), "The bucket has no key of this case.")
        except Tampered:
            yield Refusal(str(case), "The key of this case does not open under this root key.")
        except KeyDestroyed:
            yield Refusal(str(case), "The provider has no key of this case any more.")

    def _left(self) -> Iterator[Refusal]:
        """Name what the case that ends here has without a manifest."""
        for rendition in sorted(self._without_manifest):
            assert self._case is not None
            why = "It has no manifest: its upload never ended, or the manifest was removed."
            yield Refusal(object_name(self._case, rendition), why)
        self._without_manifest.clear()

    def _document(self, name: str, case: CaseId, rendition: RenditionId) -> Restorable | Refusal:
        if self._key is None:
            return Refusal(name, "The key of its case is not at hand.")
        try:
            sealed = read_manifest(self._store, case, rendition)
            key, manifest = opened_manifest(self._keyring, self._key, case, rendition, sealed)
        except Tampered:
            return Refusal(name, "It is not the manifest that was written here.")
        return Restorable(object_name(case, rendition), manifest, sealed, self._store, key)
