"""What a case holds, over HTTP: a page, a count and an export of what one may know of."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from api.access import CaseHere, SubjectHere, VaultHere
from api.problems import problems
from api.schemas.documents import CountOut, DocumentOut, DocumentsOut
from api.schemas.exports import MEDIA_TYPES, ExportFormat, lines
from vault.disclosure import exports, listing
from vault.disclosure.listing import Ask, Order
from vault.disclosure.selection import Filters

router = APIRouter(prefix="/v1/cases/{case}/documents", tags=["documents"])

Purpose = Annotated[
    str | None,
    Query(
        max_length=40,
        description="Why you read it, on record; what goes with your seat if left out.",
        examples=["mediation"],
    ),
]
Search = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=listing.LONGEST_SEARCH,
        description="A part of the title, or of the name of a file that you may open; case does "
        f"not matter. Each request looks at {listing.MOST_OPENED} documents at most.",
        examples=["chart"],
    ),
]


def _filters(
    *,
    document_class: Annotated[
        str | None, Query(alias="class", max_length=40, description="Only of this class.")
    ] = None,
    origin: Annotated[
        str | None, Query(max_length=40, description="Only what this side deposited.")
    ] = None,
    provenance: Annotated[
        str | None, Query(max_length=40, description="Only of this provenance.")
    ] = None,
    uncovered: Annotated[
        bool,
        Query(
            description="Only what your own side deposited and no clause gives to anybody seated "
            "now, whatever their purpose."
        ),
    ] = False,
) -> Filters:
    return Filters(
        document_class=document_class, origin=origin, provenance=provenance, uncovered=uncovered
    )


FiltersHere = Annotated[Filters, Depends(_filters)]


def _ask(filters: FiltersHere, purpose: Purpose = None, search: Search = None) -> Ask:
    return Ask(purpose=purpose, filters=filters, search=search)


AskHere = Annotated[Ask, Depends(_ask)]


@router.get("", responses=problems(404, 409))
def list_documents(
    subject: SubjectHere,
    vault: VaultHere,
    case: CaseHere,
    ask: AskHere,
    order: Annotated[
        Order,
        Query(
            description="`title` opens every title that you may know of, and is refused beyond "
            f"{listing.MOST_OPENED} documents."
        ),
    ] = Order.OLDEST,
    after: Annotated[
        str | None,
        Query(max_length=400, description="`next` of the page before, with the same question."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=listing.LONGEST_PAGE)] = 50,
) -> DocumentsOut:
    """List what you may know to exist, oldest first, with the view you have of each."""
    ordered = replace(ask, order=order)
    page = listing.list_documents(vault, subject, case, ordered, after=after, limit=limit)
    return DocumentsOut(
        documents=[DocumentOut.of(document) for document in page.documents], next=page.after
    )


@router.get("/count", responses=problems(404))
def count_documents(
    subject: SubjectHere,
    vault: VaultHere,
    case: CaseHere,
    filters: FiltersHere,
    purpose: Purpose = None,
) -> CountOut:
    """Count what you may know to exist, by class, origin and the view you have."""
    return CountOut.of(
        listing.count_documents(vault, subject, case, purpose=purpose, filters=filters)
    )


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Everything that the list shows, oldest first. If what you may see "
            "changes meanwhile the answer is cut short.",
            "content": {"text/csv": {}, "application/jsonl": {}},
        },
        **problems(404),
    },
)
def export_documents(
    subject: SubjectHere,
    vault: VaultHere,
    case: CaseHere,
    ask: AskHere,
    format_: Annotated[ExportFormat, Query(alias="format")] = "csv",
) -> StreamingResponse:
    """Export the whole list as CSV or as lines of JSON; on record before the first line."""
    documents = exports.export_documents(vault, subject, case, ask)
    return StreamingResponse(
        lines(format_, documents),
        headers={
            "Content-Type": MEDIA_TYPES[format_],
            "Content-Disposition": f'attachment; filename="documents.{format_}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
