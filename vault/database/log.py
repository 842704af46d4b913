"""Entries are added at the head of the log and nowhere else, and never without moving the head.

Whoever appends says which head it has seen: if that is not the head any more, nothing is written.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, cast

import psycopg
from psycopg.pq import ExecStatus

from vault.database.connection import Transaction
from vault.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from uuid import UUID

    from psycopg.pq.abc import PGresult

    from vault.ids import CaseId, PersonId

# How the log's own connections are named in pg_stat_activity.
APPLICATION_NAME = "subrosa-log"

_PAGE = 256

_HEAD: Final = "SELECT size, range FROM log_head WHERE id = 1"
_ENTRIES: Final = "SELECT index, case_id, person_id, commitments, slots FROM log_entries"

# One statement: the entries go in if the head is where the writer saw it, and neither if not.
_APPEND: Final = (
    "WITH moved AS (UPDATE log_head SET size = %b, range = %b"
    " WHERE id = 1 AND size = %b AND range = %b RETURNING 1)"
    " INSERT INTO log_entries (index, case_id, person_id, commitments, slots)"
    " SELECT %b::int8 + nth - 1, case_id, person_id, commitments, slots"
    " FROM unnest(%b::uuid[], %b::uuid[], %b::bytea[], %b::bytea[]) WITH ORDINALITY"
    " AS entry (case_id, person_id, commitments, slots, nth), moved"
)
# The same for a single entry, in libpq's own terms: measured at 0.75 of the time.
_APPEND_ONE: Final = (
    b"WITH moved AS (UPDATE log_head SET size = $1::int8, range = $2::bytea"
    b" WHERE id = 1 AND size = $3::int8 AND range = $4::bytea RETURNING 1)"
    b" INSERT INTO log_entries (index, case_id, person_id, commitments, slots)"
    b" SELECT $3, $5::uuid, $6::uuid, $7::bytea, $8::bytea FROM moved"
)
_PREPARED: Final = b"append_one"
_BINARY: Final = [1] * 8


class Entry(Protocol):
    """An entry, whether it has its index yet or not."""

    @property
    def case_id(self) -> CaseId | None:
        """The case it belongs to."""
        ...

    @property
    def person_id(self) -> PersonId | None:
        """Who did it."""
        ...

    @property
    def commitments(self) -> bytes:
        """The four slot hashes."""
        ...

    @property
    def slots(self) -> bytes:
        """The four slots, sealed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One entry at its place."""

    index: int
    case_id: CaseId | None
    person_id: PersonId | None
    commitments: bytes
    slots: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadRow:
    """The tree so far: its size and the roots of its perfect subtrees."""

    size: int
    range: bytes


def head_origin(tx: Transaction) -> str | None:
    """Return the name under which the log was begun."""
    origin: str | None = tx.value("SELECT origin FROM log_head WHERE id = 1")
    return origin


def read_head(tx: Transaction) -> HeadRow | None:
    """Return the head; None if somebody has removed it."""
    return tx.one(HeadRow, _HEAD)


def lock_head(tx: Transaction) -> HeadRow | None:
    """Return the head and keep every other writer waiting until this transaction ends.

    Raises:
        Unavailable: The lock was not to be had in time.
    """
    with _translated():
        return tx.one(HeadRow, _HEAD + " FOR UPDATE")


def append_entries(
    tx: Transaction, entries: Sequence[Entry], *, seen: HeadRow, moved: HeadRow
) -> bool:
    """Add entries after the head that was seen, and move the head; all of it or nothing.

    Returns:
        Whether that was still the head. If not, nothing was written.

    Raises:
        Unavailable: It did not happen; the transaction must be left.
    """
    with _translated():
        return tx.execute(_APPEND, _parameters(entries, seen, moved)) == len(entries)


def entries_of_case(tx: Transaction, case_id: UUID, *, after: int = -1) -> Iterator[EntryRow]:
    """Yield the entries of a case behind an index, oldest first, a page at a time."""
    while True:
        page = tx.all(
            EntryRow,
            _ENTRIES + " WHERE case_id = %s AND index > %s ORDER BY index LIMIT %s",
            (case_id, after, _PAGE),
        )
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].index


def all_entries(tx: Transaction) -> Iterator[EntryRow]:
    """Yield every entry, oldest first, in constant memory."""
    return tx.stream(EntryRow, _ENTRIES + " ORDER BY index")


class LogConnection:
    """A connection of its own for the one thread that appends, so that it waits for no pool."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        """Connect.

        Args:
            url: A libpq connection string.
            timeout_s: The server gives up a statement, or a transaction left open, after so long.

        Raises:
            Unavailable: The database does not answer.
        """
        limit_ms = int(timeout_s * 1000)
        with _translated():
            self._connection = psycopg.connect(
                url,
                autocommit=True,
                prepare_threshold=0,
                application_name=APPLICATION_NAME,
                connect_timeout=2,
                # A server that has vanished without a word is noticed by the kernel.
                tcp_user_timeout=limit_ms,
                keepalives_idle=2,
                keepalives_interval=1,
                keepalives_count=3,
                # Plans for the arrays are made once: they do not depend on what is in them.
                options=f"-c statement_timeout={limit_ms} -c plan_cache_mode=force_generic_plan"
                f" -c idle_in_transaction_session_timeout={limit_ms}",
            )
            try:
                self._check(self._connection.pgconn.prepare(_PREPARED, _APPEND_ONE))
            except psycopg.Error:
                self._connection.close()
                raise

    def append_entries(self, entries: Sequence[Entry], *, seen: HeadRow, moved: HeadRow) -> bool:
        """Add entries as `append_entries` does; what it did is durable when it returns.

        One statement, one round trip, one commit.

        Raises:
            Unavailable: It did not happen, or its outcome is unknown.
        """
        with _translated():
            if len(entries) > 1:
                parameters = _parameters(entries, seen, moved)
                return self._connection.execute(_APPEND, parameters).rowcount == len(entries)
            return self._append_one(entries[0], seen, moved)

    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        """Open a transaction: leaving the block commits, an exception rolls back.

        Raises:
            Unavailable: The database does not answer; at commit, the outcome is unknown.
        """
        with _translated(), self._connection.transaction():
            yield Transaction(self._connection)

    def close(self) -> None:
        """Give the connection up."""
        self._connection.close()

    def _append_one(self, entry: Entry, seen: HeadRow, moved: HeadRow) -> bool:
        assert moved.size == seen.size + 1
        parameters = [
            _int8(moved.size),
            moved.range,
            _int8(seen.size),
            seen.range,
            entry.case_id and entry.case_id.bytes,
            entry.person_id and entry.person_id.bytes,
            entry.commitments,
            entry.slots,
        ]
        # None is NULL, though psycopg's annotation forgets it.
        result = self._connection.pgconn.exec_prepared(
            _PREPARED, cast("list[bytes]", parameters), _BINARY
        )
        self._check(result)
        return result.command_tuples == 1

    def _check(self, result: PGresult) -> None:
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.OperationalError


def _parameters(entries: Sequence[Entry], seen: HeadRow, moved: HeadRow) -> Sequence[object]:
    """Return the values for `_APPEND`."""
    assert moved.size == seen.size + len(entries)
    return (
        moved.size,
        moved.range,
        seen.size,
        seen.range,
        seen.size,
        [entry.case_id for entry in entries],
        [entry.person_id for entry in entries],
        [entry.commitments for entry in entries],
        [entry.slots for entry in entries],
    )


def _int8(number: int) -> bytes:
    return number.to_bytes(8, "big")


@contextmanager
def _translated() -> Generator[None]:
    """Turn every failure of a write to the log into the one answer there is to it."""
    try:
        yield
    except psycopg.Error as error:
        raise Unavailable("The log does not answer; nothing was put on record.") from error
