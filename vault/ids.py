"""Each kind of identifier has a type of its own, so that one cannot stand in for another."""

from typing import NewType
from uuid import UUID, uuid4

CaseId = NewType("CaseId", UUID)
PersonId = NewType("PersonId", UUID)
ParticipantId = NewType("ParticipantId", UUID)
DocumentId = NewType("DocumentId", UUID)
RenditionId = NewType("RenditionId", UUID)
UploadId = NewType("UploadId", UUID)


def new_id() -> UUID:
    """Draw a random identifier (122 bits): knowing one id says nothing about any other."""
    return uuid4()
