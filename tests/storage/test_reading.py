"""A read goes on where its connection broke, not far ahead of its reader, and ends with them."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace

import pytest

from tests.conftest import Place
from tests.storage.relay import relaying
from vault.errors import Tampered, Unavailable
from vault.storage.s3 import S3Store

MIB = 1 << 20
SOON = 256 << 10
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


@pytest.mark.parametrize("cuts", [[5000], [MIB], [SOON + 5000, 700_000, 3 * MIB, MIB + 1, 2 * MIB]])
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


def test_one_request_reads_all_and_not_far_ahead_of_its_reader(place: Place, put: S3Store) -> None:
    with relaying(port_of(place)) as relay, beyond(place, relay.port) as through:
        with closing(through.read("a")) as pieces:
            assert len(next(pieces)) == SOON
            assert len(next(pieces)) == MIB
            # Time enough for all of it to come, if anything took it.
            time.sleep(0.3)
            assert relay.carried < len(CONTENT) // 2
        assert b"".join(through.read("a")) == CONTENT
        assert relay.asked == 2


def test_a_connection_is_used_again_when_all_of_an_answer_was_taken(
    place: Place, put: S3Store
) -> None:
    with relaying(port_of(place)) as relay, beyond(place, relay.port) as through:
        for start in range(0, 5 * MIB, MIB // 2):
            assert b"".join(through.read("a", start, start + 80_000)) == CONTENT[start:][:80_000]
        assert (relay.asked, relay.made) == (10, 1)


def test_a_reader_who_leaves_leaves_no_thread_and_no_connection(place: Place, put: S3Store) -> None:
    before = threading.active_count()
    with relaying(port_of(place)) as relay, beyond(place, relay.port) as through:
        for taken in (0, 1, 2, 5):
            pieces = through.read("a")
            for _ in range(taken):
                next(pieces)
            pieces.close()
        until(lambda: relay.open == 0)
        assert relay.made == 3
    until(lambda: threading.active_count() <= before)


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


EMPTY = b"HTTP/1.1 206 x\r\nContent-Length: 0\r\nContent-Range: bytes 0-9/10\r\n\r\n"


@contextmanager
def sending_nothing(asked: list[bytes]) -> Generator[int]:
    """Run a store whose every answer is in good order and brings no byte."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    while request := connection.recv(65536):
                        asked.append(request)
                        connection.sendall(EMPTY)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            serving.join()


def test_a_store_that_sends_nothing_is_not_asked_for_ever(place: Place) -> None:
    asked: list[bytes] = []
    with (
        sending_nothing(asked) as port,
        beyond(place, port) as silent,
        pytest.raises(Unavailable),
    ):
        list(silent.read("a", 0, 10, length=10))
    assert len(asked) == 5


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
        assert sum(map(len, lying.read("a", 0, 10, length=10))) <= SOON
