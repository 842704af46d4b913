"""What somebody may see, who may see something, and how much: as far as the asker may know it.

Whatever is found here is permitted when it is evaluated by the same caller (vault/disclosure/evaluation.py).

Source: OpenID AuthZEN Authorization API 1.0, sections on search, as docs/authzen.md maps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.decisions import Permit
from policies.vocabulary import PURPOSES, View
from vault.access import NOWHERE
from vault.audit.events import Outcome, Tag
from vault.database import cases
from vault.disclosure.evaluation import Kind, Person, Target, Targets
from vault.disclosure.listing import Order, Scan, position_of
from vault.disclosure.selection import EVERYTHING, Visible, select, visible_to

if TYPE_CHECKING:
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.details import ParticipantDetails
    from vault.disclosure.cursors import Position
    from vault.disclosure.documents import Document
    from vault.ids import CaseId, DocumentId, ParticipantId, PersonId


# Below every view.
_NONE = (0, "")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a search of documents goes on: in which case, and behind which document of it."""

    case: CaseId
    position: Position


@dataclass(frozen=True, slots=True)
class Found:
    """Documents that somebody may see, and where the search goes on; None at the end."""

    documents: tuple[Document, ...]
    after: Place | None


def search_actions(
    vault: Vault,
    subject: Subject,
    about: Person | None,
    resource: DocumentId | Kind | None,
    purpose: str | None,
) -> tuple[View, ...]:
    """Return the views that somebody has of a document or a kind of document now; on record."""
    with vault.database.snapshot() as tx:
        target = Targets(vault, tx, subject).of(resource)
    participant = target.participant(about)
    found = tuple(
        view
        for view in View
        if participant is not None and isinstance(target.decide(participant, view, purpose), Permit)
    )
    _record(target, participant and participant.person, len(found))
    return found


def search_subjects(
    vault: Vault,
    subject: Subject,
    resource: DocumentId | Kind | None,
    view: View | None,
    purpose: str | None,
) -> tuple[tuple[ParticipantId, PersonId], ...]:
    """Return those seated who may see something at a view now, in the order of seating; on record.

    Only those are named for whose seat the caller answers: everybody to the mediator, themselves
    and their own counsel to a party. To whoever may not know of a document, nobody.
    """
    with vault.database.snapshot() as tx:
        target = Targets(vault, tx, subject).of(resource)
    found = tuple(
        (participant_id, participant.person)
        for participant_id, participant in target.answered_for()
        if view is not None and isinstance(target.decide(participant, view, purpose), Permit)
    )
    _record(target, None, len(found))
    return found


def search_documents(
    vault: Vault,
    subject: Subject,
    about: Person | None,
    view: View | None,
    purpose: str | None,
    *,
    case: CaseId | None,
    after: Place | None,
    limit: int,
) -> Found:
    """Return documents that somebody may see at a view and the caller may know of; on record.

    Newest case first, in each the oldest document first. It is on record in every case of which
    something was looked at, or of the one that was named.

    Args:
        vault: The collaborators.
        subject: Who asks.
        about: Whose documents.
        view: At which view, or above it.
        purpose: For which purpose; what goes with the seat if None.
        case: Only of this case.
        after: Where the page before ended.
        limit: Documents at most.
    """
    found: list[Document] = []
    looked_at: list[tuple[Target, PersonId | None, int]] = []
    with vault.database.snapshot() as tx:
        targets = Targets(vault, tx, subject)
        for case_id in _cases(tx, subject, case, after):
            target = targets.of_case(case_id)
            participant = target.participant(about)
            chosen = _chosen(tx, target, participant, view, purpose)
            behind = after.position if after and after.case == case_id else None
            batch = _documents(tx, target, chosen, behind, limit + 1 - len(found))
            looked_at.append((target, participant and participant.person, len(batch)))
            found += batch
            if len(found) > limit:
                break
    for target, person, listed in looked_at:
        _record(target, person, min(listed, limit))
    last = found[limit - 1] if len(found) > limit else None
    return Found(tuple(found[:limit]), last and Place(last.case_id, position_of(last)))


def _cases(
    tx: Transaction, subject: Subject, case: CaseId | None, after: Place | None
) -> list[CaseId]:
    """Return the cases to look at, those of earlier pages left out; nowhere if there is none."""
    if case is not None:
        return [case]
    ids = [row.case_id for row in cases.cases_of(tx, subject.person)]
    if after is not None:
        ids = ids[ids.index(after.case) :] if after.case in ids else []
    return ids or [NOWHERE]


def _chosen(
    tx: Transaction,
    target: Target,
    participant: ParticipantDetails | None,
    view: View | None,
    purpose: str | None,
) -> Visible:
    """Return the markings that the caller may know of and a participant may see at a view."""
    standing, seated = target.standing, target.standing.seated
    if seated is None or participant is None or view is None or purpose not in (None, *PURPOSES):
        return {}
    own = participant.person == seated.participant.person
    mine = select(tx, standing, seated, purpose if own else None, EVERYTHING)
    theirs = visible_to(seated, participant, purpose, standing.at, mine)
    return {marking: theirs[marking] for marking in mine if theirs.get(marking, _NONE)[0] >= view}


def _documents(
    tx: Transaction, target: Target, chosen: Visible, behind: Position | None, limit: int
) -> list[Document]:
    seated = target.standing.seated
    if seated is None or not chosen:
        return []
    return list(Scan(tx, seated, chosen, Order.OLDEST).batch(behind, limit))


def _record(target: Target, about: PersonId | None, listed: int) -> None:
    """Put a search on record; one of a case in which the caller has no seat, as refused."""
    detail = {**target.detail(), "listed": listed}
    if about is not None:
        detail["asked_about"] = str(about)
    outcome = Outcome.GRANTED if target.standing.seated else Outcome.REFUSED
    target.standing.record(Tag.SCOPE_SEARCH, outcome, detail=detail)
