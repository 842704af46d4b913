"""A reader sees the documents, and the view of each, that the agreement in force gives; no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.decisions import Denial, obligations_of
from policies.terms import View
from vault.access import NOWHERE, stand
from vault.audit.events import Outcome, Tag
from vault.database import documents
from vault.disclosure.deliveries import Delivery, everything, stored_as_seen
from vault.disclosure.explanations import explanation_of
from vault.disclosure.selection import marking_of, visible_to
from vault.errors import Conflict, Tampered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from policies.decisions import Obligation
    from policies.terms import Marking
    from vault.access import Seated, Standing
    from vault.core import Subject, Vault
    from vault.database.documents import DocumentRow, RenditionRow
    from vault.details import DocumentDetails
    from vault.disclosure.deliveries import Choice, Release, Stored
    from vault.ids import CaseId, DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as one seat sees it.

    Attributes:
        view: The highest view that the agreement in force gives this seat now.
        clause: The clause that gives it.
        obligations: What the reader takes on with it.
        renditions: What is stored at that view or below it; nothing for metadata alone.
    """

    document_id: DocumentId
    case_id: CaseId
    title: str
    marking: Marking
    deposited_at: datetime
    view: View
    clause: str
    scope_version: int
    obligations: tuple[Obligation, ...]
    renditions: tuple[Stored, ...]


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
    visible = visible_to(seated, seated.participant, purpose, standing.at, [marking])
    return as_seen(seated, row, renditions, visible[marking])


def release(
    vault: Vault,
    subject: Subject,
    document_id: DocumentId,
    view: View,
    *,
    purpose: str | None = None,
    choose: Choice = everything,
) -> Release:
    """Decrypt one document, or a range of it, for a subject whom the agreement lets read it.

    The access is on record before the first byte leaves, and a refusal is on record before it is
    raised. If the record cannot be written, nothing is released. How much was delivered is a
    second entry; without one, the first reads "authorised, delivery unknown".

    Args:
        vault: The collaborators.
        subject: Who asks.
        document_id: The document.
        view: Which version of it.
        purpose: Why; what goes with the seat if left out.
        choose: Which bytes are wanted, said of what is stored once that may be known. Wanting none
            is on record too, and so is what this raises.

    Raises:
        NotFound: No such document, or the subject holds no seat in its case.
        NotPermitted: The agreement in force does not let the seat see this marking at this view.
        Conflict: Permitted, but nothing has been brought at this view.
        NotFound: From the iterator too: it was erased meanwhile.
        Invalid: The purpose is not in the vocabulary.
        Tampered: The stored bytes are not what was deposited; from the iterator too.
        Unavailable: The record, the store or a key cannot be reached; nothing was released.
    """
    standing, row, renditions = find(vault, subject, document_id)
    seated = standing.must_sit(Tag.DOCUMENT_RELEASE, {"document": str(document_id)})
    assert row is not None
    decision = standing.decide(sealed_marking(seated, row), view, purpose)
    if isinstance(decision, Denial):
        why = explanation_of(seated.scope, decision)
        standing.refuse(Tag.DOCUMENT_RELEASE, decision, about(row), why)
    rendition = next((r for r in renditions if r.view == str(view)), None)
    if rendition is None:
        standing.record(Tag.DOCUMENT_RELEASE, Outcome.REFUSED, decision=decision, detail=about(row))
        raise Conflict("Nothing has been deposited at this view yet.")
    return Delivery(
        standing=standing,
        seated=seated,
        permit=decision,
        rendition=rendition,
        about=about(row),
    ).release(choose)


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


def sealed_marking(seated: Seated, row: DocumentRow) -> Marking:
    """Return the marking a document was sealed with; Tampered if its row says otherwise."""
    return open_document(seated, row).marking


def open_document(seated: Seated, row: DocumentRow) -> DocumentDetails:
    """Open what a document is called and how it is marked.

    Raises:
        Tampered: Its row is not what was sealed, or bears another label than the case's exceptions
            give it: a clawed-back document cannot be put back by restoring its old row, nor an
            erased one.
    """
    exceptions = seated.scope.exceptions
    details = seated.sealer.open_document(row.document_id, marking_of(row), row.details)
    if details.marking.label != exceptions.label_of(row.document_id):
        raise Tampered
    if exceptions.is_erased(row.document_id):
        raise Tampered
    return details


def about(row: DocumentRow) -> dict[str, str | int]:
    """Return what the record says of a document: ids and marking, no words of its owner."""
    return {"document": str(row.document_id), **marking_detail(marking_of(row))}


def marking_detail(marking: Marking) -> dict[str, str | int]:
    """Return what the record says of a marking."""
    return {
        "class": marking.document_class,
        "origin": marking.origin,
        "provenance": marking.provenance,
        "label": marking.label,
    }


def as_seen(
    seated: Seated,
    row: DocumentRow,
    renditions: Sequence[RenditionRow],
    decided: tuple[View, str],
) -> Document:
    """Return a document as a seat sees it that has this view of it by this clause.

    Raises:
        Tampered: A row of it is not what was sealed.
    """
    details = open_document(seated, row)
    view, clause = decided
    return Document(
        document_id=row.document_id,
        case_id=row.case_id,
        title=details.title,
        marking=details.marking,
        deposited_at=row.deposited_at,
        view=view,
        clause=clause,
        scope_version=seated.state.scope_version,
        obligations=obligations_of(details.marking, clause),
        renditions=tuple(
            stored_as_seen(seated, rendition)
            for rendition in renditions
            if View.parse(rendition.view) <= view
        ),
    )
