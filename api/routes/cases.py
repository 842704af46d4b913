"""Cases, participants and phases over HTTP."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from api.access import CaseHere, SubjectHere, VaultHere
from api.intake.limited import LimitedRoute
from api.problems import problems
from api.schemas.cases import (
    CaseOut,
    CasesOut,
    CaseWithParticipants,
    NewCase,
    NewParticipantBody,
    NewPhase,
    ParticipantOut,
)
from vault.ids import PersonId
from vault.proceedings import cases, phases, seats

router = APIRouter(prefix="/v1/cases", tags=["cases"], route_class=LimitedRoute)


@router.post("", status_code=HTTPStatus.CREATED, responses=problems(403))
def open_case(subject: SubjectHere, vault: VaultHere, new: NewCase) -> CaseOut:
    """Open a case and take the mediator's seat in it."""
    return CaseOut.of(
        cases.open_case(vault, subject, title=new.title, sides=new.sides, name=new.name)
    )


@router.get("", responses=problems())
def list_cases(subject: SubjectHere, vault: VaultHere) -> CasesOut:
    """List the cases in which you hold a seat now."""
    return CasesOut(cases=[CaseOut.of(case) for case in cases.list_cases(vault, subject)])


@router.get("/{case}", responses=problems(404))
def read_case(subject: SubjectHere, vault: VaultHere, case: CaseHere) -> CaseWithParticipants:
    """Read a case and who is seated in it."""
    found, roster = cases.read_case(vault, subject, case)
    return CaseWithParticipants(
        **CaseOut.of(found).model_dump(),
        participants=[ParticipantOut.of(participant) for participant in roster],
    )


@router.post(
    "/{case}/participants",
    status_code=HTTPStatus.CREATED,
    responses=problems(403, 404, 409),
)
def seat(
    subject: SubjectHere, vault: VaultHere, case: CaseHere, new: NewParticipantBody
) -> ParticipantOut:
    """Seat a person in a case; the mediator does this."""
    return ParticipantOut.of(
        seats.seat(
            vault,
            subject,
            case,
            seats.NewParticipant(
                person=PersonId(new.person),
                seat=new.seat,
                name=new.name,
                organisation=new.organisation,
                organisation_id=new.organisation_id,
                seated_from=new.seated_from,
                seated_until=new.seated_until,
            ),
        )
    )


@router.put("/{case}/phase", status_code=HTTPStatus.NO_CONTENT, responses=problems(403, 404, 409))
def enter_phase(subject: SubjectHere, vault: VaultHere, case: CaseHere, new: NewPhase) -> Response:
    """Move a case to a phase; the mediator does this, and clauses follow at once."""
    phases.enter_phase(vault, subject, case, new.phase)
    return Response(status_code=HTTPStatus.NO_CONTENT)
