"""A single document is granted beyond scope to one recipient where no floor or deny forbids it.

What would change nothing is refused when it is asked for, and again before it takes effect, with
the clause that stands in the way: nobody consents to a grant that opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from policies.engine import Scope
from policies.exceptions import Exceptions, Grant
from policies.floors import CAUCUS, FLOOR_CAUCUS
from policies.instants import ALWAYS, NEVER, Instant, instant
from policies.roster import RosterRow
from policies.terms import PURPOSES, Role, Seat, UploaderGrants, View
from policies.vocabulary import CLAWED_BACK, JOINT, ON_A_SIDE, groups_of, organisation_group
from vault.access import change
from vault.audit.events import Tag
from vault.database import agreements, exceptions
from vault.deviations.ledger import Deviating, deviation_in, holders
from vault.deviations.requests import Route, Wanted, open_request
from vault.errors import Conflict, Invalid, NotFound, NotPermitted, Tampered
from vault.scope import Deviation, Line, open_ledger, roster_row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vault.access import Change
    from vault.core import Subject, Vault
    from vault.deviations.requests import Request
    from vault.ids import CaseId

# Each is a row that every decision in the case may have to look at.
MOST_GRANTS = 1_000

_PRE_EXISTING = "pre-existing"
_ORGANISATION = organisation_group("")
_SIDED = (Role.PARTY, Role.COUNSEL, Role.INSURER)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """What somebody wants granted, as they say it.

    Attributes:
        to: A group of seats, or the id of a participant.
        granted_from: The first instant of it, in whole seconds; None means at once.
        granted_until: The first instant without it; None means without an end.
    """

    to: str
    view: View
    purposes: Sequence[str]
    granted_from: datetime | None = None
    granted_until: datetime | None = None


def wanted_of(deviating: Deviating, new: NewGrant) -> Wanted:
    """Return what is wanted in the words of the case.

    Raises:
        Invalid: The recipient, a purpose or a date cannot be accepted.
    """
    purposes = tuple(sorted(set(new.purposes)))
    if not purposes or not set(PURPOSES).issuperset(purposes):
        raise Invalid("/purposes", "These are not purposes of the vocabulary.")
    nbf = ALWAYS if new.granted_from is None else _whole("/from", new.granted_from)
    exp = NEVER if new.granted_until is None else _whole("/until", new.granted_until)
    if exp <= max(nbf, instant(deviating.standing.at)):
        raise Invalid("/until", "The grant must end after it begins, and after now.")
    to = _recipient(deviating, new.to)
    return Wanted(to=to, view=new.view, purposes=purposes, nbf=nbf, exp=exp)


def grantable(deviating: Deviating, wanted: Wanted) -> Grant:
    """Return the grant that would be made, if it would give its recipient what it says.

    Raises:
        Conflict: The document is clawed back, the grant would have ended, or the case holds
            `MOST_GRANTS`.
        NotPermitted: A floor or a deny clause, which is named, would refuse the recipient still.
    """
    seated, marking = deviating.seated, deviating.marking
    if marking.label == CLAWED_BACK:
        raise Conflict("A document that is clawed back is granted to nobody.")
    if marking.document_class == CAUCUS:
        raise _refused(seated.state.scope_version, FLOOR_CAUCUS)
    now = instant(deviating.standing.at)
    if wanted.exp <= now:
        raise Conflict("The grant would have ended already.")
    if len(deviating.ledger.exceptions().grants) >= MOST_GRANTS:
        raise Conflict("The case has as many grants as it can hold; withdraw what has ended.")
    grant = Grant(
        number=deviating.ledger.next_grant(),
        label=deviating.ledger.new_label(deviating.row.document_id),
        to=wanted.to,
        view=wanted.view,
        purposes=wanted.purposes,
        nbf=wanted.nbf,
        exp=wanted.exp,
    )
    clause = _in_the_way(deviating, grant, max(now, grant.nbf))
    if clause is not None:
        raise _refused(seated.state.scope_version, clause)
    return grant


def check_uploader(deviating: Deviating, *, attestation: bool) -> None:
    """Raise unless the agreement in force lets the subject grant this document alone.

    Raises:
        NotPermitted: It lets nobody, or not for this document, or not the subject.
        Invalid: It takes an attestation, and none was given.
    """
    act, marking = deviating.act, deviating.marking
    version = act.seated.state.scope_version
    rule = _uploader_rule(act)
    if rule is UploaderGrants.NEVER:
        raise NotPermitted("By the agreement in force nobody grants alone.", version=version)
    theirs = holders(marking.origin, deviating.sitting())
    own = deviating.person in theirs or deviating.person == deviating.deposited_by()
    if marking.origin == JOINT or not own:
        raise NotPermitted("Only whom a document came from, and alone, grants it alone.")
    if marking.provenance == _PRE_EXISTING:
        return
    if rule is not UploaderGrants.ATTESTED:
        raise NotPermitted(
            "By the agreement in force what was made for the mediation is not granted alone.",
            version=version,
        )
    if not attestation:
        raise Invalid(
            "/attestation",
            "Attest that the document reveals nothing said or done in the mediation.",
        )


def make_grant(deviating: Deviating, grant: Grant, request_id: UUID) -> None:
    """Let a grant take effect with the commit; the caller has checked everything."""
    line = Line(
        deviation=Deviation.GRANTED,
        document=deviating.row.document_id,
        grant=grant,
        request=str(request_id),
    )
    deviating.add(line, Tag.GRANT_MAKE, {"grant": grant.number, "request": str(request_id)})


def end_grant(vault: Vault, subject: Subject, case_id: CaseId, number: int) -> None:
    """Withdraw a grant; it opens nothing from the commit on.

    Whoever's consent it would take today may do this alone, and on the uploader's route whom the
    document belongs to and who granted it. What has been read before stays read.

    Raises:
        NotFound: No such case or grant, or none that the subject may know of.
        NotPermitted: The subject is none of these.
        Conflict: It has been withdrawn before.
    """
    with change(vault, subject, case_id, Tag.GRANT_END) as act:
        lines = open_ledger(act.tx, act.seated.sealer, act.seated.state).lines
        made = next((x for x in lines if x.grant is not None and x.grant.number == number), None)
        if made is None:
            raise NotFound
        deviating = deviation_in(act, made.document)
        if subject.person not in _enders(deviating, _request_of(act, made)):
            if deviating.may_know():
                raise NotPermitted("Only those whose consent a grant takes withdraw it.")
            raise NotFound
        if any(line.ends == number for line in lines):
            raise Conflict("This grant has been withdrawn.")
        line = Line(deviation=Deviation.ENDED, document=made.document, ends=number)
        deviating.add(line, Tag.GRANT_END, {"grant": number})


def _enders(deviating: Deviating, request: Request) -> frozenset[UUID]:
    seated = deviating.sitting()
    if request.route is Route.UPLOADER:
        return holders(deviating.marking.origin, seated) | {request.requested_by}
    return request.required(deviating.marking.origin, seated)


def _request_of(act: Change, made: Line) -> Request:
    assert made.request is not None
    row = exceptions.find_request(act.tx, UUID(made.request))
    if row is None:
        raise Tampered
    return open_request(act.tx, act.seated.sealer, row)


def _uploader_rule(act: Change) -> UploaderGrants:
    version = act.seated.state.scope_version
    if version == 0:
        return UploaderGrants.NEVER
    row = agreements.find_agreement(act.tx, act.seated.case, version)
    if row is None:
        raise Tampered
    return act.seated.sealer.open_agreement(version, row.terms).terms.uploader_grants


def _whole(pointer: str, moment: datetime) -> Instant:
    if moment.microsecond:
        raise Invalid(pointer, "A grant begins and ends on a whole second.")
    try:
        return instant(moment)
    except OverflowError as error:
        raise Invalid(pointer, "This is not an instant of the calendar.") from error


def _recipient(deviating: Deviating, to: str) -> str:
    policy = deviating.seated.scope.policy
    if to in groups_of(policy.sides, policy.organisations):
        return to
    now = deviating.standing.at
    for participant_id, details in deviating.roster:
        if str(participant_id) == to:
            if details.seated_until is not None and details.seated_until <= now:
                raise Invalid("/to", "This participant's seat has ended.")
            return f"u:{details.person}"
    raise Invalid("/to", "This is neither a group of seats nor a participant of the case.")


def _refused(version: int, clause: str) -> NotPermitted:
    reason = "A floor or clause keeps this document from the recipient; no grant opens it."
    return NotPermitted(reason, clause=clause, version=version)


def _in_the_way(deviating: Deviating, grant: Grant, start: Instant) -> str | None:
    """Return the clause that would refuse a recipient although the grant is made; None if none.

    Asked of the engine, with the grant, for everybody of the group who is seated when it begins.
    If nobody is, for every seat that the group can have; then one that would get it is enough.
    """
    seated, state = deviating.seated, deviating.seated.state
    before, policy = seated.scope.exceptions, seated.scope.policy
    sitting = _sitting(deviating, grant.to, start)
    probes = sitting or _possible(grant.to, policy.sides)
    scope = Scope(
        policy,
        probes,
        state.scope_version,
        Exceptions(before.version + 1, (*before.grants, grant), before.labels),
    )
    marking = deviating.marking._replace(label=grant.label)
    clauses: list[str | None] = []
    for probe in probes:
        answers = [
            scope.ask(probe.person, marking, grant.view, purpose, state.phase, start)
            for purpose in grant.purposes
        ]
        denied = (clause for allowed, clause in answers if not allowed and clause is not None)
        clauses.append(next(denied, None))
    if not sitting and None in clauses:
        return None
    return next((clause for clause in clauses if clause is not None), None)


def _sitting(deviating: Deviating, to: str, start: Instant) -> list[RosterRow]:
    """Return the rows of a recipient as if they were seated for ever."""
    rows = [roster_row(details) for _, details in deviating.roster]
    return [
        replace(row, nbf=ALWAYS, exp=NEVER)
        for row in rows
        if to == row.person or (to in row.groups() and row.nbf <= start < row.exp)
    ]


def _possible(group: str, sides: Sequence[str]) -> list[RosterRow]:
    """Return a row for each seat of a case that a group can have."""
    organisation = group.removeprefix(_ORGANISATION) if group.startswith(_ORGANISATION) else None
    seats = [Seat(role, None) for role in Role if role not in ON_A_SIDE]
    seats += [Seat(role, side) for role in _SIDED for side in sides]
    rows = (
        RosterRow(f"u:{UUID(int=n)}", seat, ALWAYS, NEVER, organisation)
        for n, seat in enumerate(seats)
    )
    return [row for row in rows if group in row.groups()]
