"""A vault is composed from its settings in this one place, whether servers are embedded or real."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from api.embedded.directory import held_directory, read_private, write_private
from api.embedded.seaweed import running_seaweed
from api.embedded.services import DirectoryInUse, embedded_services, running_services
from api.settings import SettingsRefused, read_owner
from policies.scope_cache import ScopeCache
from vault.audit.log import Log
from vault.audit.signing import SigningKey
from vault.core import Vault
from vault.database import keys
from vault.database.connection import Database
from vault.database.log import head_origin
from vault.database.migrate import OriginDiffers, migrate
from vault.intake.unfinished import sweep
from vault.keyring.addresses import RootKeyFile
from vault.keyring.keyring import Keyring
from vault.keyring.providers import open_provider
from vault.keyring.root import FileRootKey
from vault.storage.s3 import S3Settings, S3Store

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from api.settings import BucketSettings, Settings
    from vault.core import Limits
    from vault.database.connection import Transaction
    from vault.keyring.addresses import RootKeyAddress
    from vault.sealing.keys import OperationsKey
    from vault.storage.port import ObjectStore

_SCOPES_KEPT = 4096


@dataclass(frozen=True, slots=True)
class _Addresses:
    """Where a vault's servers are.

    Attributes:
        alone: No other process uses them: what an earlier one left unfinished is swept at once.
    """

    database_url: str = field(repr=False)
    s3: S3Settings
    log_origin: str
    alone: bool


@contextmanager
def open_vault(
    settings: Settings, *, alone: bool = False, probing: bool = False
) -> Generator[Vault]:
    """Open the vault that the settings name, with embedded servers unless they name real ones.

    Args:
        settings: What the program was started with.
        alone: Refuse to work beside a process that serves the same data directory, instead of
            using that one's servers. The bucket is probed, as with `probing`.
        probing: Try every feature of the bucket that the vault needs, before anything else.

    Raises:
        StoreLacks: The bucket was probed, and does not do all that the vault needs.
        DirectoryInUse: `alone`, and another process serves this directory.
        EmbeddedRefused: Embedded servers cannot start.
        RootKeyRefused: The provider of root keys cannot be reached, or its key is missing, of the
            wrong kind, or, in a file, malformed or readable by others.
        OriginDiffers: The log was begun under another origin.
        Unavailable: A server does not answer.
    """
    with (
        _addresses(settings, alone=alone) as found,
        _keyring(settings, keys_per_case=settings.keys_per_case) as keyring,
    ):
        # A writer of a resumable upload holds a connection beside that of its transactions, and
        # one is for those in the background.
        pool_size = settings.threads + settings.upload_slots + 3
        database = Database(found.database_url, pool_size=pool_size)
        with closing(database), closing(S3Store(found.s3, connections=settings.threads)) as store:
            store.prepare()
            if alone or probing:
                store.probe()
            with compose(
                database_url=found.database_url,
                log_origin=found.log_origin,
                database=database,
                store=store,
                keyring=keyring,
                clock=lambda: datetime.now(UTC),
                limits=settings.limits,
                classes=settings.classes,
            ) as vault:
                if found.alone:
                    sweep(vault, vault.clock())
                yield replace(vault, scanner=settings.scanner)


@contextmanager
def open_bucket(settings: BucketSettings) -> Generator[tuple[ObjectStore, Keyring]]:
    """Open a bucket and the root key, without a database; an embedded store is started alone.

    Raises:
        DirectoryInUse: The embedded store is served by another process; stop that one first.
        RootKeyRefused: As for `open_vault`.
        Unavailable: The store does not answer.
    """
    with _keyring(settings) as keyring, ExitStack() as stack:
        s3 = settings.s3
        if s3 is None:
            stack.enter_context(held_directory(settings.data))
            s3 = stack.enter_context(running_seaweed(settings.data / "store"))
        store = stack.enter_context(closing(S3Store(s3, connections=4)))
        store.ping()
        yield store, keyring


@contextmanager
def compose(
    *,
    database_url: str,
    log_origin: str,
    database: Database,
    store: ObjectStore,
    keyring: Keyring,
    clock: Callable[[], datetime],
    limits: Limits,
    classes: tuple[str, ...] = (),
) -> Generator[Vault]:
    """Compose a vault from servers that answer; close its log when the block ends.

    Raises:
        OriginDiffers: The database's log was begun under another origin.
        Tampered: The database was written under another root key.
        Unavailable: The database does not answer.
    """
    with database.transaction() as tx:
        if head_origin(tx) != log_origin:
            raise OriginDiffers
        operations_key = _operations_key(tx, keyring, clock())
    checkpoint_key = SigningKey.of(operations_key, log_origin, "checkpoint")
    log = Log(database_url, checkpoint_key)
    try:
        yield Vault(
            database=database,
            store=store,
            keyring=keyring,
            log=log,
            operations_key=operations_key,
            checkpoint_verifier=checkpoint_key.verify_key,
            receipt_key=SigningKey.of(operations_key, log_origin, "receipt"),
            erasure_key=SigningKey.of(operations_key, log_origin, "erasure"),
            scopes=ScopeCache(_SCOPES_KEPT),
            clock=clock,
            limits=limits,
            classes=classes,
        )
    finally:
        log.close()


@contextmanager
def owners_database(settings: Settings) -> Generator[Database]:
    """Open an open vault's database once more, under the role that owns it.

    Raises:
        SettingsRefused: The servers are real, and the owner's address is not given.
        Unavailable: The database does not answer.
    """
    if settings.servers is None:
        url = running_services(settings.data).owner_database_url
    else:
        url, _ = read_owner()
    with closing(Database(url, pool_size=4)) as database:
        yield database


@contextmanager
def _keyring(
    settings: Settings | BucketSettings, *, keys_per_case: bool = False
) -> Generator[Keyring]:
    """Open the providers of root keys for as long as the block runs; raises as `open_vault`."""
    with ExitStack() as stack:
        root = stack.enter_context(closing(open_provider(settings.root_keys)))
        old = settings.old_root_keys
        yield Keyring(
            root,
            old=None if old is None else stack.enter_context(closing(open_provider(old))),
            keys_per_case=keys_per_case,
        )


def _draw_root_key(address: RootKeyAddress) -> None:
    """Draw the root key of a new data directory, if a file is to hold it and there is none."""
    if isinstance(address, RootKeyFile) and not address.path.exists():
        address.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        FileRootKey.create(address.path)


def _operations_key(tx: Transaction, keyring: Keyring, now: datetime) -> OperationsKey:
    """Return the vault's own key, drawn at the first start."""
    _, drawn = keyring.new_operations_key()
    keys.insert_operations_key(tx, drawn, created_at=now)
    wrapped = keys.wrapped_key(tx, keys.OPERATIONS, "operations")
    assert wrapped is not None
    return keyring.open_operations_key(wrapped)


