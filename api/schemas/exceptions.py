"""Requests, grants, claw-backs and notices, as they go in and out over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from api.schemas.bodies import (
    DOCUMENT,
    INSTANT,
    PERSON,
    VIEW_NAMES,
    RequestBody,
    ResponseBody,
    ViewName,
)
from policies.instants import ALWAYS, NEVER, Instant
from policies.terms import View
from vault.deviations.clawback import Opening
from vault.deviations.exceptions import NewRequest
from vault.deviations.grants import NewGrant
from vault.deviations.register import GrantMade, Register
from vault.deviations.requests import Answer, Asked, Route
from vault.proceedings.notices import Notice, NoticeKind

_REASON = "One line of at most 500 characters; sealed, and shown to those who answer."
_SAID = {
    NoticeKind.CLAW_BACK: "This document was clawed back. Return or destroy every copy of it, and "
    "make no use of what it says until this is resolved.",
}

Moment = Annotated[AwareDatetime | None, Field(strict=False)]


class NewGrantRequest(RequestBody):
    """Ask for one document to be granted beyond scope."""

    to: str = Field(
        max_length=80,
        description="A group of seats such as `insurer:respondent`, or the id of a participant.",
        examples=["insurer:respondent"],
    )
    view: ViewName = Field(examples=["full"])
    purposes: list[str] = Field(min_length=1, max_length=20, examples=[["claims"]])
    granted_from: Moment = Field(
        default=None, alias="from", description="First instant of it, in whole seconds."
    )
    granted_until: Moment = Field(
        default=None,
        alias="until",
        description="First instant without it, in whole seconds; never if left out.",
        examples=["2027-01-15T00:00:00Z"],
    )
    reason: str = Field(max_length=1000, description=_REASON, examples=["To settle the claim."])
    route: Literal["consent", "uploader"] = Field(
        default="consent",
        description="`consent` of every party and of whom the document belongs to; `uploader` "
        "where the agreement lets the depositor's side grant alone.",
    )
    attestation: bool = Field(
        default=False,
        description="On the uploader's route: the document reveals nothing said or done in the "
        "mediation.",
    )

    def new(self) -> NewRequest:
        """Return what is asked."""
        return NewRequest(
            grant=NewGrant(
                to=self.to,
                view=View.parse(self.view),
                purposes=self.purposes,
                granted_from=self.granted_from,
                granted_until=self.granted_until,
            ),
            reason=self.reason,
            route=Route(self.route),
            attestation=self.attestation,
        )


class NewLiftRequest(RequestBody):
    """Ask for a claw-back to be lifted."""

    reason: str = Field(max_length=1000, description=_REASON, examples=["Sent by mistake."])


class NewAnswer(RequestBody):
    """Answer a request, once and for good."""

    answer: Literal["consent", "refuse"]


class AnswerOut(ResponseBody):
    """One answer."""

    person: UUID = Field(examples=[PERSON])
    answer: Literal["consent", "refuse"]
    answered_at: datetime = Field(examples=[INSTANT])

    @classmethod
    def of(cls, answer: Answer) -> Self:
        """Describe an answer."""
        said: Literal["consent", "refuse"] = "consent" if answer.consents else "refuse"
        return cls(person=answer.person, answer=said, answered_at=answer.answered_at)


class RequestOut(ResponseBody):
    """A request, and how it stands. It names no title and no marking."""

    request: UUID
    document: UUID = Field(examples=[DOCUMENT])
    kind: Literal["grant", "lift"]
    route: Literal["consent", "uploader"]
    to: str | None = Field(description="A group, or a participant's id; null for a lift.")
    view: ViewName | None
    purposes: list[str] | None
    granted_from: str | None = Field(serialization_alias="from")
    granted_until: str | None = Field(serialization_alias="until")
    reason: str
    attestation: bool
    requested_by: UUID = Field(examples=[PERSON])
    requested_at: datetime = Field(examples=[INSTANT])
    status: Literal["open", "granted", "refused", "lapsed"]
    answers: list[AnswerOut]
    awaited: list[UUID] = Field(description="Persons whose answer it waits for, as of now.")

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """Describe a request."""
        request, wanted = asked.request, asked.request.wanted
        return cls(
            request=request.request_id,
            document=request.document_id,
            kind=request.kind.value,
            route=request.route.value,
            to=asked.to,
            view=None if wanted is None else VIEW_NAMES[wanted.view],
            purposes=None if wanted is None else list(wanted.purposes),
            granted_from=None if wanted is None else _end(wanted.nbf),
            granted_until=None if wanted is None else _end(wanted.exp),
            reason=request.reason,
            attestation=request.attestation,
            requested_by=request.requested_by,
            requested_at=request.requested_at,
            status=asked.status.value,
            answers=[AnswerOut.of(answer) for answer in request.answers],
            awaited=sorted(asked.awaited),
        )


class GrantOut(ResponseBody):
    """A grant on record, withdrawn or not."""

    grant: int = Field(examples=[1])
    clause: str = Field(description="How decisions quote it.", examples=["GRANT-1"])
    document: UUID = Field(examples=[DOCUMENT])
    request: UUID
    to: str = Field(examples=["insurer:respondent"])
    view: ViewName = Field(examples=["full"])
    purposes: list[str] = Field(examples=[["claims"]])
    granted_from: str | None = Field(serialization_alias="from")
    granted_until: str | None = Field(serialization_alias="until")
    made_by: UUID = Field(description="Who gave the last consent.", examples=[PERSON])
    made_at: datetime = Field(examples=[INSTANT])
    ended_at: datetime | None = Field(description="When it was withdrawn.")

    @classmethod
    def of(cls, made: GrantMade) -> Self:
        """Describe a grant."""
        return cls(
            grant=made.grant.number,
            clause=made.grant.clause,
            document=made.document_id,
            request=made.request_id,
            to=made.to,
            view=VIEW_NAMES[made.grant.view],
            purposes=list(made.grant.purposes),
            granted_from=_end(made.grant.nbf),
            granted_until=_end(made.grant.exp),
            made_by=made.made_by,
            made_at=made.made_at,
            ended_at=made.ended_at,
        )


class ExceptionsOut(ResponseBody):
    """The exceptions of a case that concern the reader, oldest first."""

    requests: list[RequestOut]
    grants: list[GrantOut]
    clawed_back: list[UUID] = Field(description="Documents that are clawed back now.")

    @classmethod
    def of(cls, register: Register) -> Self:
        """Describe the exceptions."""
        return cls(
            requests=[RequestOut.of(asked) for asked in register.requests],
            grants=[GrantOut.of(made) for made in register.grants],
            clawed_back=list(register.clawed_back),
        )


class OpeningOut(ResponseBody):
    """Somebody was let in to the document's content."""

    person: UUID | None = Field(description="Null if that person was erased.", examples=[PERSON])
    seat: str | None = Field(description="The seat held then.", examples=["insurer:respondent"])
    name: str | None = Field(examples=["Cantonal Mutual"])
    opened_at: datetime = Field(examples=[INSTANT])
    view: str | None = Field(examples=["full"])
    clause: str | None = Field(description="The clause that allowed it.", examples=["4.2"])
    log_index: int = Field(description="The entry that records it.", examples=[17])


