"""A scope that was built once is found again under the versions of everything it was built from."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, final

if TYPE_CHECKING:
    from collections.abc import Callable

    from policies.engine import Scope


class ScopeKey(NamedTuple):
    """What a scope is made from; each part only ever grows.

    Attributes:
        case: The case.
        version: The scope version in force.
        roster_version: How many times a seat was taken, ended or prolonged.
        exceptions_version: How many times an exception was made or ended.
    """

    case: str
    version: int
    roster_version: int
    exceptions_version: int


@final
class ScopeCache:
    """The scopes asked most recently. Their key names exactly what they were built from.

    The versions in the key are read in the same snapshot as the row to be decided about, so that
    a scope found here is never a stale one and nothing has to be invalidated.
    """

    def __init__(self, capacity: int) -> None:
        """Keep at most `capacity` scopes, each about 30 to 100 KiB once asked."""
        self._capacity = capacity
        self._scopes: OrderedDict[ScopeKey, Scope] = OrderedDict()
        self._lock = Lock()

    def get(self, key: ScopeKey, load: Callable[[], Scope]) -> Scope:
        """Return the scope of these versions, loading it if it is not here.

        Loading happens outside the lock: a slow load holds up nobody else, and of two loads of the
        same scope the first to finish is kept.
        """
        with self._lock:
            if key in self._scopes:
                self._scopes.move_to_end(key)
                return self._scopes[key]
        loaded = load()
        assert (loaded.policy.case, loaded.version) == (key.case, key.version)
        with self._lock:
            scope = self._scopes.setdefault(key, loaded)
            self._scopes.move_to_end(key)
            while len(self._scopes) > self._capacity:
                self._scopes.popitem(last=False)
            return scope
