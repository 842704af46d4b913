"""A list shows its reader a page of what they may know of, in the order they ask for; no more."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from policies.vocabulary import View
from vault.access import stand
from vault.audit.events import Tag
from vault.database import documents, lists
from vault.disclosure.cursors import ListKey, Position
from vault.disclosure.documents import Document, as_seen
from vault.disclosure.selection import EVERYTHING, Filters, Visible, marking_of, select
from vault.errors import Conflict, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vault.access import Seated
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.database.documents import RenditionRow
    from vault.ids import CaseId, DocumentId

LONGEST_PAGE = 200
LONGEST_SEARCH = 200
# Titles are sealed: to search or sort by them, each document that the reader may know of is opened.
# A search goes on in the next page; an order needs all of them at once.
MOST_OPENED = 5_000
_AT_ONCE = 500


class Order(StrEnum):
    """By what a list is ordered; among documents that are alike in it, by date and id."""

    OLDEST = "oldest"
    NEWEST = "newest"
    CLASS = "class"
    TITLE = "title"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a list is asked for.

    Attributes:
        purpose: Why; what goes with the seat if None.
        filters: Which markings.
        search: A part of the title, or of the name of a file that the seat may open; compared
            without regard to case, in Unicode's compatibility form.
        order: By what it is ordered.
    """

    purpose: str | None = None
    filters: Filters = EVERYTHING
    search: str | None = None
    order: Order = Order.OLDEST

    def matches(self) -> Callable[[Document], bool]:
        """Return whether a document has what is searched for."""
        if self.search is None:
            return lambda _: True
        wanted = folded(self.search)
        return lambda document: any(wanted in folded(name) for name in _names(document))


EVERY_DOCUMENT = Ask()


