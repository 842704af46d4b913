"""A certificate says what was signed and nothing else; anything changed is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.conftest import LOG_ORIGIN
from vault.audit.certificates import Certificate, sign_certificate, verify_certificate
from vault.audit.notes import NoteRefused
from vault.audit.receipts import Receipt, sign_receipt, verify_receipt
from vault.audit.signing import SigningKey
from vault.ids import CaseId, DocumentId
from vault.sealing.keys import OperationsKey

SECRET = OperationsKey(bytes(range(32)))
KEY = SigningKey.of(SECRET, LOG_ORIGIN, "erasure")
AT = datetime(2026, 3, 2, 9, 0, 0, 250, tzinfo=UTC)
SAID = Certificate(
    erasure=UUID(int=1),
    case=CaseId(UUID(int=2)),
    document=DocumentId(UUID(int=3)),
    method="the wrapped data keys were removed",
    provider="the database",
    key="sha256 of the wrapped key: 00ff",
    request=None,
    tool="subrosa 0.1.0",
    ordered_by="A. Clerk",
    reason="Settled — and closed",
    ordered_at=AT,
    destroyed_at=AT,
    certified_at=AT + timedelta(seconds=1),
    refused=("the database holds no wrapped key", "the provider: not found"),
    objects=2,
    objects_bytes=1000,
    inventory_sha256="ab" * 32,
    remains=("ids",),
    unreached=("backups", "copies"),
    backups_until=AT + timedelta(days=35),
    log_index=17,
    leaf=bytes(32),
)


@pytest.mark.parametrize(
    "said",
    [
        SAID,
        replace(SAID, document=None, request="request-7"),
        replace(SAID, refused=("one",), remains=(), unreached=()),
    ],
)
def test_what_was_signed_is_read_back(said: Certificate) -> None:
    assert verify_certificate(sign_certificate(said, KEY), KEY.verify_key) == said


@pytest.mark.parametrize("position", range(0, 1500, 7))
def test_a_certificate_with_one_character_changed_is_refused(position: int) -> None:
    note = sign_certificate(SAID, KEY)
    position %= len(note)
    changed = note[:position] + chr(ord(note[position]) ^ 1) + note[position + 1 :]
    with pytest.raises(NoteRefused):
        verify_certificate(changed, KEY.verify_key)


CHANGES: dict[str, Callable[[str], str]] = {
    "a line left out": lambda text: text.replace("technique cryptographic-erase\n", ""),
    "no negative test": lambda text: "".join(
        line for line in text.splitlines(keepends=True) if not line.startswith("refused")
    ),
    "two lines exchanged": lambda text: text.replace(
        "tool subrosa 0.1.0\nordered_by A. Clerk\n", "ordered_by A. Clerk\ntool subrosa 0.1.0\n"
    ),
    "a number with a leading zero": lambda text: text.replace("objects 2", "objects 02"),
    "an id in upper case": lambda text: text.replace("ab" * 32, "AB" * 32),
    "an instant without its zone": lambda text: text.replace(".000250Z", ".0002500"),
    "a day that is none": lambda text: text.replace("2026-03-02T", "2026-13-42T"),
    "another version": lambda text: text.replace("erasure/v1", "erasure/v2"),
    "more lines": lambda text: text + "more x\n",
    "nothing": lambda _: "\n",
    "a leaf that is too short": lambda text: text.replace("A" * 43 + "=", "AAAA"),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_what_is_not_a_certificate_is_refused_though_the_key_signed_it(kind: str) -> None:
    changed = CHANGES[kind](SAID.text())
    assert changed != SAID.text()
    with pytest.raises(NoteRefused):
        verify_certificate(KEY.sign(changed), KEY.verify_key)


def test_no_other_key_of_the_log_signs_certificates() -> None:
    receipts = SigningKey.of(SECRET, LOG_ORIGIN, "receipt")
    for other in (SigningKey.of(SECRET, LOG_ORIGIN, "checkpoint"), receipts):
        with pytest.raises(NoteRefused):
            verify_certificate(sign_certificate(SAID, other), KEY.verify_key)
    receipt = Receipt(
        case=SAID.case,
        document=DocumentId(UUID(int=3)),
        view="full",
        sha256="ab" * 32,
        size_bytes=1,
        deposited_at=AT,
        log_index=1,
        leaf=bytes(32),
    )
    with pytest.raises(NoteRefused):
        verify_receipt(sign_receipt(receipt, KEY), receipts.verify_key)
