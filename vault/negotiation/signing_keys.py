"""Each person signs with a key of their own, whose public half alone the vault is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vault.access import NOWHERE, stand
from vault.audit.events import Outcome, Tag
from vault.audit.personal import KeyRefused, PersonalKey
from vault.database import people
from vault.database.connection import DuplicateRow
from vault.errors import Conflict, Invalid, Tampered
from vault.operators import open_own, seal_own

if TYPE_CHECKING:
    from datetime import datetime

    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.database.people import SigningKeyRow
    from vault.ids import PersonId


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key by which a person's signatures are checked."""

    key: PersonalKey
    registered_at: datetime


def register_key(vault: Vault, subject: Subject, public_key: str) -> SigningKey:
    """Take the public key by which the subject signs from now on; on record.

    What was signed by an earlier key stays signed. A key belongs to whoever registered it first:
    otherwise one person's signature would verify as another's.

    Args:
        vault: The collaborators.
        subject: Anybody identified.
        public_key: Base64 of the 32 bytes of an Ed25519 public key.

    Raises:
        Invalid: It is not such a key.
        Conflict: It was registered before, by whomever.
    """
    try:
        key = PersonalKey.parse(public_key)
    except KeyRefused as error:
        raise Invalid("/public_key", str(error)) from error
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, NOWHERE)
    now = standing.at
    event = standing.event(
        Tag.SIGNING_KEY_REGISTER, Outcome.GRANTED, detail={"key": str(key.key_id)}
    )
    value = {"public_key": key.text(), "registered_at": now.isoformat()}
    row = people.SigningKeyRow(
        key_id=key.key_id,
        person_id=subject.person,
        details=seal_own(vault, subject.person, f"signing-key/{key.key_id}", value),
        registered_at=now,
    )
    try:
        with vault.database.transaction() as tx:
            people.insert_signing_key(tx, row)
            vault.log.append(tx, event)
    except DuplicateRow as error:
        standing.record(Tag.SIGNING_KEY_REGISTER, Outcome.REFUSED)
        raise Conflict("This key was registered before; make a new one.") from error
    return SigningKey(key, now)


def list_keys(vault: Vault, subject: Subject) -> tuple[SigningKey, ...]:
    """Return the subject's own keys, the one that signs first; on record."""
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, NOWHERE)
        found = tuple(_opened(vault, row) for row in people.signing_keys_of(tx, subject.person))
    standing.record(Tag.SIGNING_KEY_LIST, detail={"listed": len(found)})
    return found


def current_key(vault: Vault, tx: Transaction, person: PersonId) -> PersonalKey | None:
    """Return the key by which a person signs now: the one registered last.

    Raises:
        Tampered: Its row was not written by this vault, or is another person's.
    """
    rows = people.signing_keys_of(tx, person)
    return _opened(vault, rows[0]).key if rows else None


def _opened(vault: Vault, row: SigningKeyRow) -> SigningKey:
    value = open_own(vault, row.person_id, f"signing-key/{row.key_id}", row.details)
    if value["registered_at"] != row.registered_at.isoformat():
        raise Tampered
    return SigningKey(PersonalKey.parse(value["public_key"]), row.registered_at)
