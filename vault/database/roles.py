"""An embedded server gets the same roles that roles.sql gives a real one."""

from __future__ import annotations

from importlib.resources import files

import psycopg


def prepare_roles(superuser_url: str) -> None:
    """Run roles.sql, statement by statement; what is there already stays as it is."""
    script = files("vault.database").joinpath("roles.sql").read_bytes()
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for statement in script.split(b";"):
            if not statement.strip():
                continue
            try:
                connection.execute(statement)
            except (psycopg.errors.DuplicateObject, psycopg.errors.DuplicateDatabase):
                continue
