"""Every setting is read once, at the start, from the environment; the start says what is wrong."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from api.environment import SettingsRefused, required, secret, whole
from api.root_keys import read_keys_per_case, read_old_root_keys, read_root_keys
from api.scanners import read_scanner
from policies.vocabulary import TermsRefused, check_classes
from vault.core import Limits
from vault.storage.s3_settings import ADDRESSINGS, CHECKSUMS, S3Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.keyring.addresses import RootKeyAddress
    from vault.scanning.port import Scanner

_GIB = 1 << 30
_PREFIX = re.compile(r"(?:[A-Za-z0-9_-]{1,64}/){1,8}")

Word = TypeVar("Word", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Servers the institution runs: none of their addresses or secrets shows in a repr."""

    # libpq URL of the application's role, which cannot change log entries. SUBROSA_DATABASE_URL
    # or, so that a password need not stand in the environment, SUBROSA_DATABASE_URL_FILE.
    database_url: str = field(repr=False)
    # The bucket; every SUBROSA_S3_ setting, read in `_s3`.
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
    # Where the key is from which all others are reached. SUBROSA_ROOT_KEYS (file|transit|aws-kms|
    # pkcs11) and what that one needs (api/root_keys.py); default a file, SUBROSA_ROOT_KEY_FILE,
    # default `keys/root.key` under `data`.
    root_keys: RootKeyAddress
    # Where it was before, while `subrosa key rotate` moves keys from there: SUBROSA_OLD_ROOT_KEYS
    # and what that one needs; default none.
    old_root_keys: RootKeyAddress | None
    # Each new case has a wrapping key of its own in the provider, whose destruction there reaches
    # every backup. SUBROSA_CASE_KEYS (root|per-case), default root.
    keys_per_case: bool
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
    # The largest document, in bytes: SUBROSA_SIZE_LIMIT_BYTES, default 64 GiB.
    # What one case holds, and what one person brings to all cases, uploads under way included:
    # SUBROSA_CASE_QUOTA_BYTES and SUBROSA_PERSON_QUOTA_BYTES, default 0, which is no bound.
    # Hours after which a resumable upload that nobody went on with ends:
    # SUBROSA_UPLOAD_LIFETIME_H, default 24.
    limits: Limits
    # Classes of record that this institution adds to the vocabulary, separated by commas. New
    # cases know them; a running case learns them with its next agreement. SUBROSA_CLASSES.
    classes: tuple[str, ...]
    # Days for which backups of the database are kept: until then one can bring back the wrapped
    # keys of what was erased, and certificates say so. SUBROSA_BACKUP_RETENTION_DAYS, default 35.
    backup_retention_days: int
    # Clamd, which is shown every document before it becomes visible: SUBROSA_CLAMD, as
    # `unix:/run/clamav/clamd.ctl` or `tcp://127.0.0.1:3310`; default none, nothing is scanned.
    # Seconds that it may take for one document, and one more for each MiB:
    # SUBROSA_CLAMD_TIMEOUT_S, default 60. What is not scanned by then waits.
    scanner: Scanner | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSettings:
    """What is needed to read a bucket without its database."""

    # Where an embedded store lives. SUBROSA_DATA, default `.subrosa`.
    data: Path
    # A real bucket; None starts the embedded store under `data`.
    s3: S3Settings | None
    # As in `Settings`.
    root_keys: RootKeyAddress
    old_root_keys: RootKeyAddress | None


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
    folder = _folder(environment, data)
    threads = whole(environment, "SUBROSA_THREADS", 48, least=4)
    slots = whole(environment, "SUBROSA_UPLOAD_SLOTS", 16, least=1)
    if slots >= threads:
        raise SettingsRefused("SUBROSA_UPLOAD_SLOTS must be fewer than SUBROSA_THREADS.")
    return Settings(
        data=folder,
        servers=_servers(environment),
        root_keys=read_root_keys(environment, folder),
        old_root_keys=read_old_root_keys(environment),
        keys_per_case=read_keys_per_case(environment),
        host=environment.get("SUBROSA_HOST", "127.0.0.1"),
        port=whole(environment, "SUBROSA_PORT", 8420, least=0),
        trusted_proxy=environment.get("SUBROSA_TRUSTED_PROXY") or None,
        threads=threads,
        upload_slots=slots,
        upload_silence_s=whole(environment, "SUBROSA_UPLOAD_SILENCE_S", 30, least=1),
        limits=_limits(environment),
        classes=_classes(environment),
        backup_retention_days=whole(environment, "SUBROSA_BACKUP_RETENTION_DAYS", 35, least=0),
        scanner=read_scanner(environment),
    )


