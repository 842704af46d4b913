"""The log commits to an event in public and tells it to nobody: each part is sealed under a key.

Destroying the key of a case or a person withholds what was sealed under it for ever, in backups
too, and changes no entry, no leaf and no root.

Source: docs/audit-log.md, sections 3 and 4.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from vault.audit.events import Slot, event_of
from vault.audit.tlog import leaf_hash
from vault.errors import Tampered
from vault.sealing.envelope import encode_context, open_envelope, seal_envelope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.audit.events import Event
    from vault.database.log import Entry
    from vault.ids import CaseId, PersonId
    from vault.sealing.keys import CaseKey, OperationsKey, PersonKey

_HASH_SIZE = 32
_SALT_SIZE = 32
_LENGTH_SIZE = 4
_VERSION = b"\x01"
_EVENT_ENTRY = b"\x01"
_EVENT_HASH_LABEL = b"subrosa/ev/v1\0"
_SLOT_HASH_LABEL = b"subrosa/slot/v1\0"
_CONTEXT_LABEL = b"subrosa/log/slot/v1"
_CASE_LABEL = b"subrosa/case-key/slot/v1"
_PERSON_LABEL = b"subrosa/person-key/slot/v1"
_OPERATIONS_LABEL = b"subrosa/operations-key/slot/v1"
_NOTHING = b"{}"

# What precedes the commitments in each slot's context is always the same.
_COMMITMENTS_SIZE = 4 * _HASH_SIZE
_CONTEXTS = [
    encode_context(_CONTEXT_LABEL, bytes((slot,)), bytes(_COMMITMENTS_SIZE))[:-_COMMITMENTS_SIZE]
    for slot in Slot
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotKeys:
    """The keys of one entry.

    Attributes:
        case: Key of the entry's case; None if it has none, or if the key is gone.
        person: Key of whoever did it; None likewise.
        operations: Serves an entry without a case, or without a person.
    """

    case: CaseKey | None
    person: PersonKey | None
    operations: OperationsKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedEvent:
    """An event ready for the log: nothing in it can be read without keys.

    Attributes:
        case_id: So that a case's entries can be found.
        person_id: So that the key can be found.
        commitments: The four slot hashes, one after the other.
        slots: The four slots, sealed.
        leaf: Hash of the entry.
    """

    case_id: CaseId | None
    person_id: PersonId | None
    commitments: bytes
    slots: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True)
class OpenedEvent:
    """What an entry says, as far as there are keys.

    Attributes:
        event: Without what the withheld slots say; None if that is the meta slot.
        withheld: The slots whose key is gone.
    """

    event: Event | None
    withheld: frozenset[Slot]


def seal_event(event: Event, keys: SlotKeys) -> SealedEvent:
    """Commit to an event and seal it; meant for the caller's thread, before any lock is taken.

    Two seals of one event look unlike and have different leaves.
    """
    of_case, of_person = _subkeys(event.case, event.person, keys)
    assert of_case is not None, "an event of a case is sealed under the key of the case"
    assert of_person is not None, "an event of a person is sealed under the key of the person"
    meta, actor, network, detail = [os.urandom(_SALT_SIZE) + text for text in event.slots()]
    commitments = (
        _commitment(Slot.META, meta)
        + _commitment(Slot.ACTOR, actor)
        + _commitment(Slot.NETWORK, network)
        + _commitment(Slot.DETAIL, detail)
    )
    sealed = (
        _VERSION
        + _sealed(of_case, Slot.META, commitments, meta)
        + _sealed(of_person, Slot.ACTOR, commitments, actor)
        + _sealed(of_person, Slot.NETWORK, commitments, network)
        + _sealed(of_case, Slot.DETAIL, commitments, detail)
    )
    return SealedEvent(
        case_id=event.case,
        person_id=event.person,
        commitments=commitments,
        slots=sealed,
        leaf=leaf_of(commitments),
    )


def open_slots(entry: Entry, keys: SlotKeys) -> OpenedEvent:
    """Open an entry as far as there are keys, and hold it to its commitments.

    Raises:
        Tampered: A slot is not what was sealed or not what was committed to, or the row names
            another case or person than the event; or it is of a tag that this version of the vault
            does not know.
    """
    of_case, of_person = _subkeys(entry.case_id, entry.person_id, keys)
    subkeys = (of_case, of_person, of_person, of_case)
    texts, withheld = list[bytes](), set[Slot]()
    for slot, subkey, envelope in zip(Slot, subkeys, _split(entry.slots), strict=True):
        if subkey is None:
            withheld.add(slot)
            texts.append(_NOTHING)
            continue
        opened = open_envelope(subkey, _context(slot, entry.commitments), envelope)
        start = slot * _HASH_SIZE
        if _commitment(slot, opened) != entry.commitments[start : start + _HASH_SIZE]:
            raise Tampered
        texts.append(opened[_SALT_SIZE:])
    if Slot.META in withheld:
        return OpenedEvent(None, frozenset(withheld))
    try:
        event = event_of(*texts)
    except (KeyError, ValueError) as error:
        raise Tampered from error
    if event.case != entry.case_id or (
        Slot.ACTOR not in withheld and event.person != entry.person_id
    ):
        raise Tampered
    return OpenedEvent(event, frozenset(withheld))


def leaf_of(commitments: bytes) -> bytes:
    """Return the leaf hash of the entry that these commitments make."""
    return leaf_hash(_EVENT_ENTRY + sha256(_EVENT_HASH_LABEL + commitments).digest())


def _subkeys(
    case: CaseId | None, person: PersonId | None, keys: SlotKeys
) -> tuple[bytes | None, bytes | None]:
    """Return the case's subkey and the person's; None for a key that is gone."""
    if case is None:
        of_case = keys.operations.subkey(_OPERATIONS_LABEL)
    else:
        of_case = keys.case and keys.case.subkey(_CASE_LABEL)
    if person is None:
        of_person = keys.operations.subkey(_OPERATIONS_LABEL)
    else:
        of_person = keys.person and keys.person.subkey(_PERSON_LABEL)
    return of_case, of_person


def _commitment(slot: Slot, opened: bytes) -> bytes:
    return sha256(_SLOT_HASH_LABEL + bytes((slot,)) + opened).digest()


def _context(slot: Slot, commitments: bytes) -> bytes:
    """Return `encode_context(_CONTEXT_LABEL, slot, commitments)`."""
    return _CONTEXTS[slot] + commitments


def _sealed(subkey: bytes, slot: Slot, commitments: bytes, opened: bytes) -> bytes:
    envelope = seal_envelope(subkey, _context(slot, commitments), opened)
    return len(envelope).to_bytes(_LENGTH_SIZE, "big") + envelope


def _split(slots: bytes) -> Sequence[bytes]:
    """Divide the stored slots; Tampered unless there are four and nothing more."""
    envelopes, position = list[bytes](), len(_VERSION)
    while position < len(slots):
        start = position + _LENGTH_SIZE
        position = start + int.from_bytes(slots[position:start], "big")
        envelopes.append(slots[start:position])
    if not slots.startswith(_VERSION) or position != len(slots) or len(envelopes) != len(Slot):
        raise Tampered
    return envelopes
