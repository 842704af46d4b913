"""Ends of seats and previews of phases, as they go in and out over HTTP."""

from typing import Annotated, Self

from pydantic import AwareDatetime, Field

from api.schemas.bodies import VIEW_NAMES, RequestBody, ResponseBody, ViewName
from vault.proceedings.phases import Effect, Preview


class NewEnd(RequestBody):
    """Let a seat end sooner or later."""

    seated_until: Annotated[AwareDatetime | None, Field(strict=False)] = Field(
        description="First instant at which the seat is over, in whole seconds; one that has "
        "passed means now, and null never.",
        examples=["2027-01-15T00:00:00Z"],
    )


class EffectOut(ResponseBody):
    """What one seat would gain or lose."""

    seat: str = Field(examples=["expert"])
    organisation_id: str | None = Field(examples=["institut-nord"])
    before: ViewName | None = Field(description="The highest view now; null for nothing.")
    after: ViewName | None = Field(description="The highest view in the phase.", examples=["full"])
    sentence: str = Field(description="All of it in plain words, with the clauses.")
    documents: int = Field(
        description="How many documents it concerns, of those that you may know of.", examples=[2]
    )

    @classmethod
    def of(cls, effect: Effect) -> Self:
        """Describe an effect."""
        return cls(
            seat=effect.seat,
            organisation_id=effect.organisation,
            before=None if effect.before is None else VIEW_NAMES[effect.before],
            after=None if effect.after is None else VIEW_NAMES[effect.after],
            sentence=effect.sentence,
            documents=effect.documents,
        )


class PhasePreviewOut(ResponseBody):
    """What would change if the case entered a phase now."""

    from_phase: str = Field(serialization_alias="from", examples=["intake"])
    to_phase: str = Field(serialization_alias="to", examples=["exchange"])
    effects: list[EffectOut]

    @classmethod
    def of(cls, preview: Preview) -> Self:
        """Describe a preview."""
        return cls(
            from_phase=preview.from_phase,
            to_phase=preview.to_phase,
            effects=[EffectOut.of(effect) for effect in preview.effects],
        )