@contextmanager
def announce(settings: Settings, url: str) -> Generator[None]:
    """Tell commands on the same data directory where the vault is served."""
    path = settings.data / "serving.json"
    settings.data.mkdir(parents=True, exist_ok=True)
    write_private(path, {"url": url})
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def announced_url(settings: Settings) -> str:
    """Return where the vault of this data directory is served.

    Raises:
        SettingsRefused: It is not being served.
    """
    value = read_private(settings.data / "serving.json")
    if value is None:
        raise SettingsRefused(
            f"No vault is served from {settings.data}; start one with `subrosa up`, or give --url."
        )
    return str(value["url"])


@contextmanager
def _addresses(settings: Settings, *, alone: bool) -> Generator[_Addresses]:
    """Find the servers: the real ones, those of a running process, or new ones of our own."""
    if settings.servers is not None:
        real = settings.servers
        yield _Addresses(real.database_url, real.s3, real.log_origin, alone=False)
        return
    try:
        with embedded_services(settings.data) as own:
            if own.is_new:
                _draw_root_key(settings.root_keys)
            migrate(own.owner_database_url, log_origin=own.log_origin)
            yield _Addresses(own.database_url, own.s3, own.log_origin, alone=True)
    except DirectoryInUse:
        if alone:
            raise
        others = running_services(settings.data)
        yield _Addresses(others.database_url, others.s3, others.log_origin, alone=False)
