"""A bearer token is random, shown once, stored as a digest, and ends at its hour."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from vault.errors import VaultError
from vault.proceedings import people

if TYPE_CHECKING:
    from datetime import timedelta

    from vault.core import Subject, Vault
    from vault.ids import PersonId

# A fixed beginning lets secret scanners find a token that was pasted where it does not belong.
_PREFIX = "subrosa_"
_SCHEME = "bearer "


class NotIdentified(VaultError):
    """No token, or one that is unknown, revoked or past its hour: all alike."""

    def __init__(self) -> None:
        super().__init__("Show who you are: this needs a valid bearer token.")


def issue_token(vault: Vault, person: PersonId, lifetime: timedelta) -> str:
    """Make a token for a person. It is returned once and cannot be shown again.

    Raises:
        NotFound: No such person.
    """
    token = _PREFIX + secrets.token_urlsafe(32)
    people.admit_token(vault, person, _digest(token), vault.clock() + lifetime)
    return token


def identify(vault: Vault, authorization: str | None, address: str | None) -> Subject:
    """Return whom an Authorization header stands for.

    Args:
        vault: The collaborators.
        authorization: The header's value, or None.
        address: Where the request comes from, for the record.

    Raises:
        NotIdentified: It stands for nobody now.
    """
    text = authorization or ""
    token = text[len(_SCHEME) :].strip() if text[: len(_SCHEME)].lower() == _SCHEME else ""
    subject = people.bearer(vault, _digest(token), address)
    if subject is None:
        raise NotIdentified
    return subject


def _digest(token: str) -> bytes:
    """Digest a token; 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
