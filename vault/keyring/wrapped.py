"""A wrapped key says in its first bytes who wrapped it, and is bound to saying so.

Source: docs/sealed-document.md, section 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from vault.errors import Tampered
from vault.sealing.envelope import encode_context

if TYPE_CHECKING:
    from vault.keyring.port import KeyProvider, Place

KEY_ID_SIZE: Final = 8

_VERSION: Final = 2
_LABEL: Final = b"subrosa/wrap/v2"
_SIZE: Final = 3 + KEY_ID_SIZE

# Written before there was more than one provider: the root key's id follows at once.
_OF_ROOT_FILE: Final = b"\x01"
_FILE: Final = 1


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the provider's own bytes.

    Attributes:
        provider: The provider's number.
        own: It was wrapped under a key of the case's own, not under the root key.
        key_id: The root key at hand when it was wrapped, even if `own`.
    """

    provider: int
    own: bool
    key_id: bytes

    @classmethod
    def by(cls, provider: KeyProvider, *, own: bool) -> Self:
        """Return the header of what a provider wraps now."""
        return cls(provider.number, own, bytes.fromhex(provider.key_id))

    def encoded(self) -> bytes:
        """Return its 11 bytes."""
        return bytes((_VERSION, self.provider, self.own)) + self.key_id

    def binding(self, place: Place, more: bytes = b"") -> bytes:
        """Return the associated data: the place, and every byte that says how it was wrapped."""
        return encode_context(_LABEL, self.encoded() + more, place.encoded())

    def is_of(self, provider: KeyProvider) -> bool:
        """Tell whether a provider, under the root key that it has now, made this."""
        return (self.provider, self.key_id) == (provider.number, bytes.fromhex(provider.key_id))


def split(wrapped: bytes) -> tuple[Header, bytes]:
    """Return the header and the provider's own bytes.

    Raises:
        Tampered: No version of this program wrote such a header.
    """
    if is_first_format(wrapped):
        return Header(_FILE, own=False, key_id=wrapped[1 : 1 + KEY_ID_SIZE]), b""
    if len(wrapped) < _SIZE or wrapped[0] != _VERSION or wrapped[2] > 1:
        raise Tampered
    return Header(wrapped[1], bool(wrapped[2]), wrapped[3:_SIZE]), wrapped[_SIZE:]


def is_first_format(wrapped: bytes) -> bool:
    """Tell whether a key was wrapped in the format that knew root key files alone."""
    return wrapped.startswith(_OF_ROOT_FILE) and len(wrapped) > KEY_ID_SIZE


def taken_apart(provider: KeyProvider, wrapped: bytes, place: Place) -> tuple[Header, bytes]:
    """Return header and bytes of what this provider wrapped for a place such as this.

    Raises:
        Tampered: Another provider or root key wrapped it, or it claims a key of a case's own
            where there is no case.
    """
    header, body = split(wrapped)
    if not header.is_of(provider) or (header.own and place.kind != "case"):
        raise Tampered
    return header, body
