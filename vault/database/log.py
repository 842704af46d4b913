"""Entries are added at the head of the log and nowhere else, and never without moving the head.

Whoever appends says which head it has seen: if that is not the head any more, nothing is written.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import psycopg

from vault.database.connection import Transaction
from vault.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from uuid import UUID

    from vault.ids import CaseId, PersonId

# How the log's own connections are named in pg_stat_activity.
APPLICATION_NAME = "subrosa-log"

_PAGE = 256

_HEAD: Final = "SELECT size, range FROM log_head WHERE id = 1"
_ENTRIES: Final = "SELECT index, case_id, person_id, commitments, slots FROM log_entries"

# One statement and, outside a transaction, one round trip and one commit.
_MOVE_HEAD: Final = (
    "WITH moved AS (UPDATE log_head SET size = %(new_size)b, range = %(new_range)b"
    " WHERE id = 1 AND size = %(size)b AND range = %(range)b RETURNING 1)"
    " INSERT INTO log_entries (index, case_id, person_id, commitments, slots) "
)
# For one entry no arrays are built and unpacked: measured at 0.82 of the time.
_APPEND_ONE: Final = (
    _MOVE_HEAD + "SELECT %(size)b::int8, %(case_id)b::uuid, %(person_id)b::uuid,"
    " %(commitments)b::bytea, %(slots)b::bytea FROM moved"
)
_APPEND_MANY: Final = (
    _MOVE_HEAD + "SELECT %(size)b::int8 + nth - 1, case_id, person_id, commitments, slots"
    " FROM unnest(%(case_ids)b::uuid[], %(person_ids)b::uuid[], %(commitments)b::bytea[],"
    " %(slots)b::bytea[]) WITH ORDINALITY"
    " AS entry (case_id, person_id, commitments, slots, nth), moved"
)


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


def read_head(tx: Transaction) -> HeadRow:
    """Return the head; raise Unavailable if there is none."""
    return _found(tx.one(HeadRow, _HEAD))


def lock_head(tx: Transaction) -> HeadRow:
    """Return the head and keep every other writer waiting until this transaction ends.

    Raises:
        Unavailable: The lock was not to be had in time.
    """
    with _translated():
        return _found(tx.one(HeadRow, _HEAD + " FOR UPDATE"))


def append_entries(
    tx: Transaction, entries: Sequence[Entry], *, seen: HeadRow, moved: HeadRow
) -> bool:
    """Add entries after the head that was seen, and move the head; all of it or nothing.

    Returns:
        Whether that was still the head. If not, nothing was written.

    Raises:
        Unavailable: It did not happen, or, outside a transaction, its outcome is unknown.
    """
    assert moved.size == seen.size + len(entries)
    heads = {
        "size": seen.size,
        "range": seen.range,
        "new_size": moved.size,
        "new_range": moved.range,
    }
    with _translated():
        if len(entries) == 1:
            only = entries[0]
            touched = tx.execute(
                _APPEND_ONE,
                heads
                | {
                    "case_id": only.case_id,
                    "person_id": only.person_id,
                    "commitments": only.commitments,
                    "slots": only.slots,
                },
            )
        else:
            touched = tx.execute(
                _APPEND_MANY,
                heads
                | {
                    "case_ids": [entry.case_id for entry in entries],
                    "person_ids": [entry.person_id for entry in entries],
                    "commitments": [entry.commitments for entry in entries],
                    "slots": [entry.slots for entry in entries],
                },
            )
    return touched == len(entries)


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
        # Each statement commits by itself: what returns is durable.
        self.statements = Transaction(self._connection)

    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        """Open a transaction: leaving the block commits, an exception rolls back.

        Raises:
            Unavailable: The database does not answer; at commit, the outcome is unknown.
        """
        with _translated(), self._connection.transaction():
            yield self.statements

    def close(self) -> None:
        """Give the connection up."""
        self._connection.close()


def _found(head: HeadRow | None) -> HeadRow:
    if head is None:
        raise Unavailable("The log has no head; nothing can be put on record.")
    return head


@contextmanager
def _translated() -> Generator[None]:
    """Turn every failure of a write to the log into the one answer there is to it."""
    try:
        yield
    except psycopg.Error as error:
        raise Unavailable("The log does not answer; nothing was put on record.") from error
