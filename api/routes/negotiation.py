"""Negotiating over HTTP: comments, clause-level differences, and what a version would change."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import CaseHere, SubjectHere, VaultHere
from api.intake.limited import LimitedRoute
from api.problems import problems
from api.routes.agreements import Version
from api.schemas.negotiation import (
    CommentOut,
    CommentsOut,
    ComparisonOut,
    NewComment,
    WhatIfOut,
)
from vault.negotiation import comments, foresight

router = APIRouter(
    prefix="/v1/cases/{case}/agreements/{version}",
    tags=["agreements"],
    route_class=LimitedRoute,
)


@router.post("/comments", status_code=HTTPStatus.CREATED, responses=problems(404))
def comment(
    subject: SubjectHere, vault: VaultHere, case: CaseHere, version: Version, new: NewComment
) -> CommentOut:
    """Say something of a version, or of one of its clauses, to everybody seated."""
    return CommentOut.of(
        comments.comment(vault, subject, case, version, new.text, clause=new.clause)
    )


@router.get("/comments", responses=problems(404))
def list_comments(
    subject: SubjectHere,
    vault: VaultHere,
    case: CaseHere,
    version: Version,
    after: Annotated[
        int, Query(ge=-1, le=2**53 - 1, description="`next` of the page before.")
    ] = -1,
    limit: Annotated[int, Query(ge=1, le=comments.LONGEST_PAGE)] = 100,
) -> CommentsOut:
    """Read what was said of a version, oldest first."""
    page = comments.list_comments(vault, subject, case, version, after=after, limit=limit)
    return CommentsOut(
        comments=[CommentOut.of(comment) for comment in page.comments], next=page.after
    )


@router.get("/diff", responses=problems(404))
def compare(
    subject: SubjectHere,
    vault: VaultHere,
    case: CaseHere,
    version: Version,
    against: Annotated[
        int | None,
        Query(ge=0, le=2**31 - 1, description="The one in force if left out; 0 is the baseline."),
    ] = None,
) -> ComparisonOut:
    """Compare a version with another, clause by clause."""
    return ComparisonOut.of(foresight.compare(vault, subject, case, version, against))


@router.get("/what-if", responses=problems(404, 409))
def what_if(subject: SubjectHere, vault: VaultHere, case: CaseHere, version: Version) -> WhatIfOut:
    """See what a version would change against the one in force: seats, views, documents."""
    return WhatIfOut.of(foresight.what_if(vault, subject, case, version))
