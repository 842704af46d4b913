"""What the vault asks of an object store, and what it does not have to believe of one.

The store is untrusted: an attacker who can change the bucket can make a release fail; they cannot
make it lie. It must be durable: what a write returned for is there after a crash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vault.errors import Tampered, VaultError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from datetime import datetime, timedelta

Buffer = bytes | bytearray


class ObjectMissing(Tampered):
    """An object that a row refers to is not in the store: lost or removed."""


class WriteMissing(VaultError):
    """A write that was begun is not under way any more: ended, or given up by the store."""

    def __init__(self) -> None:
        super().__init__("The store has given this upload up; begin it again.")


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as the store lists it; all of it by the store's own word.

    Attributes:
        name: Its name.
        length: Its length in bytes.
        tag: Changes with its bytes: the store's ETag.
        age: How long ago it was written, both instants by the store's own clock.
    """

    name: str
    length: int
    tag: str
    age: timedelta


@dataclass(frozen=True, slots=True)
class Kept:
    """A version of an object that the store refuses to remove.

    Attributes:
        name: The object's.
        version: The version's.
        until: Until when; None if the store does not say.
    """

    name: str
    version: str
    until: datetime | None


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

    def begin(self, name: str) -> str:
        """Begin a write whose parts come over several requests, from any process; return its id."""
        ...

    def put_parts(
        self, name: str, write: str, parts: Iterable[Buffer], first: int = 0
    ) -> Iterator[str]:
        """Send parts of a write that was begun; a part that is sent again replaces the first.

        Parts are pulled as they can be sent: at most two are under way. If the iterable raises,
        the tags of those under way are still yielded, and then the same exception leaves.

        Args:
            name: The object's.
            write: The id that `begin` returned.
            parts: Each but the object's last of at least 5 MiB.
            first: The number of the first of them, counted from 0.

        Yields:
            The tag of each part, in order, when it is durable: `complete` names the parts by them.

        Raises:
            WriteMissing: The write has ended.
        """
        ...

    def complete(self, name: str, write: str, tags: Sequence[str], length: int) -> None:
        """Make a new object of the parts that have these tags; return when it is durable.

        Doing it again is fine. No object of that name is ever replaced.

        Args:
            name: The object's.
            write: The id that `begin` returned.
            tags: Of every part, from part 0 on.
            length: Of the object.

        Raises:
            WriteMissing: The write has ended otherwise, or another attempt has replaced a part.
        """
        ...

    def replace(self, name: str, body: bytes) -> None:
        """Store a short object in the place of whatever has this name; durable on return.

        Whole or not at all: a reader finds the one before, or this one.
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
        """Remove an object and whatever an unfinished write of it left. Doing it again is fine.

        With every version, as `destroy` does, for a caller who asks no more than that it is tried.
        """
        ...

    def destroy(self, name: str) -> tuple[Kept, ...]:
        """Remove an object with every version that the store keeps of it, as far as it lets us.

        Doing it again is fine. What a lock keeps is hidden: no list shows it, no name reads it.

        Returns:
            What is left.

        Raises:
            Unavailable: Also if it refuses for a reason that is no lock, such as a missing right.
        """
        ...

    def destroy_under(self, prefix: str) -> tuple[Kept, ...]:
        """Remove every version of whatever begins with a prefix, those too that no list shows.

        Returns:
            What is left, as for `destroy`.
        """
        ...

    def objects(self, prefix: str = "") -> Iterator[Listed]:
        """Yield every object whose name begins with something, in the order of names."""
        ...

    def writes(self) -> Iterator[Listed]:
        """Yield every write that was begun and has not ended; its tag is what `begin` returned.

        Their parts are kept and paid for, and no list of objects shows them.
        """
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
