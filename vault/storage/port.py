"""What the vault asks of an object store, and what it does not have to believe of one.

The store is untrusted: an attacker who can change the bucket can make a release fail; they cannot
make it lie. It must be durable: what a write returned for is there after a crash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from vault.errors import Tampered

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

Buffer = bytes | bytearray


class ObjectMissing(Tampered):
    """An object that a row refers to is not in the store: lost or removed."""


class ObjectStore(Protocol):
    """Write-once objects by name. Every method raises Unavailable if the store does not answer."""

    def put(self, name: str, parts: Iterable[Buffer]) -> int:
        """Store parts as one new object; return its length when it is durable.

        Parts are pulled as they can be sent: at most two are under way. If the iterable raises,
        or anything fails, no object becomes visible and the same exception leaves.

        Args:
            name: A name never used before.
            parts: At least one; each but the last of at least 5 MiB.
        """
        ...

    def read(
        self, name: str, start: int = 0, end: int | None = None, *, length: int | None = None
    ) -> Generator[bytes]:
        """Yield an object's bytes from `start` up to `end`, in pieces of at most 1 MiB.

        At most 256 KiB come first, so that they come soon. A connection lost on the way is taken up
        again where it broke, a few times. Close it, or the connection is held for nobody.

        Args:
            name: The object.
            start: Offset of the first byte.
            end: Offset behind the last one; None for the object's end.
            length: What the object's length must be, if it is known.

        Raises:
            ObjectMissing: There is no such object.
            Tampered: It has another length, or none of these bytes.
        """
        ...

    def length(self, name: str) -> int | None:
        """Return the length of an object; None if there is none."""
        ...

    def abandon(self, name: str) -> None:
        """Remove an object and whatever an unfinished write of it left. Doing it again is fine."""
        ...

    def names(self) -> Iterator[str]:
        """Yield the name of every object, in the order of names."""
        ...

    def prepare(self) -> None:
        """Make the bucket unless it is there."""
        ...

    def ping(self) -> None:
        """Return if the store answers."""
        ...
