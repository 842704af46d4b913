"""A case is opened by a mediator, seats its participants by name and date, and moves by phases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.compiler import baseline
from policies.terms import PHASES, Role, Seat, TermsRefused
from vault.access import NOWHERE, change, open_roster, stand
from vault.audit.events import Outcome, Tag
from vault.database import cases, keys, people
from vault.details import CaseDetails, CaseState, ParticipantDetails, Sealer
from vault.errors import Conflict, Invalid, NotPermitted
from vault.ids import CaseId, ParticipantId, new_id
from vault.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vault.access import Seated
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.ids import PersonId

_TITLE_LONGEST = 200
_NAME_LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as one of its participants sees it."""

    case_id: CaseId
    title: str
    sides: tuple[str, ...]
    phase: str
    scope_version: int
    opened_at: datetime
    seat: Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Somebody seated in a case, `[seated_from, seated_until)`."""

    participant_id: ParticipantId
    person: PersonId
    seat: Seat
    name: str
    organisation: str | None
    seated_from: datetime
    seated_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewParticipant:
    """Whom to seat, where, and for how long; `seated_from` None means from now on."""

    person: PersonId
    seat: str
    name: str
    organisation: str | None = None
    seated_from: datetime | None = None
    seated_until: datetime | None = None


def open_case(
    vault: Vault, subject: Subject, *, title: str, sides: Sequence[str], name: str
) -> Case:
    """Open a case with a key of its own, and seat the subject as its mediator.

    On return the case, its key, the seat and the entry on the log exist together.

    Args:
        vault: The collaborators.
        subject: A person whom the institution lets open cases.
        title: One line; sealed.
        sides: 2 to 16 ids such as `claimant`; fixed for the life of the case.
        name: The mediator's name, as participants will read it; sealed.

    Raises:
        NotPermitted: The institution does not let this person open cases; on record.
        Invalid: The title, a side or the name cannot be accepted.
    """
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, NOWHERE)
    if not subject.opens_cases:
        standing.record(Tag.CASE_OPEN, Outcome.REFUSED)
        raise NotPermitted("Your institution has not let you open cases.")
    case_id, seat_id, now = CaseId(new_id()), ParticipantId(new_id()), vault.clock()
    details = CaseDetails(
        title=one_line("/title", title, longest=_TITLE_LONGEST), sides=_sides(case_id, sides)
    )
    mediator = ParticipantDetails(
        person=subject.person,
        seat=Seat(Role.MEDIATOR, None),
        name=one_line("/name", name, longest=_NAME_LONGEST),
        organisation=None,
        seated_from=now,
        seated_until=None,
    )
    state = CaseState(phase=PHASES[0], scope_version=0, roster_version=1)
    case_key, wrapped = vault.keyring.new_case_key(case_id)
    sealer = Sealer(case_id, case_key)
    opening = replace(
        standing, case=case_id, slot_keys=replace(standing.slot_keys, case=case_key)
    ).event(
        Tag.CASE_OPEN, Outcome.GRANTED, detail={"case": str(case_id), "participant": str(seat_id)}
    )
    with vault.database.transaction() as tx:
        keys.insert_key(tx, case_id, "case", wrapped, created_at=now)
        index = vault.log.append(tx, opening)
        cases.insert_case(
            tx,
            cases.CaseRow(
                case_id=case_id,
                state=sealer.seal_state(state),
                details=sealer.seal_case(details),
                opened_at=now,
                log_index=index,
            ),
        )
        _insert_participant(
            tx=tx,
            sealer=sealer,
            details=mediator,
            seated_at=now,
            log_index=index,
            participant_id=seat_id,
        )
    return _case(case_id, details, state, now, mediator.seat)


def list_cases(vault: Vault, subject: Subject) -> list[Case]:
    """Return the cases in which the subject holds a seat now, newest first; on record."""
    with vault.database.snapshot() as tx:
        nowhere = stand(vault, tx, subject, NOWHERE)
        rows = cases.cases_of(tx, subject.person)
        standings = [(row, stand(vault, tx, subject, row.case_id)) for row in rows]
    nowhere.record(Tag.CASE_LIST)
    return [
        _case(row.case_id, seated.details, seated.state, row.opened_at, seated.participant.seat)
        for row, standing in standings
        if (seated := standing.seated) is not None
    ]


def read_case(
    vault: Vault, subject: Subject, case_id: CaseId
) -> tuple[Case, tuple[Participant, ...]]:
    """Return a case and everybody seated in it, in the order of seating; on record.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
    """
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        row = cases.find_case(tx, case_id)
        roster = _roster(tx, standing.seated) if standing.seated else ()
    seated = standing.must_sit(Tag.CASE_READ)
    assert row is not None
    standing.record(Tag.CASE_READ)
    case = _case(case_id, seated.details, seated.state, row.opened_at, seated.participant.seat)
    return case, roster


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
        if any(sitting.person == new.person for sitting in _roster(act.tx, act.seated)):
            raise Conflict("This person holds a seat in this case already.")
        state = replace(act.seated.state, roster_version=act.seated.state.roster_version + 1)
        participant_id = ParticipantId(new_id())
        recorded = act.append(
            {
                "participant": str(participant_id),
                "person": str(new.person),
                "seat": str(details.seat),
            }
        )
        cases.update_state(act.tx, case_id, act.seated.sealer.seal_state(state))
        _insert_participant(
            tx=act.tx,
            sealer=act.seated.sealer,
            details=details,
            seated_at=now,
            log_index=recorded.index,
            participant_id=participant_id,
        )
    return _participant(participant_id, details)


def enter_phase(vault: Vault, subject: Subject, case_id: CaseId, phase: str) -> None:
    """Move a case to a phase; the mediator alone does this, and it is on record.

    Clauses that hold in the phase take effect, and others cease, with the commit.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        NotPermitted: The subject is not the case's mediator.
        Invalid: This is not a phase of the vocabulary.
        Conflict: The case is in this phase.
    """
    with change(vault, subject, case_id, Tag.CASE_PHASE) as act:
        act.require(Role.MEDIATOR)
        if phase not in PHASES:
            raise Invalid("/phase", "This is not a phase of the vocabulary.")
        if phase == act.seated.state.phase:
            raise Conflict("The case is in this phase.")
        act.append({"from": act.seated.state.phase, "to": phase})
        state = replace(act.seated.state, phase=phase)
        cases.update_state(act.tx, case_id, act.seated.sealer.seal_state(state))


def _sides(case_id: CaseId, sides: Sequence[str]) -> tuple[str, ...]:
    """Check the sides by compiling the policy that a case has before its first agreement."""
    try:
        return baseline(str(case_id), tuple(sides)).sides
    except TermsRefused as error:
        raise Invalid("/sides", str(error)) from error


def _new_details(seated: Seated, new: NewParticipant, now: datetime) -> ParticipantDetails:
    try:
        place = Seat.parse(new.seat)
    except TermsRefused as error:
        raise Invalid("/seat", str(error)) from error
    if place.side is not None and place.side not in seated.details.sides:
        raise Invalid("/seat", "This side is not one of the case.")
    seated_from = new.seated_from or now
    if new.seated_until is not None and new.seated_until <= max(seated_from, now):
        raise Invalid("/until", "The seat must end after it begins, and after now.")
    return ParticipantDetails(
        person=new.person,
        seat=place,
        name=one_line("/name", new.name, longest=_NAME_LONGEST),
        organisation=None
        if new.organisation is None
        else one_line("/organisation", new.organisation, longest=_NAME_LONGEST),
        seated_from=seated_from,
        seated_until=new.seated_until,
    )


def _roster(tx: Transaction, seated: Seated) -> tuple[Participant, ...]:
    return tuple(
        _participant(participant_id, details)
        for participant_id, details in open_roster(tx, seated.sealer, seated.state)
    )


def _insert_participant(
    *,
    tx: Transaction,
    sealer: Sealer,
    details: ParticipantDetails,
    seated_at: datetime,
    log_index: int,
    participant_id: ParticipantId,
) -> None:
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


def _participant(participant_id: ParticipantId, details: ParticipantDetails) -> Participant:
    return Participant(
        participant_id=participant_id,
        person=details.person,
        seat=details.seat,
        name=details.name,
        organisation=details.organisation,
        seated_from=details.seated_from,
        seated_until=details.seated_until,
    )


def _case(
    case_id: CaseId, details: CaseDetails, state: CaseState, opened_at: datetime, place: Seat
) -> Case:
    return Case(
        case_id=case_id,
        title=details.title,
        sides=details.sides,
        phase=state.phase,
        scope_version=state.scope_version,
        opened_at=opened_at,
        seat=place,
    )
