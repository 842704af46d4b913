"""An honest store in memory with a clock of its own, for more interleavings than S3 can do."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from vault.errors import Tampered, Unavailable
from vault.storage.port import Buffer, Kept, Listed, ObjectMissing, WriteMissing

_PIECE_BYTES = 1 << 20


@dataclass
class MemoryStore:
    """Keeps objects with the instant at which they were written, by its own clock.

    Attributes:
        under_way: The parts of each write that was begun and has not ended, and since when.
        after_listing: Called once when a list has come to its end, before the lister goes on.
    """

    now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    kept: dict[str, tuple[bytes, datetime]] = field(
        default_factory=dict[str, tuple[bytes, datetime]]
    )
    after_listing: Callable[[], None] | None = None
    under_way: dict[str, tuple[dict[int, bytes], datetime]] = field(
        default_factory=dict[str, tuple[dict[int, bytes], datetime]]
    )

    begun: int = 0

    def put(self, name: str, parts: Iterable[Buffer]) -> int:
        body = b"".join(bytes(part) for part in parts)
        if name in self.kept:
            raise Unavailable("It is there already.")
        self.kept[name] = body, self.now
        return len(body)

    def begin(self, name: str) -> str:
        self.begun += 1
        write = f"{name}#{self.begun}"
        self.under_way[write] = {}, self.now
        return write

    def put_parts(
        self, name: str, write: str, parts: Iterable[Buffer], first: int = 0
    ) -> Iterator[str]:
        for number, part in enumerate(parts, first):
            if write not in self.under_way or not write.startswith(f"{name}#"):
                raise WriteMissing
            self.under_way[write][0][number] = bytes(part)
            yield sha256(part).hexdigest()

    def complete(self, name: str, write: str, tags: Sequence[str], length: int) -> None:
        if write not in self.under_way:
            if self.length(name) == length:
                return
            raise WriteMissing
        sent, _ = self.under_way[write]
        if [sha256(sent.get(n, b"-")).hexdigest() for n in range(len(tags))] != list(tags):
            raise WriteMissing
        self.put(name, [sent[number] for number in range(len(tags))])
        del self.under_way[write]

    def replace(self, name: str, body: bytes) -> None:
        self.kept[name] = body, self.now

    def read(
        self, name: str, start: int = 0, end: int | None = None, *, length: int | None = None
    ) -> Generator[bytes]:
        if name not in self.kept:
            raise ObjectMissing
        whole = self.kept[name][0]
        if length not in (None, len(whole)) or len(whole) <= start < (end or 0):
            raise Tampered
        body = whole[start:end]
        for at in range(0, len(body), _PIECE_BYTES):
            yield body[at : at + _PIECE_BYTES]

    def length(self, name: str) -> int | None:
        return len(self.kept[name][0]) if name in self.kept else None

    def abandon(self, name: str) -> None:
        self.kept.pop(name, None)
        for write in [write for write in self.under_way if write.startswith(f"{name}#")]:
            del self.under_way[write]

    def destroy(self, name: str) -> tuple[Kept, ...]:
        self.abandon(name)
        return ()

    def destroy_under(self, prefix: str) -> tuple[Kept, ...]:
        for name in [name for name in self.kept if name.startswith(prefix)]:
            self.abandon(name)
        return ()

    def objects(self, prefix: str = "") -> Iterator[Listed]:
        for name, (body, written_at) in sorted(self.kept.items()):
            if name.startswith(prefix):
                tag = sha256(body).hexdigest()
                yield Listed(name, len(body), tag, self.now - written_at)
        hook, self.after_listing = self.after_listing, None
        if hook is not None:
            hook()

    def writes(self) -> Iterator[Listed]:
        for write, (_, begun_at) in self.under_way.items():
            yield Listed(write.rpartition("#")[0], 0, write, self.now - begun_at)

    def names(self) -> Iterator[str]:
        return iter(sorted(self.kept))

    def prepare(self) -> None:
        """There is nothing to prepare."""

    def ping(self) -> None:
        """It is always there."""

    def forward(self, by: timedelta) -> None:
        self.now += by
