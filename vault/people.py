"""A person is an id with a key of its own; names belong to seats, and are sealed in their case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.audit.events import Event, Outcome, Tag
from vault.audit.slots import SlotKeys, seal_event
from vault.database import keys, people
from vault.errors import NotFound
from vault.ids import PersonId, new_id

if TYPE_CHECKING:
    from datetime import datetime

    from vault.core import Vault
    from vault.database.connection import Transaction


def enrol(vault: Vault, *, opens_cases: bool) -> PersonId:
    """Add a person with a key of its own, under which their part of every entry is sealed."""
    person, now = PersonId(new_id()), vault.clock()
    _, wrapped = vault.keyring.new_person_key(person)
    with vault.database.transaction() as tx:
        people.insert_person(tx, person, opens_cases=opens_cases, created_at=now)
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
    now = vault.clock()
    with vault.database.transaction() as tx:
        if not people.person_exists(tx, person):
            raise NotFound
        people.insert_token(tx, digest, person, issued_at=now, expires_at=expires_at)
        _append(vault, tx, Tag.TOKEN_ISSUE, person)


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


def _append(vault: Vault, tx: Transaction, tag: Tag, person: PersonId) -> None:
    """Record what the operator did to a person; the person is the object, not the actor."""
    event = Event(
        tag=tag,
        outcome=Outcome.GRANTED,
        at=vault.clock(),
        case=None,
        person=None,
        seat=None,
        purpose=None,
        phase=None,
        view=None,
        scope_version=None,
        clause=None,
        address=None,
        detail={"person": str(person)},
    )
    slot_keys = SlotKeys(case=None, person=None, operations=vault.operations_key)
    vault.log.append(tx, seal_event(event, slot_keys))
