"""A seat ends sooner or later than it was given for; who stepped down is a stranger for good."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policies.roster import RosterRefused, check_roster
from policies.terms import Role, Seat
from vault.access import change
from vault.audit.events import Tag, instant_text
from vault.database import cases
from vault.errors import Conflict, Invalid, NotFound, NotPermitted
from vault.ids import new_id
from vault.proceedings.seats import Participant, check_date, participant_of, raise_roster_version
from vault.scope import open_roster, roster_row, seated_now

if TYPE_CHECKING:
    from datetime import datetime

    from vault.access import Change
    from vault.core import Subject, Vault
    from vault.details import ParticipantDetails
    from vault.ids import CaseId, ParticipantId

    Roster = list[tuple[ParticipantId, ParticipantDetails]]


def change_end(
    vault: Vault,
    subject: Subject,
    case_id: CaseId,
    participant_id: ParticipantId,
    seated_until: datetime | None,
) -> Participant:
    """Let a seat end earlier or later; it ends for every request after the commit.

    The mediator does this for every seat; a party ends the seats of its own counsel, and prolongs
    none. An end that has passed means now: no seat is taken back from yesterday. A seat that has
    ended by its date can be prolonged; one that was stepped down from cannot.

    Args:
        vault: The collaborators.
        subject: The mediator, or a party of the counsel's side.
        case_id: The case.
        participant_id: Whose seat.
        seated_until: The first instant at which the seat is over, in whole seconds; None for a
            seat without an end.

    Raises:
        NotFound: No such case or participant, or the subject holds no seat in the case.
        NotPermitted: The subject's seat does not end this one.
        Invalid: The instant is a fraction of a second.
        Conflict: The person stepped down, no mediator would stay, or one person would hold two
            seats that do not go together.
    """
    with change(vault, subject, case_id, Tag.SEAT_CHANGE) as act:
        roster, now = _roster_now(act), act.standing.at
        before = dict(roster).get(participant_id)
        if before is None:
            raise NotFound
        until = None if seated_until is None else _end(seated_until, now)
        _check_may_end(act, before, until)
        if before.stepped_down:
            raise Conflict("Whoever stepped down does not come back.")
        after = replace(before, seated_until=until)
        _check_after(roster, participant_id, after, now)
        said = {} if until is None else {"until": instant_text(until)}
        _insert_change(act, participant_id, after, said)
    return participant_of(participant_id, after)


def step_down(
    vault: Vault, subject: Subject, case_id: CaseId, participant_id: ParticipantId
) -> None:
    """Give one's own seat up for a conflict of interest, at once and for good.

    After the commit the person is a stranger: no list, route or refusal tells them that the case
    exists, and no change of a seat brings them back. To everybody else the seat has ended.

    Raises:
        NotFound: No such case or participant, or the subject holds no seat in the case.
        NotPermitted: The seat is somebody else's.
        Conflict: No mediator would stay: seat another first.
    """
    with change(vault, subject, case_id, Tag.SEAT_STEP_DOWN) as act:
        roster, now = _roster_now(act), act.standing.at
        if participant_id not in dict(roster):
            raise NotFound
        if participant_id != act.seated.participant_id:
            raise NotPermitted("Nobody steps down for somebody else.")
        after = replace(act.seated.participant, seated_until=now, stepped_down=True)
        _check_after(roster, participant_id, after, now)
        _insert_change(act, participant_id, after, {})


def _roster_now(act: Change) -> Roster:
    return open_roster(act.tx, act.seated.sealer, act.seated.state)


def _end(until: datetime, now: datetime) -> datetime:
    check_date("/seated_until", until)
    if until <= now:
        return now
    # The engine counts whole seconds, so that a fraction would end sooner than was said.
    if until.microsecond:
        raise Invalid("/seated_until", "A seat ends on a whole second.")
    return until


def _check_may_end(act: Change, before: ParticipantDetails, until: datetime | None) -> None:
    """Raise NotPermitted unless the subject's seat may give another one this end."""
    own = act.seated.participant.seat
    if own.role is Role.MEDIATOR:
        return
    if own.role is not Role.PARTY or before.seat != Seat(Role.COUNSEL, own.side):
        raise NotPermitted("The mediator changes seats, and a party ends those of its counsel.")
    later = before.seated_until is not None and (until is None or until > before.seated_until)
    if until is None or later:
        raise NotPermitted("A party ends the seat of its counsel; the mediator prolongs it.")


def _check_after(
    roster: Roster, participant_id: ParticipantId, after: ParticipantDetails, now: datetime
) -> None:
    """Raise Conflict unless the roster is sound and has a mediator who stays."""
    changed = [
        (participant, after if participant == participant_id else details)
        for participant, details in roster
    ]
    try:
        check_roster(roster_row(details) for _, details in changed)
    except RosterRefused as error:
        raise Conflict("One person would hold two seats that do not go together.") from error
    stays = any(
        details.seat.role is Role.MEDIATOR and details.seated_until is None
        for _, details in seated_now(changed, now)
    )
    if after.seat.role is Role.MEDIATOR and not stays:
        raise Conflict("A mediator whose seat has no end must stay; seat another first.")


def _insert_change(
    act: Change,
    participant_id: ParticipantId,
    after: ParticipantDetails,
    said: dict[str, str],
) -> None:
    change_id = new_id()
    recorded = act.append({"change": str(change_id), "participant": str(participant_id), **said})
    version = raise_roster_version(act)
    cases.insert_seat_change(
        act.tx,
        cases.SeatChangeRow(
            change_id=change_id,
            case_id=act.seated.case,
            participant_id=participant_id,
            details=act.seated.sealer.seal(
                change_id,
                "seat-change",
                {
                    "number": version,
                    "participant": str(participant_id),
                    "seated_until": after.seated_until and after.seated_until.isoformat(),
                    "stepped_down": after.stepped_down,
                },
            ),
            changed_at=act.standing.at,
            log_index=recorded.index,
        ),
    )
