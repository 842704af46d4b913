"""Where servers are embedded, this module alone starts and stops them, and tells others of them."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from api.embedded.directory import (
    DirectoryInUse,
    EmbeddedRefused,
    held_directory,
    read_private,
    write_private,
)
from api.embedded.postgres import as_role, running_postgres
from api.embedded.seaweed import running_seaweed
from vault.storage.s3 import S3Settings

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

__all__ = [
    "DirectoryInUse",
    "EmbeddedRefused",
    "EmbeddedServices",
    "embedded_services",
    "running_services",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedServices:
    """Addresses of the servers in a data directory.

    Attributes:
        database_url: For the application's role; over a Unix socket, without a password.
        owner_database_url: For the owning role, which migrates.
        log_origin: The log's name, drawn at the first start.
        is_new: The directory held no database before.
    """

    database_url: str
    owner_database_url: str
    s3: S3Settings = field(repr=False)
    log_origin: str
    is_new: bool


@contextmanager
def embedded_services(data: Path) -> Generator[EmbeddedServices]:
    """Start PostgreSQL and SeaweedFS over a data directory; stop both when the block ends.

    A second start on the same directory continues with what is there.

    Raises:
        DirectoryInUse: Another live process runs them.
        EmbeddedRefused: One of them cannot start.
    """
    with held_directory(data):
        is_new = not (data / "postgres" / "PG_VERSION").exists()
        with running_postgres(data / "postgres") as url, running_seaweed(data / "store") as s3:
            services = EmbeddedServices(
                database_url=as_role(url, "subrosa_app"),
                owner_database_url=as_role(url, "subrosa_owner"),
                s3=s3,
                log_origin=_origin(data / "origin.json"),
                is_new=is_new,
            )
            write_private(data / "services.json", asdict(services))
            try:
                yield services
            finally:
                (data / "services.json").unlink(missing_ok=True)


def running_services(data: Path) -> EmbeddedServices:
    """Return the servers that another process runs in this directory.

    Raises:
        EmbeddedRefused: None is running, or it is still starting.
    """
    value: dict[str, Any] | None = read_private(data / "services.json")
    if value is None:
        raise EmbeddedRefused(f"The servers in {data} are starting or stopping; try again.")
    value |= {"s3": S3Settings(**value["s3"]), "is_new": False}
    return EmbeddedServices(**value)


def _origin(path: Path) -> str:
    """Return the log's origin, drawn at the first start: two vaults never share one."""
    value = read_private(path)
    if value is None:
        value = {"origin": f"subrosa-{secrets.token_hex(6)}.invalid/audit"}
        write_private(path, value)
    origin: str = value["origin"]
    return origin
