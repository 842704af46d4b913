"""How the routes of negotiation are called with success, and what each leaves on the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.builders import House, public_text, terms

if TYPE_CHECKING:
    from vault.core import Subject

_VERSION = "/v1/cases/{case}/agreements/{version}"

NEGOTIATING: dict[tuple[str, str], str] = {
    ("POST", "/v1/cases/{case}/agreements"): "agreement:propose",
    ("GET", "/v1/cases/{case}/agreements"): "agreement:list",
    ("GET", _VERSION): "agreement:read",
    ("GET", f"{_VERSION}/diff"): "agreement:compare",
    ("GET", f"{_VERSION}/what-if"): "agreement:what-if",
    ("POST", f"{_VERSION}/comments"): "agreement:comment",
    ("GET", f"{_VERSION}/comments"): "agreement:comment:list",
    ("POST", f"{_VERSION}/withdrawal"): "agreement:withdraw",
    ("POST", f"{_VERSION}/signatures"): "agreement:sign",
    ("POST", "/v1/signing-keys"): "signing-key:register",
    ("GET", "/v1/signing-keys"): "signing-key:list",
}


def drafts(house: House, subject: Subject, digest: str) -> dict[str, Any]:
    """Return what each route that takes a body is sent."""
    return {
        "/v1/cases/{case}/agreements": terms(),
        f"{_VERSION}/comments": {"text": "A word.", "clause": "2.1"},
        f"{_VERSION}/signatures": {
            "digest": digest,
            "signature": house.signature(subject, digest),
        },
        "/v1/signing-keys": {"public_key": public_text(Ed25519PrivateKey.generate())},
    }
