"""A case is opened by a mediator, with a key of its own, and found only by those seated in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.compiler import baseline
from policies.terms import PHASES, Role, Seat, TermsRefused
from vault.access import NOWHERE, stand
from vault.audit.events import Outcome, Tag
from vault.database import cases, keys
from vault.details import CaseDetails, CaseState, ParticipantDetails, Sealer
from vault.errors import Invalid, NotPermitted
from vault.ids import CaseId, ParticipantId, new_id
from vault.proceedings.seats import NAME_LONGEST, insert_participant, roster_of
from vault.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vault.core import Subject, Vault
    from vault.proceedings.seats import Participant

_TITLE_LONGEST = 200


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
        title=one_line("/title", title, longest=_TITLE_LONGEST),
        sides=_sides(case_id, sides),
        classes=vault.classes,
    )
    mediator = ParticipantDetails(
        person=subject.person,
        seat=Seat(Role.MEDIATOR, None),
        name=one_line("/name", name, longest=NAME_LONGEST),
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
        insert_participant(
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
        roster = roster_of(tx, standing.seated) if standing.seated else ()
    seated = standing.must_sit(Tag.CASE_READ)
    assert row is not None
    standing.record(Tag.CASE_READ)
    case = _case(case_id, seated.details, seated.state, row.opened_at, seated.participant.seat)
    return case, roster


def _sides(case_id: CaseId, sides: Sequence[str]) -> tuple[str, ...]:
    """Check the sides by compiling the policy that a case has before its first agreement."""
    try:
        return baseline(str(case_id), tuple(sides)).sides
    except TermsRefused as error:
        raise Invalid("/sides", str(error)) from error


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
