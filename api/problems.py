"""Each way of saying no has one status and one type, as RFC 9457 problem details."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.byte_ranges import ConditionFailed, RangeRefused
from api.identity.tokens import NotIdentified
from api.intake.body import BodyCut, NoSlot, TooSlow
from api.intake.tus import ChecksumDiffers, OtherChecksum, OtherMediaType, OtherVersion
from api.schemas.scope import WouldAllowOut
from policies.explain import sentences
from vault.database.connection import DuplicateRow
from vault.errors import (
    Conflict,
    Invalid,
    KeyDestroyed,
    Malware,
    NotFound,
    NotPermitted,
    Tampered,
    TooLarge,
    Unavailable,
    Unread,
    VaultError,
)
from vault.intake.arrivals import OffsetDiffers, TooShort
from vault.intake.uploads import Busy
from vault.storage.port import ObjectMissing, WriteMissing

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

    from policies.explain import Explanation

MEDIA_TYPE = "application/problem+json"


class Malformed(Invalid):
    """A request of another standard is not one: answered as that standard answers it, by 400."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one exception answers over HTTP."""

    status: int
    slug: str
    title: str


# tus 1.0.0, extension "checksum".
_CHECKSUM_MISMATCH = 460

PROBLEMS: dict[type[VaultError], Kind] = {
    VaultError: Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "fault", "Something is wrong in the vault"),
    NotIdentified: Kind(HTTPStatus.UNAUTHORIZED, "not-identified", "Show who you are"),
    NotFound: Kind(HTTPStatus.NOT_FOUND, "not-found", "Nothing here for you"),
    NotPermitted: Kind(HTTPStatus.FORBIDDEN, "not-permitted", "Your seat does not allow this"),
    Invalid: Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "This cannot be accepted"),
    Malformed: Kind(HTTPStatus.BAD_REQUEST, "malformed", "This is not such a request"),
    TooLarge: Kind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "There is no room for this"),
    Malware: Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "malware", "The malware scan refused this"),
    TooShort: Kind(HTTPStatus.BAD_REQUEST, "too-short", "Send more at a time"),
    Conflict: Kind(HTTPStatus.CONFLICT, "conflict", "Not possible as things stand"),
    DuplicateRow: Kind(HTTPStatus.CONFLICT, "conflict", "Not possible as things stand"),
    Unread: Kind(HTTPStatus.CONFLICT, "unread", "Read the agreement first"),
    OffsetDiffers: Kind(HTTPStatus.CONFLICT, "offset-differs", "Go on at another offset"),
    Busy: Kind(HTTPStatus.LOCKED, "busy", "Somebody else is at it"),
    WriteMissing: Kind(HTTPStatus.GONE, "upload-gone", "Begin the upload again"),
    OtherVersion: Kind(HTTPStatus.PRECONDITION_FAILED, "tus-version", "Speak tus 1.0.0"),
    OtherMediaType: Kind(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type", "Send it as tus does"),
    ChecksumDiffers: Kind(_CHECKSUM_MISMATCH, "checksum-differs", "It did not arrive whole"),
    ConditionFailed: Kind(HTTPStatus.PRECONDITION_FAILED, "condition-failed", "Not that version"),
    OtherChecksum: Kind(HTTPStatus.BAD_REQUEST, "checksum-kind", "Another checksum is needed"),
    RangeRefused: Kind(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "range", "Not to be had as such a range"
    ),
    Unavailable: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "Try again in a moment"),
    KeyDestroyed: Kind(HTTPStatus.GONE, "key-destroyed", "This case has been erased"),
    NoSlot: Kind(HTTPStatus.SERVICE_UNAVAILABLE, "no-slot", "Try again in a moment"),
    BodyCut: Kind(HTTPStatus.BAD_REQUEST, "body-cut", "The document did not arrive whole"),
    TooSlow: Kind(HTTPStatus.REQUEST_TIMEOUT, "too-slow", "The upload was given up"),
    Tampered: Kind(HTTPStatus.BAD_GATEWAY, "tampered", "The stored document is damaged"),
    ObjectMissing: Kind(HTTPStatus.BAD_GATEWAY, "tampered", "The stored document is damaged"),
}

# Fixed sentences: pydantic's own messages can repeat the value that was sent.
_FAULTS = {"missing": "This is required.", "extra_forbidden": "This member is not known."}

_RETRY_AFTER_S = "3"

# OpenID Authorization API 1.0, "Error Responses": a bad request is 400.
_AUTHZEN = "/access/"


def problem(kind: Kind, detail: str, **extension: object) -> JSONResponse:
    """Build the answer for one problem.

    Args:
        kind: Its row in the table.
        detail: One sentence, fixed in the code.
        **extension: Further members; those that are None are left out.
    """
    headers: dict[str, str] = {"Cache-Control": "no-store"}
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = _RETRY_AFTER_S
    if kind.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    body = {
        "type": f"urn:subrosa:problem:{kind.slug}",
        "title": kind.title,
        "status": int(kind.status),
        "detail": detail,
        **{name: value for name, value in extension.items() if value is not None},
    }
    return JSONResponse(body, kind.status, headers, MEDIA_TYPE)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe in OpenAPI the refusals of a route, those common to all included."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in (401, *statuses, 422, 503)
    }


def install(app: FastAPI) -> None:
    """Let every refusal of an application be a problem, and nothing echo its input."""

    async def vault_error(_: Request, error: VaultError) -> JSONResponse:
        kind = next(PROBLEMS[base] for base in type(error).__mro__ if base in PROBLEMS)
        if isinstance(error, Invalid):
            fault = {"pointer": error.pointer, "detail": str(error)}
            return problem(kind, str(error), errors=[fault])
        if isinstance(error, NotPermitted):
            return problem(
                kind,
                str(error),
                clause=error.clause,
                scope_version=error.version,
                **_explained(error.explanation),
            )
        answer = problem(kind, str(error))
        if isinstance(error, RangeRefused):
            answer.headers["Content-Range"] = f"bytes */{error.size_bytes}"
        return answer

    async def request_error(request: Request, error: RequestValidationError) -> JSONResponse:
        faults = [
            {
                "pointer": _pointer(fault["type"], fault["loc"]),
                "detail": _FAULTS.get(fault["type"], "This value cannot be accepted."),
            }
            for fault in error.errors()
        ]
        kind = Malformed if request.url.path.startswith(_AUTHZEN) else Invalid
        return problem(PROBLEMS[kind], faults[0]["detail"], errors=faults)

    async def http_error(_: Request, error: HTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        slug = status.phrase.lower().replace(" ", "-")
        return problem(Kind(status, slug, status.phrase), status.description or status.phrase)

    async def fault(_: Request, __: Exception) -> JSONResponse:
        return problem(PROBLEMS[VaultError], "The vault could not finish this; try again.")

    app.exception_handler(VaultError)(vault_error)
    app.exception_handler(RequestValidationError)(request_error)
    app.exception_handler(HTTPException)(http_error)
    app.exception_handler(Exception)(fault)


def _explained(explanation: Explanation | None) -> dict[str, object]:
    """Return what is added to a refusal for whoever may know of what was asked for."""
    if explanation is None:
        return {}
    would_allow = [
        WouldAllowOut.of(each).model_dump(exclude_none=True) for each in explanation.would_allow
    ]
    return {"explanation": list(sentences(explanation)), "would_allow": would_allow}


def _pointer(kind: str, steps: tuple[int | str, ...]) -> str:
    """Return where a fault is, without the name of a member that the sender made up."""
    known = steps[1:-1] if kind == "extra_forbidden" else steps[1:]
    return "".join(f"/{step}" for step in known)
