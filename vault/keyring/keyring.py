"""Every key below the root is made and opened here, and opens only where it was made for.

Source: docs/sealed-document.md, section 6.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vault.errors import Tampered
from vault.keyring.cache import KeyCache
from vault.sealing.envelope import derive, encode_context, open_envelope, seal_envelope
from vault.sealing.keys import CaseKey, DataKey, OperationsKey, PersonKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from vault.ids import CaseId, PersonId
    from vault.keyring.root import FileRootKey
    from vault.sealing.parts import RenditionContext

_VERSION = b"\x01"
_CASE_LABEL = b"subrosa/wrap/case/v1"
_PERSON_LABEL = b"subrosa/wrap/person/v1"
_DATA_LABEL = b"subrosa/wrap/data/v1"
_DATA_SUBKEY_LABEL = b"subrosa/case-key/wrap/v1"
_OPERATIONS_CONTEXT = encode_context(b"subrosa/wrap/operations/v1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destruction:
    """That a case's own key was destroyed at its provider, and that nothing opens any more.

    Attributes:
        provider: Which provider.
        key_id: The name the provider knew the key by.
        destroyed_at: From when nobody can bring it back, where the provider lets that wait; None:
            at once.
        request_id: The provider's own mark for the request, to be found in its log.
        refused_with: What the provider answered when it was asked to open the case key after that.
    """

    provider: str
    key_id: str
    destroyed_at: datetime | None
    request_id: str | None
    refused_with: str


class Keyring:
    """Makes keys wrapped for the database, and opens them again.

    Root key over case and person keys, case key over data keys. Every wrap is bound to ids alone,
    never to a name: an attacker who can write to the database can make a key fail to open; they
    cannot make it open for another case, person or rendition.

    Opened case and person keys stay in memory for up to a minute after they were opened; if
    nothing more is opened, until something is or the process ends.
    """

    def __init__(self, root: FileRootKey, clock: Callable[[], float] = time.monotonic) -> None:
        """Open keys under a root key.

        Args:
            root: The provider of the root key.
            clock: Seconds that never run backwards; tells when an opened key has had its minute.
        """
        self._root = root
        self._case_keys = KeyCache[CaseKey](clock)
        self._person_keys = KeyCache[PersonKey](clock)

    def new_case_key(self, case: CaseId) -> tuple[CaseKey, bytes]:
        """Draw a key for a case; return it and its wrapped form."""
        key = CaseKey.generate()
        return key, self._root.wrap(key.material(), _case_context(case))

    def open_case_key(self, case: CaseId, wrapped: bytes) -> CaseKey:
        """Return the key of a case.

        Raises:
            Tampered: It was wrapped for another case or under another root key, or changed.
        """
        return self._case_keys.open(
            case, wrapped, lambda: CaseKey(self._root.unwrap(wrapped, _case_context(case)))
        )

    def new_person_key(self, person: PersonId) -> tuple[PersonKey, bytes]:
        """Draw a key for a person; return it and its wrapped form."""
        key = PersonKey.generate()
        return key, self._root.wrap(key.material(), _person_context(person))

    def open_person_key(self, person: PersonId, wrapped: bytes) -> PersonKey:
        """Return the key of a person.

        Raises:
            Tampered: It was wrapped for another person or under another root key, or changed.
        """
        return self._person_keys.open(
            person, wrapped, lambda: PersonKey(self._root.unwrap(wrapped, _person_context(person)))
        )

    def new_operations_key(self) -> tuple[OperationsKey, bytes]:
        """Draw the vault's own key; return it and its wrapped form."""
        key = OperationsKey.generate()
        return key, self._root.wrap(key.material(), _OPERATIONS_CONTEXT)

    def open_operations_key(self, wrapped: bytes) -> OperationsKey:
        """Return the vault's own key; opened once, at the start, and so not kept here.

        Raises:
            Tampered: It was wrapped under another root key, or changed.
        """
        return OperationsKey(self._root.unwrap(wrapped, _OPERATIONS_CONTEXT))

    def new_data_key(self, key: CaseKey, context: RenditionContext) -> tuple[DataKey, bytes]:
        """Draw a key for one rendition; return it and its form wrapped under the case key."""
        data_key = DataKey.generate()
        envelope = seal_envelope(_data_subkey(key), _data_context(context), data_key.material())
        return data_key, _VERSION + envelope

    def open_data_key(self, key: CaseKey, context: RenditionContext, wrapped: bytes) -> DataKey:
        """Return the key of a rendition.

        Raises:
            Tampered: It was wrapped for another rendition or under another case key, or changed.
        """
        if not wrapped.startswith(_VERSION):
            raise Tampered
        envelope = wrapped[len(_VERSION) :]
        return DataKey(open_envelope(_data_subkey(key), _data_context(context), envelope))

    def destroy_case_key(self, case: CaseId, wrapped: bytes) -> Destruction | None:  # noqa: ARG002 -- what a provider that keeps case keys would need
        """Destroy a case's own key at its provider, and see that nothing opens any more.

        Doing it again gives the same answer.

        Returns:
            What was done and seen; None where the case key is wrapped under the root key: then
            the provider holds nothing for this case alone.
        """
        self.forget(case)
        return None

    def forget(self, holder: CaseId | PersonId) -> None:
        """Drop the opened keys of a case or a person; the next use opens them anew.

        A key's bytes are overwritten once no operation holds it any more, as far as Python lets
        them be (see `vault.sealing.keys`).
        """
        self._case_keys.forget(holder)
        self._person_keys.forget(holder)


def _case_context(case: CaseId) -> bytes:
    return encode_context(_CASE_LABEL, case.bytes)


def _person_context(person: PersonId) -> bytes:
    return encode_context(_PERSON_LABEL, person.bytes)


def _data_context(context: RenditionContext) -> bytes:
    return encode_context(
        _DATA_LABEL, context.case.bytes, context.document.bytes, context.rendition.bytes
    )


def _data_subkey(key: CaseKey) -> bytes:
    return derive(key.material(), _DATA_SUBKEY_LABEL)
