"""What goes in and out over HTTP, member by member; nothing unknown is taken."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from policies.sentences import sentence
from policies.terms import View, terms_json
from vault.agreements import Agreement
from vault.cases import Case, Participant
from vault.deposits import Deposited
from vault.documents import Document, Stored
from vault.trail import TrailEntry

ViewName = Literal["metadata", "redacted", "full"]

_PERSON = "6f6ad2a5-7d52-4f0e-9c4c-0d0c2d0c9b11"
_CASE = "0b0f6a6e-6a1c-4c54-9a53-6a1d9b0f7c42"
_DOCUMENT = "c1d4b1f2-2f0a-4c88-8a55-93f8f0f4a7d1"
_INSTANT = "2026-11-24T09:30:00Z"
_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class _Request(BaseModel):
    """A body that is taken only if every member is known and of its type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _Response(BaseModel):
    model_config = ConfigDict(frozen=True)


class NewCase(_Request):
    """Open a case."""

    title: str = Field(
        max_length=400,
        description="One line of at most 200 characters; sealed under the case's key.",
        examples=["Delayed diagnosis, spring 2025"],
    )
    sides: list[str] = Field(
        min_length=2,
        max_length=16,
        description="Ids of the sides, fixed for the life of the case.",
        examples=[["claimant", "respondent"]],
    )
    name: str = Field(
        max_length=240,
        description="The mediator's name, as the participants will read it.",
        examples=["Mira Okafor"],
    )


class NewParticipantBody(_Request):
    """Seat a person."""

    person: Annotated[UUID, Field(strict=False)] = Field(
        description="The person's id.", examples=[_PERSON]
    )
    seat: str = Field(
        max_length=80,
        description="`mediator`, `party:SIDE`, `counsel:SIDE`, `insurer[:SIDE]`, `regulator`, "
        "`expert` or `auditor`.",
        examples=["expert"],
    )
    name: str = Field(max_length=240, examples=["Dr. Lea Brandt"])
    organisation: str | None = Field(default=None, max_length=240, examples=["Institut Nord"])
    seated_from: Annotated[AwareDatetime | None, Field(strict=False)] = Field(
        default=None, description="First instant of the seat; now if left out."
    )
    seated_until: Annotated[AwareDatetime | None, Field(strict=False)] = Field(
        default=None,
        description="First instant at which the seat is over; never if left out.",
        examples=["2027-01-15T00:00:00Z"],
    )


class NewPhase(_Request):
    """Move a case to a phase."""

    phase: str = Field(max_length=40, examples=["exchange"])


class NewSignature(_Request):
    """Sign the exact version that was read."""

    digest: str = Field(
        pattern="^[0-9a-f]{64}$", description="The version's digest.", examples=[_DIGEST]
    )


class CaseOut(_Response):
    """A case as the reader sees it."""

    case: UUID = Field(examples=[_CASE])
    title: str = Field(examples=["Delayed diagnosis, spring 2025"])
    sides: list[str] = Field(examples=[["claimant", "respondent"]])
    phase: str = Field(examples=["exchange"])
    scope_version: int = Field(description="0 before the first agreement.", examples=[1])
    opened_at: datetime = Field(examples=[_INSTANT])
    seat: str = Field(description="The reader's own seat.", examples=["party:claimant"])

    @classmethod
    def of(cls, case: Case) -> Self:
        """Describe a case."""
        return cls(
            case=case.case_id,
            title=case.title,
            sides=list(case.sides),
            phase=case.phase,
            scope_version=case.scope_version,
            opened_at=case.opened_at,
            seat=str(case.seat),
        )


class ParticipantOut(_Response):
    """Somebody seated in the case."""

    participant: UUID
    person: UUID = Field(examples=[_PERSON])
    seat: str = Field(examples=["expert"])
    name: str = Field(examples=["Dr. Lea Brandt"])
    organisation: str | None = Field(examples=["Institut Nord"])
    seated_from: datetime = Field(examples=[_INSTANT])
    seated_until: datetime | None = Field(examples=["2027-01-15T00:00:00Z"])

    @classmethod
    def of(cls, participant: Participant) -> Self:
        """Describe a participant."""
        return cls(
            participant=participant.participant_id,
            person=participant.person,
            seat=str(participant.seat),
            name=participant.name,
            organisation=participant.organisation,
            seated_from=participant.seated_from,
            seated_until=participant.seated_until,
        )


class CasesOut(_Response):
    """The reader's cases, newest first."""

    cases: list[CaseOut]


class CaseWithParticipants(CaseOut):
    """A case and everybody seated in it."""

    participants: list[ParticipantOut]


class SignatureOut(_Response):
    """One signature."""

    person: UUID = Field(examples=[_PERSON])
    signed_at: datetime = Field(examples=[_INSTANT])


