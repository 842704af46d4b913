"""Documents over HTTP: in as a raw body or a form, out as a stream."""

import base64
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.access import CaseHere, DocumentHere, IntakeHere, SubjectHere, VaultHere
from api.byte_ranges import Wanted, etag
from api.delivering import Delivering
from api.intake.described import announced_length, read_deposit, read_rendition
from api.problems import problems
from api.routes.lists import Purpose
from api.schemas.documents import DepositedOut, DocumentOut, QuarantinedOut
from policies.decisions import Obligation
from policies.terms import PROVENANCES, View
from vault.disclosure import documents
from vault.disclosure.deliveries import Release
from vault.intake import deposits
from vault.intake.accession import Deposited
from vault.intake.quarantine import Quarantined

router = APIRouter(tags=["documents"])

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM_FIELDS = {
    "class": {"type": "string", "description": "A class of the vocabulary."},
    "title": {"type": "string", "description": "One line; the file's name if left out."},
    "provenance": {"type": "string", "enum": list(PROVENANCES)},
    "joint": {"type": "string", "enum": ["true", "false"], "description": "Mediator only."},
    "sha256": {"type": "string", "description": "Announced digest in hex; compared."},
    "file": {"type": "string", "format": "binary"},
}
_HEADERS = {
    "Subrosa-Class": "A class of the vocabulary, e.g. `medical`.",
    "Subrosa-Title": "One line, percent-encoded UTF-8; the file's name if left out.",
    "Subrosa-Provenance": "`pre-existing` or `made-for-mediation`.",
    "Subrosa-Joint": "`true` for a document of all sides; mediator only.",
    "Content-Disposition": "`attachment; filename*=UTF-8''chart.pdf`",
    "Repr-Digest": "Announced SHA-256 (RFC 9530), compared: `sha-256=:BASE64:`.",
}


def _body(fields: tuple[str, ...], headers: tuple[str, ...]) -> dict[str, Any]:
    """Describe in OpenAPI a body that no framework may read: a form, or raw bytes with headers."""
    form = {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {name: _FORM_FIELDS[name] for name in fields},
        }
    }
    return {
        "requestBody": {
            "required": True,
            "content": {"multipart/form-data": form, "application/octet-stream": _BINARY},
        },
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": False,
                "description": f"With a raw body: {_HEADERS[name]}",
                "schema": {"type": "string"},
            }
            for name in headers
        ],
    }


_WAITS: dict[int | str, dict[str, Any]] = {
    HTTPStatus.ACCEPTED: {
        "model": QuarantinedOut,
        "description": "It is received and safe, and waits for the malware scan.",
    }
}


# What uploads files by itself does so by PUT; each is one more document, whatever the method.
@router.put(
    "/v1/cases/{case}/documents",
    status_code=HTTPStatus.CREATED,
    responses=problems(400, 403, 404, 408, 409, 413),
    openapi_extra=_body(tuple(_FORM_FIELDS), tuple(_HEADERS)),
)
@router.post(
    "/v1/cases/{case}/documents",
    status_code=HTTPStatus.CREATED,
    response_model=DepositedOut | QuarantinedOut,
    responses={**_WAITS, **problems(400, 403, 404, 408, 409, 413)},
    openapi_extra=_body(tuple(_FORM_FIELDS), tuple(_HEADERS)),
)
def deposit(
    subject: SubjectHere,
    vault: VaultHere,
    intake: IntakeHere,
    case: CaseHere,
    request: Request,
    response: Response,
) -> DepositedOut | QuarantinedOut:
    """Deposit a document and receive a signed receipt.

    Until a clause covers its class, your side alone sees it.
    """
    with intake.body(request) as body:
        content, describe = read_deposit(request.headers, body)
        length = announced_length(request.headers)
        return _received(
            deposits.deposit(vault, subject, case, content, describe, declared_bytes=length),
            response,
        )


@router.post(
    "/v1/documents/{document}/renditions",
    status_code=HTTPStatus.CREATED,
    response_model=DepositedOut | QuarantinedOut,
    responses={**_WAITS, **problems(400, 403, 404, 408, 409, 413)},
    openapi_extra=_body(("sha256", "file"), ("Content-Disposition", "Repr-Digest")),
)
def deposit_redacted(
    subject: SubjectHere,
    vault: VaultHere,
    intake: IntakeHere,
    document: DocumentHere,
    request: Request,
    response: Response,
) -> DepositedOut | QuarantinedOut:
    """Bring the redacted version of a document that your side deposited."""
    with intake.body(request) as body:
        content, describe = read_rendition(request.headers, body)
        length = announced_length(request.headers)
        return _received(
            deposits.deposit_redacted(
                vault, subject, document, content, describe, declared_bytes=length
            ),
            response,
        )


