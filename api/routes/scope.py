"""What the agreement in force says of a seat, over HTTP, without a document being opened."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import CaseHere, ParticipantHere, SubjectHere, VaultHere
from api.intake.limited import LimitedRoute
from api.problems import problems
from api.routes.lists import Purpose
from api.schemas.scope import ExplanationOut, SuppositionIn, ViewAsOut
from vault.disclosure import listing
from vault.disclosure.explanations import explain_supposed
from vault.disclosure.view_as import view_as

router = APIRouter(prefix="/v1/cases/{case}", tags=["scope"], route_class=LimitedRoute)


@router.post("/explanations", responses=problems(404))
def explain(
    subject: SubjectHere, vault: VaultHere, case: CaseHere, asked: SuppositionIn
) -> ExplanationOut:
    """Ask what your seat would see of a kind of document, and what would change the answer.

    It follows from the agreement, which everybody seated reads, and says of no document that
    there is one.
    """
    return ExplanationOut.of(explain_supposed(vault, subject, case, asked.supposed()))


@router.get("/view-as/{participant}", responses=problems(403, 404))
def view_case_as(
    subject: SubjectHere,
    vault: VaultHere,
    case: CaseHere,
    participant: ParticipantHere,
    purpose: Purpose = None,
    after: Annotated[
        str | None, Query(max_length=400, description="`next` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=listing.LONGEST_PAGE)] = 50,
) -> ViewAsOut:
    """Look at what a seat may see now, without opening anything; on record.

    The mediator looks at everybody seated, a party at counsel of its own side, everybody at
    themselves. Documents that you may not know of are not shown, whatever that seat has of them.
    """
    return ViewAsOut.of(
        view_as(vault, subject, case, participant, purpose=purpose, after=after, limit=limit)
    )
