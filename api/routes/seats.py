"""Ends of seats, and what a phase would change, over HTTP."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.access import CaseHere, ParticipantHere, SubjectHere, VaultHere
from api.intake.limited import LimitedRoute
from api.problems import problems
from api.schemas.cases import ParticipantOut
from api.schemas.seats import NewEnd, PhasePreviewOut
from vault.proceedings import phases, seat_changes

router = APIRouter(prefix="/v1/cases/{case}", tags=["cases"], route_class=LimitedRoute)


@router.put("/participants/{participant}", responses=problems(403, 404, 409))
def change_end(
    subject: SubjectHere,
    vault: VaultHere,
    case: CaseHere,
    participant: ParticipantHere,
    new: NewEnd,
) -> ParticipantOut:
    """Let a seat end sooner or later; the mediator does this, and a party ends its own counsel."""
    return ParticipantOut.of(
        seat_changes.change_end(vault, subject, case, participant, new.seated_until)
    )


@router.post(
    "/participants/{participant}/step-down",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(403, 404, 409),
)
def step_down(
    subject: SubjectHere, vault: VaultHere, case: CaseHere, participant: ParticipantHere
) -> Response:
    """Give your seat up for a conflict of interest, at once and for good."""
    seat_changes.step_down(vault, subject, case, participant)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/phases/{phase}", responses=problems(404, 409))
def preview_phase(
    subject: SubjectHere,
    vault: VaultHere,
    case: CaseHere,
    phase: Annotated[str, Path(max_length=40)],
) -> PhasePreviewOut:
    """See what each seat would gain or lose if the case entered a phase now."""
    return PhasePreviewOut.of(phases.preview_phase(vault, subject, case, phase))
