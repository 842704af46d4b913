"""The trail of a case and the log's checkpoint over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

from api.access import CaseHere, SubjectHere, VaultHere
from api.problems import problems
from api.schemas.trail import EventOut, EventsOut
from vault.inspection import trail

router = APIRouter(tags=["trail"])


@router.get("/v1/cases/{case}/events", responses=problems(404))
def read_events(
    subject: SubjectHere,
    vault: VaultHere,
    case: CaseHere,
    after: Annotated[
        int, Query(ge=-1, le=2**63 - 2, description="`next` of the page before.")
    ] = -1,
    limit: Annotated[int, Query(ge=1, le=trail.LONGEST_PAGE)] = 100,
) -> EventsOut:
    """Read who did what in a case, as far as your seat may know it, oldest first."""
    page = trail.read_events(vault, subject, case, after=after, limit=limit)
    return EventsOut(events=[EventOut.of(entry) for entry in page.entries], next=page.after)


@router.get("/v1/log/checkpoint", response_class=PlainTextResponse, responses=problems())
def checkpoint(subject: SubjectHere, vault: VaultHere) -> PlainTextResponse:
    """Take the log's signed checkpoint (C2SP tlog-checkpoint). Keep it: it binds the vault."""
    return PlainTextResponse(
        trail.checkpoint(vault, subject), headers={"Cache-Control": "no-store"}
    )