class ReadersOut(ResponseBody):
    """Who has opened a document in any view, oldest first."""

    readers: list[OpeningOut]

    @classmethod
    def of(cls, openings: Sequence[Opening]) -> Self:
        """Describe who has opened it."""
        return cls(
            readers=[
                OpeningOut(
                    person=opening.person,
                    seat=opening.seat,
                    name=opening.name,
                    opened_at=opening.opened_at,
                    view=opening.view,
                    clause=opening.clause,
                    log_index=opening.log_index,
                )
                for opening in openings
            ]
        )


class NoticeOut(ResponseBody):
    """Something the reader must be told."""

    notice: UUID
    kind: Literal["claw-back"]
    document: UUID = Field(examples=[DOCUMENT])
    text: str
    made_at: datetime = Field(examples=[INSTANT])


class NoticesOut(ResponseBody):
    """What the reader must be told in this case, oldest first."""

    notices: list[NoticeOut]

    @classmethod
    def of(cls, notices: Sequence[Notice]) -> Self:
        """Describe the notices."""
        return cls(
            notices=[
                NoticeOut(
                    notice=notice.notice_id,
                    kind=notice.kind.value,
                    document=notice.document_id,
                    text=_SAID[notice.kind],
                    made_at=notice.made_at,
                )
                for notice in notices
            ]
        )


def _end(end: Instant) -> str | None:
    return None if end in {ALWAYS, NEVER} else end
