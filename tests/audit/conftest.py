"""A log on a database of its own, and hands to do to it what an administrator could."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.audit.samples import KEYS, checkpoint_key
from tests.conftest import LOG_ORIGIN, Place
from vault.audit.log import Log
from vault.audit.signing import SigningKey
from vault.audit.slots import SlotKeys
from vault.audit.verify import LogVerdict, verify_log
from vault.database.connection import Database, Transaction
from vault.database.log import APPLICATION_NAME
from vault.ids import CaseId, PersonId


class Hands:
    """What somebody with the owner's or a superuser's rights can do to the database."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @contextmanager
    def holding(self, lock: str) -> Generator[None]:
        """Hold a lock that keeps the log from being written."""
        with psycopg.connect(self.place.owner_url) as connection:
            connection.execute(lock.encode())
            yield

    def run(self, *statements: str) -> None:
        """Change rows as no application can."""
        with psycopg.connect(self.place.superuser_url, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            for statement in statements:
                connection.execute(statement.encode())

    def kill(self) -> int:
        """Kill the log's own connections; return how many there were."""
        with psycopg.connect(self.place.superuser_url, autocommit=True) as connection:
            return connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = %s AND datname = current_database()",
                (APPLICATION_NAME,),
            ).rowcount


WHOLE_TABLE = "LOCK TABLE log_entries IN ACCESS EXCLUSIVE MODE"
HEAD_ROW = "SELECT 1 FROM log_head FOR UPDATE"


@pytest.fixture
def hands(place: Place) -> Hands:
    return Hands(place)


@pytest.fixture
def key() -> SigningKey:
    return checkpoint_key(LOG_ORIGIN)


@pytest.fixture
def log(place: Place, key: SigningKey) -> Iterator[Log]:
    log = Log(place.database_url, key)
    yield log
    log.close()


def sample_keys(_: Transaction, __: CaseId | None, ___: PersonId | None) -> SlotKeys:
    return KEYS


class Verifier:
    """Verifies the log with every key at hand."""

    def __init__(self, database: Database, key: SigningKey) -> None:
        self.database = database
        self.key = key

    def __call__(self, against: str | None = None) -> LogVerdict:
        return verify_log(self.database, self.key.verify_key, sample_keys, against=against)


@pytest.fixture
def verify(database: Database, key: SigningKey) -> Verifier:
    return Verifier(database, key)
