"""An export is the whole list in one stream, of one state of the scope, in constant memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.access import stand
from vault.audit.events import Tag
from vault.database import lists
from vault.disclosure.listing import EVERY_DOCUMENT, Ask, Order, Scan, position_of
from vault.disclosure.selection import Visible, select
from vault.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.core import Subject, Vault
    from vault.disclosure.cursors import Position
    from vault.disclosure.documents import Document
    from vault.ids import CaseId

_AT_ONCE = 500


def export_documents(
    vault: Vault, subject: Subject, case_id: CaseId, ask: Ask = EVERY_DOCUMENT
) -> Iterator[Document]:
    """Return everything that this seat may know to exist, oldest first; on record before the first.

    No transaction stays open while the reader reads. Each 500 documents the seat and the scope are
    looked up again: if what was decided at the beginning is not so any more, the export ends with
    an exception instead of going on.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        Invalid: The purpose or a filter is not of the vocabulary.
        Conflict: Another order was asked for. From the iterator: what the seat may see has changed.
    """
    if ask.order is not Order.OLDEST:
        raise Conflict("An export is ordered by date.")
    chosen, count = Visible(), 0
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        if seated := standing.seated:
            chosen = select(tx, standing, seated, ask.purpose, ask.filters)
            counts = lists.counts_by_marking(tx, seated.case, list(chosen))
            count = sum(number for _, number in counts)
    standing.must_sit(Tag.DOCUMENT_EXPORT)
    standing.record(Tag.DOCUMENT_EXPORT, detail={"listed": count})
    return _everything(vault, subject, case_id, ask, chosen)


def _everything(
    vault: Vault, subject: Subject, case_id: CaseId, ask: Ask, chosen: Visible
) -> Iterator[Document]:
    matches, after = ask.matches(), None
    while True:
        batch = _batch(vault, subject, case_id, ask, chosen, after)
        yield from filter(matches, batch)
        if len(batch) < _AT_ONCE:
            return
        after = position_of(batch[-1])


def _batch(
    vault: Vault,
    subject: Subject,
    case_id: CaseId,
    ask: Ask,
    chosen: Visible,
    after: Position | None,
) -> list[Document]:
    """Read the next documents, if what was decided at the beginning still holds."""
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        if (seated := standing.seated) is not None:
            now = select(tx, standing, seated, ask.purpose, ask.filters)
            if all(now.get(marking) == decided for marking, decided in chosen.items()):
                scan = Scan(tx, seated, chosen, Order.OLDEST)
                return list(scan.batch(after, _AT_ONCE))
    raise Conflict("What you may see has changed meanwhile; ask for the export anew.")