def read_bucket(
    environment: Mapping[str, str] = os.environ, data: Path | None = None
) -> BucketSettings:
    """Read what it takes to open a bucket: its address and the root key, and no database's.

    Raises:
        SettingsRefused: Something is missing or contradictory.
    """
    folder = _folder(environment, data)
    return BucketSettings(
        data=folder,
        s3=_s3(environment) if environment.get("SUBROSA_S3_BUCKET") else None,
        root_keys=read_root_keys(environment, folder),
        old_root_keys=read_old_root_keys(environment),
    )


def read_owner(environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Read what a migration, a rotation or an erasure on a real database needs, never held by `up`.

    Returns:
        The libpq URL of the owning role (SUBROSA_OWNER_DATABASE_URL, or the same with _FILE) and
        the log's origin (SUBROSA_LOG_ORIGIN).

    Raises:
        SettingsRefused: One of them is missing.
    """
    return (
        secret(environment, "SUBROSA_OWNER_DATABASE_URL"),
        required(environment, "SUBROSA_LOG_ORIGIN"),
    )


def _limits(environment: Mapping[str, str]) -> Limits:
    lifetime_h = whole(environment, "SUBROSA_UPLOAD_LIFETIME_H", 24, least=1)
    return Limits(
        document_bytes=whole(environment, "SUBROSA_SIZE_LIMIT_BYTES", 64 * _GIB, least=1),
        case_bytes=whole(environment, "SUBROSA_CASE_QUOTA_BYTES", 0, least=0) or None,
        person_bytes=whole(environment, "SUBROSA_PERSON_QUOTA_BYTES", 0, least=0) or None,
        upload_lifetime=timedelta(hours=lifetime_h),
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
    return Servers(
        database_url=secret(environment, "SUBROSA_DATABASE_URL"),
        s3=_s3(environment),
        log_origin=required(environment, "SUBROSA_LOG_ORIGIN"),
    )


def _s3(environment: Mapping[str, str]) -> S3Settings:
    """Read how the bucket is spoken to; what each setting does is in `S3Settings`."""
    return S3Settings(
        # None: AWS.
        endpoint=environment.get("SUBROSA_S3_ENDPOINT"),
        bucket=required(environment, "SUBROSA_S3_BUCKET"),
        region=environment.get("SUBROSA_S3_REGION", "us-east-1"),
        access_key=required(environment, "SUBROSA_S3_ACCESS_KEY"),
        secret_key=secret(environment, "SUBROSA_S3_SECRET_KEY"),
        prefix=_prefix(environment, "SUBROSA_S3_PREFIX"),
        addressing=_one_of(environment, "SUBROSA_S3_ADDRESSING", ADDRESSINGS),
        request_checksums=_one_of(environment, "SUBROSA_S3_REQUEST_CHECKSUMS", CHECKSUMS),
        response_checksums=_one_of(environment, "SUBROSA_S3_RESPONSE_CHECKSUMS", CHECKSUMS),
        sign_payloads=_one_of(environment, "SUBROSA_S3_SIGN_PAYLOADS", ("no", "yes")) == "yes",
        ca_bundle=_file(environment, "SUBROSA_S3_CA_BUNDLE"),
        connect_timeout_s=whole(environment, "SUBROSA_S3_CONNECT_TIMEOUT_S", 5, least=1),
        read_timeout_s=whole(environment, "SUBROSA_S3_READ_TIMEOUT_S", 60, least=1),
        attempts=whole(environment, "SUBROSA_S3_ATTEMPTS", 3, least=1),
    )


def _folder(environment: Mapping[str, str], data: Path | None) -> Path:
    return (data or Path(environment.get("SUBROSA_DATA", ".subrosa"))).absolute()


def _classes(environment: Mapping[str, str]) -> tuple[str, ...]:
    text = environment.get("SUBROSA_CLASSES", "")
    try:
        return check_classes([word.strip() for word in text.split(",")] if text else [])
    except TermsRefused as error:
        raise SettingsRefused(
            "SUBROSA_CLASSES must name new classes, each once: lower-case letters, digits, hyphens."
        ) from error


def _one_of(environment: Mapping[str, str], name: str, words: tuple[Word, ...]) -> Word:
    """Return the word that a setting has; the first is its default."""
    text = environment.get(name, words[0])
    for word in words:
        if text == word:
            return word
    raise SettingsRefused(f"{name} must be {' or '.join(f'`{word}`' for word in words)}.")


def _prefix(environment: Mapping[str, str], name: str) -> str:
    """Return what every name in the bucket begins with; it ends in a slash, or is nothing."""
    text = environment.get(name, "")
    if text and not _PREFIX.fullmatch(text):
        raise SettingsRefused(f"{name} must be names of letters, digits, `-`, `_`, each with `/`.")
    return text


def _file(environment: Mapping[str, str], name: str) -> str | None:
    """Return the path of a file that can be read; None if none is named."""
    path = environment.get(name) or None
    if path is not None and not os.access(path, os.R_OK):
        raise SettingsRefused(f"The file that {name} names cannot be read.")
    return path
