"""A secret key shows none of its bytes by accident."""

from __future__ import annotations

import copy
import gc
import pickle
import traceback

import pytest

from vault.sealing.envelope import derive
from vault.sealing.keys import KEY_SIZE, CaseKey, DataKey, OperationsKey, PersonKey

KINDS = (CaseKey, DataKey, OperationsKey, PersonKey)
MATERIAL = b"PLAIN-KEY-BYTES-OF-THIRTY-TWO-XX"
Kind = type[CaseKey] | type[DataKey] | type[OperationsKey] | type[PersonKey]


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_shows_no_byte_of_itself(kind: Kind) -> None:
    key = kind(MATERIAL)
    for shown in (repr(key), str(key), f"{key}", f"{key!r:>80}", f"{[key]}"):
        assert "PLAIN" not in shown
        assert MATERIAL.hex() not in shown
        assert kind.__name__ in shown
    assert not hasattr(key, "__dict__")


@pytest.mark.parametrize("kind", KINDS)
def test_an_exception_with_a_key_in_hand_shows_no_byte_of_it(kind: Kind) -> None:
    def fail(key: object) -> None:
        raise ValueError(key)

    with pytest.raises(ValueError, match=kind.__name__) as caught:
        fail(kind(MATERIAL))
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    text = "".join(told.format())
    assert f"<{kind.__name__}>" in text
    assert "PLAIN" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_neither_pickled_nor_copied(kind: Kind) -> None:
    key = kind(MATERIAL)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(key, protocol)
    for duplicate in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            duplicate(key)


@pytest.mark.parametrize("kind", KINDS)
def test_a_generated_key_is_new_and_of_its_kind(kind: Kind) -> None:
    first, second = kind.generate(), kind.generate()
    assert type(first) is kind
    assert len(first.material()) == KEY_SIZE
    assert first.material() != second.material()


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_has_thirty_two_bytes(length: int) -> None:
    with pytest.raises(AssertionError):
        CaseKey(bytes(length))


def test_a_key_is_made_of_its_material() -> None:
    assert DataKey(MATERIAL).material() == MATERIAL


def test_a_key_is_overwritten_when_its_last_reference_ends() -> None:
    key = CaseKey(MATERIAL)
    subkey = key.subkey(b"purpose")
    inside = gc.get_referents(key)
    inside += [found for held in inside for found in gc.get_referents(held)]
    held = [found for found in inside if isinstance(found, bytearray)]
    assert held == [MATERIAL, subkey]
    del key, inside
    assert held == [bytes(KEY_SIZE)] * 2


def test_a_subkey_is_the_one_that_its_label_names() -> None:
    key = CaseKey(MATERIAL)
    for label in (b"one", b"two", b"one"):
        assert key.subkey(label) == derive(MATERIAL, label)
