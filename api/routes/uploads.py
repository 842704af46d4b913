"""Uploads that survive a broken connection and a restarted vault, by tus 1.0.0."""

from collections.abc import Mapping
from email.utils import format_datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message, Receive, Scope, Send

from api.access import CaseHere, IntakeHere, SubjectHere, UploadHere, VaultHere
from api.intake.tus import (
    CHECKSUMS,
    EXTENSIONS,
    MEDIA_TYPE,
    VERSION,
    brings_bytes,
    check_media_type,
    check_version,
    checked,
    content_length,
    read_announced,
    read_offset,
)
from api.problems import problems
from api.schemas.uploads import UploadOut
from vault.intake import uploads
from vault.intake.arrivals import Piece
from vault.intake.resuming import begin_with, receive
from vault.intake.uploads import Upload

_SPOKEN = [(b"tus-resumable", VERSION.encode()), (b"tus-version", VERSION.encode())]


class _TusRoute(APIRoute):
    """A route whose every answer, refusals included, says which version of tus is spoken."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def speaking(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_SPOKEN]
            await send(message)

        await super().handle(scope, receive, speaking)


router = APIRouter(tags=["uploads"], route_class=_TusRoute)


def _check_version(request: Request) -> None:
    check_version(request.headers)


SpeaksTus = Annotated[None, Depends(_check_version)]


def _described(*names: str, body: bool = False) -> dict[str, Any]:
    """Describe in OpenAPI the headers that tus puts things in, and a body of bytes."""
    headers = {
        "Tus-Resumable": "`1.0.0`",
        "Upload-Length": "How long the document is, in bytes.",
        "Upload-Metadata": "`filename`, `filetype`, `class`, `title`, `provenance`, `joint`, "
        "`sha256`: each with its value in base64, separated by commas.",
        "Upload-Offset": "Where these bytes begin: where the vault is.",
        "Upload-Checksum": "`sha256 BASE64` of this request's bytes; then all of them are kept, "
        "or none.",
    }
    described: dict[str, Any] = {
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": name not in ("Upload-Metadata", "Upload-Checksum"),
                "description": headers[name],
                "schema": {"type": "string"},
            }
            for name in names
        ]
    }
    if body:
        binary = {"schema": {"type": "string", "format": "binary"}}
        described["requestBody"] = {"content": {MEDIA_TYPE: binary}}
    return described


@router.options("/v1/cases/{case}/uploads", status_code=HTTPStatus.NO_CONTENT)  # noqa: FAST003 — the same for every case
def describe_uploads(vault: VaultHere) -> Response:
    """Say what of tus is spoken here; the same for every case, there or not."""
    return Response(
        status_code=HTTPStatus.NO_CONTENT,
        headers={
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(vault.limits.document_bytes),
            "Tus-Checksum-Algorithm": CHECKSUMS,
        },
    )


@router.post(
    "/v1/cases/{case}/uploads",
    status_code=HTTPStatus.CREATED,
    responses=problems(400, 403, 404, 408, 409, 412, 413),
    openapi_extra=_described("Tus-Resumable", "Upload-Length", "Upload-Metadata", body=True),
)
def begin_upload(
    subject: SubjectHere,
    _: SpeaksTus,
    vault: VaultHere,
    intake: IntakeHere,
    case: CaseHere,
    request: Request,
) -> Response:
    """Create an upload, with its first bytes if you like; an empty document is complete at once."""
    announced = read_announced(request.headers)
    if brings_bytes(request.headers):
        # All that can be refused is, before anything is begun that nobody is told the address of.
        with intake.body(request) as body:
            content, whole = checked(request.headers, body)
            piece = Piece(offset=0, content=content, whole=whole)
            begun = begin_with(vault, subject, case, announced, piece)
    elif announced.size_bytes == 0:
        begun = begin_with(vault, subject, case, announced, Piece(offset=0, content=()))
    else:
        begun = uploads.begin(vault, subject, case, announced)
    location = {"Location": f"/v1/uploads/{begun.upload_id}"}
    return Response(status_code=HTTPStatus.CREATED, headers={**_progress(begun), **location})


@router.head(
    "/v1/uploads/{upload}",
    status_code=HTTPStatus.OK,
    responses=problems(404, 412),
    openapi_extra=_described("Tus-Resumable"),
)
def read_offset_of_upload(
    subject: SubjectHere,
    _: SpeaksTus,
    vault: VaultHere,
    upload: UploadHere,
) -> Response:
    """Ask how far an upload of yours has come; it is complete when offset and length are equal."""
    found = uploads.read_upload(vault, subject, upload)
    return Response(
        headers={
            **_progress(found),
            "Upload-Length": str(found.announced.size_bytes),
            **_metadata(found),
            "Cache-Control": "no-store",
        }
    )


@router.get("/v1/uploads/{upload}", responses=problems(404))
def read_upload(subject: SubjectHere, vault: VaultHere, upload: UploadHere) -> UploadOut:
    """Read how far an upload of yours has come, and the receipt of what it has become."""
    return UploadOut.of(uploads.read_upload(vault, subject, upload))


@router.patch(
    "/v1/uploads/{upload}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(400, 403, 404, 408, 409, 410, 412, 413, 415, 423),
    openapi_extra=_described("Tus-Resumable", "Upload-Offset", "Upload-Checksum", body=True),
)
def continue_upload(
    subject: SubjectHere,
    _: SpeaksTus,
    vault: VaultHere,
    intake: IntakeHere,
    upload: UploadHere,
    request: Request,
) -> Response:
    """Send what comes next: at least a part, or all that is left; the last byte completes it.

    The answer's offset may be less than what you sent: whole parts are kept, and the rest comes
    again. The last answer names the document; its receipt is at `GET /v1/uploads/{upload}`. If the
    malware scanner does not answer it says `Subrosa-Quarantine: waiting` instead.
    """
    check_media_type(request.headers)
    offset = read_offset(request.headers)
    with intake.body(request) as body:
        content, whole = checked(request.headers, body)
        piece = Piece(
            offset=offset,
            content=content,
            announced_bytes=content_length(request.headers),
            whole=whole,
        )
        found = receive(vault, subject, upload, piece)
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=_progress(found))


@router.delete(
    "/v1/uploads/{upload}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(404, 409, 412, 423),
    openapi_extra=_described("Tus-Resumable"),
)
def terminate_upload(
    subject: SubjectHere,
    _: SpeaksTus,
    vault: VaultHere,
    upload: UploadHere,
) -> Response:
    """End an upload that you do not want to go on with, or that waits; nothing of it is kept."""
    uploads.terminate(vault, subject, upload)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _progress(upload: Upload) -> dict[str, str]:
    headers = {"Upload-Offset": str(upload.offset)}
    if upload.expires_at is not None:
        headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    if upload.deposited is not None:
        headers["Subrosa-Document"] = str(upload.deposited.document_id)
    elif upload.quarantined_at is not None:
        headers["Subrosa-Quarantine"] = "refused" if upload.refused else "waiting"
    return headers


def _metadata(upload: Upload) -> Mapping[str, str]:
    said = upload.announced.metadata
    return {"Upload-Metadata": said} if said else {}
