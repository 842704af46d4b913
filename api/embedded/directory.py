"""One process at a time starts servers in a data directory; its files are its owner's alone."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path


class EmbeddedRefused(Exception):
    """Embedded servers cannot run; `str()` is one sentence for the operator."""


class DirectoryInUse(EmbeddedRefused):
    """Another process runs servers in this directory."""

    def __init__(self, data: Path, pid: str) -> None:
        super().__init__(
            f"Another subrosa (process {pid}) is using {data}; stop it or choose another with "
            "--data."
        )


@contextmanager
def held_directory(data: Path) -> Generator[None]:
    """Hold a data directory, made if need be, for as long as the block runs.

    The kernel lets go of the lock when the process ends, however it ends: a file left behind by a
    dead process is no obstacle.

    Raises:
        DirectoryInUse: Another live process holds it.
        EmbeddedRefused: It cannot be made or written.
    """
    try:
        # Others may pass through, since PostgreSQL runs as a user of its own when started by
        # root; what is secret lies in files and folders of mode 0600 and 0700.
        data.mkdir(mode=0o711, parents=True, exist_ok=True)
        descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EmbeddedRefused(f"{data} cannot be written: {error.strerror}.") from error
    with os.fdopen(descriptor, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DirectoryInUse(data, lock.read().strip() or "unknown") from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def write_private(path: Path, value: Mapping[str, object]) -> None:
    """Write a JSON file that its owner alone can read, whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)


def read_private(path: Path) -> dict[str, Any] | None:
    """Return what `write_private` wrote; None if there is no such file."""
    try:
        return cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
