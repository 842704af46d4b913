"""A key opens for the case, the person or the rendition it was made for, and for no other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vault.errors import Tampered
from vault.ids import CaseId, DocumentId, PersonId, RenditionId
from vault.keyring.keyring import Keyring
from vault.keyring.root import FileRootKey
from vault.sealing.fields import FieldContext, open_field, seal_field
from vault.sealing.keys import CaseKey, DataKey, OperationsKey, PersonKey
from vault.sealing.parts import RenditionContext

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = FileRootKey(bytes(range(32)))
CASE, OTHER_CASE = CaseId(UUID(int=1)), CaseId(UUID(int=2))
PERSON, OTHER_PERSON = PersonId(UUID(int=1)), PersonId(UUID(int=2))
PLACE = RenditionContext(CASE, DocumentId(UUID(int=5)), RenditionId(UUID(int=6)))


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keyring(clock: Clock) -> Keyring:
    return Keyring(ROOT, clock)


def test_a_case_key_opens_to_what_was_made(keyring: Keyring) -> None:
    key, wrapped = keyring.new_case_key(CASE)
    for ring in (keyring, Keyring(ROOT)):
        opened = ring.open_case_key(CASE, wrapped)
        assert type(opened) is CaseKey
        assert opened.material() == key.material()


def test_a_person_key_opens_to_what_was_made(keyring: Keyring) -> None:
    key, wrapped = keyring.new_person_key(PERSON)
    opened = keyring.open_person_key(PERSON, wrapped)
    assert type(opened) is PersonKey
    assert opened.material() == key.material()


def test_a_data_key_opens_to_what_was_made(keyring: Keyring) -> None:
    case_key, _ = keyring.new_case_key(CASE)
    key, wrapped = keyring.new_data_key(case_key, PLACE)
    opened = keyring.open_data_key(case_key, PLACE, wrapped)
    assert type(opened) is DataKey
    assert opened.material() == key.material()


def test_the_operations_key_opens_to_what_was_made(keyring: Keyring) -> None:
    key, wrapped = keyring.new_operations_key()
    opened = keyring.open_operations_key(wrapped)
    assert type(opened) is OperationsKey
    assert opened.material() == key.material()
    with pytest.raises(Tampered):
        Keyring(FileRootKey(bytes(32))).open_operations_key(wrapped)


def test_no_two_keys_are_the_same(keyring: Keyring) -> None:
    case_key, _ = keyring.new_case_key(CASE)
    materials = {
        case_key.material(),
        keyring.new_case_key(CASE)[0].material(),
        keyring.new_person_key(PERSON)[0].material(),
        keyring.new_data_key(case_key, PLACE)[0].material(),
        keyring.new_data_key(case_key, PLACE)[0].material(),
    }
    assert len(materials) == 5


def refused(opening: Callable[[], object]) -> None:
    with pytest.raises(Tampered):
        opening()


def test_a_key_of_another_holder_is_refused_though_it_was_opened_just_now(keyring: Keyring) -> None:
    _, case_wrapped = keyring.new_case_key(CASE)
    _, person_wrapped = keyring.new_person_key(PERSON)
    keyring.open_case_key(CASE, case_wrapped)
    keyring.open_person_key(PERSON, person_wrapped)
    refused(lambda: keyring.open_case_key(OTHER_CASE, case_wrapped))
    refused(lambda: keyring.open_person_key(OTHER_PERSON, person_wrapped))


def test_a_key_of_one_kind_does_not_stand_for_one_of_another_with_the_same_id(
    keyring: Keyring,
) -> None:
    _, case_wrapped = keyring.new_case_key(CASE)
    _, person_wrapped = keyring.new_person_key(PERSON)
    keyring.open_case_key(CASE, case_wrapped)
    keyring.open_person_key(PERSON, person_wrapped)
    refused(lambda: keyring.open_person_key(PERSON, case_wrapped))
    refused(lambda: keyring.open_case_key(CASE, person_wrapped))
    refused(lambda: keyring.open_operations_key(case_wrapped))
    refused(lambda: keyring.open_case_key(CASE, keyring.new_operations_key()[1]))


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, case=OTHER_CASE),
        replace(PLACE, document=DocumentId(UUID(int=9))),
        replace(PLACE, rendition=RenditionId(UUID(int=9))),
    ],
)
def test_a_data_key_of_another_rendition_is_refused(
    keyring: Keyring, elsewhere: RenditionContext
) -> None:
    case_key, _ = keyring.new_case_key(CASE)
    _, wrapped = keyring.new_data_key(case_key, PLACE)
    refused(lambda: keyring.open_data_key(case_key, elsewhere, wrapped))


def test_a_data_key_of_another_case_key_is_refused(keyring: Keyring) -> None:
    _, wrapped = keyring.new_data_key(keyring.new_case_key(CASE)[0], PLACE)
    other, _ = keyring.new_case_key(CASE)
    refused(lambda: keyring.open_data_key(other, PLACE, wrapped))


def test_every_bit_and_every_length_of_a_wrapped_data_key_counts(keyring: Keyring) -> None:
    case_key, _ = keyring.new_case_key(CASE)
    _, wrapped = keyring.new_data_key(case_key, PLACE)
    assert len(wrapped) == 61
    others = [wrapped[:length] for length in range(len(wrapped))]
    for bit in range(len(wrapped) * 8):
        other = bytearray(wrapped)
        other[bit // 8] ^= 1 << bit % 8
        others.append(bytes(other))
    for other in others:
        refused(lambda other=other: keyring.open_data_key(case_key, PLACE, other))


def test_a_field_does_not_stand_for_a_wrapped_key(keyring: Keyring) -> None:
    case_key, _ = keyring.new_case_key(CASE)
    place = FieldContext(CASE, PLACE.rendition, "key")
    refused(lambda: keyring.open_data_key(case_key, PLACE, seal_field(case_key, place, bytes(32))))
    _, wrapped = keyring.new_data_key(case_key, PLACE)
    refused(lambda: open_field(case_key, place, wrapped))


def test_a_changed_row_is_refused_though_its_key_is_at_hand(keyring: Keyring) -> None:
    _, wrapped = keyring.new_case_key(CASE)
    keyring.open_case_key(CASE, wrapped)
    refused(lambda: keyring.open_case_key(CASE, wrapped[:-1] + bytes([wrapped[-1] ^ 1])))


def test_an_opened_key_is_at_hand_for_a_minute_and_no_longer(
    keyring: Keyring, clock: Clock
) -> None:
    _, wrapped = keyring.new_case_key(CASE)
    opened = keyring.open_case_key(CASE, wrapped)
    clock.now += 59.9
    assert keyring.open_case_key(CASE, wrapped) is opened
    clock.now += 0.1
    assert keyring.open_case_key(CASE, wrapped) is not opened


def test_a_forgotten_key_is_opened_anew(keyring: Keyring) -> None:
    _, case_wrapped = keyring.new_case_key(CASE)
    _, other_wrapped = keyring.new_case_key(OTHER_CASE)
    _, person_wrapped = keyring.new_person_key(OTHER_PERSON)
    case_key = keyring.open_case_key(CASE, case_wrapped)
    other_key = keyring.open_case_key(OTHER_CASE, other_wrapped)
    keyring.forget(CASE)
    assert keyring.open_case_key(CASE, case_wrapped) is not case_key
    assert keyring.open_case_key(OTHER_CASE, other_wrapped) is other_key
    person_key = keyring.open_person_key(OTHER_PERSON, person_wrapped)
    keyring.forget(OTHER_PERSON)
    assert keyring.open_person_key(OTHER_PERSON, person_wrapped) is not person_key


def test_an_operation_finishes_with_the_key_it_has_in_hand(keyring: Keyring) -> None:
    made, wrapped = keyring.new_case_key(CASE)
    held = keyring.open_case_key(CASE, wrapped)
    keyring.forget(CASE)
    assert held.material() == made.material()


def test_keys_are_wrapped_as_specified(keyring: Keyring) -> None:
    """Unwrapped here from docs/sealed-document.md, section 6, without the vault's code."""
    root = bytes(range(32))

    def derive(secret: bytes, label: bytes, length: int = 32) -> bytes:
        return HKDF(SHA256(), length, salt=None, info=label).derive(secret)

    def context(label: bytes, *ids: UUID) -> bytes:
        return label + b"\0" + b"".join(b"\0\0\0\x10" + item.bytes for item in ids)

    wrapping = AESGCM(derive(root, b"subrosa/root-key/wrap/v1"))
    prefix = b"\x02\x01\x00" + derive(root, b"subrosa/root-key/id/v1", 8)
    case_key, case_wrapped = keyring.new_case_key(CASE)
    person_key, person_wrapped = keyring.new_person_key(PERSON)
    own_key, own_wrapped = keyring.new_operations_key()
    data_key, data_wrapped = keyring.new_data_key(case_key, PLACE)
    for key, wrapped, place in (
        (case_key, case_wrapped, context(b"subrosa/wrap/case/v1", CASE)),
        (person_key, person_wrapped, context(b"subrosa/wrap/person/v1", PERSON)),
        (own_key, own_wrapped, context(b"subrosa/wrap/operations/v1")),
    ):
        assert wrapped.startswith(prefix)
        bound = b"subrosa/wrap/v2\0" + b"".join(
            len(item).to_bytes(4, "big") + item for item in (prefix, place)
        )
        assert wrapping.decrypt(wrapped[11:23], wrapped[23:], bound) == key.material()
    cipher = AESGCM(derive(case_key.material(), b"subrosa/case-key/wrap/v1"))
    place = context(b"subrosa/wrap/data/v1", PLACE.case, PLACE.document, PLACE.rendition)
    assert data_wrapped[0] == 1
    assert cipher.decrypt(data_wrapped[1:13], data_wrapped[13:], place) == data_key.material()
