"""Entries of the log, as they go out over HTTP."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from api.schemas.bodies import INSTANT, PERSON, ResponseBody
from vault.inspection.trail import TrailEntry


class EventOut(ResponseBody):
    """One entry of the log, as far as the reader may know it."""

    index: int = Field(examples=[17])
    name: str = Field(examples=["document:release:denied"])
    at: datetime = Field(examples=[INSTANT])
    person: UUID | None = Field(examples=[PERSON])
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


class EventsOut(ResponseBody):
    """One page of the trail, oldest first."""

    events: list[EventOut]
    next: int | None = Field(description="`after` of the next page; null on the last.")
