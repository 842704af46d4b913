"""Whoever answers for a seat can look at what it may see, without opening anything; on record."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from policies.terms import Role
from policies.vocabulary import CLASSES, NO_LABEL, PROVENANCES, Marking, origins_of
from vault.access import stand
from vault.audit.events import Outcome, Tag
from vault.disclosure.cursors import ListKey
from vault.disclosure.listing import EVERY_DOCUMENT, LONGEST_PAGE, Order, Page, Scan, paged
from vault.disclosure.selection import EVERYTHING, Visible, purpose_of, select, visible_to
from vault.errors import NotFound, NotPermitted
from vault.scope import open_roster, seated_now

if TYPE_CHECKING:
    from datetime import datetime

    from policies.terms import View
    from vault.access import Seated
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.details import ParticipantDetails
    from vault.disclosure.documents import Document
    from vault.ids import CaseId, ParticipantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a seat has of the documents of one kind; without view and clause, nothing.

    Attributes:
        marking: Class, origin and provenance, of documents without a label.
    """

    marking: Marking
    view: View | None
    clause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBy:
    """A document that the viewer may know of, and what the other seat has of it."""

    document: Document
    view: View | None
    clause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewAs:
    """What a seat may see now.

    Attributes:
        purpose: For which purpose.
        matrix: What follows from the agreement alone, for every kind of document there can be.
        documents: One page of what the viewer may know of.
        after: The cursor of the next page; None on the last.
    """

    participant_id: ParticipantId
    participant: ParticipantDetails
    purpose: str
    phase: str
    scope_version: int
    matrix: tuple[Cell, ...]
    documents: tuple[SeenBy, ...]
    after: str | None


def view_as(
    vault: Vault,
    subject: Subject,
    case_id: CaseId,
    participant_id: ParticipantId,
    *,
    purpose: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> ViewAs:
    """Show what somebody's seat may see now; that it was looked at, and whose, is on record.

    A document that the viewer may not know of is never shown, whatever the other seat has of it.

    Args:
        vault: The collaborators.
        subject: The mediator, for anybody seated; a party, for counsel of its own side; anybody,
            for their own seat.
        case_id: The case.
        participant_id: Whose seat.
        purpose: For which purpose; what goes with that seat if None.
        after: The cursor of the page before.
        limit: Documents at most.

    Raises:
        NotFound: No such case, no such participant seated in it now, or the subject holds no seat.
        NotPermitted: The subject does not answer for that seat.
        Invalid: The purpose is not in the vocabulary, or the cursor is of another list.
    """
    limit, shown, found = max(1, min(limit, LONGEST_PAGE)), None, None
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        if seated := standing.seated:
            found = seat_of(tx, seated, participant_id, standing.at)
            if found is not None and may_look_at(seated.participant, found):
                mine = select(tx, standing, seated, None, EVERYTHING)
                key = ListKey.of(case_id, participant_id, purpose)
                start = None if after is None else key.position(after)
                scan = Scan(tx, seated, mine, Order.OLDEST)
                page = paged(scan, EVERY_DOCUMENT, key, start, limit)
                shown = _shown(seated, participant_id, found, purpose, standing.at, page)
    detail: dict[str, str | int] = {"participant": str(participant_id)}
    standing.must_sit(Tag.SCOPE_VIEW_AS, detail)
    if shown is None:
        standing.record(Tag.SCOPE_VIEW_AS, Outcome.REFUSED, detail=detail)
        if found is None:
            raise NotFound
        raise NotPermitted("Your seat does not answer for this one.")
    standing.record(Tag.SCOPE_VIEW_AS, detail={**detail, "listed": len(shown.documents)})
    return shown


def may_look_at(viewer: ParticipantDetails, participant: ParticipantDetails) -> bool:
    """Tell whether one seat answers for another.

    The mediator does for everybody seated, a party for counsel of its own side, and everybody for
    themselves.
    """
    if viewer.person == participant.person or viewer.seat.role is Role.MEDIATOR:
        return True
    counsel = participant.seat.role is Role.COUNSEL
    return counsel and viewer.seat.role is Role.PARTY and viewer.seat.side == participant.seat.side


def seat_of(
    tx: Transaction, seated: Seated, participant_id: ParticipantId, at: datetime
) -> ParticipantDetails | None:
    """Return a participant who is seated at an instant; None if there is none of this id."""
    roster = open_roster(tx, seated.sealer, seated.state)
    return dict(seated_now(roster, at)).get(participant_id)


def _shown(
    seated: Seated,
    participant_id: ParticipantId,
    participant: ParticipantDetails,
    purpose: str | None,
    at: datetime,
    page: Page,
) -> ViewAs:
    kinds = _kinds(seated)
    markings = {*kinds, *(document.marking for document in page.documents)}
    visible = visible_to(seated, participant, purpose, at, markings)
    return ViewAs(
        participant_id=participant_id,
        participant=participant,
        purpose=purpose_of(participant, purpose),
        phase=seated.state.phase,
        scope_version=seated.state.scope_version,
        matrix=tuple(_cell(kind, visible) for kind in kinds),
        documents=tuple(_seen(document, visible) for document in page.documents),
        after=page.after,
    )


def _kinds(seated: Seated) -> list[Marking]:
    """Return the marking of every kind of document that this case can have, without labels."""
    classes = (*CLASSES, *seated.scope.policy.classes)
    return [
        Marking(document_class, origin, provenance, NO_LABEL)
        for document_class, origin, provenance in product(
            classes, origins_of(seated.details.sides), PROVENANCES
        )
    ]


def _cell(marking: Marking, visible: Visible) -> Cell:
    view, clause = visible.get(marking, (None, None))
    return Cell(marking=marking, view=view, clause=clause)


def _seen(document: Document, visible: Visible) -> SeenBy:
    view, clause = visible.get(document.marking, (None, None))
    return SeenBy(document=document, view=view, clause=clause)
