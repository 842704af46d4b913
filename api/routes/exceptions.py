"""Requests, grants, claw-backs and notices over HTTP."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.access import CaseHere, DocumentHere, RequestHere, SubjectHere, VaultHere
from api.intake.limited import LimitedRoute
from api.problems import problems
from api.schemas.exceptions import (
    ExceptionsOut,
    NewAnswer,
    NewGrantRequest,
    NewLiftRequest,
    NoticesOut,
    ReadersOut,
    RequestOut,
)
from vault.deviations import clawback, exceptions, grants, register
from vault.deviations.exceptions import NewRequest
from vault.proceedings import notices

Grant = Annotated[int, Path(ge=1, le=999_999, description="Number of the grant.")]

router = APIRouter(prefix="/v1", tags=["exceptions"], route_class=LimitedRoute)


@router.get("/cases/{case}/exceptions", responses=problems(404))
def list_exceptions(subject: SubjectHere, vault: VaultHere, case: CaseHere) -> ExceptionsOut:
    """List the requests, grants and claw-backs that concern you."""
    return ExceptionsOut.of(register.list_exceptions(vault, subject, case))


@router.post(
    "/documents/{document}/requests",
    status_code=HTTPStatus.CREATED,
    responses=problems(403, 404, 409),
)
def ask_for_grant(
    subject: SubjectHere, vault: VaultHere, document: DocumentHere, new: NewGrantRequest
) -> RequestOut:
    """Ask for one document to be granted beyond scope.

    On the consent route, it takes effect with the last consent; if yours is required, asking gives
    it.
    """
    return RequestOut.of(exceptions.ask(vault, subject, document, new.new()))


@router.post(
    "/requests/{request}/answers",
    status_code=HTTPStatus.CREATED,
    responses=problems(403, 404, 409),
)
def answer(
    subject: SubjectHere, vault: VaultHere, request: RequestHere, new: NewAnswer
) -> RequestOut:
    """Consent to a request, or refuse and close it; once and for good."""
    consents = new.answer == "consent"
    return RequestOut.of(exceptions.answer(vault, subject, request, consents=consents))


@router.delete(
    "/cases/{case}/grants/{grant}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(403, 404, 409),
)
def end_grant(subject: SubjectHere, vault: VaultHere, case: CaseHere, grant: Grant) -> Response:
    """Withdraw a grant; it opens nothing from then on."""
    grants.end_grant(vault, subject, case, grant)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/documents/{document}/claw-back", responses=problems(403, 404, 409))
def claw_back(subject: SubjectHere, vault: VaultHere, document: DocumentHere) -> ReadersOut:
    """Seal a document at once, and learn who had opened it; each of them finds a notice."""
    return ReadersOut.of(clawback.claw_back(vault, subject, document))


@router.delete(
    "/documents/{document}/claw-back",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(403, 404, 409),
)
def lift(subject: SubjectHere, vault: VaultHere, document: DocumentHere) -> Response:
    """Lift a claw-back of a document that you deposited."""
    clawback.lift(vault, subject, document)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post(
    "/documents/{document}/claw-back/requests",
    status_code=HTTPStatus.CREATED,
    responses=problems(403, 404, 409),
)
def ask_for_lift(
    subject: SubjectHere, vault: VaultHere, document: DocumentHere, new: NewLiftRequest
) -> RequestOut:
    """Ask those whom a document belongs to for its claw-back to be lifted."""
    asked = NewRequest(grant=None, reason=new.reason)
    return RequestOut.of(exceptions.ask(vault, subject, document, asked))


@router.get("/documents/{document}/readers", responses=problems(403, 404))
def readers(subject: SubjectHere, vault: VaultHere, document: DocumentHere) -> ReadersOut:
    """Learn who has opened a document of your side."""
    return ReadersOut.of(clawback.read_openings(vault, subject, document))


@router.get("/cases/{case}/notices", responses=problems(404))
def list_notices(subject: SubjectHere, vault: VaultHere, case: CaseHere) -> NoticesOut:
    """Read what you must be told in a case."""
    return NoticesOut.of(notices.list_notices(vault, subject, case))
