"""Each request comes with a vault and, but for health, a subject who was identified first."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from api.identity.tokens import identify
from api.intake.body import Intake
from vault.core import Subject, Vault
from vault.errors import NotFound
from vault.ids import CaseId, DocumentId, ParticipantId, UploadId


def _vault(request: Request) -> Vault:
    vault: Vault = request.app.state.vault
    return vault


def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.intake
    return intake


def _subject(request: Request) -> Subject:
    address = request.client.host if request.client else None
    return identify(_vault(request), request.headers.get("authorization"), address)


def _case_id(case: str) -> CaseId:
    return CaseId(_uuid(case))


def _document_id(document: str) -> DocumentId:
    return DocumentId(_uuid(document))


def _upload_id(upload: str) -> UploadId:
    return UploadId(_uuid(upload))


def _participant_id(participant: str) -> ParticipantId:
    return ParticipantId(_uuid(participant))


def _request_id(request: str) -> UUID:
    return _uuid(request)


def _uuid(text: str) -> UUID:
    """Read an id; one that is not even well formed names nothing, like any unknown one."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error


# The subject comes first in every route's parameters: it is established before anything else.
VaultHere = Annotated[Vault, Depends(_vault)]
SubjectHere = Annotated[Subject, Depends(_subject)]
IntakeHere = Annotated[Intake, Depends(_intake)]
CaseHere = Annotated[CaseId, Depends(_case_id)]
DocumentHere = Annotated[DocumentId, Depends(_document_id)]
UploadHere = Annotated[UploadId, Depends(_upload_id)]
ParticipantHere = Annotated[ParticipantId, Depends(_participant_id)]
RequestHere = Annotated[UUID, Depends(_request_id)]
