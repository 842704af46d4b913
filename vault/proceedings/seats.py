"""Who sits in a case is settled by name and date, by the mediator, and everybody in it sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.instants import instant
from policies.terms import Role, Seat, TermsRefused
from policies.vocabulary import is_organisation
from vault.access import change
from vault.audit.events import Tag
from vault.database import cases, people
from vault.details import ParticipantDetails
from vault.errors import Conflict, Invalid
from vault.ids import ParticipantId, new_id
from vault.scope import open_roster
from vault.wording import one_line

if TYPE_CHECKING:
    from datetime import datetime

    from vault.access import Change, Seated
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.details import Sealer
    from vault.ids import CaseId, PersonId

NAME_LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Somebody seated in a case, `[seated_from, seated_until)`."""

    participant_id: ParticipantId
    person: PersonId
    seat: Seat
    name: str
    organisation: str | None
    organisation_id: str | None
    seated_from: datetime
    seated_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewParticipant:
    """Whom to seat, where, and for how long; `seated_from` None means from now on."""

    person: PersonId
    seat: str
    name: str
    organisation: str | None = None
    organisation_id: str | None = None
    seated_from: datetime | None = None
    seated_until: datetime | None = None


def seat(vault: Vault, subject: Subject, case_id: CaseId, new: NewParticipant) -> Participant:
    """Seat a person in a case; the mediator alone does this, and it is on record.

    On return the person sees what the agreement in force gives to that seat, from `seated_from`
    until the very instant `seated_until`.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        NotPermitted: The subject is not the case's mediator.
        Invalid: The seat is not one of this case, the person is unknown, or a date is wrong.
        Conflict: The person already holds a seat in this case.
    """
    with change(vault, subject, case_id, Tag.PARTICIPANT_SEAT) as act:
        act.require(Role.MEDIATOR)
        now = act.standing.at
        details = _new_details(act.seated, new, now)
        if not people.person_exists(act.tx, new.person):
            raise Invalid("/person", "The vault does not know this person.")
        if any(sitting.person == new.person for sitting in roster_of(act.tx, act.seated)):
            raise Conflict("This person holds a seat in this case already.")
        participant_id = ParticipantId(new_id())
        recorded = act.append(
            {
                "participant": str(participant_id),
                "person": str(new.person),
                "seat": str(details.seat),
            }
        )
        raise_roster_version(act)
        insert_participant(
            tx=act.tx,
            sealer=act.seated.sealer,
            details=details,
            seated_at=now,
            log_index=recorded.index,
            participant_id=participant_id,
        )
    return participant_of(participant_id, details)


def roster_of(tx: Transaction, seated: Seated) -> tuple[Participant, ...]:
    """Return everybody ever seated in a case, in the order of seating."""
    return tuple(
        participant_of(participant_id, details)
        for participant_id, details in open_roster(tx, seated.sealer, seated.state)
    )


def participant_of(participant_id: ParticipantId, details: ParticipantDetails) -> Participant:
    """Return a seat as everybody in the case may know it; why it ended is not part of it."""
    return Participant(
        participant_id=participant_id,
        person=details.person,
        seat=details.seat,
        name=details.name,
        organisation=details.organisation,
        organisation_id=details.organisation_id,
        seated_from=details.seated_from,
        seated_until=details.seated_until,
    )


def insert_participant(
    *,
    tx: Transaction,
    sealer: Sealer,
    details: ParticipantDetails,
    seated_at: datetime,
    log_index: int,
    participant_id: ParticipantId,
) -> None:
    """Add a seat, sealed; the caller raises the roster version in the same transaction."""
    cases.insert_participant(
        tx,
        cases.ParticipantRow(
            participant_id=participant_id,
            case_id=sealer.case,
            person_id=details.person,
            details=sealer.seal_participant(participant_id, details),
            seated_at=seated_at,
            log_index=log_index,
        ),
    )


def raise_roster_version(act: Change) -> int:
    """Seal the state with the next roster version; return it."""
    version = act.seated.state.roster_version + 1
    state = replace(act.seated.state, roster_version=version)
    cases.update_state(act.tx, act.seated.case, act.seated.sealer.seal_state(state))
    return version


def _new_details(seated: Seated, new: NewParticipant, now: datetime) -> ParticipantDetails:
    try:
        place = Seat.parse(new.seat)
    except TermsRefused as error:
        raise Invalid("/seat", str(error)) from error
    if place.side is not None and place.side not in seated.details.sides:
        raise Invalid("/seat", "This side is not one of the case.")
    seated_from = new.seated_from or now
    check_date("/seated_from", seated_from)
    if new.seated_until is not None:
        check_date("/seated_until", new.seated_until)
    if new.seated_until is not None and new.seated_until <= max(seated_from, now):
        raise Invalid("/until", "The seat must end after it begins, and after now.")
    return ParticipantDetails(
        person=new.person,
        seat=place,
        name=one_line("/name", new.name, longest=NAME_LONGEST),
        organisation=None
        if new.organisation is None
        else one_line("/organisation", new.organisation, longest=NAME_LONGEST),
        organisation_id=_organisation_id(new.organisation_id),
        seated_from=seated_from,
        seated_until=new.seated_until,
    )


def check_date(pointer: str, moment: datetime) -> None:
    """Return if the engine can count to a date.

    A seat with another would keep the whole case from being opened, for everybody in it.

    Raises:
        Invalid: It lies outside the years that can be counted.
    """
    try:
        instant(moment)
    except OverflowError as error:
        raise Invalid(pointer, "This date is too far away.") from error


def _organisation_id(text: str | None) -> str | None:
    if text is not None and not is_organisation(text):
        raise Invalid("/organisation_id", "This cannot be the id of an organisation.")
    return text