def _received(
    received: Deposited | Quarantined, response: Response
) -> DepositedOut | QuarantinedOut:
    """Describe a deposit; one that waits for the malware scan is accepted, and is where it says."""
    if isinstance(received, Deposited):
        return DepositedOut.of(received)
    response.status_code = HTTPStatus.ACCEPTED
    response.headers["Location"] = f"/v1/uploads/{received.upload_id}"
    return QuarantinedOut.of(received)


@router.get("/v1/documents/{document}", responses=problems(403, 404))
def read_document(
    subject: SubjectHere, vault: VaultHere, document: DocumentHere, purpose: Purpose = None
) -> DocumentOut:
    """Read what you may know of one document, without its content."""
    return DocumentOut.of(documents.read_document(vault, subject, document, purpose=purpose))


_RANGE_HEADERS = {
    "Range": "One range of bytes, such as `bytes=0-65535`, `bytes=65536-` or `bytes=-500`.",
    "If-Range": "An `ETag`: the range of that version, or else the whole of the present one.",
    "If-None-Match": "An `ETag`: 304 if the caller has this version already.",
    "If-Match": "An `ETag`: 412 if this is another version.",
}
_VERSION = Query(description="Which version to open.")


def _described(names: Sequence[str]) -> dict[str, Any]:
    return {
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": False,
                "description": _RANGE_HEADERS[name],
                "schema": {"type": "string"},
            }
            for name in names
        ]
    }


_CONTENT = {"application/octet-stream": _BINARY}
_NOT_CHANGED = {304: {"description": "The caller has this version. On record, like any access."}}


@router.get(
    "/v1/documents/{document}/content",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The document. Every byte is authenticated before it is sent; if "
            "the stored bytes turn out to be damaged the answer is cut short.",
            "content": _CONTENT,
        },
        206: {"description": "The range that was asked for, in the same way.", "content": _CONTENT},
        **_NOT_CHANGED,
        **problems(403, 404, 409, 412, 416, 422, 502),
    },
    openapi_extra=_described(tuple(_RANGE_HEADERS)),
)
def release(
    subject: SubjectHere,
    vault: VaultHere,
    document: DocumentHere,
    request: Request,
    view: Annotated[Literal["full", "redacted"], _VERSION],
    purpose: Purpose = None,
) -> Response:
    """Open a document, or a range of it, at a view the agreement gives you.

    On record before the first byte.
    """
    wanted = Wanted(request.headers, content=True)
    released = documents.release(
        vault, subject, document, View.parse(view), purpose=purpose, choose=wanted.of
    )
    if released.wanted is None:
        return _without_content(released, wanted.status)
    headers = _headers(released, released.wanted.size_bytes)
    if wanted.status is HTTPStatus.PARTIAL_CONTENT:
        first, last = released.wanted.start, released.wanted.end - 1
        headers["Content-Range"] = f"bytes {first}-{last}/{released.stored.size_bytes}"
    return Delivering(released, wanted.status, headers)


@router.head(
    "/v1/documents/{document}/content",
    response_class=Response,
    responses={
        200: {"description": "What opening it would say, without content."},
        **_NOT_CHANGED,
        **problems(403, 404, 409, 412, 422, 502),
    },
    openapi_extra=_described(("If-None-Match", "If-Match")),
)
def describe_release(
    subject: SubjectHere,
    vault: VaultHere,
    document: DocumentHere,
    request: Request,
    view: Annotated[Literal["full", "redacted"], _VERSION],
    purpose: Purpose = None,
) -> Response:
    """Learn how long a document is and which version is there, without opening it.

    Decided and put on record as if it were opened.
    """
    wanted = Wanted(request.headers, content=False)
    released = documents.release(
        vault, subject, document, View.parse(view), purpose=purpose, choose=wanted.of
    )
    return _without_content(released, wanted.status)


def _without_content(released: Release, status: HTTPStatus) -> Response:
    """Answer HEAD, or that the caller has this version already."""
    if status is HTTPStatus.NOT_MODIFIED:
        kept = {"ETag": etag(released.stored), "Subrosa-Log-Index": str(released.log_index)}
        return Response(status_code=status, headers={**kept, "Cache-Control": "no-store"})
    stored = released.stored
    return Response(headers=_headers(released, stored.size_bytes), media_type=stored.media_type)


def _headers(released: Release, size_bytes: int) -> dict[str, str]:
    stored = released.stored
    name = quote(stored.file_name or "document", safe="")
    return {
        "Content-Length": str(size_bytes),
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Accept-Ranges": "bytes",
        "ETag": etag(stored),
        "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(stored.sha256)).decode()}:",
        "Subrosa-Log-Index": str(released.log_index),
        **_obliging(released.obligations),
        "Cache-Control": "no-store",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }


def _obliging(obligations: Sequence[Obligation]) -> dict[str, str]:
    """Name in a header what the reader takes on; without a header, nothing."""
    return {"Subrosa-Obligations": ", ".join(obligations)} if obligations else {}
