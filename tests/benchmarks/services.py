"""A server of its own for figures that need no more of the vault than its database."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from api.embedded.postgres import as_role, running_postgres
from vault.database.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Generator

LOG_ORIGIN = "bench.invalid/audit"


@contextmanager
def postgres() -> Generator[tuple[str, str]]:
    """Run a fresh, migrated database with the settings of an embedded vault, fsync included.

    Yields:
        The URLs of the owner and of the application.
    """
    with (
        tempfile.TemporaryDirectory(prefix="subrosa-bench-") as folder,
        running_postgres(Path(folder) / "postgres") as superuser_url,
    ):
        owner_url = as_role(superuser_url, "subrosa_owner")
        migrate(owner_url, log_origin=LOG_ORIGIN)
        yield owner_url, as_role(superuser_url, "subrosa_app")
