"""An exception for a document is asked for and answered; the last consent lets it take effect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.terms import Role
from policies.vocabulary import JOINT
from vault.access import NOWHERE, change
from vault.audit.events import Tag
from vault.database import exceptions
from vault.deviations.clawback import add_lift, check_clawed_back
from vault.deviations.grants import check_uploader, grantable, make_grant, wanted_of
from vault.deviations.ledger import Deviating, deviating, deviation_in, holders
from vault.deviations.requests import (
    Answer,
    Asked,
    Request,
    RequestKind,
    Route,
    Status,
    how_it_stands,
    may_read,
    open_request,
    required_by,
    seal_answer,
    seal_request,
)
from vault.disclosure.documents import about
from vault.errors import Conflict, Invalid, NotFound, NotPermitted
from vault.ids import new_id
from vault.wording import one_line

if TYPE_CHECKING:
    from uuid import UUID

    from policies.exceptions import Grant
    from vault.core import Subject, Vault
    from vault.deviations.grants import NewGrant
    from vault.ids import DocumentId, PersonId

_REASON_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What somebody asks for.

    Attributes:
        grant: What to grant; None asks for a claw-back to be lifted.
        reason: One line of at most 500 characters; sealed.
        route: Whether everybody answers, or the depositor's side decides alone.
        attestation: That the document reveals nothing said or done in the mediation.
    """

    grant: NewGrant | None
    reason: str
    route: Route = Route.CONSENT
    attestation: bool = False


def ask(vault: Vault, subject: Subject, document_id: DocumentId, new: NewRequest) -> Asked:
    """Ask for a document to be granted beyond scope, or for its claw-back to be lifted.

    Whoever may know of the document may ask. On the consent route, a grant takes the consent of
    every person seated as a party, and of those whom the document belongs to; a lift of the latter
    alone. If the subject is one of them, asking is consenting. What nobody else needs to answer
    takes effect at once, in this transaction; so does a grant on the uploader's route.

    Raises:
        NotFound: No such document, or the subject holds no seat in its case.
        NotPermitted: The subject may not know of the document; a floor or deny clause would refuse
            the recipient still; or the agreement does not let the subject grant it alone.
        Invalid: The recipient, a date, the reason or an attestation cannot be accepted.
        Conflict: The document is clawed back; or, for a lift, is not.
    """
    with deviating(vault, subject, document_id, Tag.EXCEPTION_REQUEST, knowing=True) as deviation:
        request = _request(deviation, new)
        grant = _possible(deviation, request)
        if request.route is Route.UPLOADER:
            check_uploader(deviation, attestation=request.attestation)
        _insert_request(deviation, request)
        if request.route is Route.CONSENT and subject.person in required_by(deviation, request):
            request = _answered(deviation, request, consents=True)
        return _settled(deviation, request, grant)


def answer(vault: Vault, subject: Subject, request_id: UUID, *, consents: bool) -> Asked:
    """Consent to a request, or refuse it, once and for good.

    A refusal closes the request. Who must consent is counted anew with each answer: whoever has
    left the case is not waited for, and whoever has joined is. With the last consent the exception
    takes effect in the same transaction; if by then a floor, a clause or a claw-back stands in the
    way, the answer is refused and nothing has happened.

    Raises:
        NotFound: No such request, or the subject holds no seat in its case or may not know of it.
        NotPermitted: It is not for the subject to answer; or a floor or clause, which is named,
            would refuse the recipient still.
        Conflict: It is closed, the subject has answered, or the document's state does not allow it.
    """
    with vault.database.snapshot() as tx:
        row = exceptions.find_request(tx, request_id)
    case_id = row.case_id if row else NOWHERE
    with change(vault, subject, case_id, Tag.EXCEPTION_ANSWER) as act:
        assert row is not None
        request = open_request(act.tx, act.seated.sealer, row)
        deviation = deviation_in(act, request.document_id)
        if subject.person not in required_by(deviation, request):
            if not may_read(deviation, request):
                raise NotFound
            raise NotPermitted("It is not for your seat to answer this.")
        if how_it_stands(deviation, request).status is not Status.OPEN:
            raise Conflict("This request is closed.")
        if any(given.person == subject.person for given in request.answers):
            raise Conflict("You have answered this request.")
        would_be = _with_answer(deviation, request, consents=consents)
        grant = _possible(deviation, request) if _is_complete(deviation, would_be) else None
        request = _answered(deviation, request, consents=consents)
        return _settled(deviation, request, grant)


