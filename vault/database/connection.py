"""Whoever holds a Transaction sees one consistent state and leaves all of it or nothing behind."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar

import psycopg
from psycopg.rows import class_row, scalar_row
from psycopg_pool import ConnectionPool, PoolTimeout

from vault.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from uuid import UUID

    from psycopg.abc import Params

Row = TypeVar("Row")

# A statement that waits longer than this for a lock or a disk is given up: the caller is told
# "unavailable" while it is still there to hear it. A process that froze with a transaction open
# loses it after as long, or it would keep the log's head locked for everybody.
_STATEMENT_TIMEOUT_MS = 10_000

# Server-side cursors of one transaction need names of their own.
_STREAMS = count()


class DuplicateRow(Conflict):
    """A unique constraint says that this row, or its twin, is already there.

    Attributes:
        constraint: The constraint's name in the schema.
    """

    def __init__(self, constraint: str) -> None:
        super().__init__("It is already there.")
        self.constraint = constraint


class Transaction:
    """One open transaction: the only way to send SQL. Values travel as parameters, not as text."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, query: LiteralString, params: Params | None = None) -> int:
        """Run one statement; return the number of rows it touched."""
        return self._connection.execute(query, params).rowcount

    def one(
        self, kind: type[Row], query: LiteralString, params: Params | None = None
    ) -> Row | None:
        """Return the first row as `kind` (its fields are the columns' names), or None."""
        with self._connection.cursor(row_factory=class_row(kind)) as cursor:
            return cursor.execute(query, params).fetchone()

    def all(self, kind: type[Row], query: LiteralString, params: Params | None = None) -> list[Row]:
        """Return every row as `kind`."""
        with self._connection.cursor(row_factory=class_row(kind)) as cursor:
            return cursor.execute(query, params).fetchall()

    def value(self, query: LiteralString, params: Params | None = None) -> Any:  # noqa: ANN401 — the one column a query selects
        """Return the first column of the first row, or None."""
        with self._connection.cursor(row_factory=scalar_row) as cursor:
            return cursor.execute(query, params).fetchone()

    def values(self, query: LiteralString, params: Params | None = None) -> list[Any]:
        """Return the first column of every row."""
        with self._connection.cursor(row_factory=scalar_row) as cursor:
            return cursor.execute(query, params).fetchall()

    def stream(
        self, kind: type[Row], query: LiteralString, params: Params | None = None
    ) -> Iterator[Row]:
        """Yield rows as `kind` through a server-side cursor: constant memory over any table."""
        name = f"stream_{next(_STREAMS)}"
        with self._connection.cursor(name, row_factory=class_row(kind)) as cursor:
            cursor.itersize = 2000
            yield from cursor.execute(query, params)


class Writer:
    """Whoever alone holds a number: its transactions end with the hold on it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        """Open a transaction on the connection that holds the number.

        Raises:
            Unavailable: The database does not answer, or the number is not held any more.
        """
        with _translated(), self._connection.transaction():
            yield Transaction(self._connection)


class Database:
    """A pool of connections under the application's role.

    Trusted to keep what it commits. It is not trusted to be honest about the log: a database
    administrator who edits entries is found out by any checkpoint kept elsewhere.
    """

    def __init__(self, url: str, *, pool_size: int) -> None:
        """Open the pool.

        Args:
            url: A libpq connection string.
            pool_size: Connections at most; at least the number of threads that may hold a
                transaction at once, or they wait for one another.
        """
        self._pool = ConnectionPool(
            url,
            min_size=1,
            max_size=pool_size,
            timeout=5,
            open=True,
            kwargs={
                "options": f"-c statement_timeout={_STATEMENT_TIMEOUT_MS}"
                f" -c idle_in_transaction_session_timeout={_STATEMENT_TIMEOUT_MS} -c timezone=UTC"
                " -c tcp_keepalives_idle=20 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
            },
            check=ConnectionPool.check_connection,
        )

    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        """Open a transaction: leaving the block commits, an exception rolls back.

        Raises:
            Unavailable: The database does not answer; if it happened at commit, the outcome is
                unknown to this process and the caller must not act as if it had succeeded.
            DuplicateRow: A unique constraint refused a row.
            Conflict: What a row belongs to was erased meanwhile.
        """
        with _translated(), self._pool.connection() as connection:
            yield Transaction(connection)

    @contextmanager
    def snapshot(self) -> Generator[Transaction]:
        """Open a read-only transaction in which every statement sees the same instant."""
        with _translated(), self._pool.connection() as connection:
            # No time limit: it locks nothing, and a verification reads objects between its rows.
            connection.execute(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;"
                " SET LOCAL idle_in_transaction_session_timeout = 0"
            )
            yield Transaction(connection)

    @contextmanager
    def alone(self, holder: UUID) -> Generator[Writer | None]:
        """Be the only one, in all processes, to work on something; None if somebody else does.

        No transaction stays open for it. It ends with the block, or with this process. Needs a
        connection of its own to the server: none that a pooler changes between transactions.
        """
        with _translated(), self._pool.connection() as connection:
            number = lock_number(holder)
            held = connection.execute("SELECT pg_try_advisory_lock(%s)", (number,)).fetchone()
            connection.commit()
            if held != (True,):
                yield None
                return
            try:
                yield Writer(connection)
            finally:
                try:
                    connection.execute("SELECT pg_advisory_unlock(%s)", (number,))
                    connection.commit()
                except psycopg.Error:
                    # The server lets go of what a connection held when it ends.
                    connection.close()

    def ping(self) -> None:
        """Return if the database answers; raise Unavailable if not."""
        with self.transaction() as tx:
            tx.value("SELECT 1")

    def close(self) -> None:
        """Give every connection back."""
        self._pool.close()


def lock_number(holder: UUID) -> int:
    """Return the number that stands for an id where locks go by numbers (64 bits, signed)."""
    return int.from_bytes(holder.bytes[:8], "big", signed=True)


@contextmanager
def _translated() -> Generator[None]:
    """Turn psycopg's exceptions into the vault's, so that no SQL or value leaves this room."""
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        raise DuplicateRow(error.diag.constraint_name or "") from error
    except psycopg.errors.ForeignKeyViolation as error:
        raise Conflict("What this belongs to is not there any more.") from error
    except (
        psycopg.OperationalError,
        psycopg.InterfaceError,
        psycopg.errors.ReadOnlySqlTransaction,
        PoolTimeout,
    ) as error:
        raise Unavailable("The database does not answer; nothing was changed.") from error
