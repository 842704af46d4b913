"""A key once opened is at hand for a minute, and for no longer, and not once it is forgotten."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

Key = TypeVar("Key")

LIFETIME_S = 60.0
CAPACITY = 256


class KeyCache(Generic[Key]):
    """Opened keys of one kind, by holder and the very bytes they were opened from.

    Looked up by the wrapped bytes as well as the holder: a changed or exchanged row never meets
    the key of the row that it replaced. May be used from any thread.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        # Oldest first, so that those past their time stand in front.
        self._entries: dict[tuple[UUID, bytes], tuple[float, Key]] = {}
        self._forgets = 0

    def open(self, holder: UUID, wrapped: bytes, unwrap: Callable[[], Key]) -> Key:
        """Return the key, by `unwrap` unless it was opened within the last minute.

        The lock is not held meanwhile: a slow key provider delays no other case.
        """
        with self._lock:
            self._drop()
            entry = self._entries.get((holder, wrapped))
            if entry is not None:
                return entry[1]
            forgets = self._forgets
        key = unwrap()
        with self._lock:
            # A key forgotten while it was being opened must not come back by this door.
            if forgets == self._forgets:
                self._keep((holder, wrapped), key)
        return key

    def forget(self, holder: UUID) -> None:
        """Drop the holder's keys; operations that have one in hand finish with it."""
        with self._lock:
            self._forgets += 1
            for slot in [slot for slot in self._entries if slot[0] == holder]:
                del self._entries[slot]

    def drop_outlived(self) -> None:
        """Drop every key that has had its minute."""
        with self._lock:
            self._drop()

    def holders(self) -> set[UUID]:
        """Return whose keys are at hand."""
        with self._lock:
            return {holder for holder, _ in self._entries}

    def _drop(self) -> None:
        now = self._clock()
        for slot, (until, _) in list(self._entries.items()):
            if now < until:
                break
            del self._entries[slot]

    def _keep(self, slot: tuple[UUID, bytes], key: Key) -> None:
        self._entries.pop(slot, None)
        if len(self._entries) == CAPACITY:
            del self._entries[next(iter(self._entries))]
        self._entries[slot] = (self._clock() + LIFETIME_S, key)
