"""An honest store in memory with a clock of its own, for more interleavings than S3 can do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from vault.errors import Unavailable
from vault.storage.port import Buffer, Kept, Listed, ObjectMissing

_PIECE_BYTES = 1 << 20


@dataclass
class MemoryStore:
    """Keeps objects with the instant at which they were written, by its own clock.

    Attributes:
        after_listing: Called once when a list has come to its end, before the lister goes on.
    """

    now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    kept: dict[str, tuple[bytes, datetime]] = field(
        default_factory=dict[str, tuple[bytes, datetime]]
    )
    after_listing: Callable[[], None] | None = None

    def put(self, name: str, parts: Iterable[Buffer]) -> int:
        body = b"".join(bytes(part) for part in parts)
        if name in self.kept:
            raise Unavailable("It is there already.")
        self.kept[name] = body, self.now
        return len(body)

    def read(self, name: str, start: int = 0) -> Iterator[bytes]:
        if name not in self.kept:
            raise ObjectMissing
        body = self.kept[name][0][start:]
        for at in range(0, len(body), _PIECE_BYTES):
            yield body[at : at + _PIECE_BYTES]

    def length(self, name: str) -> int | None:
        return len(self.kept[name][0]) if name in self.kept else None

    def abandon(self, name: str) -> None:
        self.kept.pop(name, None)

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

    def names(self) -> Iterator[str]:
        return iter(sorted(self.kept))

    def prepare(self) -> None:
        """There is nothing to prepare."""

    def ping(self) -> None:
        """It is always there."""

    def forward(self, by: timedelta) -> None:
        self.now += by
