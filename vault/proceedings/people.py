"""A person is an id with a key of its own; names belong to seats, and are sealed in their case."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from vault.audit.events import Tag
from vault.core import Subject
from vault.database import keys, people
from vault.errors import NotFound, Tampered
from vault.ids import PersonId, new_id
from vault.operators import open_own, operator_event, seal_own

if TYPE_CHECKING:
    from vault.core import Vault
    from vault.database.connection import Transaction


def enrol(vault: Vault, *, opens_cases: bool) -> PersonId:
    """Add a person with a key of its own, under which their part of every entry is sealed."""
    person, now = PersonId(new_id()), vault.clock()
    _, wrapped = vault.keyring.new_person_key(person)
    details = seal_own(vault, person, "person", {"opens_cases": opens_cases})
    with vault.database.transaction() as tx:
        people.insert_person(tx, person, details, created_at=now)
        keys.insert_key(tx, person, "person", wrapped, created_at=now)
        _append(vault, tx, Tag.PERSON_ENROL, person)
    return person


def admit_token(vault: Vault, person: PersonId, digest: bytes, expires_at: datetime) -> None:
    """Let whoever holds the token of this digest act as a person until an instant.

    Args:
        vault: The collaborators.
        person: The person.
        digest: SHA-256 of the token; the token itself is never stored.
        expires_at: The first instant at which it is refused.

    Raises:
        NotFound: No such person.
    """
    details = seal_own(vault, person, _token(digest), {"expires_at": expires_at.isoformat()})
    with vault.database.transaction() as tx:
        if not people.person_exists(tx, person):
            raise NotFound
        people.insert_token(tx, digest, person, details, issued_at=vault.clock())
        _append(vault, tx, Tag.TOKEN_ISSUE, person)


def bearer(vault: Vault, digest: bytes, address: str | None) -> Subject | None:
    """Return whom the token of this digest stands for now; None if for nobody.

    A row that this vault did not write stands for nobody either: whoever can write to the
    database cannot make themselves a token, prolong one, or let its person do more.
    """
    with vault.database.transaction() as tx:
        row = people.find_token(tx, digest)
    if row is None:
        return None
    try:
        token = open_own(vault, row.person_id, _token(digest), row.token)
        person = open_own(vault, row.person_id, "person", row.person)
    except Tampered:
        return None
    if vault.clock() >= datetime.fromisoformat(token["expires_at"]):
        return None
    return Subject(person=row.person_id, opens_cases=person["opens_cases"], address=address)


def revoke_tokens(vault: Vault, person: PersonId) -> int:
    """Refuse every token of a person from now on; return how many were live.

    Raises:
        NotFound: No such person.
    """
    with vault.database.transaction() as tx:
        if not people.person_exists(tx, person):
            raise NotFound
        revoked = people.revoke_tokens(tx, person, vault.clock())
        _append(vault, tx, Tag.TOKEN_REVOKE, person)
    return revoked


def _token(digest: bytes) -> str:
    return f"token/{digest.hex()}"


def _append(vault: Vault, tx: Transaction, tag: Tag, person: PersonId) -> None:
    """Record what the operator did to a person; the person is the object, not the actor."""
    vault.log.append(tx, operator_event(vault, tx, tag, {"person": str(person)}))
