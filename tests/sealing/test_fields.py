"""A field opens in its own place, under its own case's key, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from vault.errors import Tampered
from vault.ids import CaseId
from vault.sealing.fields import FieldContext, open_field, seal_field
from vault.sealing.keys import CaseKey

KEY = CaseKey(bytes(range(32)))
PLACE = FieldContext(CaseId(UUID(int=1)), UUID(int=2), "title")


@given(st.binary(max_size=300), st.text(max_size=40))
def test_a_field_opens_to_what_was_sealed(value: bytes, name: str) -> None:
    place = replace(PLACE, field=name)
    sealed = seal_field(KEY, place, value)
    assert open_field(KEY, place, sealed) == value
    assert len(sealed) == len(value) + 29


def test_an_agreement_of_a_mebibyte_is_sealed_whole() -> None:
    terms = bytes(1 << 20)
    assert open_field(KEY, PLACE, seal_field(KEY, PLACE, terms)) == terms


def test_two_seals_of_one_value_look_unlike() -> None:
    assert seal_field(KEY, PLACE, b"same") != seal_field(KEY, PLACE, b"same")


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, case=CaseId(UUID(int=3))),
        replace(PLACE, subject=UUID(int=3)),
        replace(PLACE, field="titles"),
        replace(PLACE, field=""),
    ],
)
def test_a_field_moved_to_another_place_is_refused(elsewhere: FieldContext) -> None:
    sealed = seal_field(KEY, PLACE, b"a title")
    with pytest.raises(Tampered):
        open_field(KEY, elsewhere, sealed)


def test_another_case_key_is_refused() -> None:
    with pytest.raises(Tampered):
        open_field(CaseKey.generate(), PLACE, seal_field(KEY, PLACE, b"a title"))


def test_every_bit_and_every_length_counts() -> None:
    sealed = seal_field(KEY, PLACE, b"a title")
    changed = [
        sealed[:at] + bytes([sealed[at] ^ 1 << bit]) + sealed[at + 1 :]
        for at in range(len(sealed))
        for bit in range(8)
    ]
    for other in [*changed, *(sealed[:length] for length in range(len(sealed))), sealed + b"\0"]:
        with pytest.raises(Tampered):
            open_field(KEY, PLACE, other)


def test_a_field_is_written_as_specified() -> None:
    """Opened here from docs/sealed-document.md, sections 2 and 5, without the vault's code."""
    sealed = seal_field(KEY, replace(PLACE, field="námę"), b"a title")
    context = b"subrosa/field/v1\0" + b"".join(
        len(item).to_bytes(4, "big") + item
        for item in (UUID(int=1).bytes, UUID(int=2).bytes, "námę".encode())
    )
    subkey = HKDF(SHA256(), 32, salt=None, info=b"subrosa/case-key/field/v1")
    cipher = AESGCM(subkey.derive(bytes(range(32))))
    assert sealed[0] == 1
    assert cipher.decrypt(sealed[1:13], sealed[13:], context) == b"a title"
