"""A read goes on where its connection broke, not far ahead of its reader, and ends with them."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice
from threading import Event

import pytest

from tests.conftest import Place
from tests.storage.relay import relaying
from vault.errors import Tampered, Unavailable
from vault.storage.s3 import S3Store
from vault.storage.windows import AHEAD, FIRST_WINDOW, WINDOW, read_ahead

MIB = 1 << 20
CONTENT = os.urandom(5 * MIB) * 8


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that happens in another thread."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def beyond(place: Place, port: int) -> Generator[S3Store]:
    """The store as it is reached by another port."""
    with closing(S3Store(replace(place.s3, endpoint=f"http://127.0.0.1:{port}"))) as store:
        yield store


@pytest.fixture
def put(store: S3Store) -> S3Store:
    store.put("a", [CONTENT[at : at + 5 * MIB] for at in range(0, len(CONTENT), 5 * MIB)])
    return store


def port_of(place: Place) -> int:
    assert place.s3.endpoint is not None
    return int(place.s3.endpoint.rpartition(":")[2])


@pytest.mark.parametrize(
    "cuts", [[5000], [MIB], [FIRST_WINDOW + 5000, 700_000, 3 * MIB, MIB + 1, 2 * MIB]]
)
def test_a_read_goes_on_where_its_connection_broke(
    place: Place, put: S3Store, cuts: list[int]
) -> None:
    with relaying(port_of(place), cuts) as relay, beyond(place, relay.port) as broken:
        assert b"".join(broken.read("a", 3, 17 * MIB, length=len(CONTENT))) == CONTENT[3 : 17 * MIB]
        assert relay.cuts == []


def test_a_read_that_never_gets_anywhere_is_given_up(place: Place, put: S3Store) -> None:
    with (
        relaying(port_of(place), [100] * 500) as relay,
        beyond(place, relay.port) as broken,
        pytest.raises(Unavailable),
    ):
        list(broken.read("a"))


def test_no_more_is_read_than_a_few_windows_ahead_of_a_reader(place: Place, put: S3Store) -> None:
    with relaying(port_of(place)) as relay, beyond(place, relay.port) as through:
        with closing(through.read("a")) as pieces:
            first = next(pieces)
            assert len(first) == FIRST_WINDOW
            until(lambda: relay.carried >= FIRST_WINDOW)
        with closing(through.read("a")) as pieces:
            began = relay.carried
            read = sum(map(len, islice(pieces, 2)))
            until(lambda: relay.carried - began >= read + AHEAD * WINDOW)
            # Time enough to show that nothing more comes, if it would.
            time.sleep(0.2)
            assert relay.carried - began < read + (AHEAD + 1) * WINDOW


def test_a_reader_who_leaves_leaves_no_thread_and_no_connection(place: Place, put: S3Store) -> None:
    before = threading.active_count()
    with relaying(port_of(place)) as relay:
        with beyond(place, relay.port) as through:
            pieces = through.read("a")
            for _ in range(3):
                next(pieces)
            pieces.close()
        # Closing the store waited for what was under way: one piece of each window at most.
        assert relay.carried < FIRST_WINDOW + (2 + AHEAD) * WINDOW
        until(lambda: relay.open == 0)
    until(lambda: threading.active_count() <= before)


def test_what_waits_for_a_thread_is_given_up_with_its_reader() -> None:
    begun = Event()
    fetched: list[int] = []

    def fetch(start: int, end: int, gone: Event) -> list[bytes]:
        fetched.append(start)
        begun.set()
        if start:
            gone.wait()
        return [b"x"]

    with ThreadPoolExecutor(1) as threads:
        read = read_ahead(fetch, threads, 0, 9 * WINDOW)
        assert next(read) == b"x"
        until(lambda: len(fetched) == 2)
        read.close()
    assert fetched == [0, WINDOW]


def test_a_store_that_hangs_does_not_hold_a_reader_who_leaves(place: Place, put: S3Store) -> None:
    with relaying(port_of(place)) as relay, beyond(place, relay.port) as through:
        pieces = through.read("a")
        next(pieces)
        relay.held.clear()
        pieces.close()
        relay.held.set()
        assert b"".join(through.read("a", 0, 10)) == CONTENT[:10]


def test_windows_are_asked_for_in_order_and_each_once() -> None:
    asked: list[tuple[int, int]] = []

    def fetch(start: int, end: int, gone: Event) -> list[bytes]:
        asked.append((start, end))
        return [bytes(end - start)]

    with ThreadPoolExecutor(1) as threads:
        read = list(read_ahead(fetch, threads, 5, 5 + 3 * WINDOW + 1))
    assert [len(piece) for piece in read] == [WINDOW] * 3 + [1]
    assert asked == [(5 + n * WINDOW, min(5 + (n + 1) * WINDOW, 6 + 3 * WINDOW)) for n in range(4)]


def test_nothing_is_asked_for_where_nothing_is_left() -> None:
    def fetch(start: int, end: int, gone: Event) -> list[bytes]:
        raise AssertionError

    with ThreadPoolExecutor(1) as threads:
        assert list(read_ahead(fetch, threads, 7, 7)) == []


def test_a_window_that_fails_ends_the_read_when_its_turn_comes() -> None:
    def fetch(start: int, end: int, gone: Event) -> list[bytes]:
        if start:
            raise Unavailable
        return [b"first"]

    with ThreadPoolExecutor(2) as threads:
        read = read_ahead(fetch, threads, 0, 9 * WINDOW)
        assert next(read) == b"first"
        with pytest.raises(Unavailable):
            next(read)


ANSWERS: dict[str, tuple[bytes, type[Exception]]] = {
    "another length": (
        b"HTTP/1.1 206 x\r\nContent-Length: 10\r\nContent-Range: bytes 0-9/11\r\n\r\n",
        Tampered,
    ),
    "no length": (
        b"HTTP/1.1 206 x\r\nContent-Length: 10\r\nContent-Range: bytes 0-9/*\r\n\r\n",
        Unavailable,
    ),
    "not a range": (b"HTTP/1.1 200 x\r\nContent-Length: 10\r\n\r\n", Unavailable),
}


@contextmanager
def answering(head: bytes, body: bytes) -> Generator[int]:
    """Run a store that answers one request, whatever it is, and goes on sending."""

    def serve() -> None:
        try:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(head)
                while True:
                    connection.sendall(body)
        except OSError:
            return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            serving.join()


@pytest.mark.parametrize("what", ANSWERS)
def test_an_answer_that_is_not_to_the_question_is_refused(place: Place, what: str) -> None:
    head, refusal = ANSWERS[what]
    with (
        answering(head, b"0123456789") as port,
        beyond(place, port) as lying,
        pytest.raises(refusal),
    ):
        list(lying.read("a", 0, 10, length=10))


def test_a_store_that_sends_without_end_is_not_listened_to_for_ever(place: Place) -> None:
    endless = (
        b"HTTP/1.1 206 x\r\nContent-Length: 99999999999\r\nContent-Range: bytes 0-9/10\r\n\r\n"
    )
    with answering(endless, bytes(65536)) as port, beyond(place, port) as lying:
        assert sum(map(len, lying.read("a", 0, 10, length=10))) <= MIB
