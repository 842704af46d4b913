"""Signing keys over HTTP: register one's own, and list them."""

from http import HTTPStatus

from fastapi import APIRouter

from api.access import SubjectHere, VaultHere
from api.intake.limited import LimitedRoute
from api.problems import problems
from api.schemas.signing import NewSigningKey, SigningKeyOut, SigningKeysOut
from vault.negotiation import signing_keys

router = APIRouter(prefix="/v1/signing-keys", tags=["agreements"], route_class=LimitedRoute)


@router.post("", status_code=HTTPStatus.CREATED, responses=problems(409))
def register_key(subject: SubjectHere, vault: VaultHere, new: NewSigningKey) -> SigningKeyOut:
    """Register the public key that your signatures are checked by from now on."""
    return SigningKeyOut.of(signing_keys.register_key(vault, subject, new.public_key))


@router.get("", responses=problems())
def list_keys(subject: SubjectHere, vault: VaultHere) -> SigningKeysOut:
    """List your own signing keys, the one that signs first."""
    return SigningKeysOut(
        keys=[SigningKeyOut.of(key) for key in signing_keys.list_keys(vault, subject)]
    )
