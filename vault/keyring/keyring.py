"""Every key below the root is made and opened here, and opens only where it was made for.

Source: docs/sealed-document.md, section 6.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from vault.errors import KeyDestroyed, Tampered, Unavailable
from vault.ids import CaseId
from vault.keyring.cache import KeyCache
from vault.keyring.destruction import destroy_at_each
from vault.keyring.port import KeyGone, Place
from vault.keyring.wrapped import split
from vault.sealing.envelope import encode_context, open_envelope, seal_envelope
from vault.sealing.keys import CaseKey, DataKey, OperationsKey, PersonKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from vault.ids import PersonId
    from vault.keyring.destruction import Destruction
    from vault.keyring.port import KeyProvider
    from vault.sealing.parts import RenditionContext

_VERSION = b"\x01"
_DATA_LABEL = b"subrosa/wrap/data/v1"
_DATA_SUBKEY_LABEL = b"subrosa/case-key/wrap/v1"
_OF_OPERATIONS = Place("operations", None)


class Keyring:
    """Makes keys wrapped for the database, and opens them again.

    Root key over case and person keys, case key over data keys. Every wrap is bound to ids alone,
    never to a name: an attacker who can write to the database can make a key fail to open; they
    cannot make it open for another case, person or rendition.

    Opened case and person keys are at hand for a minute, and in memory until the first of these
    after it: `drop_outlived` is called, another key is opened, the process ends.
    """

    def __init__(
        self,
        root: KeyProvider,
        clock: Callable[[], float] = time.monotonic,
        *,
        old: KeyProvider | None = None,
        keys_per_case: bool = False,
    ) -> None:
        """Open keys under a root key.

        Args:
            root: The provider of the root key.
            clock: Seconds that never run backwards; tells when an opened key has had its minute.
            old: The provider, or the root key, that was in use before; opens, and wraps nothing.
            keys_per_case: New case keys are wrapped under a key of the case's own in the provider.
        """
        self._root = root
        self._providers = (root,) if old is None else (root, old)
        self._keys_per_case = keys_per_case
        self._case_keys = KeyCache[CaseKey](clock)
        self._person_keys = KeyCache[PersonKey](clock)

    @property
    def provider(self) -> str:
        """The name of the provider that wraps, as SUBROSA_ROOT_KEYS has it."""
        return self._root.name

    @property
    def key_id(self) -> str:
        """The id of the root key that wraps."""
        return self._root.key_id

    def new_case_key(self, case: CaseId) -> tuple[CaseKey, bytes]:
        """Draw a key for a case; return it and its wrapped form."""
        key = CaseKey.generate()
        if self._keys_per_case:
            self._root.new_case_key(case)
        return key, self._wrapped(key.material(), _of_case(case), own=self._keys_per_case)

    def open_case_key(self, case: CaseId, wrapped: bytes) -> CaseKey:
        """Return the key of a case.

        Raises:
            Tampered: It was wrapped for another case or under another root key, or changed.
            KeyDestroyed: The provider has destroyed what it was wrapped under.
            Unavailable: The provider does not answer.
        """
        return self._case_keys.open(
            case, wrapped, lambda: CaseKey(self._opened(wrapped, _of_case(case)))
        )

    def new_person_key(self, person: PersonId) -> tuple[PersonKey, bytes]:
        """Draw a key for a person; return it and its wrapped form."""
        key = PersonKey.generate()
        return key, self._wrapped(key.material(), _of_person(person))

    def open_person_key(self, person: PersonId, wrapped: bytes) -> PersonKey:
        """Return the key of a person.

        Raises:
            Tampered: It was wrapped for another person or under another root key, or changed.
            Unavailable: The provider does not answer.
        """
        return self._person_keys.open(
            person, wrapped, lambda: PersonKey(self._opened(wrapped, _of_person(person)))
        )

    def new_operations_key(self) -> tuple[OperationsKey, bytes]:
        """Draw the vault's own key; return it and its wrapped form."""
        key = OperationsKey.generate()
        return key, self._wrapped(key.material(), _OF_OPERATIONS)

    def open_operations_key(self, wrapped: bytes) -> OperationsKey:
        """Return the vault's own key; opened once, at the start, and so not kept here.

        Raises:
            Tampered: It was wrapped under another root key, or changed.
            Unavailable: The provider does not answer.
        """
        return OperationsKey(self._opened(wrapped, _OF_OPERATIONS))

    def new_data_key(self, key: CaseKey, context: RenditionContext) -> tuple[DataKey, bytes]:
        """Draw a key for one rendition; return it and its form wrapped under the case key."""
        data_key = DataKey.generate()
        subkey = key.subkey(_DATA_SUBKEY_LABEL)
        return data_key, _VERSION + seal_envelope(
            subkey, _data_context(context), data_key.material()
        )

    def open_data_key(self, key: CaseKey, context: RenditionContext, wrapped: bytes) -> DataKey:
        """Return the key of a rendition.

        Raises:
            Tampered: It was wrapped for another rendition or under another case key, or changed.
        """
        if not wrapped.startswith(_VERSION):
            raise Tampered
        subkey, envelope = key.subkey(_DATA_SUBKEY_LABEL), wrapped[len(_VERSION) :]
        return DataKey(open_envelope(subkey, _data_context(context), envelope))

    def rewrap(self, place: Place, wrapped: bytes) -> bytes:
        """Return a key wrapped by the provider, root key and version in use now.

        The very same bytes, where nothing newer is there and the provider can tell. A case key
        stays under a key of the case's own if it was under one, and comes under one if new ones do.

        Raises:
            Tampered: As opening it.
            Unavailable: As opening it.
        """
        own = split(wrapped)[0].own
        to_own = place.kind == "case" and (own or self._keys_per_case)
        provider = self._provider_of(wrapped)
        try:
            if provider is self._root and own == to_own:
                return provider.rewrap(wrapped, place)
        except KeyGone as error:
            raise _gone(wrapped) from error
        if to_own:
            self._root.new_case_key(_case_of(place))
        return self._wrapped(self._opened(wrapped, place), place, own=to_own)

    def verify(self, place: Place, wrapped: bytes) -> None:
        """Return if the provider opens a wrapped key; what is at hand in memory does not count.

        Raises:
            Tampered: It does not open in this place.
            KeyDestroyed: The provider has destroyed what it was wrapped under.
            Unavailable: The provider does not answer.
        """
        self._opened(wrapped, place)

    def renew_case_key(self, case: CaseId, wrapped: bytes) -> bytes:
        """Give a case a new key, or version, of its own in the provider; wrap under that.

        Raises:
            Tampered: As opening it.
            Unavailable: As opening it.
        """
        key = self._opened(wrapped, _of_case(case))
        self._root.new_case_key(case)
        return self._wrapped(key, _of_case(case), own=True)

    def destroy_case_key(self, case: CaseId, wrapped: bytes) -> tuple[Destruction, ...]:
        """Destroy a case's own key at every provider at hand, and see that nothing opens any more.

        At every one, whatever the wrapped key says: a case that was moved has left a key of its own
        where it was before. No backup of the database opens the case after that, whoever has the
        root key. Doing it again is fine. Operations that hold the opened key finish with it.

        Returns:
            What was done and seen, for each provider that held a key of this case alone or should
            have; none where the case key is wrapped under the root key, and always was.

        Raises:
            Tampered: The wrapped key names no provider of this vault.
            Unavailable: A provider does not answer, or still opens it: nothing may be certified.
        """
        wrapped_by = self._provider_of(wrapped) if split(wrapped)[0].own else None
        done = destroy_at_each(self._providers, case, wrapped, wrapped_by)
        self.forget(case)
        return done

    def drop_outlived(self) -> None:
        """Drop the opened keys that have had their minute."""
        self._case_keys.drop_outlived()
        self._person_keys.drop_outlived()

    def holders(self) -> set[UUID]:
        """Return the cases and persons whose keys are at hand."""
        return self._case_keys.holders() | self._person_keys.holders()

    def forget(self, holder: UUID) -> None:
        """Drop the opened keys of a case or a person; the next use opens them anew.

        A key's bytes are overwritten once no operation holds it any more, as far as Python lets
        them be (see `vault.sealing.keys`).
        """
        self._case_keys.forget(holder)
        self._person_keys.forget(holder)

    def _wrapped(self, key: bytes, place: Place, *, own: bool = False) -> bytes:
        try:
            return self._root.wrap(key, place, own=own)
        except KeyGone as error:
            raise Unavailable("The provider has no such key; nothing was wrapped.") from error

    def _opened(self, wrapped: bytes, place: Place) -> bytes:
        """Return what was wrapped, by whichever of our providers wrapped it."""
        try:
            return self._provider_of(wrapped).unwrap(wrapped, place)
        except KeyGone as error:
            raise _gone(wrapped) from error

    def _provider_of(self, wrapped: bytes) -> KeyProvider:
        """Return who wrapped it; Tampered if nobody whom this vault knows."""
        header, _ = split(wrapped)
        for provider in self._providers:
            if header.is_of(provider):
                return provider
        raise Tampered


def _gone(wrapped: bytes) -> Unavailable:
    """Return what it means that the provider has no key for this.

    Without a case's own key the case is gone; without its root key a provider is not what it was.
    """
    if split(wrapped)[0].own:
        return KeyDestroyed()
    return Unavailable("The provider has no such root key any more; nothing was released.")


def _of_case(case: CaseId) -> Place:
    return Place("case", case)


def _case_of(place: Place) -> CaseId:
    assert place.holder is not None
    return CaseId(place.holder)


def _of_person(person: PersonId) -> Place:
    return Place("person", person)


def _data_context(context: RenditionContext) -> bytes:
    return encode_context(
        _DATA_LABEL, context.case.bytes, context.document.bytes, context.rendition.bytes
    )
