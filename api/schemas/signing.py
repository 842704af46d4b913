"""Signing keys, as they go in and out over HTTP."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from api.schemas.agreements import PUBLIC_KEY
from api.schemas.bodies import INSTANT, RequestBody, ResponseBody
from vault.negotiation.signing_keys import SigningKey


class NewSigningKey(RequestBody):
    """Register the public half of a key of one's own."""

    public_key: str = Field(
        pattern="^[A-Za-z0-9+/]{43}=$",
        description="Base64 of the 32 bytes of an Ed25519 public key.",
        examples=[PUBLIC_KEY],
    )


class SigningKeyOut(ResponseBody):
    """A key by which the reader's signatures are checked."""

    key: UUID = Field(description="Its id, which follows from the public key.")
    public_key: str = Field(examples=[PUBLIC_KEY])
    registered_at: datetime = Field(examples=[INSTANT])

    @classmethod
    def of(cls, key: SigningKey) -> Self:
        """Describe a key."""
        return cls(key=key.key.key_id, public_key=key.key.text(), registered_at=key.registered_at)


class SigningKeysOut(ResponseBody):
    """The reader's own keys, the one that signs first."""

    keys: list[SigningKeyOut]
