"""The log has one head and it only moves on: a database that goes back in time stops the log.

Source: docs/audit-log.md, section 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from vault.audit.tlog import CompactRange
from vault.database.log import HeadRow, append_entries, head_origin, lock_head, read_head
from vault.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.audit.slots import SealedEvent
    from vault.database.connection import Transaction
    from vault.database.log import LogConnection


class KnownHead:
    """The latest head that this process knows to be committed, and how entries are put behind it.

    A head that is read and contradicts it (smaller, or of the same size with other hashes) means
    that a backup was restored or rows were rewritten under a running vault. To append to that
    would fork the log, for good and visibly to everybody who holds a checkpoint: so nothing is
    appended any more, and every call raises Unavailable.
    """

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._latest: CompactRange | None = None
        self._stopped: str | None = None

    def check(self) -> None:
        """Return unless the log has stopped for good; raise Unavailable if it has."""
        if self._stopped is not None:
            raise Unavailable(self._stopped)

    def check_origin(self, connection: LogConnection) -> None:
        """Return if a new connection leads to this log; stop for good if not."""
        with connection.transaction() as tx:
            origin = head_origin(tx)
        if origin != self._origin:
            self._stop("The database holds another log than this vault's; nothing is released.")

    def committed(self, head: CompactRange) -> None:
        """Learn that a head is committed; only for the one who alone uses the log's connection."""
        self._latest = head

    def append_at_once(
        self, connection: LogConnection, events: Sequence[SealedEvent]
    ) -> CompactRange | None:
        """Commit events behind the known head by one statement.

        Returns:
            The head they leave; None, and nothing is written, if the head is not there any more.
        """
        latest = self._latest
        if latest is None:
            return None
        moved = latest.extended(event.leaf for event in events)
        at_head = connection.append_entries(events, seen=_row(latest), moved=_row(moved))
        return moved if at_head else None

    def append_locked(self, tx: Transaction, events: Sequence[SealedEvent]) -> CompactRange:
        """Lock the head, wherever it is, and append behind it.

        Returns:
            The head that a commit of the transaction will leave.
        """
        # Taken before the lock: what this transaction then sees is at least as new.
        latest = self._latest
        row = lock_head(tx)
        head = self._followed(row, latest)
        moved = head.extended(event.leaf for event in events)
        if not append_entries(tx, events, seen=_row(head), moved=_row(moved)):
            raise Unavailable("The head of the log does not move; nothing was put on record.")
        return moved

    def read(self, tx: Transaction) -> CompactRange:
        """Return the head as it is committed now."""
        latest = self._latest
        return self._followed(read_head(tx), latest)

    def _followed(self, row: HeadRow | None, latest: CompactRange | None) -> CompactRange:
        """Return a head that was read; stop for good if it contradicts the latest one."""
        try:
            head = None if row is None else CompactRange.from_bytes(row.size, row.range)
        except ValueError:
            head = None
        if head is None:
            self._stop("The head of the log is damaged; nothing is released until it is mended.")
        if latest is not None and (
            head.size < latest.size or (head.size == latest.size and head != latest)
        ):
            self._stop(
                "The database went back in time: entries that were on record are not there any "
                "more. Nothing is released until an operator has looked into it."
            )
        return head

    def _stop(self, reason: str) -> NoReturn:
        self._stopped = reason
        raise Unavailable(reason)


def _row(head: CompactRange) -> HeadRow:
    return HeadRow(size=head.size, range=head.to_bytes())
