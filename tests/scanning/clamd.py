"""A scanner on loopback in every mood, and Debian's own clamd with a signature of ours."""

from __future__ import annotations

import os
import socket
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock, Thread
from time import sleep
from typing import TYPE_CHECKING, Literal

import pytest

from vault.scanning.clamd import ClamdAddress, ClamdScanner

if TYPE_CHECKING:
    from collections.abc import Generator

# What our signature finds; split, so that no scanner takes this file for it.
MALWARE = b"SUBROSA-LOCAL-TEST-" + b"SIGNATURE"
LIMIT = 4 << 20

# As Debian's packages lay it out, installed or unpacked by `make setup`.
_ROOTS = (Path("/"), Path(__file__).parents[2] / ".tools" / "clamav")
_CLAMD = next((root for root in _ROOTS if (root / "usr/sbin/clamd").exists()), None)
CLAMD_MISSING = (
    "NO CLAMD WAS TESTED: install Debian's packages clamav-daemon, libclamav12 and libmspack0"
)

Mood = Literal["honest", "silent", "hanging up", "endless", "garbage", "failing", "early", "slow"]


class Clamd:
    """Speaks clamd's INSTREAM as clamd 1.4.3 was seen to, unless it is in another mood.

    Attributes:
        mood: How it takes the next connections.
        name: What it calls what it finds.
        seen: How many streams have begun.
        whole: The length of each stream that came to its end.
        most_at_once: Streams at once at most, since it was started.
    """

    def __init__(self) -> None:
        self.mood: Mood = "honest"
        self.name = b"Local.Test.UNOFFICIAL"
        self.seen = 0
        self.whole: list[int] = []
        self.most_at_once = 0
        # Streams wait here for their answer while it is not set.
        self.answering = Event()
        self.answering.set()
        self._at_once = 0
        self._lock = Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = ClamdAddress(host="127.0.0.1", port=self._listener.getsockname()[1])
        self._closing = Event()
        self._threads = [Thread(target=self._accept)]
        self._threads[0].start()

    def scanner(self, *, timeout_s: float = 10.0) -> ClamdScanner:
        return ClamdScanner(self.address, timeout_s=timeout_s)

    def close(self) -> None:
        self._closing.set()
        self.answering.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self.seen += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        with connection, suppress(OSError):
            connection.settimeout(20)
            self._speak(connection)
        with self._lock:
            self._at_once -= 1

    def _speak(self, connection: socket.socket) -> None:
        if self.mood == "silent":
            self._closing.wait(20)
            return
        if self.mood == "hanging up":
            return
        answer = self._taken(connection)
        self.answering.wait(20)
        if self.mood == "endless":
            for _ in range(1024):
                connection.sendall(b"x" * 1024)
        elif self.mood == "slow":
            for byte in b"stream: OK\0":
                connection.sendall(bytes([byte]))
                self._closing.wait(0.5)
        else:
            connection.sendall(answer)

    def _taken(self, connection: socket.socket) -> bytes:
        """Take a stream in; return the answer."""
        with connection.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            size, seen, found = 0, b"", False
            while length := int.from_bytes(stream.read(4), "big"):
                chunk = stream.read(length)
                size += len(chunk)
                seen = seen[-len(MALWARE) :] + chunk
                found = found or MALWARE in seen
                if self.mood == "early":
                    return b"stream: OK\0"
                if size > LIMIT:
                    return b"INSTREAM size limit exceeded. ERROR\0"
        self.whole.append(size)
        if self.mood == "garbage":
            return b"\xff\x00\n220 mail.invalid ESMTP"
        if self.mood == "failing":
            return b"stream: Can't allocate memory ERROR\0"
        return b"stream: " + self.name + b" FOUND\0" if found else b"stream: OK\0"


@contextmanager
def running_fake() -> Generator[Clamd]:
    """Run the scanner with moods, and stop it."""
    clamd = Clamd()
    try:
        yield clamd
    finally:
        clamd.close()


@contextmanager
def running_clamd(folder: Path) -> Generator[ClamdScanner]:
    """Run Debian's clamd over one signature of ours, on a Unix socket; skip where there is none."""
    if _CLAMD is None:
        pytest.skip(CLAMD_MISSING)
    for name in ("db", "tmp"):
        (folder / name).mkdir()
    (folder / "db" / "local.ndb").write_text(f"Local.Test:0:*:{MALWARE.hex()}\n")
    path = folder / "clamd.ctl"
    configuration = folder / "clamd.conf"
    configuration.write_text(
        f"LocalSocket {path}\nDatabaseDirectory {folder / 'db'}\nTemporaryDirectory "
        f"{folder / 'tmp'}\nForeground yes\nStreamMaxLength {LIMIT}\nMaxFileSize 3M\n"
        "AlertExceedsMax yes\n"
    )
    libraries = ":".join(map(str, (_CLAMD / "usr" / "lib").glob("*-linux-gnu")))
    process = subprocess.Popen(
        [str(_CLAMD / "usr/sbin/clamd"), "-c", str(configuration)],
        env={"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": libraries},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not path.exists():
            assert process.poll() is None, "clamd ended before it listened"
            sleep(0.05)
        yield ClamdScanner(ClamdAddress(path=str(path)), timeout_s=30)
    finally:
        process.kill()
        process.wait()
