"""A document that is clawed back is sealed at once, and who had opened it is known by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.decisions import Permit
from policies.floors import STATUTORY
from policies.terms import Role, View
from policies.vocabulary import CLAWED_BACK, JOINT
from vault.access import slot_keys
from vault.audit.events import Outcome, Tag
from vault.audit.slots import open_slots
from vault.database import log
from vault.deviations.ledger import Deviating, deviating, speaks_for
from vault.disclosure.documents import about, find, sealed_marking
from vault.disclosure.selection import visible_to
from vault.errors import Conflict, NotPermitted
from vault.proceedings.notices import NoticeKind, notify
from vault.scope import Deviation, Line, open_roster

if TYPE_CHECKING:
    from datetime import datetime

    from policies.terms import Seat
    from vault.access import Seated
    from vault.audit.slots import SlotKeys
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.details import ParticipantDetails
    from vault.ids import DocumentId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Somebody was let in to the content of a document.

    Attributes:
        person: Who; None if that person's key is gone.
        seat: The seat held then.
        name: As the roster of the case has it.
        view: What was opened.
        clause: The clause that allowed it.
        log_index: The entry that records it.
    """

    person: PersonId | None
    seat: str | None
    name: str | None
    opened_at: datetime
    view: str | None
    clause: str | None
    log_index: int


def claw_back(vault: Vault, subject: Subject, document_id: DocumentId) -> tuple[Opening, ...]:
    """Seal a document at once; return who had opened it, oldest first.

    From the commit on, every clause that does not name the label `claw-back`, and every grant, has
    ceased to hold for it: it leaves every list, and every read is refused. A release that was
    granted before runs to its end: it was permitted and is on record, and cutting it would leave a
    reader with part of what they were allowed and its depositor without a clear account. One
    that was being decided at that very moment may come on record just behind; `read_openings`
    names it. Everybody who had opened it, and every party who could know of it until now, finds a
    notice to return or destroy every copy; nobody else learns that there was such a document.

    Raises:
        NotFound: No such document, or the subject holds no seat in its case.
        NotPermitted: The subject does not speak for the side it came from; of a joint document,
            is neither party, counsel nor mediator.
        Conflict: It is clawed back already, or is a statutory report, which nobody can keep back.
    """
    with deviating(vault, subject, document_id, Tag.DOCUMENT_CLAW_BACK) as deviation:
        seat, marking = deviation.seated.participant.seat, deviation.marking
        if not _may_claw_back(seat, marking.origin):
            raise NotPermitted("Only the side that a document came from claws it back.")
        if marking.document_class == STATUTORY:
            raise Conflict("A statutory report is outside any veto.")
        if marking.label == CLAWED_BACK:
            raise Conflict("This document is clawed back already.")
        openings = _openings(vault, deviation.act.tx, deviation.seated, document_id)
        line = Line(deviation=Deviation.CLAWED_BACK, document=document_id)
        recorded = deviation.add(line, Tag.DOCUMENT_CLAW_BACK, {})
        told = {opening.person for opening in openings if opening.person is not None}
        told |= {p.person for p in deviation.sitting() if _is_concerned(deviation, p)}
        notify(deviation.act, told, NoticeKind.CLAW_BACK, document_id, recorded)
    return openings


def lift(vault: Vault, subject: Subject, document_id: DocumentId) -> None:
    """Lift a claw-back alone, as the person who deposited the document; grants hold again.

    Everybody else asks for it, and those whom the document belongs to consent. A joint document
    belongs to every side, so that nobody lifts its claw-back alone.

    Raises:
        NotFound: No such document, or the subject holds no seat in its case.
        NotPermitted: Somebody else deposited it, or it is joint.
        Conflict: It is not clawed back.
    """
    with deviating(vault, subject, document_id, Tag.DOCUMENT_LIFT) as deviation:
        if deviation.marking.origin == JOINT:
            raise NotPermitted("What is joint is lifted by the consent of every side.")
        if deviation.person != deviation.deposited_by():
            raise NotPermitted("Only who deposited a document lifts its claw-back alone.")
        check_clawed_back(deviation)
        add_lift(deviation, None)


def check_clawed_back(deviation: Deviating) -> None:
    """Raise Conflict unless the document is clawed back."""
    if deviation.marking.label != CLAWED_BACK:
        raise Conflict("This document is not clawed back.")


def add_lift(deviation: Deviating, request: str | None) -> None:
    """Lift a claw-back with the commit; the caller has checked everything."""
    line = Line(deviation=Deviation.LIFTED, document=deviation.row.document_id, request=request)
    deviation.add(line, Tag.DOCUMENT_LIFT, {"request": request} if request else {})


def read_openings(vault: Vault, subject: Subject, document_id: DocumentId) -> tuple[Opening, ...]:
    """Return who has opened a document in any view, oldest first; on record.

    Raises:
        NotFound: No such document, or the subject holds no seat in its case.
        NotPermitted: The subject neither speaks for the side it came from, nor is a mediator who
            may know of it.
    """
    standing, row, _ = find(vault, subject, document_id)
    seated = standing.must_sit(Tag.DOCUMENT_READERS, {"document": str(document_id)})
    assert row is not None
    decision = standing.decide(sealed_marking(seated, row), View.METADATA, None)
    seat = seated.participant.seat
    knows = seat.role is Role.MEDIATOR and isinstance(decision, Permit)
    if not (knows or speaks_for(seat, row.origin)):
        standing.record(Tag.DOCUMENT_READERS, Outcome.REFUSED, decision=decision, detail=about(row))
        raise NotPermitted("Only the side that a document came from learns who opened it.")
    with vault.database.snapshot() as tx:
        openings = _openings(vault, tx, seated, document_id)
    standing.record(Tag.DOCUMENT_READERS, detail={**about(row), "listed": len(openings)})
    return openings


def _is_concerned(deviation: Deviating, participant: ParticipantDetails) -> bool:
    """Tell whether a party could know of the document, as it was marked until now."""
    if participant.seat.role is not Role.PARTY:
        return False
    seated, at = deviation.seated, deviation.standing.at
    return bool(visible_to(seated, participant, None, at, [deviation.marking]))


def _may_claw_back(seat: Seat, origin: str) -> bool:
    return speaks_for(seat, origin) or (origin == JOINT and seat.role is Role.MEDIATOR)


def _openings(
    vault: Vault, tx: Transaction, seated: Seated, document_id: DocumentId
) -> tuple[Opening, ...]:
    """Read the log of the case for whoever was let in to a document's content."""
    names = {p.person: p.name for _, p in open_roster(tx, seated.sealer, seated.state)}
    # One look-up for each person and not for each entry, of which a long case has many thousand.
    keys: dict[PersonId | None, SlotKeys] = {}
    found: list[Opening] = []
    for entry in log.entries_of_case(tx, seated.case):
        if entry.person_id not in keys:
            keys[entry.person_id] = slot_keys(vault, tx, seated.case, entry.person_id)
        event = open_slots(entry, keys[entry.person_id]).event
        if (
            event is None
            or (event.tag, event.outcome) != (Tag.DOCUMENT_RELEASE, Outcome.GRANTED)
            or event.detail.get("document") != str(document_id)
            # Its size and digest were read, and no content.
            or event.detail.get("asked") == "nothing"
        ):
            continue
        found.append(
            Opening(
                person=event.person,
                seat=event.seat,
                name=None if event.person is None else names.get(event.person),
                opened_at=event.at,
                view=event.view,
                clause=event.clause,
                log_index=entry.index,
            )
        )
    return tuple(found)
