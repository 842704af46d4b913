"""Refusals and health, as they go out over HTTP."""

from typing import Literal

from pydantic import Field

from api.schemas.bodies import ResponseBody
from api.schemas.scope import WouldAllowOut


class Fault(ResponseBody):
    """Where a value was refused; the value itself is never repeated."""

    pointer: str = Field(examples=["/clauses/3/classes/0"])
    detail: str = Field(examples=["This is not a class of the vocabulary."])


class Problem(ResponseBody):
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
    explanation: list[str] | None = Field(
        default=None,
        description="Why, in plain words; to those who may know that the document exists.",
    )
    would_allow: list[WouldAllowOut] | None = Field(
        default=None, description="What would be allowed instead, as far as the agreement goes."
    )
    errors: list[Fault] | None = None


class Health(ResponseBody):
    """The process answers."""

    status: Literal["ok"] = "ok"
    alerts: int = Field(
        description="What an operator must look into, counted since this process started; each is "
        "on its error output, with ids.",
        examples=[0],
    )