@dataclass(frozen=True, slots=True)
class Page:
    """Some documents, and the cursor to ask for more with; None on the last page.

    A page of a search can be shorter than asked for, or empty, and yet not be the last.
    """

    documents: tuple[Document, ...]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many documents of one class and origin a seat has at one view."""

    document_class: str
    origin: str
    view: View
    count: int


def list_documents(
    vault: Vault,
    subject: Subject,
    case_id: CaseId,
    ask: Ask = EVERY_DOCUMENT,
    *,
    after: str | None = None,
    limit: int = 50,
) -> Page:
    """Return one page of what this seat may know to exist; on record.

    The engine is asked once per marking and its answer becomes the query: pages and cursors are
    those of the visible documents alone. What is deposited between two pages is in its place in
    the order, and changes nothing before the cursor.

    Args:
        vault: The collaborators.
        subject: Anyone seated in the case.
        case_id: The case.
        ask: Which documents, in which order.
        after: The cursor of the page before.
        limit: Documents at most, up to `LONGEST_PAGE`.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        Invalid: The purpose, a filter or the cursor cannot be accepted.
        Conflict: More than `MOST_OPENED` documents would have to be opened to sort them by title.
    """
    page, limit = Page((), None), max(1, min(limit, LONGEST_PAGE))
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        if seated := standing.seated:
            chosen = select(tx, standing, seated, ask.purpose, ask.filters)
            key = ListKey.of(case_id, ask.purpose, ask.filters, ask.search, ask.order)
            start = None if after is None else key.position(after)
            if ask.order is Order.TITLE:
                page = _titled(Scan(tx, seated, chosen, Order.OLDEST), ask, key, start, limit)
            else:
                page = paged(Scan(tx, seated, chosen, ask.order), ask, key, start, limit)
    standing.must_sit(Tag.DOCUMENT_LIST)
    standing.record(Tag.DOCUMENT_LIST, detail={"listed": len(page.documents)})
    return page


def count_documents(
    vault: Vault,
    subject: Subject,
    case_id: CaseId,
    *,
    purpose: str | None = None,
    filters: Filters = EVERYTHING,
) -> tuple[Tally, ...]:
    """Return how many documents this seat may know to exist, by class, origin and view; on record.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        Invalid: The purpose or a filter is not of the vocabulary.
    """
    counted = Counter[tuple[str, str, View]]()
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        if seated := standing.seated:
            chosen = select(tx, standing, seated, purpose, filters)
            for marking, count in lists.counts_by_marking(tx, seated.case, list(chosen)):
                view, _ = chosen[marking]
                counted[marking.document_class, marking.origin, view] += count
    standing.must_sit(Tag.DOCUMENT_COUNT)
    standing.record(Tag.DOCUMENT_COUNT, detail={"counted": counted.total()})
    return tuple(
        Tally(document_class=document_class, origin=origin, view=view, count=count)
        for (document_class, origin, view), count in sorted(counted.items())
    )


@dataclass(frozen=True, slots=True)
class Scan:
    """Goes through the documents of some markings in one order, opening each when it is reached."""

    tx: Transaction
    seated: Seated
    chosen: Visible
    order: Order

    def documents(self, after: Position | None, at_once: int = _AT_ONCE) -> Iterator[Document]:
        """Yield every document behind a position, read from the database so many at once."""
        while True:
            batch = list(self.batch(after, at_once))
            yield from batch
            if len(batch) < at_once:
                return
            after = position_of(batch[-1])

    def batch(self, after: Position | None, limit: int) -> Iterator[Document]:
        """Yield the next documents behind a position, at most so many."""
        rows = lists.documents_by_marking(
            self.tx, self.seated.case, self._starts(after), order=self.order, limit=limit
        )
        renditions: dict[DocumentId, list[RenditionRow]] = {row.document_id: [] for row in rows}
        for rendition in documents.renditions_of(self.tx, list(renditions)):
            renditions[rendition.document_id].append(rendition)
        for row in rows:
            decided = self.chosen[marking_of(row)]
            yield as_seen(self.seated, row, renditions[row.document_id], decided)

    def _starts(self, after: Position | None) -> list[lists.Start]:
        """Return behind which document the index is read, marking by marking."""
        if after is None:
            return [lists.Start(marking, None) for marking in self.chosen]
        place = (after.deposited_at, after.document)
        if self.order is not Order.CLASS:
            return [lists.Start(marking, place) for marking in self.chosen]
        return [
            lists.Start(m, place if m.document_class == after.document_class else None)
            for m in self.chosen
            if m.document_class >= after.document_class
        ]


def position_of(document: Document) -> Position:
    """Return where a document is in an order."""
    marking = document.marking
    return Position(document.deposited_at, document.document_id, marking.document_class)


def folded(text: str) -> str:
    """Return a text as it is compared: compatibility form, without regard to case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _names(document: Document) -> Iterator[str]:
    yield document.title
    yield from (stored.file_name for stored in document.renditions if stored.file_name)


def paged(scan: Scan, ask: Ask, key: ListKey, start: Position | None, limit: int) -> Page:
    """Take documents from a scan until the page is full, or enough was looked at."""
    matches = ask.matches()
    shown: list[Document] = []
    last = start
    at_once = limit + 1 if ask.search is None else _AT_ONCE
    for looked_at, document in enumerate(scan.documents(start, at_once)):
        if len(shown) == limit or looked_at == MOST_OPENED:
            assert last is not None
            return Page(tuple(shown), key.cursor(last))
        if matches(document):
            shown.append(document)
        last = position_of(document)
    return Page(tuple(shown), None)


def _titled(scan: Scan, ask: Ask, key: ListKey, start: Position | None, limit: int) -> Page:
    """Open everything, sort it by title, and take the page behind the document of the cursor."""
    matches = ask.matches()
    found: list[Document] = []
    for looked_at, document in enumerate(scan.documents(None)):
        if looked_at == MOST_OPENED:
            raise Conflict("These are too many to sort by title: narrow the list.")
        if matches(document):
            found.append(document)
    found.sort(key=lambda d: (folded(d.title), d.deposited_at, d.document_id))
    behind = 0
    if start is not None:
        ids = [document.document_id for document in found]
        if start.document not in ids:
            raise Invalid("after", "This is not a cursor of this list.")
        behind = ids.index(start.document) + 1
    shown = tuple(found[behind : behind + limit])
    more = len(found) > behind + limit
    return Page(shown, key.cursor(position_of(shown[-1])) if more else None)
