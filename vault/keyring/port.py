"""Root keys are held by a provider behind this one port; none need ever be in our memory."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from vault.errors import Unavailable
from vault.sealing.envelope import encode_context

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vault.ids import CaseId

_LOG = logging.getLogger("subrosa.keys")


class RootKeyRefused(Exception):
    """The root key cannot be used as it is; `str()` is one sentence for the operator.

    Not a VaultError: the vault does not start, so no caller ever sees it.
    """


class KeyGone(Exception):
    """The provider answers, and says that it has no such key; `str()` is what it said."""


@dataclass(frozen=True, slots=True)
class Place:
    """For whom a key is wrapped: an id and its kind, never a name, since providers log them.

    Attributes:
        kind: Whose key it is.
        holder: Id of the case or the person; None for the vault's own key.
    """

    kind: Literal["case", "person", "operations"]
    holder: UUID | None

    def encoded(self) -> bytes:
        """Return the context of docs/sealed-document.md, section 2."""
        label = f"subrosa/wrap/{self.kind}/v1".encode()
        return encode_context(label, *(() if self.holder is None else (self.holder.bytes,)))


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What a provider says of a key that it was asked to destroy.

    Attributes:
        key_id: The name the provider knows the key by.
        found: It was there, and is destroyed or about to be. If not, there is nothing by this
            name that we can see: destroyed before, never made, or out of our reach.
        at: From when nobody can bring it back; None: at once.
        request_id: The provider's own mark for the request, to be found in its log.
        refused_with: What the provider answered when that very key was used once more, where it
            can be held on to beyond its end.
    """

    key_id: str
    found: bool
    at: datetime | None = None
    request_id: str | None = None
    refused_with: str | None = None


class KeyProvider(Protocol):
    """Wraps keys under a root key, or under a key of a case's own, each bound to its place.

    Trusted with every secret of the vault. Whoever can change what it wrapped, but cannot ask it,
    can make a key fail to open; they cannot make it open in another place. May be used from any
    thread.

    Each method raises Unavailable if the provider does not answer in time, refuses us, or fails in
    a way that says nothing of the bytes: then nothing is known, and nothing was released. What it
    said stands in our own log, never in the exception.

    Attributes:
        name: As SUBROSA_ROOT_KEYS names it.
        number: The byte that stands for the provider in what it wraps.
    """

    name: ClassVar[str]
    number: ClassVar[int]

    @property
    def key_id(self) -> str:
        """Tells its root keys apart: 16 hex digits that say nothing of the key."""
        ...

    def wrap(self, key: bytes, place: Place, *, own: bool) -> bytes:
        """Return a key wrapped for one place.

        Args:
            key: 32 bytes.
            place: Where it will be opened.
            own: Under the newest key of the case's own instead of the root key.

        Raises:
            KeyGone: The case has no key of its own.
        """
        ...

    def unwrap(self, wrapped: bytes, place: Place) -> bytes:
        """Return the key that was wrapped for this place.

        Raises:
            Tampered: It was wrapped for another place or under another key, or changed.
            KeyGone: What it was wrapped under is there no more.
        """
        ...

    def rewrap(self, wrapped: bytes, place: Place) -> bytes:
        """Return the same key under the newest version of what it was wrapped under.

        The very same bytes, where the provider can tell that nothing newer is there.

        Raises:
            Tampered, KeyGone: As `unwrap`.
        """
        ...

    def new_case_key(self, case: CaseId) -> None:
        """Give a case a key of its own, or the next version of it; older ones still open."""
        ...

    def destroy_case_key(self, case: CaseId) -> Destroyed:
        """Destroy every version of a case's own key, if there is one; say whether there was."""
        ...

    def close(self) -> None:
        """Give up what is held open."""
        ...


def unavailable(provider: str, error: BaseException) -> Unavailable:
    """Return the one answer to a provider's failure; what the provider said is for the operator.

    The text comes from the provider or the network, so it stays on one line of our log.
    """
    said = " ".join(f"{type(error).__name__}: {error}".split())
    _LOG.warning("The provider of root keys (%s) failed. %s", provider, said)
    return Unavailable("The provider of root keys does not answer; nothing was released.")
