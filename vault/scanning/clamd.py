"""Clamd looks through a stream and nothing it does, or fails to do, holds the vault up for long.

No client on the registry fits: those that are kept wait for each step anew, take an answer of any
length, and lose the answer that clamd gives before it closes in the middle of a stream.

Source: clamd(8), INSTREAM; measured with clamd 1.4.3.
"""

from __future__ import annotations

import re
import select
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from time import monotonic
from typing import TYPE_CHECKING, Final

from vault.scanning.port import Clean, Found, Unanswered, Verdict, Why

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

# Clamd serves ten at once by default (MaxThreads), and others may use it too.
_AT_ONCE: Final = 4
# A chunk may be as long as clamd's StreamMaxLength; ours are small enough for any.
_CHUNK: Final = 64 << 10
# Whoever takes less than this is as good as away.
_SLOWEST_BYTES_PER_S: Final = 1 << 20
_ANSWER_LONGEST: Final = 1024
_FOUND: Final = re.compile(rb"stream: (.+) FOUND", re.DOTALL)
_TOO_LONG: Final = b"INSTREAM size limit exceeded. ERROR"
# With AlertExceedsMax clamd says so of what it did not look through to the end; without, `OK`.
_LIMITS: Final = b"Heuristics.Limits.Exceeded"


@dataclass(frozen=True, slots=True)
class ClamdAddress:
    """Where clamd listens: at a path, or at a host's port."""

    path: str | None = None
    host: str = ""
    port: int = 0


class _Silent(Exception):
    """The time is over, or the connection is."""

    def __init__(self, why: Why) -> None:
        self.why = why


class ClamdScanner:
    """Speaks INSTREAM to a clamd; a connection for each document, four at once.

    Of clamd is needed that it answers. What it answers is bounded, and cleaned.
    """

    def __init__(self, address: ClamdAddress, *, timeout_s: float) -> None:
        """Connect to nobody yet.

        Args:
            address: Where clamd listens.
            timeout_s: How long one scan may take in all, turns waited for included; and a second
                more for each MiB that was sent.
        """
        self._address = address
        self._timeout_s = timeout_s
        self._turns = BoundedSemaphore(_AT_ONCE)

    def scan(self, content: Iterable[bytes]) -> Verdict:
        """Show a document to clamd; `Unanswered` unless it says in time what it found."""
        deadline = _Deadline(monotonic() + self._timeout_s)
        try:
            with self._turn(deadline), self._connected(deadline) as connection:
                whole = _send(connection, content, deadline)
                return _verdict(_receive(connection, deadline), whole=whole)
        except _Silent as silent:
            return Unanswered(silent.why)

    @contextmanager
    def _turn(self, deadline: _Deadline) -> Generator[None]:
        if not self._turns.acquire(timeout=deadline.left()):
            raise _Silent(Why.SLOW)
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def _connected(self, deadline: _Deadline) -> Generator[socket.socket]:
        address = self._address
        try:
            if address.path is None:
                connection = socket.create_connection(
                    (address.host, address.port), timeout=deadline.left()
                )
            else:
                connection = socket.socket(socket.AF_UNIX)
        except OSError as error:
            raise _Silent(_why(error)) from error
        with connection:
            if address.path is not None:
                try:
                    connection.settimeout(deadline.left())
                    connection.connect(address.path)
                except OSError as error:
                    raise _Silent(_why(error)) from error
            yield connection


class _Deadline:
    """When a scan must have ended."""

    def __init__(self, at: float) -> None:
        self._at = at

    def left(self) -> float:
        """Return how many seconds are left; never none, which would mean not to wait."""
        left = self._at - monotonic()
        if left <= 0:
            raise _Silent(Why.SLOW)
        return left

    def grant(self, seconds: float) -> None:
        """Give more time."""
        self._at += seconds


def _send(connection: socket.socket, content: Iterable[bytes], deadline: _Deadline) -> bool:
    """Send a stream; False if clamd had enough of it before its end.

    It then answers and closes. What it has said is looked for before each chunk, so that a sender
    faster than clamd does not fill the line first.
    """
    answered = select.poll()
    answered.register(connection, select.POLLIN)
    if not _sent(connection, b"zINSTREAM\0", deadline):
        return False
    for piece in content:
        view = memoryview(piece)
        for start in range(0, len(view), _CHUNK):
            chunk = view[start : start + _CHUNK]
            deadline.grant(len(chunk) / _SLOWEST_BYTES_PER_S)
            if answered.poll(0) or not (
                _sent(connection, len(chunk).to_bytes(4, "big"), deadline)
                and _sent(connection, chunk, deadline)
            ):
                return False
    return _sent(connection, bytes(4), deadline)


def _sent(connection: socket.socket, data: bytes | memoryview, deadline: _Deadline) -> bool:
    """Send something; False if the other end has closed."""
    connection.settimeout(deadline.left())
    try:
        connection.sendall(data)
    except TimeoutError as error:
        raise _Silent(Why.SLOW) from error
    except OSError:
        return False
    return True


def _receive(connection: socket.socket, deadline: _Deadline) -> bytes:
    """Return clamd's answer, without the zero that ends it."""
    answer = bytearray()
    while len(answer) <= _ANSWER_LONGEST:
        connection.settimeout(deadline.left())
        try:
            received = connection.recv(_ANSWER_LONGEST)
        except OSError as error:
            raise _Silent(_why(error)) from error
        if not received:
            raise _Silent(Why.NONSENSE if answer else Why.AWAY)
        answer += received
        whole, ended, _ = answer.partition(b"\0")
        if ended and len(whole) <= _ANSWER_LONGEST:
            return bytes(whole)
    raise _Silent(Why.NONSENSE)


def _verdict(answer: bytes, *, whole: bool) -> Verdict:
    if answer == b"stream: OK":
        # Said of a part of it, it says nothing.
        return Clean() if whole else Unanswered(Why.NONSENSE)
    if found := _FOUND.fullmatch(answer):
        if found[1].startswith(_LIMITS):
            return Unanswered(Why.LIMIT)
        return Found(found[1].decode("ascii", "replace"))
    if answer == _TOO_LONG:
        return Unanswered(Why.LIMIT)
    return Unanswered(Why.REFUSED if answer.endswith(b"ERROR") else Why.NONSENSE)


def _why(error: OSError) -> Why:
    return Why.SLOW if isinstance(error, TimeoutError) else Why.AWAY
