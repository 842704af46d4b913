"""The schema is what the SQL files in migrations/ say, applied in order, forward only."""

from __future__ import annotations

from contextlib import closing
from importlib.resources import as_file, files
from urllib.parse import urlsplit, urlunsplit

import psycopg
from yoyo import get_backend, read_migrations

from vault.errors import Unavailable

# Raised by migration 0002 itself.
_CASES_OF_THE_FIRST_SCHEMA = "SV001"


class OriginDiffers(Exception):
    """The log in this database was begun under another origin than the settings name."""

    def __init__(self) -> None:
        super().__init__(
            "The log in this database has another origin than SUBROSA_LOG_ORIGIN says; "
            "an origin never changes: set it back."
        )


class VaultTooOld(Exception):
    """The database holds cases of a schema that this program cannot carry over."""

    def __init__(self) -> None:
        super().__init__(
            "This vault holds cases from before the first release, whose policies cannot be read "
            "any more; begin a new data directory."
        )


def migrate(owner_url: str, *, log_origin: str) -> None:
    """Bring the schema up to date under the owner's role, and begin the log if it is new.

    Running it again changes nothing. Several processes may run it at once: one at a time works.

    Args:
        owner_url: libpq URL of the role that owns the schema.
        log_origin: The log's name in every checkpoint, for ever (C2SP tlog-checkpoint).

    Raises:
        Unavailable: The database does not answer.
        OriginDiffers: The log was begun under another origin.
        VaultTooOld: The database holds cases of a schema that cannot be carried over.
    """
    parts = urlsplit(owner_url)
    backend = get_backend(urlunsplit(parts._replace(scheme="postgresql+psycopg")))
    with (
        as_file(files("vault.database") / "migrations") as folder,
        closing(backend.connection),
        backend.lock(),
    ):
        try:
            backend.apply_migrations(backend.to_apply(read_migrations(str(folder))))
        except psycopg.Error as error:
            if error.sqlstate == _CASES_OF_THE_FIRST_SCHEMA:
                raise VaultTooOld from error
            raise
    try:
        with psycopg.connect(owner_url) as connection:
            connection.execute(
                "INSERT INTO log_head (id, origin, size, range) VALUES (1, %s, 0, '')"
                " ON CONFLICT (id) DO NOTHING",
                (log_origin,),
            )
            row = connection.execute("SELECT origin FROM log_head").fetchone()
    except psycopg.OperationalError as error:
        raise Unavailable("The database does not answer; nothing was changed.") from error
    if row != (log_origin,):
        raise OriginDiffers
