"""The cache holds few keys, for a minute, and none that was forgotten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from vault.errors import Unavailable
from vault.keyring.cache import CAPACITY, LIFETIME_S, KeyCache

if TYPE_CHECKING:
    from collections.abc import Callable

HOLDER = UUID(int=1)
TIMEOUT_S = 10.0


class Provider:
    """Unwraps by counting: each opening gives another key."""

    def __init__(self) -> None:
        self.opened = 0

    def __call__(self) -> int:
        self.opened += 1
        return self.opened


def still() -> float:
    return 0.0


def never() -> int:
    raise AssertionError("the key was at hand and was opened again")


def test_a_key_is_opened_once_per_wrapped_form() -> None:
    cache, provider = KeyCache[int](still), Provider()
    assert [cache.open(HOLDER, wrapped, provider) for wrapped in (b"a", b"a", b"b", b"a")] == [
        1, 1, 2, 1,
    ]  # fmt: skip


def test_the_oldest_key_makes_room() -> None:
    cache, provider = KeyCache[int](still), Provider()
    for number in range(CAPACITY + 1):
        cache.open(UUID(int=number), b"", provider)
    for number in range(1, CAPACITY + 1):
        assert cache.open(UUID(int=number), b"", never) == number + 1
    assert cache.open(UUID(int=0), b"", provider) == CAPACITY + 2


def test_a_key_past_its_time_is_dropped_when_any_key_is_opened() -> None:
    now = 0.0
    cache, provider = KeyCache[object](lambda: now), object
    dropped: list[str] = []

    class Key:
        def __del__(self) -> None:
            dropped.append("dropped")

    cache.open(HOLDER, b"", Key)
    now = 1.0
    cache.open(UUID(int=2), b"", provider)
    now = LIFETIME_S
    cache.open(UUID(int=2), b"", never)
    assert dropped == ["dropped"]


def test_a_key_that_does_not_open_is_not_kept() -> None:
    cache, provider = KeyCache[int](still), Provider()

    def away() -> int:
        raise Unavailable

    with pytest.raises(Unavailable):
        cache.open(HOLDER, b"", away)
    assert cache.open(HOLDER, b"", provider) == 1


def test_a_key_forgotten_while_it_is_opened_is_not_kept() -> None:
    cache, provider = KeyCache[int](still), Provider()

    def forgotten_meanwhile() -> int:
        cache.forget(HOLDER)
        return 99

    assert cache.open(HOLDER, b"", forgotten_meanwhile) == 99
    assert cache.open(HOLDER, b"", provider) == 1


def test_a_slow_provider_delays_no_other_holder() -> None:
    cache, begun, go_on = KeyCache[int](still), Event(), Event()

    def slow() -> int:
        begun.set()
        assert go_on.wait(TIMEOUT_S)
        return 1

    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(cache.open, HOLDER, b"", slow)
        assert begun.wait(TIMEOUT_S)
        assert cache.open(UUID(int=2), b"", lambda: 2) == 2
        go_on.set()
        assert opening.result(TIMEOUT_S) == 1


def test_two_threads_that_open_one_key_at_once_both_get_it() -> None:
    now = 0.0
    cache, both = KeyCache[int](lambda: now), Barrier(2, timeout=TIMEOUT_S)

    def together() -> int:
        both.wait()
        return 7

    def opened(unwrap: Callable[[], int]) -> int:
        return cache.open(HOLDER, b"", unwrap)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(opened, [together, together])) == [7, 7]
    assert opened(never) == 7
    now = LIFETIME_S
    assert opened(lambda: 8) == 8


def test_a_key_opened_twice_at_once_keeps_no_other_beyond_its_time() -> None:
    now = 0.0
    cache = KeyCache[int](lambda: now)

    def slow() -> int:
        nonlocal now
        cache.open(HOLDER, b"", lambda: 1)
        now = 0.5 * LIFETIME_S
        cache.open(UUID(int=2), b"", lambda: 2)
        now = 0.9 * LIFETIME_S
        return 1

    cache.open(HOLDER, b"", slow)
    now = 1.5 * LIFETIME_S
    assert cache.open(UUID(int=2), b"", lambda: 3) == 3
    assert cache.open(HOLDER, b"", never) == 1


def test_many_threads_opening_and_forgetting_get_the_right_keys() -> None:
    cache = KeyCache[int](still)

    def work(seed: int) -> bool:
        right = True
        for step in range(300):
            number = (seed * 31 + step) % 7
            right &= cache.open(UUID(int=number), b"", lambda number=number: number) == number
            if step % 5 == 0:
                cache.forget(UUID(int=(number + 1) % 7))
        return right

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
