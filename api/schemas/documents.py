"""Documents, renditions and receipts, as they go out over HTTP."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from api.schemas.bodies import CASE, DIGEST, DOCUMENT, INSTANT, VIEW_NAMES, ResponseBody, ViewName
from vault.disclosure.deliveries import Stored
from vault.disclosure.documents import Document
from vault.disclosure.listing import Tally
from vault.intake.accession import Deposited
from vault.intake.quarantine import Quarantined


class StoredOut(ResponseBody):
    """A stored version of the document that the reader may open."""

    view: ViewName = Field(examples=["redacted"])
    size_bytes: int = Field(examples=[183_204])
    media_type: str = Field(examples=["application/pdf"])
    file_name: str | None = Field(examples=["chart.pdf"])
    sha256: str = Field(examples=[DIGEST])
    deposited_at: datetime = Field(examples=[INSTANT])

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Describe a stored version."""
        return cls(
            view=VIEW_NAMES[stored.view],
            size_bytes=stored.size_bytes,
            media_type=stored.media_type,
            file_name=stored.file_name,
            sha256=stored.sha256,
            deposited_at=stored.deposited_at,
        )


class DocumentOut(ResponseBody):
    """A document as the reader's seat sees it."""

    document: UUID = Field(examples=[DOCUMENT])
    case: UUID = Field(examples=[CASE])
    title: str = Field(examples=["Clinic chart, March"])
    document_class: str = Field(serialization_alias="class", examples=["medical"])
    origin: str = Field(description="The side that deposited it.", examples=["claimant"])
    provenance: str = Field(examples=["pre-existing"])
    deposited_at: datetime = Field(examples=[INSTANT])
    view: ViewName = Field(description="The highest view the agreement gives the reader now.")
    clause: str = Field(description="The clause that gives it.", examples=["3.1"])
    scope_version: int = Field(examples=[1])
    obligations: list[str] = Field(
        description="What you take on by reading it: `42-cfr-part-2-notice`, `return-or-destroy`.",
        examples=[["return-or-destroy"]],
    )
    renditions: list[StoredOut] = Field(
        description="What can be opened at that view. Empty at `redacted` means that its "
        "depositor has brought no redacted version yet."
    )

    @classmethod
    def of(cls, document: Document) -> Self:
        """Describe a document."""
        return cls(
            document=document.document_id,
            case=document.case_id,
            title=document.title,
            document_class=document.marking.document_class,
            origin=document.marking.origin,
            provenance=document.marking.provenance,
            deposited_at=document.deposited_at,
            view=VIEW_NAMES[document.view],
            clause=document.clause,
            scope_version=document.scope_version,
            obligations=[obligation.value for obligation in document.obligations],
            renditions=[StoredOut.of(stored) for stored in document.renditions],
        )


class DocumentsOut(ResponseBody):
    """One page of the documents the reader may know to exist."""

    documents: list[DocumentOut]
    next: str | None = Field(
        description="Cursor of the next page; null on the last. A page of a search can be shorter "
        "than asked for, or empty, and yet not be the last."
    )


class TallyOut(ResponseBody):
    """How many documents of one class and origin the reader has at one view."""

    document_class: str = Field(serialization_alias="class", examples=["medical"])
    origin: str = Field(examples=["claimant"])
    view: ViewName = Field(examples=["redacted"])
    count: int = Field(examples=[12])


class CountOut(ResponseBody):
    """How many documents the reader may know to exist."""

    total: int = Field(examples=[12])
    by_class: dict[str, int] = Field(examples=[{"medical": 12}])
    by_origin: dict[str, int] = Field(examples=[{"claimant": 12}])
    by_view: dict[str, int] = Field(examples=[{"redacted": 12}])
    tallies: list[TallyOut]

    @classmethod
    def of(cls, tallies: Iterable[Tally]) -> Self:
        """Describe what was counted, and add it up each way."""
        counted = tuple(tallies)
        by_class, by_origin, by_view = Counter[str](), Counter[str](), Counter[str]()
        for tally in counted:
            by_class[tally.document_class] += tally.count
            by_origin[tally.origin] += tally.count
            by_view[str(tally.view)] += tally.count
        return cls(
            total=by_view.total(),
            by_class=dict(by_class),
            by_origin=dict(by_origin),
            by_view=dict(by_view),
            tallies=[
                TallyOut(
                    document_class=tally.document_class,
                    origin=tally.origin,
                    view=VIEW_NAMES[tally.view],
                    count=tally.count,
                )
                for tally in counted
            ],
        )


class DepositedOut(ResponseBody):
    """A durable deposit."""

    document: UUID = Field(examples=[DOCUMENT])
    rendition: UUID
    sha256: str = Field(examples=[DIGEST])
    size_bytes: int = Field(examples=[183_204])
    deposited_at: datetime = Field(examples=[INSTANT])
    log_index: int = Field(description="The entry that records it.", examples=[17])
    receipt: str = Field(description="A signed note; keep it. docs/audit-log.md has its format.")

    @classmethod
    def of(cls, deposited: Deposited) -> Self:
        """Describe a deposit."""
        return cls(
            document=deposited.document_id,
            rendition=deposited.rendition_id,
            sha256=deposited.sha256,
            size_bytes=deposited.size_bytes,
            deposited_at=deposited.deposited_at,
            log_index=deposited.log_index,
            receipt=deposited.receipt,
        )


class QuarantinedOut(ResponseBody):
    """A deposit that is received and safe, and waits for the malware scan; only you know of it."""

    upload: UUID = Field(description="Ask for it at `/v1/uploads/{upload}`.")
    state: Literal["quarantined"] = "quarantined"
    detail: str = (
        "It is received and safe. The malware scanner does not answer now; it becomes a document "
        "when it has been scanned, and until then nobody else knows of it."
    )
    sha256: str = Field(examples=[DIGEST])
    size_bytes: int = Field(examples=[183_204])
    quarantined_at: datetime = Field(examples=[INSTANT])

    @classmethod
    def of(cls, waits: Quarantined) -> Self:
        """Describe a deposit that waits."""
        return cls(
            upload=waits.upload_id,
            sha256=waits.sha256,
            size_bytes=waits.size_bytes,
            quarantined_at=waits.quarantined_at,
        )
