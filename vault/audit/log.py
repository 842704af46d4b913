"""Nothing is released or changed unless it is on record: the one place where entries are appended.

A change appends inside its own transaction. A read or a refusal is committed by itself if nobody
else is at it, and else queued for one writer thread, which commits all that has queued while the
batch before was committed; it never waits for more to come. Several processes may share one log.

Source: docs/audit-log.md, section 7.
"""

from __future__ import annotations

import time
from dataclasses import InitVar, dataclass
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, final

from vault.audit.known_head import KnownHead
from vault.audit.notes import Checkpoint
from vault.audit.tlog import CompactRange
from vault.database.log import LogConnection
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
    """One caller: with an event to put on record, or None to be told the head alone."""

    __slots__ = ("done", "event", "gone", "head", "index", "refusal")

    def __init__(self, event: SealedEvent | None) -> None:
        self.event = event
        self.index = -1
        self.head = CompactRange()
        self.refusal: str | None = None
        # It was refused for the time it took; what it wanted recorded did not happen.
        self.gone = False
        # Locked until the caller is served.
        self.done = Lock()
        self.done.acquire()


class Log:
    """The record of accesses and changes, one for the whole vault.

    Promises that what it acknowledges is durable and in the tree: any doubt is answered by
    Unavailable. The database is trusted to keep what it commits; one that goes back in time, such
    as a backup restored under a running vault, stops this log for good.
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
        self._origin = checkpoint_key.verify_key.name
        self._deadline_s = deadline_s
        self._queue_limit = queue_limit
        self._known = KnownHead(self._origin)
        # Whoever holds the turn uses the connection, nobody else.
        self._turn = Lock()
        self._connection: LogConnection | None = None
        # None is the last: what is put behind it is not served.
        self._queue = SimpleQueue[_Waiting | None]()
        self._closing = False
        # A frozen server can hold the thread beyond any deadline; the process must still end.
        self._writer = Thread(target=self._write, name="log-writer", daemon=True)
        self._writer.start()

    def append(self, tx: Transaction, event: SealedEvent) -> int:
        """Add the entry of a change inside the change's own transaction; return its index.

        The entry exists if and only if the transaction commits. Until then the head stays locked
        and nobody else appends: let nothing follow but the change's own rows, least of all a
        `record`, which would wait for that lock until it is refused.

        Raises:
            Unavailable: The entry cannot be written; the transaction must be left.
        """
        self._check_open()
        return self._known.append_locked(tx, (event,)).size - 1

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
        return Checkpoint(self._origin, head.size, head.root())

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
        self._known.check()
        if self._closing:
            raise Unavailable("The vault is closing; nothing is released any more.")

    def _served(self, waiting: _Waiting) -> _Waiting:
        """Return when a caller has been served; raise Unavailable if it is not."""
        self._check_open()
        given_up_at = time.monotonic() + self._deadline_s
        if waiting.event is not None and self._recorded_at_once(waiting, waiting.event):
            return waiting
        if self._queue.qsize() >= self._queue_limit:
            raise Unavailable("Too much waits to be put on record; try again later.")
        self._queue.put(waiting)
        if not waiting.done.acquire(timeout=max(0, given_up_at - time.monotonic())):
            waiting.gone = True
            raise Unavailable("The log did not answer in time; nothing is released.")
        if waiting.refusal is not None:
            raise Unavailable(waiting.refusal)
        return waiting

    def _recorded_at_once(self, waiting: _Waiting, event: SealedEvent) -> bool:
        """Serve a caller in its own thread, if there is no other and one statement will do.

        The server bounds the statement by the deadline. Measured: a lone caller would wait a sixth
        longer if the writer thread did it.
        """
        if self._queue.qsize() or not self._turn.acquire(blocking=False):
            return False
        try:
            if self._connection is None:
                return False
            moved = self._known.append_at_once(self._connection, (event,))
            if moved is None:
                return False
            self._known.committed(moved)
        except Unavailable:
            self._disconnect()
            raise
        finally:
            self._turn.release()
        waiting.index = moved.size - 1
        return True

    def _write(self) -> None:
        """Commit batch after batch until the log is closed and nothing is queued."""
        try:
            last = False
            while not last:
                batch = [self._queue.get()]
                batch += [self._queue.get_nowait() for _ in range(self._queue.qsize())]
                last = None in batch
                served = [waiting for waiting in batch if waiting and not waiting.gone]
                if served:
                    with self._turn:
                        self._serve(served)
        finally:
            self._closing = True
            with self._turn:
                self._disconnect()

    def _serve(self, batch: list[_Waiting]) -> None:
        """Append the events of a batch and tell its callers; if that fails, refuse them all."""
        events = [waiting.event for waiting in batch if waiting.event is not None]
        try:
            head = self._appended(events)
        except Unavailable as refusal:
            # It may have been committed all the same. Then the head has moved, the next batch will
            # see that, and these entries stay: accesses by which nothing was released.
            self._disconnect()
            for waiting in batch:
                waiting.refusal = str(refusal)
                waiting.done.release()
            return
        self._known.committed(head)
        index = head.size - len(events)
        for waiting in batch:
            waiting.index, waiting.head = index, head
            index += waiting.event is not None
            waiting.done.release()

    def _appended(self, events: Sequence[SealedEvent]) -> CompactRange:
        """Commit events behind the head, wherever that is now; return the head they leave."""
        self._known.check()
        connection = self._connected()
        head = self._known.append_at_once(connection, events) if events else None
        if head is None:
            with connection.transaction() as tx:
                head = self._known.append_locked(tx, events) if events else self._known.read(tx)
        return head

    def _connected(self) -> LogConnection:
        if self._connection is None:
            # Shorter than the deadline: what was waited for in vain is not committed after its
            # callers were refused.
            timeout_s = 0.9 * self._deadline_s
            self._connection = LogConnection(self._database_url, timeout_s=timeout_s)
            self._known.check_origin(self._connection)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
