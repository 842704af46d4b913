"""One event that fills every field, keys to seal it under, and how to bend what was sealed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from vault.audit.events import Event, Outcome, Tag
from vault.audit.signing import SigningKey
from vault.audit.slots import SealedEvent, SlotKeys, seal_event
from vault.database.log import EntryRow
from vault.ids import CaseId, PersonId
from vault.sealing.keys import CaseKey, OperationsKey, PersonKey

CASE = CaseId(UUID(int=0xCA5E))
PERSON = PersonId(UUID(int=0x9E50))
OPERATIONS = OperationsKey(bytes(range(32)))
KEYS = SlotKeys(
    case=CaseKey(bytes([0xCA] * 32)), person=PersonKey(bytes([0x9E] * 32)), operations=OPERATIONS
)
RELEASE = Event(
    tag=Tag.DOCUMENT_RELEASE,
    outcome=Outcome.GRANTED,
    at=datetime(2026, 3, 2, 9, 0, 0, 250, tzinfo=UTC),
    case=CASE,
    person=PERSON,
    seat="party:claimant",
    purpose="mediation",
    phase="exchange",
    view="full",
    scope_version=3,
    clause="4.2",
    address="2001:db8::7",
    detail={"document": str(UUID(int=0xD0C)), "class": "medical", "bytes": 16_384},
)
OF_THE_OPERATOR = Event(
    tag=Tag.TOKEN_ISSUE,
    outcome=Outcome.GRANTED,
    at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    case=None,
    person=None,
    seat=None,
    purpose=None,
    phase=None,
    view=None,
    scope_version=None,
    clause=None,
    address=None,
    detail={},
)


def checkpoint_key(origin: str) -> SigningKey:
    return SigningKey.of(OPERATIONS, origin, "checkpoint")


def sealed(number: int = 0) -> SealedEvent:
    """Return an event that can be told apart by a number."""
    return seal_event(replace(RELEASE, detail={"number": number}), KEYS)


def at(index: int, event: SealedEvent) -> EntryRow:
    """Return the row that an event becomes."""
    return EntryRow(
        index=index,
        case_id=event.case_id,
        person_id=event.person_id,
        commitments=event.commitments,
        slots=event.slots,
    )


def flipped(material: bytes, position: int) -> bytes:
    """Return bytes with the lowest bit of one of them turned."""
    return material[:position] + bytes((material[position] ^ 1,)) + material[position:][1:]
