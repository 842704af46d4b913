"""Titles, names and terms are stored sealed under their case's key, each bound to its place.

Source: docs/sealed-document.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vault.errors import Tampered
from vault.sealing.envelope import encode_context, open_envelope, seal_envelope

if TYPE_CHECKING:
    from uuid import UUID

    from vault.ids import CaseId
    from vault.sealing.keys import CaseKey, OperationsKey

_VERSION = b"\x01"
_CONTEXT_LABEL = b"subrosa/field/v1"
_SUBKEY_LABEL = b"subrosa/case-key/field/v1"


@dataclass(frozen=True, slots=True)
class FieldContext:
    """Where a value belongs: sealed for one place, it opens in no other.

    Attributes:
        case: The case whose key seals it; the nil id for what the vault's own key seals.
        subject: Id of the row or thing that the value describes.
        field: Name of the field, such as `title`.
    """

    case: CaseId
    subject: UUID
    field: str

    def encoded(self) -> bytes:
        """Return the canonical encoding of the place."""
        return encode_context(
            _CONTEXT_LABEL, self.case.bytes, self.subject.bytes, self.field.encode()
        )


def seal_field(key: CaseKey | OperationsKey, context: FieldContext, plaintext: bytes) -> bytes:
    """Seal one value; meant for up to 1 MiB, since it is sealed and opened whole.

    Its length stays visible (plus 29 bytes), and two seals of one value look unlike.
    """
    return _VERSION + seal_envelope(key.subkey(_SUBKEY_LABEL), context.encoded(), plaintext)


def open_field(key: CaseKey | OperationsKey, context: FieldContext, sealed: bytes) -> bytes:
    """Open one value.

    Raises:
        Tampered: It was not sealed for this place under this key, or it was changed.
    """
    if not sealed.startswith(_VERSION):
        raise Tampered
    return open_envelope(key.subkey(_SUBKEY_LABEL), context.encoded(), sealed[len(_VERSION) :])
