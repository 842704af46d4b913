"""Nothing is released or changed unless it is on record: the one place where entries are appended.

A change appends inside its own transaction. A read or a refusal is queued for one writer thread,
which commits all that has queued while it committed the batch before; it never waits for more to
come. Several processes may share one log.

Source: docs/audit-log.md, section 6.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, NoReturn, final

from vault.audit.notes import Checkpoint
from vault.audit.tlog import CompactRange
from vault.database.log import (
    HeadRow,
    LogConnection,
    append_entries,
    head_origin,
    lock_head,
    read_head,
)
from vault.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.audit.signing import SigningKey
    from vault.audit.slots import SealedEvent
    from vault.database.connection import Transaction


class _Committed:
    """Held by this module alone: what shows that an append has committed."""


_COMMITTED = _Committed()


@final
@dataclass(frozen=True, slots=True)
class AuditReceipt:
    """That an event is on record, durably: only a committed append makes one.

    Attributes:
        index: Where in the log.
        leaf: Hash of the entry there.
    """

    index: int
    leaf: bytes
    committed: InitVar[_Committed]

    def __post_init__(self, committed: _Committed) -> None:
        """Refuse to be made by anybody else."""
        if committed is not _COMMITTED:
            raise TypeError("An AuditReceipt is made by a committed append alone.")


class _Waiting:
    """One caller in the queue: with an event to record, or None to be told the head alone."""

    __slots__ = ("done", "event", "gone", "head", "index", "refusal")

    def __init__(self, event: SealedEvent | None) -> None:
        self.event = event
        self.index = -1
        self.head = CompactRange()
        self.refusal: str | None = None
        # It has given up: what it wanted recorded did not happen.
        self.gone = False
        # Locked until the caller is served.
        self.done = Lock()
        self.done.acquire()


class Log:
    """The record of accesses and changes, one for the whole vault.

    Promises that what it acknowledges is durable and in the tree, or nothing happens: any doubt
    is answered by Unavailable. The database is trusted to keep what it commits; one that goes back
    in time, such as a backup restored under a running vault, stops this log for good.
    """

    def __init__(
        self,
        database_url: str,
        checkpoint_key: SigningKey,
        *,
        deadline_s: float = 2.0,
        queue_limit: int = 4096,
    ) -> None:
        """Start the writer thread; it connects when there is something to write.

        Args:
            database_url: libpq URL under the application's role.
            checkpoint_key: Signs checkpoints; its name is the log's origin.
            deadline_s: A caller is refused after so long.
            queue_limit: Callers waiting at most; one more is refused at once.
        """
        self._database_url = database_url
        self._checkpoint_key = checkpoint_key
        self._deadline_s = deadline_s
        self._queue_limit = queue_limit
        # None is the last: nothing is taken in behind it.
        self._queue = SimpleQueue[_Waiting | None]()
        self._closing = False
        self._stopped: str | None = None
        # The latest head known to be committed. Moved by the writer thread alone.
        self._seen: CompactRange | None = None
        self._connection: LogConnection | None = None
        # A frozen server can hold the thread beyond any deadline; the process can end all the same.
        self._writer = Thread(target=self._write, name="log-writer", daemon=True)
        self._writer.start()

    def append(self, tx: Transaction, event: SealedEvent) -> int:
        """Add the entry of a change inside the change's own transaction; return its index.

        The entry exists if and only if the transaction commits. Until then the head stays locked
        and nobody else appends: let nothing follow but the change's own rows.

        Raises:
            Unavailable: The entry cannot be written; the transaction must be left.
        """
        self._check_open()
        return self._append_locked(tx, (event,)).size - 1

    def record(self, event: SealedEvent) -> AuditReceipt:
        """Put an access or a refusal on record; return when it is durable.

        Raises:
            Unavailable: It is not on record, or nobody knows; nothing may be released.
        """
        waiting = self._served(_Waiting(event))
        return AuditReceipt(waiting.index, event.leaf, _COMMITTED)

    def head(self) -> Checkpoint:
        """Return the state of the log as it is now, unsigned.

        Raises:
            Unavailable: The database does not answer.
        """
        head = self._served(_Waiting(None)).head
        return Checkpoint(self._checkpoint_key.verify_key.name, head.size, head.root())

    def checkpoint(self) -> str:
        """Return the state of the log as it is now, as a signed note.

        No two of them contradict each other as long as the database keeps what it commits.

        Raises:
            Unavailable: The database does not answer.
        """
        return self._checkpoint_key.sign(self.head().text())

    def close(self) -> None:
        """Refuse what comes from now on, write what has queued, end the writer thread."""
        self._closing = True
        self._queue.put(None)
        self._writer.join(3 * self._deadline_s)

    def _check_open(self) -> None:
        if self._stopped is not None:
            raise Unavailable(self._stopped)
        if self._closing:
            raise Unavailable("The vault is closing; nothing is released any more.")

    def _served(self, waiting: _Waiting) -> _Waiting:
        """Queue a caller and return when it has been served; raise Unavailable if it is not."""
        self._check_open()
        if self._queue.qsize() >= self._queue_limit:
            raise Unavailable("Too much waits to be put on record; try again later.")
        self._queue.put(waiting)
        if not waiting.done.acquire(timeout=self._deadline_s):
            waiting.gone = True
            raise Unavailable("The log did not answer in time; nothing is released.")
        if waiting.refusal is not None:
            raise Unavailable(waiting.refusal)
        return waiting

    def _write(self) -> None:
        """Commit batch after batch until the log is closed and nothing is queued."""
        try:
            last = False
            while not last:
                # Whatever queued while the batch before was committed is the next one.
                batch = [self._queue.get()]
                batch += [self._queue.get_nowait() for _ in range(self._queue.qsize())]
                last = None in batch
                self._serve([waiting for waiting in batch if waiting and not waiting.gone])
        finally:
            self._closing = True
            self._disconnect()

    def _serve(self, batch: list[_Waiting]) -> None:
        """Append the events of a batch and tell its callers; if that fails, refuse them all."""
        events = [waiting.event for waiting in batch if waiting.event is not None]
        try:
            head = self._appended(events)
        except Unavailable as refusal:
            # Whether it was committed may be unknown. If it was, the head has moved, and the next
            # batch will see that; its entries stay, as accesses of which nothing was released.
            self._disconnect()
            for waiting in batch:
                waiting.refusal = str(refusal)
                waiting.done.release()
            return
        index = head.size - len(events)
        for waiting in batch:
            waiting.index, waiting.head = index, head
            index += waiting.event is not None
            waiting.done.release()

    def _appended(self, events: Sequence[SealedEvent]) -> CompactRange:
        """Commit events behind the head, wherever that is now; return the head they leave."""
        if self._stopped is not None:
            raise Unavailable(self._stopped)
        connection = self._connected()
        if not events:
            head = self._followed(read_head(connection.statements), self._seen)
        else:
            head = self._appended_at_once(connection, events)
            if head is None:
                with connection.transaction() as tx:
                    head = self._append_locked(tx, events)
        self._seen = head
        return head

    def _appended_at_once(
        self, connection: LogConnection, events: Sequence[SealedEvent]
    ) -> CompactRange | None:
        """Commit events by a single statement; None if somebody else has moved the head."""
        seen = self._seen
        if seen is None:
            return None
        moved = seen.extended([event.leaf for event in events])
        at_head = append_entries(
            connection.statements, events, seen=_row(seen), moved=_row(moved)
        )
        return moved if at_head else None

    def _append_locked(self, tx: Transaction, events: Sequence[SealedEvent]) -> CompactRange:
        """Lock the head and append behind it; return the head that a commit will leave."""
        # Read before the lock: what this transaction sees is at least as new.
        seen = self._seen
        row = lock_head(tx)
        moved = self._followed(row, seen).extended(event.leaf for event in events)
        if not append_entries(tx, events, seen=row, moved=_row(moved)):
            raise Unavailable("The head of the log does not move; nothing was put on record.")
        return moved

    def _followed(self, row: HeadRow, seen: CompactRange | None) -> CompactRange:
        """Return a head that was read, unless it contradicts one that was seen: then stop for good."""
        try:
            head = CompactRange.from_bytes(row.size, row.range)
        except ValueError:
            self._stop("The head of the log is damaged; nothing is released until it is mended.")
        if seen is not None and (
            head.size < seen.size or (head.size == seen.size and head != seen)
        ):
            self._stop(
                "The database went back in time: entries that were on record are not there any "
                "more. Nothing is released until an operator has looked into it."
            )
        return head

    def _stop(self, reason: str) -> NoReturn:
        """Refuse this and everything that comes."""
        self._stopped = reason
        raise Unavailable(reason)

    def _connected(self) -> LogConnection:
        if self._connection is None:
            self._connection = LogConnection(self._database_url, timeout_s=self._deadline_s)
            if head_origin(self._connection.statements) != self._checkpoint_key.verify_key.name:
                self._stop("The database holds another log than this vault's; nothing is released.")
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _row(head: CompactRange) -> HeadRow:
    return HeadRow(size=head.size, range=head.to_bytes())