class AgreementOut(_Response):
    """One version of the agreement."""

    version: int = Field(examples=[1])
    digest: str = Field(
        description="SHA-256 of what is signed: terms, compiled rows, model, case and version.",
        examples=[_DIGEST],
    )
    terms: dict[str, Any]
    sentences: dict[str, str] = Field(
        description="Each clause in plain words, generated from its fields.",
        examples=[{"3.1": "Side respondent may see medical records of claimant, redacted."}],
    )
    proposed_by: UUID = Field(examples=[_PERSON])
    proposed_at: datetime = Field(examples=[_INSTANT])
    in_force: bool
    in_force_at: datetime | None
    signatures: list[SignatureOut]
    awaited: list[UUID] = Field(description="Persons whose signature is still required.")

    @classmethod
    def of(cls, agreement: Agreement) -> Self:
        """Describe a version."""
        return cls(
            version=agreement.version,
            digest=agreement.digest,
            terms=terms_json(agreement.terms),
            sentences={clause.id: sentence(clause) for clause in agreement.terms.clauses},
            proposed_by=agreement.proposed_by,
            proposed_at=agreement.proposed_at,
            in_force=agreement.in_force,
            in_force_at=agreement.in_force_at,
            signatures=[
                SignatureOut(person=s.person, signed_at=s.signed_at) for s in agreement.signatures
            ],
            awaited=list(agreement.awaited),
        )


class AgreementsOut(_Response):
    """Every version, oldest first."""

    agreements: list[AgreementOut]


class StoredOut(_Response):
    """A stored version of the document that the reader may open."""

    view: ViewName = Field(examples=["redacted"])
    size_bytes: int = Field(examples=[183_204])
    media_type: str = Field(examples=["application/pdf"])
    file_name: str | None = Field(examples=["chart.pdf"])
    sha256: str = Field(examples=[_DIGEST])
    deposited_at: datetime = Field(examples=[_INSTANT])

    @classmethod
    def of(cls, stored: Stored) -> Self:
        """Describe a stored version."""
        return cls(
            view=_VIEW_NAMES[stored.view],
            size_bytes=stored.size_bytes,
            media_type=stored.media_type,
            file_name=stored.file_name,
            sha256=stored.sha256,
            deposited_at=stored.deposited_at,
        )


class DocumentOut(_Response):
    """A document as the reader's seat sees it."""

    document: UUID = Field(examples=[_DOCUMENT])
    case: UUID = Field(examples=[_CASE])
    title: str = Field(examples=["Clinic chart, March"])
    document_class: str = Field(serialization_alias="class", examples=["medical"])
    origin: str = Field(description="The side that deposited it.", examples=["claimant"])
    provenance: str = Field(examples=["pre-existing"])
    deposited_at: datetime = Field(examples=[_INSTANT])
    view: ViewName = Field(description="The highest view the agreement gives the reader now.")
    clause: str = Field(description="The clause that gives it.", examples=["3.1"])
    scope_version: int = Field(examples=[1])
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
            provenance=document.provenance,
            deposited_at=document.deposited_at,
            view=_VIEW_NAMES[document.view],
            clause=document.clause,
            scope_version=document.scope_version,
            renditions=[StoredOut.of(stored) for stored in document.renditions],
        )


class DocumentsOut(_Response):
    """One page of the documents the reader may know to exist, oldest first."""

    documents: list[DocumentOut]
    next: str | None = Field(description="Cursor of the next page; null on the last.")


class DepositedOut(_Response):
    """A durable deposit."""

    document: UUID = Field(examples=[_DOCUMENT])
    rendition: UUID
    sha256: str = Field(examples=[_DIGEST])
    size_bytes: int = Field(examples=[183_204])
    deposited_at: datetime = Field(examples=[_INSTANT])
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


class EventOut(_Response):
    """One entry of the log, as far as the reader may know it."""

    index: int = Field(examples=[17])
    name: str = Field(examples=["document:release:denied"])
    at: datetime = Field(examples=[_INSTANT])
    person: UUID | None = Field(examples=[_PERSON])
    seat: str | None = Field(examples=["insurer:respondent"])
    purpose: str | None = Field(examples=["claims"])
    phase: str | None = Field(examples=["exchange"])
    view: str | None = Field(examples=["full"])
    scope_version: int | None = Field(examples=[1])
    clause: str | None = Field(examples=["FLOOR-1"])
    detail: dict[str, str | int] | None = Field(
        description="Null where the reader may know that something happened, and not to what."
    )

    @classmethod
    def of(cls, entry: TrailEntry) -> Self:
        """Describe an entry."""
        event = entry.event
        return cls(
            index=entry.index,
            name=event.name,
            at=event.at,
            person=event.person,
            seat=event.seat,
            purpose=event.purpose,
            phase=event.phase,
            view=event.view,
            scope_version=event.scope_version,
            clause=event.clause,
            detail=None if entry.withheld else dict(event.detail),
        )


class EventsOut(_Response):
    """One page of the trail, oldest first."""

    events: list[EventOut]
    next: int | None = Field(description="`after` of the next page; null on the last.")


class Fault(_Response):
    """Where a value was refused; the value itself is never repeated."""

    pointer: str = Field(examples=["/clauses/3/classes/0"])
    detail: str = Field(examples=["This is not a class of the vocabulary."])


class Problem(_Response):
    """RFC 9457 problem details."""

    type: str = Field(examples=["urn:subrosa:problem:not-permitted"])
    title: str = Field(examples=["Your seat does not allow this"])
    status: int = Field(examples=[403])
    detail: str = Field(
        examples=["The agreement in force does not let your seat see this at this view."]
    )
    clause: str | None = Field(
        default=None, description="The clause or floor that decided.", examples=["FLOOR-1"]
    )
    scope_version: int | None = Field(default=None, examples=[1])
    errors: list[Fault] | None = None


class Health(_Response):
    """The process answers."""

    status: Literal["ok"] = "ok"


_VIEW_NAMES: dict[View, ViewName] = {
    View.METADATA: "metadata",
    View.REDACTED: "redacted",
    View.FULL: "full",
}
