"""What the log commits to can be opened with keys, is withheld without, and cannot be exchanged."""

import hmac
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from tests.audit.samples import (
    KEYS,
    OF_THE_OPERATOR,
    OPERATIONS,
    RELEASE,
    at,
    checkpoint_key,
    flipped,
)
from vault.audit.events import Slot
from vault.audit.notes import Checkpoint
from vault.audit.slots import SealedEvent, SlotKeys, leaf_of, open_slots, seal_event
from vault.errors import Tampered
from vault.ids import CaseId, PersonId, new_id
from vault.sealing.keys import CaseKey, OperationsKey, PersonKey

SEALED = seal_event(RELEASE, KEYS)
NO_KEYS = SlotKeys(case=None, person=None, operations=OPERATIONS)
OPERATORS = seal_event(OF_THE_OPERATOR, NO_KEYS)
NETWORK_AND_ACTOR = frozenset({Slot.ACTOR, Slot.NETWORK})


def hkdf(secret: bytes, info: bytes) -> bytes:
    """RFC 5869 for 32 bytes without salt."""
    return hmac.digest(hmac.digest(bytes(32), secret, "sha256"), info + b"\x01", "sha256")


def read_by_the_book(event: SealedEvent) -> list[bytes]:
    """Open an entry from docs/audit-log.md alone, and hold it to its hashes."""
    assert event.slots[0] == 1
    opened, rest = list[bytes](), event.slots[1:]
    secrets = [(b"case", 0xCA), (b"person", 0x9E), (b"person", 0x9E), (b"case", 0xCA)]
    hashes = b""
    for number, (kind, fill) in enumerate(secrets):
        length = int.from_bytes(rest[:4], "big")
        nonce, sealed, rest = rest[4:16], rest[16 : 4 + length], rest[4 + length :]
        key = hkdf(bytes([fill] * 32), b"subrosa/" + kind + b"-key/slot/v1")
        context = b"subrosa/log/slot/v1\x00\x00\x00\x00\x01" + bytes((number,))
        context += b"\x00\x00\x00\x80" + event.commitments
        plaintext = AESGCM(key).decrypt(nonce, sealed, context)
        hashes += sha256(b"subrosa/slot/v1\x00" + bytes((number,)) + plaintext).digest()
        opened.append(plaintext[32:])
    assert rest == b""
    assert hashes == event.commitments
    entry = b"\x01" + sha256(b"subrosa/ev/v1\x00" + hashes).digest()
    assert event.leaf == sha256(b"\x00" + entry).digest()
    return opened


def test_an_entry_can_be_read_from_its_documentation_alone() -> None:
    assert tuple(read_by_the_book(SEALED)) == RELEASE.slots()


def test_the_example_in_the_documentation_is_computed_as_it_says() -> None:
    page = (Path(__file__).parents[2] / "docs" / "audit-log.md").read_text(encoding="utf-8")
    slots = RELEASE.slots()
    salted = [bytes((n, *[n] * 32)) + slot for n, slot in enumerate(slots)]
    hashes = [sha256(b"subrosa/slot/v1\x00" + slot).digest() for slot in salted]
    leaf = leaf_of(b"".join(hashes))
    note = checkpoint_key("vault.example/audit/2026").sign(
        Checkpoint("vault.example/audit/2026", 1, leaf).text()
    )
    for text in (*map(bytes.decode, slots), *map(bytes.hex, hashes), leaf.hex(), note):
        assert text in page


def test_what_was_sealed_is_opened_again() -> None:
    opened = open_slots(at(0, SEALED), KEYS)
    assert (opened.event, opened.withheld) == (RELEASE, frozenset())


def test_what_belongs_to_no_case_and_no_person_is_opened_by_the_operations_key() -> None:
    assert open_slots(OPERATORS, NO_KEYS).event == OF_THE_OPERATOR
    with pytest.raises(Tampered):
        open_slots(OPERATORS, replace(NO_KEYS, operations=OperationsKey(bytes(32))))


@pytest.mark.parametrize("with_case", [True, False])
@pytest.mark.parametrize("with_person", [True, False])
def test_case_and_person_may_be_missing_one_without_the_other(
    *, with_case: bool, with_person: bool
) -> None:
    event = replace(
        RELEASE,
        case=RELEASE.case if with_case else None,
        person=RELEASE.person if with_person else None,
    )
    assert open_slots(seal_event(event, KEYS), KEYS).event == event


def test_two_seals_of_one_event_have_nothing_in_common() -> None:
    other = seal_event(RELEASE, KEYS)
    assert other.leaf != SEALED.leaf
    assert all(
        SEALED.commitments[start : start + 32] not in other.commitments
        for start in range(0, 128, 32)
    )
    assert len(other.slots) == len(SEALED.slots)


def test_nothing_is_sealed_under_a_key_that_is_not_there() -> None:
    for keys in (replace(KEYS, case=None), replace(KEYS, person=None)):
        with pytest.raises(AssertionError):
            seal_event(RELEASE, keys)


