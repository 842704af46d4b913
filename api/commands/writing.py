"""What a command writes is its user's alone, takes no file's place, and is there only if true."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def new_file(path: Path, mode: str) -> IO[Any]:
    """Make a file, mode 0600, that was not there, not even as a link; FileExistsError if it was."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    return os.fdopen(descriptor, mode, encoding=None if "b" in mode else "ascii")


def write_verified(path: Path, content: Iterable[bytes]) -> None:
    """Write a file that bears its name only once all of its content has come without an exception.

    Until then its name ends in `.unverified`; if an exception comes, nothing is left of it.

    Raises:
        FileExistsError: There is a file of either name.
    """
    unverified = path.with_name(f"{path.name}.unverified")
    with new_file(unverified, "wb") as file:
        try:
            for piece in content:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
            # Unlike a rename, a link takes no other file's place.
            os.link(unverified, path)
        finally:
            unverified.unlink()
