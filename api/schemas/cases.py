"""Cases and participants, as they go in and out over HTTP."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from api.schemas.bodies import CASE, INSTANT, PERSON, RequestBody, ResponseBody
from vault.proceedings.cases import Case
from vault.proceedings.seats import Participant


class NewCase(RequestBody):
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


class NewParticipantBody(RequestBody):
    """Seat a person."""

    person: Annotated[UUID, Field(strict=False)] = Field(
        description="The person's id.", examples=[PERSON]
    )
    seat: str = Field(
        max_length=80,
        description="`mediator`, `party:SIDE`, `counsel:SIDE`, `insurer[:SIDE]`, `regulator`, "
        "`expert` or `auditor`.",
        examples=["expert"],
    )
    name: str = Field(max_length=240, examples=["Dr. Lea Brandt"])
    organisation: str | None = Field(default=None, max_length=240, examples=["Institut Nord"])
    organisation_id: str | None = Field(
        default=None,
        max_length=32,
        description="The id under which clauses may speak to the organisation.",
        examples=["institut-nord"],
    )
    seated_from: Annotated[AwareDatetime | None, Field(strict=False)] = Field(
        default=None, description="First instant of the seat; now if left out."
    )
    seated_until: Annotated[AwareDatetime | None, Field(strict=False)] = Field(
        default=None,
        description="First instant at which the seat is over; never if left out.",
        examples=["2027-01-15T00:00:00Z"],
    )


class NewPhase(RequestBody):
    """Move a case to a phase."""

    phase: str = Field(max_length=40, examples=["exchange"])


class CaseOut(ResponseBody):
    """A case as the reader sees it."""

    case: UUID = Field(examples=[CASE])
    title: str = Field(examples=["Delayed diagnosis, spring 2025"])
    sides: list[str] = Field(examples=[["claimant", "respondent"]])
    phase: str = Field(examples=["exchange"])
    scope_version: int = Field(description="0 before the first agreement.", examples=[1])
    opened_at: datetime = Field(examples=[INSTANT])
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


class ParticipantOut(ResponseBody):
    """Somebody seated in the case."""

    participant: UUID
    person: UUID = Field(examples=[PERSON])
    seat: str = Field(examples=["expert"])
    name: str = Field(examples=["Dr. Lea Brandt"])
    organisation: str | None = Field(examples=["Institut Nord"])
    organisation_id: str | None = Field(examples=["institut-nord"])
    seated_from: datetime = Field(examples=[INSTANT])
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
            organisation_id=participant.organisation_id,
            seated_from=participant.seated_from,
            seated_until=participant.seated_until,
        )


class CasesOut(ResponseBody):
    """The reader's cases, newest first."""

    cases: list[CaseOut]


class CaseWithParticipants(CaseOut):
    """A case and everybody seated in it."""

    participants: list[ParticipantOut]
