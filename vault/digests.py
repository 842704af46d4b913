"""The digest of an upload runs along while one process receives all of it.

A digest that was begun cannot be carried to another process. Whoever finds none here reads the
whole object back once it is there (vault/intake/resuming.py).
"""

from __future__ import annotations

import hashlib
from threading import Lock
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from uuid import UUID

CAPACITY = 1024


class Digest(Protocol):
    """What `hashlib` calls a hash, and keeps to itself."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Take more bytes in."""

    def copy(self) -> Self:
        """Return one that goes on from here by itself."""
        ...

    def hexdigest(self) -> str:
        """Return the digest of all bytes so far."""
        ...


class RunningDigests:
    """SHA-256 of uploads under way, each as far as its parts are durable.

    The least recent is dropped when there are too many. May be used from any thread.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[UUID, tuple[int, Digest]] = {}

    def at(self, upload: UUID, offset: int) -> Digest | None:
        """Return a digest of an upload's first `offset` bytes to go on with; None if unknown."""
        if offset == 0:
            return hashlib.sha256()
        with self._lock:
            kept = self._kept.get(upload)
        return kept[1].copy() if kept is not None and kept[0] == offset else None

    def keep(self, upload: UUID, offset: int, digest: Digest) -> None:
        """Keep the digest of an upload's first `offset` bytes, which are durable."""
        with self._lock:
            self._kept.pop(upload, None)
            if len(self._kept) == CAPACITY:
                del self._kept[next(iter(self._kept))]
            self._kept[upload] = (offset, digest)

    def forget(self, upload: UUID) -> None:
        """Drop what is kept of an upload that has ended."""
        with self._lock:
            self._kept.pop(upload, None)
