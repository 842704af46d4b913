"""A reader sees the documents, and the view of each, that the agreement in force gives; no more."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from policies.decisions import Denial, Permit, visible_markings
from policies.terms import Marking, View
from vault.access import NOWHERE, person_text, stand
from vault.audit.events import Outcome, Tag
from vault.content import open_content
from vault.database import documents
from vault.errors import Conflict, Tampered, Unavailable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from datetime import datetime

    from vault.access import Seated, Standing
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.database.documents import DocumentRow, RenditionRow
    from vault.ids import CaseId, DocumentId

LONGEST_PAGE = 200

Cursor = tuple["datetime", "DocumentId"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A rendition that exists, as a reader at its view may know it."""

    view: View
    size_bytes: int
    media_type: str
    file_name: str | None
    sha256: str
    deposited_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as one seat sees it.

    Attributes:
        view: The highest view that the agreement in force gives this seat now.
        clause: The clause that gives it.
        renditions: What is stored at that view or below it; nothing for metadata alone.
    """

    document_id: DocumentId
    case_id: CaseId
    title: str
    marking: Marking
    provenance: str
    deposited_at: datetime
    view: View
    clause: str
    scope_version: int
    renditions: tuple[Stored, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some documents, and the cursor to ask for more with; None on the last page."""

    documents: tuple[Document, ...]
    after: Cursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Content on its way to a reader whose access is on record.

    Attributes:
        chunks: Plaintext in pieces of at most 1 MiB, each authenticated, the first already
            opened. Close it when done: how much was delivered goes on record then.
        log_index: The entry that records the access.
    """

    stored: Stored
    chunks: Generator[bytes]
    log_index: int


def list_documents(
    vault: Vault,
    subject: Subject,
    case_id: CaseId,
    *,
    purpose: str | None = None,
    after: Cursor | None = None,
    limit: int = 50,
) -> Page:
    """Return one page of what this seat may know to exist, oldest first; on record.

    The engine is asked once per marking and its answer becomes the query: pages and cursors are
    those of the visible documents alone.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        Invalid: The purpose is not in the vocabulary.
    """
    page = Page((), None)
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        if standing.seated:
            present = [marking_of(row) for row in documents.markings_of(tx, case_id)]
            visible = _visible(standing, purpose, present)
            page = _page(tx, standing.seated, visible, after, max(1, min(limit, LONGEST_PAGE)))
    standing.must_sit(Tag.DOCUMENT_LIST)
    standing.record(Tag.DOCUMENT_LIST, detail={"listed": len(page.documents)})
    return page


def read_document(
    vault: Vault, subject: Subject, document_id: DocumentId, *, purpose: str | None = None
) -> Document:
    """Return one document as this seat sees it, without content; on record.

    Raises:
        NotFound: No such document, or the subject holds no seat in its case.
        NotPermitted: The agreement in force does not let the seat know of this marking.
        Invalid: The purpose is not in the vocabulary.
    """
    standing, row, renditions = find(vault, subject, document_id)
    seated = standing.must_sit(Tag.DOCUMENT_READ, {"document": str(document_id)})
    assert row is not None
    marking = sealed_marking(seated, row)
    decision = standing.decide(marking, View.METADATA, purpose)
    if isinstance(decision, Denial):
        standing.refuse(Tag.DOCUMENT_READ, decision, about(row))
    standing.record(Tag.DOCUMENT_READ, decision=decision, detail=about(row))
    visible = _visible(standing, purpose, [marking])
    return _document(seated, row, renditions, visible[marking])


def release(
    vault: Vault,
    subject: Subject,
    document_id: DocumentId,
    view: View,
    *,
    purpose: str | None = None,
) -> Release:
    """Decrypt one document for a subject whom the agreement lets read it.

    The access is on record before the first byte leaves, and a refusal is on record before it is
    raised. If the record cannot be written, nothing is released. How much was delivered is a
    second entry; without one, the first reads "authorised, delivery unknown".

    Raises:
        NotFound: No such document, or the subject holds no seat in its case.
        NotPermitted: The agreement in force does not let the seat see this marking at this view.
        Conflict: Permitted, but nothing has been brought at this view.
        Invalid: The purpose is not in the vocabulary.
        Tampered: The stored bytes are not what was deposited; from the iterator too.
        Unavailable: The record, the store or a key cannot be reached; nothing was released.
    """
    standing, row, renditions = find(vault, subject, document_id)
    seated = standing.must_sit(Tag.DOCUMENT_RELEASE, {"document": str(document_id)})
    assert row is not None
    decision = standing.decide(sealed_marking(seated, row), view, purpose)
    if isinstance(decision, Denial):
        standing.refuse(Tag.DOCUMENT_RELEASE, decision, about(row))
    rendition = next((r for r in renditions if r.view == str(view)), None)
    if rendition is None:
        standing.record(Tag.DOCUMENT_RELEASE, Outcome.REFUSED, decision=decision, detail=about(row))
        raise Conflict("Nothing has been deposited at this view yet.")
    stored = _stored(seated, rendition)
    detail = {**about(row), "rendition": str(rendition.rendition_id), "sha256": stored.sha256}
    receipt = standing.record(Tag.DOCUMENT_RELEASE, decision=decision, detail=detail)
    delivery = _delivery(
        standing,
        decision,
        {**about(row), "release": receipt.index},
        open_content(vault, seated.sealer, rendition, decision, receipt),
    )
    first = next(delivery, b"")
    return Release(stored=stored, chunks=_after(first, delivery), log_index=receipt.index)


def find(
    vault: Vault, subject: Subject, document_id: DocumentId
) -> tuple[Standing, DocumentRow | None, list[RenditionRow]]:
    """Look a document up together with what the subject is in its case, in one snapshot.

    An unknown document costs the same look-ups as a foreign one.
    """
    with vault.database.snapshot() as tx:
        row = documents.find_document(tx, document_id)
        standing = stand(vault, tx, subject, row.case_id if row else NOWHERE)
        return standing, row, documents.renditions_of(tx, [document_id])


def marking_of(row: DocumentRow | documents.MarkingRow) -> Marking:
    """Return all that a decision may look at in a document."""
    return Marking(row.document_class, row.origin, row.label)


def sealed_marking(seated: Seated, row: DocumentRow) -> Marking:
    """Return the marking a document was sealed with; Tampered if its row says otherwise."""
    return seated.sealer.open_document(row.document_id, marking_of(row), row.details).marking


def about(row: DocumentRow) -> dict[str, str | int]:
    """Return what the record says of a document: ids and marking, no words of its owner."""
    return {
        "document": str(row.document_id),
        "class": row.document_class,
        "origin": row.origin,
        "label": row.label,
    }


def _visible(
    standing: Standing, purpose: str | None, markings: list[Marking]
) -> dict[Marking, tuple[View, str]]:
    assert standing.seated is not None
    return visible_markings(
        standing.seated.scope,
        person_text(standing.subject),
        standing.purpose(purpose),
        standing.seated.state.phase,
        standing.at,
        markings,
    )


def _page(
    tx: Transaction,
    seated: Seated,
    visible: Mapping[Marking, tuple[View, str]],
    after: Cursor | None,
    limit: int,
) -> Page:
    wanted = [documents.MarkingRow(m.document_class, m.origin, m.label) for m in visible]
    rows = documents.documents_by_marking(tx, seated.case, wanted, after=after, limit=limit + 1)
    shown, more = rows[:limit], rows[limit:]
    by_document: dict[DocumentId, list[RenditionRow]] = {row.document_id: [] for row in shown}
    for rendition in documents.renditions_of(tx, list(by_document)):
        by_document[rendition.document_id].append(rendition)
    return Page(
        tuple(
            _document(seated, row, by_document[row.document_id], visible[marking_of(row)])
            for row in shown
        ),
        (shown[-1].deposited_at, shown[-1].document_id) if more else None,
    )


def _document(
    seated: Seated,
    row: DocumentRow,
    renditions: list[RenditionRow],
    decided: tuple[View, str],
) -> Document:
    details = seated.sealer.open_document(row.document_id, marking_of(row), row.details)
    view, clause = decided
    return Document(
        document_id=row.document_id,
        case_id=row.case_id,
        title=details.title,
        marking=details.marking,
        provenance=details.provenance,
        deposited_at=row.deposited_at,
        view=view,
        clause=clause,
        scope_version=seated.state.scope_version,
        renditions=tuple(
            _stored(seated, rendition)
            for rendition in renditions
            if View.parse(rendition.view) <= view
        ),
    )


def _stored(seated: Seated, row: RenditionRow) -> Stored:
    details = seated.sealer.open_rendition(row.rendition_id, row.view, row.size_bytes, row.details)
    return Stored(
        view=View.parse(row.view),
        size_bytes=row.size_bytes,
        media_type=details.media_type,
        file_name=details.file_name,
        sha256=details.sha256,
        deposited_at=row.deposited_at,
    )


def _delivery(
    standing: Standing,
    permit: Permit,
    detail: dict[str, str | int],
    content: Iterator[bytes],
) -> Generator[bytes]:
    """Pass content on, and put on record how much of it was handed over and how that ended."""
    delivered, outcome = 0, Outcome.ABORTED
    try:
        for chunk in content:
            yield chunk
            delivered += len(chunk)
        outcome = Outcome.COMPLETED
    except Tampered:
        outcome = Outcome.TAMPERED
        raise
    finally:
        # The access itself is on record; an unrecorded ending reads "delivery unknown".
        with suppress(Unavailable):
            standing.record(
                Tag.DOCUMENT_DELIVERY,
                outcome,
                decision=permit,
                detail={**detail, "bytes": delivered},
            )


def _after(first: bytes, rest: Generator[bytes]) -> Generator[bytes]:
    try:
        yield from chain((first,) if first else (), rest)
    finally:
        rest.close()