def test_without_the_key_of_the_person_who_and_whence_are_withheld() -> None:
    opened = open_slots(SEALED, replace(KEYS, person=None))
    assert opened.withheld == NETWORK_AND_ACTOR
    assert opened.event == replace(RELEASE, person=None, seat=None, address=None)


def test_without_the_key_of_the_case_the_event_is_withheld() -> None:
    opened = open_slots(SEALED, replace(KEYS, case=None))
    assert (opened.event, opened.withheld) == (None, {Slot.META, Slot.DETAIL})


def test_without_any_key_all_is_withheld() -> None:
    assert open_slots(SEALED, NO_KEYS).withheld == set(Slot)


def test_another_key_than_the_right_one_opens_nothing() -> None:
    for keys in (
        replace(KEYS, case=CaseKey.generate()),
        replace(KEYS, person=PersonKey.generate()),
    ):
        with pytest.raises(Tampered):
            open_slots(SEALED, keys)


@given(st.integers(0, len(SEALED.slots) - 1))
def test_a_turned_bit_in_the_slots_is_found(position: int) -> None:
    with pytest.raises(Tampered):
        open_slots(replace(SEALED, slots=flipped(SEALED.slots, position)), KEYS)


@given(st.integers(0, 127))
def test_a_turned_bit_in_the_commitments_is_found_by_any_key(position: int) -> None:
    row = replace(SEALED, commitments=flipped(SEALED.commitments, position))
    for keys in (KEYS, replace(KEYS, person=None), replace(KEYS, case=None)):
        with pytest.raises(Tampered):
            open_slots(row, keys)


@given(st.integers(0, len(SEALED.slots) - 1))
def test_cut_slots_are_found(length: int) -> None:
    with pytest.raises(Tampered):
        open_slots(replace(SEALED, slots=SEALED.slots[:length]), KEYS)


@pytest.mark.parametrize("surplus", [b"\x00", bytes(4), bytes(4) + bytes(28), b"\xff" * 4])
def test_slots_with_something_behind_them_are_refused(surplus: bytes) -> None:
    with pytest.raises(Tampered):
        open_slots(replace(SEALED, slots=SEALED.slots + surplus), KEYS)


def envelopes(slots: bytes) -> list[bytes]:
    found, rest = list[bytes](), slots[1:]
    while rest:
        end = 4 + int.from_bytes(rest[:4], "big")
        found.append(rest[:end])
        rest = rest[end:]
    return found


def test_a_slot_opens_in_no_other_slot_and_in_no_other_entry() -> None:
    meta, actor, network, detail = envelopes(SEALED.slots)
    for order in (
        (detail, actor, network, meta),
        (meta, network, actor, detail),
        (envelopes(seal_event(RELEASE, KEYS).slots)[0], actor, network, detail),
    ):
        with pytest.raises(Tampered):
            open_slots(replace(SEALED, slots=b"\x01" + b"".join(order)), KEYS)


def test_a_slot_that_is_authentic_but_not_what_was_committed_to_is_refused() -> None:
    """Whoever has the keys can seal again, and cannot change what the tree holds."""
    key = hkdf(bytes([0xCA] * 32), b"subrosa/case-key/slot/v1")
    context = b"subrosa/log/slot/v1\x00\x00\x00\x00\x01\x03\x00\x00\x00\x80" + SEALED.commitments
    forged = bytes(12) + AESGCM(key).encrypt(bytes(12), bytes(32) + b'{"bytes":0}', context)
    before = b"".join(envelopes(SEALED.slots)[:3])
    slots = b"\x01" + before + len(forged).to_bytes(4, "big") + forged
    with pytest.raises(Tampered):
        open_slots(replace(SEALED, slots=slots), KEYS)


@pytest.mark.parametrize("column", ["case_id", "person_id"])
def test_a_row_under_another_case_or_person_is_refused(column: str) -> None:
    row = replace(SEALED, **{column: new_id()})
    with pytest.raises(Tampered):
        open_slots(row, KEYS)


@pytest.mark.parametrize("column", ["case_id", "person_id"])
def test_a_row_without_its_case_or_person_is_refused(column: str) -> None:
    with pytest.raises(Tampered):
        open_slots(replace(SEALED, **{column: None}), KEYS)


def test_a_row_that_names_a_person_for_an_event_of_nobody_is_refused() -> None:
    ours = PersonKey(OPERATIONS.material())
    for row in (
        replace(OPERATORS, person_id=PersonId(new_id())),
        replace(OPERATORS, case_id=CaseId(new_id())),
    ):
        with pytest.raises(Tampered):
            open_slots(row, replace(KEYS, person=ours))


def test_a_tag_of_a_later_version_is_refused_and_not_guessed_at() -> None:
    event = replace(RELEASE, tag=cast("Any", "case:teleport"))
    with pytest.raises(Tampered):
        open_slots(seal_event(event, KEYS), KEYS)
