from __future__ import annotations

import pytest

from policies.compiler import baseline
from policies.engine import Scope
from policies.scope_cache import ScopeCache, ScopeKey
from tests.policies.samples import CASE, ROSTER, SIDES


def load(version: int = 1, case: str = CASE) -> Scope:
    return Scope(baseline(case, SIDES), ROSTER, version)


def key(version: int, roster: int, exceptions: int = 0, *, case: str = CASE) -> ScopeKey:
    return ScopeKey(case, version, roster, exceptions)


def test_a_scope_is_loaded_once_per_case_and_versions() -> None:
    cache = ScopeCache(capacity=8)
    first = cache.get(key(1, 1), load)
    assert cache.get(key(1, 1), lambda: pytest.fail("loaded twice")) is first
    others = [
        cache.get(key(1, 2), load),
        cache.get(key(1, 1, 1), load),
        cache.get(key(2, 1), lambda: load(2)),
        cache.get(key(1, 1, case="another"), lambda: load(case="another")),
    ]
    assert len({id(scope) for scope in (first, *others)}) == 5


def test_the_scope_asked_longest_ago_is_dropped_first() -> None:
    cache = ScopeCache(capacity=2)
    first, second = cache.get(key(1, 1), load), cache.get(key(1, 2), load)
    assert cache.get(key(1, 1), load) is first
    third = cache.get(key(1, 3), load)
    assert cache.get(key(1, 1), load) is first
    assert cache.get(key(1, 3), load) is third
    assert cache.get(key(1, 2), load) is not second


def test_a_scope_of_other_versions_is_not_kept_under_these() -> None:
    with pytest.raises(AssertionError):
        ScopeCache(capacity=2).get(key(2, 1), load)


def test_of_two_loads_of_one_scope_the_first_to_finish_is_kept() -> None:
    cache = ScopeCache(capacity=2)
    inner: list[Scope] = []

    def slow() -> Scope:
        inner.append(cache.get(key(1, 1), load))
        return load()

    assert cache.get(key(1, 1), slow) is inner[0]


def test_a_load_that_fails_leaves_nothing_behind() -> None:
    cache = ScopeCache(capacity=2)

    def failing() -> Scope:
        raise LookupError

    with pytest.raises(LookupError):
        cache.get(key(1, 1), failing)
    assert cache.get(key(1, 1), load).version == 1
