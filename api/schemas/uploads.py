"""Resumable uploads, as they go out over HTTP."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from api.schemas.bodies import CASE, INSTANT, ResponseBody
from api.schemas.documents import DepositedOut
from vault.intake.uploads import Upload


class UploadOut(ResponseBody):
    """How far an upload of your own has come."""

    upload: UUID
    state: Literal["receiving", "deposited", "quarantined", "refused"] = Field(
        description="`quarantined`: it is whole and safe, and waits for the malware scan; nobody "
        "else knows of it. `refused`: it has waited, and nothing of it is kept: malware was found, "
        "or another redacted version came first, or you took it back."
    )
    case: UUID = Field(examples=[CASE])
    offset: int = Field(description="Bytes that are durable: go on here.", examples=[8_388_608])
    size_bytes: int = Field(examples=[183_204_122])
    part_size: int = Field(
        description="Send at least this many bytes at a time, or all that is left.",
        examples=[8_388_608],
    )
    expires_at: datetime | None = Field(
        description="It ends then unless you go on with it; null: it does not.", examples=[INSTANT]
    )
    quarantined_at: datetime | None = Field(
        description="Since when it waits, or has waited, for the malware scan."
    )
    deposited: DepositedOut | None = Field(
        description="The document that it has become, with the receipt; null until it is complete."
    )

    @classmethod
    def of(cls, upload: Upload) -> Self:
        """Describe an upload."""
        return cls(
            upload=upload.upload_id,
            state=_state(upload),
            case=upload.case_id,
            offset=upload.offset,
            size_bytes=upload.announced.size_bytes,
            part_size=upload.part_size,
            expires_at=upload.expires_at,
            quarantined_at=upload.quarantined_at,
            deposited=DepositedOut.of(upload.deposited) if upload.deposited else None,
        )


def _state(upload: Upload) -> Literal["receiving", "deposited", "quarantined", "refused"]:
    if upload.deposited is not None:
        return "deposited"
    if upload.refused:
        return "refused"
    return "receiving" if upload.quarantined_at is None else "quarantined"
