"""A vault is composed from its settings in this one place, whether servers are embedded or real."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from api.embedded.services import DirectoryInUse, embedded_services
from policies.engine import ScopeCache
from vault.audit.log import Log
from vault.audit.signing import SigningKey
from vault.audit.slots import OperationsKey
from vault.core import Vault
from vault.database import keys, log
from vault.database.connection import Database
from vault.database.migrate import OriginDiffers, migrate
from vault.deposits import sweep
from vault.keyring.keyring import Keyring
from vault.keyring.root import FileRootKey
from vault.storage.s3 import S3Settings, S3Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.settings import Settings

_SCOPES_KEPT = 4096


class KeyMissing(Exception):  # noqa: N818 — named for the fact
    """A key file is gone from a data directory that holds records sealed under it."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is gone, and what this vault holds was sealed under it: put it back."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a vault's servers are, embedded or not."""

    database_url: str = field(repr=False)
    s3: S3Settings
    log_origin: str
    # This process alone uses them: what an earlier one left unfinished can be swept at once.
    alone: bool


@contextmanager
def open_vault(settings: Settings) -> Iterator[Vault]:
    """Open the vault that the settings name, with embedded servers unless they name real ones.

    Beside a running `subrosa up` on the same data directory it uses that one's servers.

    Raises:
        EmbeddedRefused: Embedded servers cannot start.
        RootKeyRefused: A key file is missing, malformed or readable by others.
        OriginDiffers: The log was begun under another origin.
        Unavailable: A server does not answer.
    """
    with _addresses(settings) as found:
        root = FileRootKey.load(settings.root_key_file)
        seed = FileRootKey.load(settings.signing_key_file)
        database = Database(found.database_url, pool_size=settings.threads + 2)
        try:
            store = S3Store(found.s3)
            store.prepare()
            with _composed(settings, found, root, seed, database, store) as vault:
                if found.alone:
                    sweep(vault, vault.clock())
                yield vault
        finally:
            database.close()


@contextmanager
def _composed(
    settings: Settings,
    found: Addresses,
    root: FileRootKey,
    seed: bytes,
    database: Database,
    store: S3Store,
) -> Iterator[Vault]:
    with database.transaction() as tx:
        if log.head_origin(tx) != found.log_origin:
            raise OriginDiffers
    keyring = Keyring(root)
    operations_key = _operations_key(database, keyring)
    record = Log(
        database_url=found.database_url,
        checkpoint_key=SigningKey.from_seed(seed, found.log_origin, "checkpoint"),
    )
    try:
        yield Vault(
            database=database,
            store=store,
            keyring=keyring,
            log=record,
            operations_key=operations_key,
            receipt_key=SigningKey.from_seed(seed, found.log_origin, "receipt"),
            scopes=ScopeCache(_SCOPES_KEPT),
            clock=lambda: datetime.now(UTC),
            size_limit_bytes=settings.size_limit_bytes,
        )
    finally:
        record.close()
