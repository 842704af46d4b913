"""Real PostgreSQL and real S3, started once a run; each test has its own database and bucket."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from pytest_socket import socket_allow_hosts

from api.composition import compose
from api.embedded.postgres import as_role
from api.embedded.services import EmbeddedServices, embedded_services
from tests.builders import House
from tests.scanning.clamd import Clamd, running_fake
from tests.storage.versions import bucket_of, client_of
from vault.core import Limits
from vault.database.connection import Database
from vault.database.migrate import migrate
from vault.keyring.keyring import Keyring
from vault.keyring.root import FileRootKey
from vault.storage.s3 import S3Settings, S3Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.core import Vault

LOG_ORIGIN = "tests.invalid/audit"

_STACK = pytest.StashKey[ExitStack]()
_SERVICES = pytest.StashKey[EmbeddedServices]()
_NUMBERS = count()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the servers in the controlling process alone; workers are told where they are."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    given: dict[str, Any] | None = getattr(session.config, "workerinput", None)
    if given is not None:
        told = json.loads(given["services"])
        told["s3"] = S3Settings(**told["s3"])
        session.config.stash[_SERVICES] = EmbeddedServices(**told)
        return
    stack = session.config.stash[_STACK] = ExitStack()
    # Short, since the path of a Unix socket has at most 107 bytes.
    data = Path(tempfile.mkdtemp(prefix="subrosa-"))
    stack.callback(shutil.rmtree, data, ignore_errors=True)
    session.config.stash[_SERVICES] = stack.enter_context(embedded_services(data))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker where the servers are."""
    node.workerinput["services"] = json.dumps(asdict(node.config.stash[_SERVICES]))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop what this process started."""
    stack = session.config.stash.get(_STACK, None)
    if stack is not None:
        stack.close()


@dataclass(frozen=True)
class Place:
    """A fresh, migrated database and an empty bucket."""

    database_url: str
    owner_url: str
    superuser_url: str
    s3: S3Settings


class Clock:
    """The vault's clock in a test: it stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture(scope="session")
def services(request: pytest.FixtureRequest) -> EmbeddedServices:
    return request.config.stash[_SERVICES]


@pytest.fixture(scope="session")
def template(services: EmbeddedServices, worker_id: str) -> str:
    """A migrated database that those of single tests are copied from."""
    name = f"template_{worker_id}"
    with psycopg.connect(_as_superuser(services, "postgres"), autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} OWNER subrosa_owner").format(Identifier(name)))
    migrate(as_role(services.owner_database_url, "subrosa_owner", name), log_origin=LOG_ORIGIN)
    return name


@pytest.fixture
def place(services: EmbeddedServices, template: str, worker_id: str) -> Iterator[Place]:
    name = f"test_{worker_id}_{next(_NUMBERS)}"
    with psycopg.connect(_as_superuser(services, "postgres"), autocommit=True) as connection:
        copy = SQL("CREATE DATABASE {} TEMPLATE {} OWNER subrosa_owner")
        connection.execute(copy.format(Identifier(name), Identifier(template)))
        yield Place(
            database_url=as_role(services.owner_database_url, "subrosa_app", name),
            owner_url=as_role(services.owner_database_url, "subrosa_owner", name),
            superuser_url=_as_superuser(services, name),
            s3=replace(services.s3, bucket=name.replace("_", "-")),
        )
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    database = Database(place.database_url, pool_size=12)
    yield database
    database.close()


@pytest.fixture
def store(place: Place) -> Iterator[S3Store]:
    store = S3Store(place.s3, connections=8)
    store.prepare()
    yield store
    store.close()
    _remove_bucket(place.s3)


@pytest.fixture
def owner(place: Place) -> Iterator[Database]:
    """The database under the role that owns it."""
    database = Database(place.owner_url, pool_size=4)
    yield database
    database.close()


@pytest.fixture
def versioned(place: Place) -> Iterator[S3Store]:
    """A store on a bucket that keeps versions, and locks them when asked to."""
    store = S3Store(replace(place.s3, bucket=f"{place.s3.bucket}-versioned"))
    client = client_of(store)
    client.create_bucket(Bucket=bucket_of(store), ObjectLockEnabledForBucket=True)
    yield store
    store.destroy_under("")
    client.delete_bucket(Bucket=bucket_of(store))
    store.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def root_key(tmp_path: Path) -> FileRootKey:
    return FileRootKey.create(tmp_path / "root.key")


@pytest.fixture
def vault(
    place: Place, database: Database, store: S3Store, clock: Clock, root_key: FileRootKey
) -> Iterator[Vault]:
    with compose(
        database_url=place.database_url,
        log_origin=LOG_ORIGIN,
        database=database,
        store=store,
        keyring=Keyring(root_key),
        clock=clock,
        limits=Limits(document_bytes=1 << 30),
    ) as vault:
        yield vault


@pytest.fixture
def house(vault: Vault, clock: Clock) -> House:
    return House(vault, clock)


@pytest.fixture
def clamd() -> Iterator[Clamd]:
    """A malware scanner on loopback, honest until it is told otherwise."""
    with running_fake() as clamd:
        yield clamd


def _remove_bucket(settings: S3Settings) -> None:
    """Give back a bucket's volumes: the server has room for those of some fifty buckets."""
    s3: Any = boto3.resource(  # pyright: ignore[reportUnknownMemberType] -- untyped overloads
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
    )
    bucket = s3.Bucket(settings.bucket)
    bucket.objects.all().delete()
    bucket.delete()
    s3.meta.client.close()


def _as_superuser(services: EmbeddedServices, database: str) -> str:
    return as_role(services.owner_database_url, "postgres", database)