def _request(deviation: Deviating, new: NewRequest) -> Request:
    kind = RequestKind.LIFT if new.grant is None else RequestKind.GRANT
    if new.route is Route.UPLOADER and new.grant is None:
        raise Invalid("/route", "Who deposited a document lifts its claw-back without asking.")
    if new.attestation and new.route is not Route.UPLOADER:
        raise Invalid("/attestation", "An attestation goes with the uploader's route alone.")
    return Request(
        request_id=new_id(),
        document_id=deviation.row.document_id,
        ledger=len(deviation.ledger.lines),
        kind=kind,
        route=new.route,
        wanted=None if new.grant is None else wanted_of(deviation, new.grant),
        reason=one_line("/reason", new.reason, longest=_REASON_LONGEST),
        attestation=new.attestation,
        requested_by=deviation.person,
        requested_at=deviation.standing.at,
    )


def _possible(deviation: Deviating, request: Request) -> Grant | None:
    """Return the grant that would be made; raise if the exception could not take effect now."""
    if request.wanted is not None:
        return grantable(deviation, request.wanted)
    check_clawed_back(deviation)
    return None


def _settled(deviation: Deviating, request: Request, grant: Grant | None) -> Asked:
    """Let the exception take effect if nobody is waited for; return how the request stands."""
    asked = how_it_stands(deviation, request)
    if not _is_complete(deviation, request):
        return asked
    if grant is not None:
        make_grant(deviation, grant, request.request_id)
    else:
        add_lift(deviation, str(request.request_id))
    return replace(asked, status=Status.GRANTED, awaited=frozenset["PersonId"]())


def _is_complete(deviation: Deviating, request: Request) -> bool:
    """Tell whether everybody has consented whose consent it takes, and no side is left out."""
    if request.route is Route.UPLOADER:
        return True
    sitting = deviation.sitting()
    theirs = holders(deviation.marking.origin, sitting)
    sides = {p.seat.side for p in sitting if p.seat.role is Role.PARTY}
    # What is one side's own needs no other; what is everybody's is not decided by who is left.
    one_sides = request.kind is RequestKind.LIFT and deviation.marking.origin != JOINT
    heard = one_sides or sides == set(deviation.seated.details.sides)
    required = required_by(deviation, request)
    return heard and bool(theirs) and all(request.consented(person) for person in required)


def _insert_request(deviation: Deviating, request: Request) -> None:
    act = deviation.act
    recorded = act.append({"request": str(request.request_id), **about(deviation.row)})
    exceptions.insert_request(
        act.tx,
        exceptions.RequestRow(
            request_id=request.request_id,
            case_id=act.seated.case,
            document_id=request.document_id,
            details=seal_request(act.seated.sealer, request),
            requested_by=request.requested_by,
            requested_at=request.requested_at,
            log_index=recorded.index,
        ),
    )


def _with_answer(deviation: Deviating, request: Request, *, consents: bool) -> Request:
    given = Answer(person=deviation.person, consents=consents, answered_at=deviation.standing.at)
    return replace(request, answers=(*request.answers, given))


def _answered(deviation: Deviating, request: Request, *, consents: bool) -> Request:
    """Add the subject's answer; return the request with it."""
    act, said = deviation.act, "consent" if consents else "refuse"
    recorded = act.append(
        {"request": str(request.request_id), "answer": said}, tag=Tag.EXCEPTION_ANSWER
    )
    exceptions.insert_answer(
        act.tx,
        exceptions.AnswerRow(
            request_id=request.request_id,
            person_id=deviation.person,
            details=seal_answer(
                act.seated.sealer, request.request_id, deviation.person, consents=consents
            ),
            answered_at=deviation.standing.at,
            log_index=recorded.index,
        ),
    )
    return _with_answer(deviation, request, consents=consents)
