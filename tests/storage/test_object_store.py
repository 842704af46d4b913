"""One contract for every object store: the real one, and the double that fails on purpose."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.conftest import Place
from tests.contracts.failing_store import FailingStore
from tests.contracts.memory_store import MemoryStore
from vault.errors import Tampered, Unavailable
from vault.storage.port import ObjectMissing, ObjectStore, WriteMissing
from vault.storage.s3 import S3Store

MIB = 1 << 20
PART = os.urandom(5 * MIB)


@pytest.fixture(params=["s3", "double", "memory"])
def kept(request: pytest.FixtureRequest, store: S3Store) -> ObjectStore:
    kinds: dict[str, Callable[[], ObjectStore]] = {
        "s3": lambda: store,
        "double": lambda: FailingStore(store),
        "memory": MemoryStore,
    }
    return kinds[request.param]()


def whole(store: ObjectStore, name: str, start: int = 0) -> bytes:
    pieces = list(store.read(name, start))
    assert all(0 < len(piece) <= MIB for piece in pieces)
    return b"".join(pieces)


@pytest.mark.parametrize(
    "parts",
    [[b"x"], [PART], [PART, b"x"], [PART, PART], [PART] * 5, [bytearray(PART), bytearray(b"y")]],
)
def test_what_was_put_is_read(kept: ObjectStore, parts: list[bytes]) -> None:
    expected = b"".join(bytes(part) for part in parts)
    assert kept.put("a/b", iter(parts)) == len(expected)
    assert kept.length("a/b") == len(expected)
    assert whole(kept, "a/b") == expected
    assert whole(kept, "a/b", len(expected) - 1) == expected[-1:]
    assert list(kept.names()) == ["a/b"]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, 1),
        (0, 5 * MIB + 1),
        (7, 8),
        (5 * MIB - 3, 5 * MIB + 2),
        (MIB, 14 * MIB),
        (100_000, 100_000 + (256 << 10)),
        (15 * MIB - 1, 15 * MIB),
    ],
)
def test_a_range_of_an_object_is_read_and_nothing_else(
    kept: ObjectStore, start: int, end: int
) -> None:
    kept.put("a", [PART, PART, PART])
    pieces = list(kept.read("a", start, end, length=15 * MIB))
    assert all(0 < len(piece) <= MIB for piece in pieces)
    assert b"".join(pieces) == (PART * 3)[start:end]


@pytest.mark.parametrize("length", [0, 9, 11, 1 << 40])
def test_an_object_of_another_length_than_it_must_have_is_refused(
    kept: ObjectStore, length: int
) -> None:
    kept.put("a", [b"0123456789"])
    for start, end in ((0, 1), (0, 10), (9, 12), (3, None)):
        with pytest.raises(Tampered):
            list(kept.read("a", start, end, length=length))


def test_bytes_that_an_object_does_not_have_are_refused(kept: ObjectStore) -> None:
    kept.put("a", [b"0123456789"])
    with pytest.raises(Tampered):
        list(kept.read("a", 10, 11))
    assert b"".join(kept.read("a", 8, 100)) == b"89"


def test_nothing_is_there_that_was_not_put(kept: ObjectStore) -> None:
    assert kept.length("a") is None
    with pytest.raises(ObjectMissing):
        whole(kept, "a")
    kept.abandon("a")
    assert list(kept.names()) == []


def test_an_object_is_not_overwritten(store: S3Store) -> None:
    for first, second in (([b"first"], [b"another"]), ([PART, b"x"], [PART, b"xy"])):
        name = f"{len(first)}"
        store.put(name, first)
        with pytest.raises(Unavailable):
            store.put(name, second)
        assert whole(store, name) == b"".join(first)


@pytest.mark.parametrize("before", [0, 1, 3])
def test_a_write_that_is_given_up_leaves_nothing(
    kept: ObjectStore, store: S3Store, before: int
) -> None:
    class GivenUp(Exception):
        pass

    def parts() -> Iterator[bytes]:
        for _ in range(before):
            yield PART
        raise GivenUp

    with pytest.raises(GivenUp):
        kept.put("a", parts())
    assert kept.length("a") is None
    client = store._client  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- unfinished writes show nowhere else
    assert "Uploads" not in client.list_multipart_uploads(Bucket=store._bucket)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- see above


def test_abandoning_removes_an_object_and_doing_it_again_is_fine(kept: ObjectStore) -> None:
    kept.put("a/1", [PART, PART])
    kept.put("a/10", [b"neighbour"])
    for _ in range(2):
        kept.abandon("a/1")
    assert list(kept.names()) == ["a/10"]


def test_a_write_goes_on_in_another_process(store: S3Store, place: Place) -> None:
    write = store.begin("a")
    tags = list(store.put_parts("a", write, [PART, PART]))
    assert store.length("a") is None
    other = S3Store(place.s3, connections=2)
    tags += other.put_parts("a", write, [b"tail"], first=2)
    other.close()
    for _ in range(2):
        store.complete("a", write, tags, 2 * len(PART) + 4)
    assert whole(store, "a") == PART + PART + b"tail"


def test_a_part_sent_again_takes_the_place_of_the_first(kept: ObjectStore) -> None:
    write = kept.begin("a")
    first = list(kept.put_parts("a", write, [PART, b"old"]))
    (newer,) = kept.put_parts("a", write, [b"newer"], first=1)
    kept.complete("a", write, [first[0], newer], len(PART) + 5)
    assert whole(kept, "a") == PART + b"newer"


def test_parts_under_way_are_tagged_before_the_senders_end_is_told(kept: ObjectStore) -> None:
    class Cut(Exception):
        pass

    def parts() -> Iterator[bytes]:
        yield PART
        yield PART
        raise Cut

    tags: list[str] = []
    with pytest.raises(Cut):
        tags.extend(kept.put_parts("a", kept.begin("a"), parts()))
    assert len(tags) == 2


def test_a_write_that_has_ended_takes_no_more(kept: ObjectStore) -> None:
    write = kept.begin("a")
    (tag,) = kept.put_parts("a", write, [PART])
    with pytest.raises(WriteMissing):
        kept.complete("a", write, ['"0123456789abcdef0123456789abcdef"'], len(PART))
    kept.abandon("a")
    with pytest.raises(WriteMissing):
        list(kept.put_parts("a", write, [PART]))
    with pytest.raises(WriteMissing):
        kept.complete("a", write, [tag], len(PART))


def test_an_object_is_not_replaced_by_a_write_that_was_begun(store: S3Store) -> None:
    write = store.begin("a")
    tags = list(store.put_parts("a", write, [PART, b"later"]))
    store.put("a", [b"first"])
    with pytest.raises(Unavailable):
        store.complete("a", write, tags, len(PART) + 5)
    assert whole(store, "a") == b"first"


def test_objects_are_listed_with_length_tag_and_age(kept: ObjectStore) -> None:
    bodies = {"a/1": b"x", "a/1.manifest": b"xy", "a/10": b"x", "b": b"z"}
    for name, body in bodies.items():
        kept.put(name, [body])
    listed = list(kept.objects("a/"))
    assert [(one.name, one.length) for one in listed] == [
        ("a/1", 1),
        ("a/1.manifest", 2),
        ("a/10", 1),
    ]
    assert listed[0].tag == listed[2].tag != listed[1].tag
    # A store's clock tells whole seconds.
    assert all(timedelta(seconds=-2) < one.age < timedelta(minutes=1) for one in listed)
    assert [one.name for one in kept.objects()] == list(kept.names()) == list(bodies)
    assert list(kept.objects("c")) == []


def test_writes_under_way_are_listed_until_they_end(kept: ObjectStore) -> None:
    writes = {name: kept.begin(name) for name in ("a/1", "a/10", "b")}
    listed = list(kept.writes())
    assert {one.name: one.tag for one in listed} == writes
    assert all(timedelta(seconds=-2) < one.age < timedelta(minutes=1) for one in listed)
    assert list(kept.objects()) == []
    tags = list(kept.put_parts("b", writes["b"], [b"x"]))
    kept.complete("b", writes["b"], tags, 1)
    kept.abandon("a/1")
    assert [one.name for one in kept.writes()] == ["a/10"]
    kept.destroy("a/10")
    assert list(kept.writes()) == []


def test_every_write_is_listed_whatever_number_there_is(store: S3Store) -> None:
    # A list comes in pages of 1 000 at most.
    names = [f"a/{number:04}" for number in range(1010)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.begin, names))
    assert sorted(one.name for one in store.writes()) == names


def test_destroying_removes_an_object_and_doing_it_again_is_fine(kept: ObjectStore) -> None:
    kept.put("a/1", [PART, b"x"])
    kept.put("a/10", [b"neighbour"])
    for _ in range(2):
        assert kept.destroy("a/1") == ()
    assert list(kept.names()) == ["a/10"]


def test_preparing_again_changes_nothing(kept: ObjectStore) -> None:
    kept.put("a", [b"x"])
    kept.prepare()
    kept.ping()
    assert whole(kept, "a") == b"x"


def test_no_more_than_a_few_parts_are_in_memory_at_once(store: S3Store) -> None:
    alive = most = 0
    lock = threading.Lock()

    class Part(bytearray):
        def __del__(self) -> None:
            nonlocal alive
            with lock:
                alive -= 1

    def parts() -> Iterator[bytearray]:
        nonlocal alive, most
        for _ in range(12):
            part = Part(PART)
            with lock:
                alive += 1
                most = max(most, alive)
            yield part
            del part

    store.put("a", parts())
    assert most <= 4


def test_a_store_that_is_away_is_unavailable_within_bounded_time(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    away = S3Store(replace(place.s3, endpoint=f"http://127.0.0.1:{port}"))
    began = time.monotonic()
    for call in (
        away.ping,
        lambda: away.length("a"),
        lambda: away.put("a", [b"x"]),
        lambda: list(away.read("a")),
        lambda: list(away.names()),
    ):
        with pytest.raises(Unavailable):
            call()
    assert time.monotonic() - began < 60


def test_wrong_credentials_are_unavailable_and_say_nothing(place: Place) -> None:
    stranger = S3Store(replace(place.s3, secret_key="not-the-secret"))
    with pytest.raises(Unavailable) as refused:
        stranger.length("a")
    assert "not-the-secret" not in repr(stranger)
    assert "127.0.0.1" not in str(refused.value)
    assert "not-the-secret" not in repr(replace(place.s3, secret_key="not-the-secret"))
