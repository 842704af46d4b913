"""Whoever deposits holds a signed note of what was received, and of where the log says so.

Source: docs/audit-log.md, section 8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import UUID

from vault.audit.events import instant_text
from vault.audit.notes import NoteRefused, decoded, encoded, open_note
from vault.ids import CaseId, DocumentId

if TYPE_CHECKING:
    from vault.audit.notes import VerifyKey
    from vault.audit.signing import SigningKey

_FORMAT = re.compile(
    r"""subrosa-receipt/v1
case ([0-9a-f-]{36})
document ([0-9a-f-]{36})
view ([a-z]+)
sha256 ([0-9a-f]{64})
size_bytes ([0-9]{1,19})
deposited_at ([0-9TZ:.-]{27})
log_index ([0-9]{1,19})
leaf ([A-Za-z0-9+/]{43}=)
"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the vault says it received.

    Attributes:
        case: The case.
        document: The document.
        view: `full` or `redacted`.
        sha256: Of the bytes received, in hex.
        size_bytes: Their number.
        deposited_at: By the vault's clock.
        log_index: Where in the log the deposit is recorded.
        leaf: Hash of the entry there: what makes the receipt evidence against another entry.
    """

    case: CaseId
    document: DocumentId
    view: str
    sha256: str
    size_bytes: int
    deposited_at: datetime
    log_index: int
    leaf: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `text` writes; raise NoteRefused for anything else."""
        match = _FORMAT.fullmatch(text)
        if match is None:
            raise NoteRefused("This is not a receipt.")
        case, document, view, sha256, size_bytes, deposited_at, log_index, leaf = match.groups()
        try:
            receipt = cls(
                case=CaseId(UUID(case)),
                document=DocumentId(UUID(document)),
                view=view,
                sha256=sha256,
                size_bytes=int(size_bytes),
                deposited_at=datetime.fromisoformat(deposited_at),
                log_index=int(log_index),
                leaf=decoded(leaf),
            )
        except ValueError as error:
            raise NoteRefused("This is not a receipt.") from error
        if receipt.text() != text:
            raise NoteRefused("The receipt is not written in the one canonical way.")
        return receipt

    def text(self) -> str:
        """Return the text to be signed."""
        return (
            "subrosa-receipt/v1\n"
            f"case {self.case}\n"
            f"document {self.document}\n"
            f"view {self.view}\n"
            f"sha256 {self.sha256}\n"
            f"size_bytes {self.size_bytes}\n"
            f"deposited_at {instant_text(self.deposited_at)}\n"
            f"log_index {self.log_index}\n"
            f"leaf {encoded(self.leaf)}\n"
        )


def sign_receipt(receipt: Receipt, key: SigningKey) -> str:
    """Return a receipt as a signed note."""
    return key.sign(receipt.text())


def verify_receipt(note: str, key: VerifyKey) -> Receipt:
    """Return what a receipt says, if the key signed it.

    Raises:
        NoteRefused: It did not, or the receipt was changed since.
    """
    return Receipt.parse(open_note(note, key))
