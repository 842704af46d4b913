"""Every setting is read once, at the start, from the environment; the start says what is wrong."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from policies.vocabulary import TermsRefused, check_classes
from vault.storage.s3 import S3Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

_GIB = 1 << 30


class SettingsRefused(Exception):
    """A setting is missing or contradicts another; `str()` is one sentence for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Servers the institution runs: none of their addresses or secrets shows in a repr."""

    # libpq URL of the application's role, which cannot change log entries. SUBROSA_DATABASE_URL
    # or, so that a password need not stand in the environment, SUBROSA_DATABASE_URL_FILE.
    database_url: str = field(repr=False)
    # SUBROSA_S3_ENDPOINT (none: AWS), SUBROSA_S3_BUCKET, SUBROSA_S3_REGION,
    # SUBROSA_S3_ACCESS_KEY, SUBROSA_S3_SECRET_KEY_FILE, SUBROSA_S3_ADDRESSING (path|virtual).
    s3: S3Settings
    # The log's name in every checkpoint, for ever: a schema-less URL such as
    # `vault.example/audit/2026`. SUBROSA_LOG_ORIGIN.
    log_origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the program was started with."""

    # Where embedded servers, keys and the log's origin live. SUBROSA_DATA, default `.subrosa`.
    data: Path
    # Real servers; None starts embedded ones under `data`.
    servers: Servers | None
    # 32 random bytes from which all others are reached; mode 0600. SUBROSA_ROOT_KEY_FILE,
    # default `keys/root.key` under `data`.
    root_key_file: Path
    # Address to listen on. SUBROSA_HOST, default 127.0.0.1: nothing outside this machine.
    host: str
    # TCP port to listen on. SUBROSA_PORT, default 8420; 0 takes a free one.
    port: int
    # Address of the proxy whose X-Forwarded-For tells where requests come from, for the record.
    # SUBROSA_TRUSTED_PROXY, default none: what the header says is ignored.
    trusted_proxy: str | None
    # Requests served at once, each in a thread. SUBROSA_THREADS, default 48.
    threads: int
    # Uploads taken at once; further ones are told to try again. Fewer than `threads`, or slow
    # senders stop everything. SUBROSA_UPLOAD_SLOTS, default 16.
    upload_slots: int
    # Seconds a sender may be silent before its upload is given up. SUBROSA_UPLOAD_SILENCE_S,
    # default 30.
    upload_silence_s: float
    # The largest document, in bytes. SUBROSA_SIZE_LIMIT_BYTES, default 64 GiB.
    size_limit_bytes: int
    # Classes of record that this institution adds to the vocabulary, separated by commas. New
    # cases know them; a running case learns them with its next agreement. SUBROSA_CLASSES.
    classes: tuple[str, ...]
    # Days for which backups of the database are kept: until then one can bring back the wrapped
    # keys of what was erased, and certificates say so. SUBROSA_BACKUP_RETENTION_DAYS, default 35.
    backup_retention_days: int


def read_settings(
    environment: Mapping[str, str] = os.environ, data: Path | None = None
) -> Settings:
    """Read every setting.

    Args:
        environment: Where to read from.
        data: The command line's `--data`, which beats SUBROSA_DATA.

    Raises:
        SettingsRefused: Something is missing or contradictory.
    """
    folder = (data or Path(environment.get("SUBROSA_DATA", ".subrosa"))).absolute()
    threads = _whole(environment, "SUBROSA_THREADS", 48, least=4)
    slots = _whole(environment, "SUBROSA_UPLOAD_SLOTS", 16, least=1)
    if slots >= threads:
        raise SettingsRefused("SUBROSA_UPLOAD_SLOTS must be fewer than SUBROSA_THREADS.")
    return Settings(
        data=folder,
        servers=_servers(environment),
        root_key_file=Path(
            environment.get("SUBROSA_ROOT_KEY_FILE", str(folder / "keys" / "root.key"))
        ),
        host=environment.get("SUBROSA_HOST", "127.0.0.1"),
        port=_whole(environment, "SUBROSA_PORT", 8420, least=0),
        trusted_proxy=environment.get("SUBROSA_TRUSTED_PROXY") or None,
        threads=threads,
        upload_slots=slots,
        upload_silence_s=_whole(environment, "SUBROSA_UPLOAD_SILENCE_S", 30, least=1),
        size_limit_bytes=_whole(environment, "SUBROSA_SIZE_LIMIT_BYTES", 64 * _GIB, least=1),
        classes=_classes(environment),
        backup_retention_days=_whole(environment, "SUBROSA_BACKUP_RETENTION_DAYS", 35, least=0),
    )


def read_owner(environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Read what a migration of a real database needs, which `up` never holds.

    Returns:
        The libpq URL of the owning role (SUBROSA_OWNER_DATABASE_URL, or the same with _FILE) and
        the log's origin (SUBROSA_LOG_ORIGIN).

    Raises:
        SettingsRefused: One of them is missing.
    """
    return (
        _secret(environment, "SUBROSA_OWNER_DATABASE_URL"),
        _required(environment, "SUBROSA_LOG_ORIGIN"),
    )


def _servers(environment: Mapping[str, str]) -> Servers | None:
    """Read the addresses of real servers: all of them, or none."""
    names = ("SUBROSA_DATABASE_URL", "SUBROSA_S3_BUCKET", "SUBROSA_LOG_ORIGIN")
    given = [name for name in names if environment.get(name) or environment.get(f"{name}_FILE")]
    if not given:
        return None
    if len(given) < len(names):
        missing = next(name for name in names if name not in given)
        raise SettingsRefused(f"{given[0]} is set, so {missing} must be too.")
    addressing = environment.get("SUBROSA_S3_ADDRESSING", "path")
    if addressing not in ("path", "virtual"):
        raise SettingsRefused("SUBROSA_S3_ADDRESSING must be `path` or `virtual`.")
    return Servers(
        database_url=_secret(environment, "SUBROSA_DATABASE_URL"),
        s3=S3Settings(
            endpoint=environment.get("SUBROSA_S3_ENDPOINT"),
            bucket=_required(environment, "SUBROSA_S3_BUCKET"),
            region=environment.get("SUBROSA_S3_REGION", "us-east-1"),
            access_key=_required(environment, "SUBROSA_S3_ACCESS_KEY"),
            secret_key=_secret(environment, "SUBROSA_S3_SECRET_KEY"),
            addressing=addressing,
        ),
        log_origin=_required(environment, "SUBROSA_LOG_ORIGIN"),
    )


def _classes(environment: Mapping[str, str]) -> tuple[str, ...]:
    text = environment.get("SUBROSA_CLASSES", "")
    try:
        return check_classes([word.strip() for word in text.split(",")] if text else [])
    except TermsRefused as error:
        raise SettingsRefused(
            "SUBROSA_CLASSES must name new classes, each once: lower-case letters, digits, hyphens."
        ) from error


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise SettingsRefused(f"{name} must be set.")
    return value


def _secret(environment: Mapping[str, str], name: str) -> str:
    """Return a secret from the file that NAME_FILE names, or from NAME."""
    path = environment.get(f"{name}_FILE")
    if path is None:
        return _required(environment, name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsRefused(f"The file that {name}_FILE names cannot be read.") from error


def _whole(environment: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    text = environment.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise SettingsRefused(f"{name} must be a whole number of at least {least}.")
    return int(text)
