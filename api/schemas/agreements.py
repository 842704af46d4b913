"""Agreements and signatures, as they go in and out over HTTP."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field

from api.schemas.bodies import CASE, DIGEST, INSTANT, PERSON, RequestBody, ResponseBody
from policies.flags import Flag
from policies.sentences import sentence
from policies.terms import terms_json
from vault.negotiation.signatories import Signatory
from vault.negotiation.versions import Agreement, Notice, Signature, State, Withdrawal

StateName = Literal["draft", "withdrawn", "superseded", "in-force", "replaced"]

STATE_NAMES: dict[State, StateName] = {
    State.DRAFT: "draft",
    State.WITHDRAWN: "withdrawn",
    State.SUPERSEDED: "superseded",
    State.IN_FORCE: "in-force",
    State.REPLACED: "replaced",
}

SIGNATURE = (
    "5lB6o0RZ1v0uQ8G1yqM3Qk0m3mJ7bq3l1uYk3gC0p0m2mN3m4Xo1cYdY4sGv2Ue9bqfQ1rC8nq0h3s2tVd0EDg=="
)
PUBLIC_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


class NewSignature(RequestBody):
    """Sign the exact version that was read, by a key of one's own."""

    digest: str = Field(
        pattern="^[0-9a-f]{64}$", description="The version's digest.", examples=[DIGEST]
    )
    signature: str = Field(
        pattern="^[A-Za-z0-9+/]{86}==$",
        description="Base64 of the Ed25519 signature, by the key you registered last, over "
        "`subrosa-agreement-signature/1`, a line feed, the digest and a line feed.",
        examples=[SIGNATURE],
    )


class SignatureOut(ResponseBody):
    """One signature, with all that verifies it."""

    person: UUID = Field(examples=[PERSON])
    signed_at: datetime = Field(examples=[INSTANT])
    key: UUID = Field(description="Id of the key; it follows from the public key.")
    public_key: str = Field(examples=[PUBLIC_KEY])
    signature: str = Field(examples=[SIGNATURE])

    @classmethod
    def of(cls, signature: Signature) -> Self:
        """Describe a signature."""
        return cls(
            person=signature.person,
            signed_at=signature.signed_at,
            key=signature.key.key_id,
            public_key=signature.key.text(),
            signature=signature.signature,
        )


class SignatoryOut(ResponseBody):
    """Somebody who must sign, and why."""

    person: UUID = Field(examples=[PERSON])
    reason: str = Field(examples=["party of claimant"])

    @classmethod
    def of(cls, signatory: Signatory) -> Self:
        """Describe a signatory."""
        return cls(person=signatory.person, reason=signatory.reason)


class FlagOut(ResponseBody):
    """Something that whoever signs should know; it refuses nothing."""

    clause: str = Field(examples=["3.1"])
    pointer: str = Field(examples=["/clauses/0/text"])
    sentence: str

    @classmethod
    def of(cls, flag: Flag) -> Self:
        """Describe a flag."""
        return cls(clause=flag.clause, pointer=flag.pointer, sentence=flag.sentence)


class NoticeOut(ResponseBody):
    """When a version reached somebody, and when they read or signed it."""

    person: UUID = Field(examples=[PERSON])
    delivered_at: datetime | None = Field(examples=[INSTANT])
    read_at: datetime | None = Field(examples=[INSTANT])

    @classmethod
    def of(cls, notice: Notice) -> Self:
        """Describe a notice."""
        return cls(person=notice.person, delivered_at=notice.delivered_at, read_at=notice.read_at)


class WithdrawalOut(ResponseBody):
    """Who took a draft back, and what took its place."""

    person: UUID = Field(examples=[PERSON])
    withdrawn_at: datetime = Field(examples=[INSTANT])
    amended_by: int | None = Field(description="The draft that took its place.", examples=[3])

    @classmethod
    def of(cls, withdrawal: Withdrawal) -> Self:
        """Describe a withdrawal."""
        return cls(
            person=withdrawal.person,
            withdrawn_at=withdrawal.withdrawn_at,
            amended_by=withdrawal.amended_by,
        )


class AgreementOut(ResponseBody):
    """One version of the agreement."""

    case: UUID = Field(examples=[CASE])
    version: int = Field(examples=[1])
    digest: str = Field(
        description="SHA-256 of what is signed: terms, compiled rows, model, case and version.",
        examples=[DIGEST],
    )
    terms: dict[str, Any]
    sentences: dict[str, str] = Field(
        description="Each clause in plain words, generated from its fields.",
        examples=[{"3.1": "Side respondent may see medical records of claimant, redacted."}],
    )
    proposed_by: UUID = Field(examples=[PERSON])
    proposed_at: datetime = Field(examples=[INSTANT])
    base: int = Field(description="Version in force when it was drafted; 0 is none.")
    amends: int | None = Field(description="The draft it was made from.")
    state: StateName
    withdrawal: WithdrawalOut | None
    in_force: bool
    in_force_at: datetime | None
    flags: list[FlagOut]
    signatures: list[SignatureOut]
    required: list[SignatoryOut] = Field(description="Who must sign, as things stand now.")
    awaited: list[SignatoryOut] = Field(description="Those of them who have not signed.")
    vacant: list[str] = Field(description="Sides without a party; a draft waits for one.")
    notice: list[NoticeOut]

    @classmethod
    def of(cls, agreement: Agreement) -> Self:
        """Describe a version."""
        return cls(
            case=agreement.case_id,
            version=agreement.version,
            digest=agreement.digest,
            terms=terms_json(agreement.terms),
            sentences={clause.id: sentence(clause) for clause in agreement.terms.clauses},
            proposed_by=agreement.proposed_by,
            proposed_at=agreement.proposed_at,
            base=agreement.base,
            amends=agreement.amends,
            state=STATE_NAMES[agreement.state],
            withdrawal=agreement.withdrawal and WithdrawalOut.of(agreement.withdrawal),
            in_force=agreement.in_force,
            in_force_at=agreement.in_force_at,
            flags=[FlagOut.of(flag) for flag in agreement.flags],
            signatures=[SignatureOut.of(signature) for signature in agreement.signatures],
            required=[SignatoryOut.of(signatory) for signatory in agreement.required],
            awaited=[SignatoryOut.of(signatory) for signatory in agreement.awaited],
            vacant=list(agreement.vacant),
            notice=[NoticeOut.of(notice) for notice in agreement.notice],
        )


class AgreementsOut(ResponseBody):
    """Every version, oldest first."""

    agreements: list[AgreementOut]
