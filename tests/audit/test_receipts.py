"""A receipt says what was received, in one way alone, and only the vault can have signed it."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audit.samples import OPERATIONS, checkpoint_key
from vault.audit.notes import NoteRefused
from vault.audit.receipts import Receipt, sign_receipt, verify_receipt
from vault.audit.signing import SigningKey
from vault.ids import CaseId, DocumentId

ORIGIN = "vault.example/audit/2026"
KEY = SigningKey.of(OPERATIONS, ORIGIN, "receipt")
RECEIPT = Receipt(
    case=CaseId(UUID(int=0xCA5E)),
    document=DocumentId(UUID(int=0xD0C)),
    view="full",
    sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    size_bytes=0,
    deposited_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    log_index=17,
    leaf=bytes(range(32)),
)
TEXT = """\
subrosa-receipt/v1
case 00000000-0000-0000-0000-00000000ca5e
document 00000000-0000-0000-0000-000000000d0c
view full
sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
size_bytes 0
deposited_at 2026-03-02T09:00:00.000000Z
log_index 17
leaf AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
"""


def test_a_receipt_is_written_exactly_so() -> None:
    assert RECEIPT.text() == TEXT


def test_a_receipt_is_read_back_by_its_verifier_key() -> None:
    note = sign_receipt(RECEIPT, KEY)
    assert note.startswith(f"{TEXT}\n\N{EM DASH} {ORIGIN}/receipts ")
    assert verify_receipt(note, KEY.verify_key) == RECEIPT


@given(
    st.builds(
        Receipt,
        case=st.uuids().map(CaseId),
        document=st.uuids().map(DocumentId),
        view=st.sampled_from(["full", "redacted"]),
        sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
        size_bytes=st.integers(0, 2**63 - 1),
        deposited_at=st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 — hypothesis wants the bound without its zone
        log_index=st.integers(0, 2**63 - 1),
        leaf=st.binary(min_size=32, max_size=32),
    )
)
def test_every_receipt_is_read_back(receipt: Receipt) -> None:
    assert verify_receipt(sign_receipt(receipt, KEY), KEY.verify_key) == receipt


FAULTS = {
    "another version": TEXT.replace("/v1", "/v2"),
    "a line less": TEXT.replace("view full\n", ""),
    "a line more": TEXT + "note well\n",
    "two lines exchanged": TEXT.replace("view full\n", "").replace("leaf", "view full\nleaf"),
    "a leading zero": TEXT.replace("size_bytes 0", "size_bytes 00"),
    "digits of another script": TEXT.replace("log_index 17", "log_index ١٧"),
    "an id in capitals": TEXT.replace("ca5e", "CA5E"),
    "an id that is none": TEXT.replace("case 00000000-0", "case 00000000--"),
    "a digest in capitals": TEXT.replace("e3b0", "E3B0"),
    "a day that is none": TEXT.replace("2026-03-02", "2026-02-30"),
    "another zone": TEXT.replace("09:00:00.000000Z", "09:00:00.00000+01"),
    "a leaf that is not canonical": TEXT.replace("Hh8=", "Hh9="),
    "a short leaf": TEXT.replace("Hh8=", "Hg=="),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_signed_text_that_is_not_a_receipt_is_refused(fault: str) -> None:
    assert FAULTS[fault] != TEXT
    with pytest.raises(NoteRefused):
        verify_receipt(KEY.sign(FAULTS[fault]), KEY.verify_key)


def test_a_changed_receipt_is_refused() -> None:
    note = sign_receipt(RECEIPT, KEY)
    changed = note.replace(TEXT, replace(RECEIPT, size_bytes=1).text())
    with pytest.raises(NoteRefused):
        verify_receipt(changed, KEY.verify_key)


def test_the_key_of_checkpoints_signs_no_receipts() -> None:
    with pytest.raises(NoteRefused):
        verify_receipt(checkpoint_key(ORIGIN).sign(TEXT), KEY.verify_key)
