"""Each log has one key per purpose, so that no signature can be taken for one of another kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NoReturn, Self, final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vault.audit.notes import VerifyKey, check_text
from vault.sealing.envelope import derive, encode_context

if TYPE_CHECKING:
    from vault.sealing.keys import OperationsKey

    Purpose = Literal["checkpoint", "receipt", "erasure"]

_LABEL = b"subrosa/operations-key/sign/v1"

# A checkpoint's key bears the log's own name, as C2SP asks; the others' must not.
_NAME_SUFFIX: dict[Purpose, str] = {
    "checkpoint": "",
    "receipt": "/receipts",
    "erasure": "/erasures",
}


@final
class SigningKey:
    """Signs notes of one kind for one log.

    Trusted to be held by the vault alone: its thief can sign what never was, and cannot make
    anybody who kept an older checkpoint accept a log that does not extend it.

    Attributes:
        verify_key: The public half; its `vkey()` is for whoever verifies.
    """

    __slots__ = ("_private", "verify_key")

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.verify_key = VerifyKey(name, private.public_key().public_bytes_raw())

    @classmethod
    def of(cls, secret: OperationsKey, origin: str, purpose: Purpose) -> Self:
        """Derive the key of a log for one purpose; the same arguments always give the same key.

        Args:
            secret: The vault's own key.
            origin: The log's name. Under another name there is another key.
            purpose: What it signs.

        Raises:
            NoteRefused: The origin cannot be the name of a key.
        """
        label = encode_context(_LABEL, purpose.encode(), origin.encode())
        private = Ed25519PrivateKey.from_private_bytes(derive(secret.material(), label))
        return cls(origin + _NAME_SUFFIX[purpose], private)

    def vkey(self) -> str:
        """Return what others verify by, as text."""
        return self.verify_key.vkey()

    def sign(self, text: str) -> str:
        """Return a note with this text and signature.

        Raises:
            NoteRefused: The text does not end in a line feed, or has a control character.
        """
        check_text(text)
        line = self.verify_key.signature_line(self._private.sign(text.encode()))
        return f"{text}\n{line}"

    def __repr__(self) -> str:
        return f"<SigningKey {self.vkey()}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A signing key cannot be pickled or copied.")
