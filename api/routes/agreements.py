"""Agreements over HTTP: propose, amend, withdraw, read, sign."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query

from api.access import CaseHere, SubjectHere, VaultHere
from api.intake.limited import LimitedRoute
from api.problems import problems
from api.schemas.agreements import AgreementOut, AgreementsOut, NewSignature
from policies.schema import schema
from vault.negotiation import agreements, signing

router = APIRouter(tags=["agreements"], route_class=LimitedRoute)

_TERMS_EXAMPLE = {
    "language": "subrosa-scope/1",
    "sides": ["claimant", "respondent"],
    "clauses": [
        {
            "id": "3.1",
            "to": "side:respondent",
            "classes": ["medical", "billing"],
            "origins": ["claimant"],
            "view": "redacted",
            "purposes": ["mediation"],
            "phases": ["exchange", "mediation"],
            "text": "The clinic sees the patient's records with third parties blackened.",
        }
    ],
}

Version = Annotated[int, Path(ge=1, le=2**31 - 1, description="Number of the version.")]


@router.post(
    "/v1/cases/{case}/agreements",
    status_code=HTTPStatus.CREATED,
    responses=problems(404, 409),
)
def propose(
    subject: SubjectHere,
    vault: VaultHere,
    case: CaseHere,
    terms: Annotated[object, Body(examples=[_TERMS_EXAMPLE])],
    amends: Annotated[
        int | None,
        Query(ge=1, le=2**31 - 1, description="The draft it is made from; yours is replaced."),
    ] = None,
) -> AgreementOut:
    """Put a draft before everybody seated. It changes nobody's rights until it is in force.

    A draft that breaks a floor is refused with a counter-example.
    """
    return AgreementOut.of(agreements.propose(vault, subject, case, terms, amends=amends))


@router.get("/v1/cases/{case}/agreements", responses=problems(404))
def list_agreements(subject: SubjectHere, vault: VaultHere, case: CaseHere) -> AgreementsOut:
    """Read every version, drafts included, with who has signed."""
    return AgreementsOut(
        agreements=[
            AgreementOut.of(agreement)
            for agreement in agreements.list_agreements(vault, subject, case)
        ]
    )


@router.get("/v1/cases/{case}/agreements/{version}", responses=problems(404))
def read_agreement(
    subject: SubjectHere, vault: VaultHere, case: CaseHere, version: Version
) -> AgreementOut:
    """Read one version; that you have read it is on record."""
    return AgreementOut.of(agreements.read_agreement(vault, subject, case, version))


@router.post("/v1/cases/{case}/agreements/{version}/withdrawal", responses=problems(403, 404, 409))
def withdraw(
    subject: SubjectHere, vault: VaultHere, case: CaseHere, version: Version
) -> AgreementOut:
    """Take a draft back; who proposed it does this, or the mediator."""
    return AgreementOut.of(agreements.withdraw(vault, subject, case, version))


@router.post("/v1/cases/{case}/agreements/{version}/signatures", responses=problems(403, 404, 409))
def sign(
    subject: SubjectHere, vault: VaultHere, case: CaseHere, version: Version, new: NewSignature
) -> AgreementOut:
    """Sign the exact version you have read; the last required signature puts it in force."""
    return AgreementOut.of(
        signing.sign(vault, subject, case, version, digest=new.digest, signature=new.signature)
    )


@router.get("/v1/scope/schema", responses=problems())
def scope_schema(
    subject: SubjectHere,  # noqa: ARG001 — identified, no more
    vault: VaultHere,
) -> dict[str, Any]:
    """Read the JSON Schema of the language in which agreements are written."""
    return schema(vault.classes)
