"""Every body over HTTP is taken only as described; nothing unknown passes either way."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from policies.terms import View

ViewName = Literal["metadata", "redacted", "full"]

VIEW_NAMES: dict[View, ViewName] = {
    View.METADATA: "metadata",
    View.REDACTED: "redacted",
    View.FULL: "full",
}

# What the examples in the API's description are about.
PERSON = "6f6ad2a5-7d52-4f0e-9c4c-0d0c2d0c9b11"
CASE = "0b0f6a6e-6a1c-4c54-9a53-6a1d9b0f7c42"
DOCUMENT = "c1d4b1f2-2f0a-4c88-8a55-93f8f0f4a7d1"
INSTANT = "2026-11-24T09:30:00Z"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class RequestBody(BaseModel):
    """A body that is taken only if every member is known and of its type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ResponseBody(BaseModel):
    """A body that is sent; nothing is added to it on the way."""

    model_config = ConfigDict(frozen=True)
