"""What the vault signs is a note that others' tools read: text, then one line per signature.

Source: c2sp.org/signed-note@v1.0.0; c2sp.org/tlog-checkpoint@v1.0.0.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from vault.audit.tlog import HASH_SIZE

# A checkpoint is some 300 bytes with two signatures; these bounds are those of Go's x/mod.
_LONGEST = 1_000_000
_MOST_SIGNATURES = 100

_ED25519 = b"\x01"
_KEY_ID_SIZE = 4
_PUBLIC_KEY_SIZE = 32
_SIGNATURE_SIZE = 64
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)")
_CHECKPOINT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]+=*)\n")
# Surrogates have no UTF-8.
_UNSIGNABLE = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_DASH = "\N{EM DASH}"


class NoteRefused(Exception):
    """A note, or the key to read it by, is not what it should be; `str()` is one sentence.

    Not a VaultError: notes are verified by whoever keeps them, not by a caller of the vault.
    """


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """The public half of a key that signs notes: what others verify by."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        """Refuse what would make signature lines ambiguous."""
        if not _is_name(self.name):
            raise NoteRefused("This is not a key name: it is empty, or has a space or a plus.")
        if len(self.public) != _PUBLIC_KEY_SIZE:
            raise NoteRefused("This is not an Ed25519 key.")

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read the text form that `vkey` writes.

        Raises:
            NoteRefused: It is not one, its key id is not its own, or it is no Ed25519 key.
        """
        match = _VKEY.fullmatch(vkey)
        if match is None:
            raise NoteRefused("This is not a verifier key.")
        material = decoded(match[3])
        if material[:1] != _ED25519:
            raise NoteRefused("This is not an Ed25519 key.")
        key = cls(match[1], material[1:])
        if key.key_id.hex() != match[2]:
            raise NoteRefused("The verifier key is damaged: its id is another key's.")
        return key

    @property
    def key_id(self) -> bytes:
        """The four bytes that lead to this key from a signature line."""
        named = self.name.encode() + b"\n" + _ED25519 + self.public
        return sha256(named).digest()[:_KEY_ID_SIZE]

    def vkey(self) -> str:
        """Return the text form: name, key id and key."""
        return f"{self.name}+{self.key_id.hex()}+{encoded(_ED25519 + self.public)}"

    def signature_line(self, signature: bytes) -> str:
        """Return the line of a note that bears this key's signature."""
        return f"{_DASH} {self.name} {encoded(self.key_id + signature)}\n"

    def verify(self, text: str, signature: bytes) -> None:
        """Return if this key signed the text; raise NoteRefused if not."""
        if len(signature) != _SIGNATURE_SIZE:
            raise NoteRefused("A signature has the wrong length.")
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature as error:
            raise NoteRefused("A signature does not verify.") from error


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: its name, the number of its entries, the root over all of them."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a note; raise NoteRefused unless it is a checkpoint and no more."""
        match = _CHECKPOINT.fullmatch(text)
        root = decoded(match[3]) if match else b""
        if match is None or len(root) != HASH_SIZE:
            raise NoteRefused("This is not a checkpoint.")
        return cls(match[1], int(match[2]), root)

    def text(self) -> str:
        """Return the text to be signed."""
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"


def open_note(note: str, key: VerifyKey) -> str:
    """Return the text of a note that a key signed.

    Signatures by other keys are ignored. Every signature in this key's name must verify, and
    there must be one.

    Raises:
        NoteRefused: The note is malformed, or was not signed by the key, or was changed since.
    """
    text, lines = _split(note)
    own = [
        value[_KEY_ID_SIZE:]
        for name, value in map(_signature, lines)
        if (name, value[:_KEY_ID_SIZE]) == (key.name, key.key_id)
    ]
    if not own:
        raise NoteRefused("The note bears no signature by this key.")
    for signature in own:
        key.verify(text, signature)
    return text


def check_text(text: str) -> None:
    """Return if a text can be signed as a note; raise NoteRefused if not."""
    if not text.endswith("\n") or _UNSIGNABLE.search(text):
        raise NoteRefused("The text of a note ends with a line feed and has no control characters.")


def encoded(material: bytes) -> str:
    """Return bytes as base64 text."""
    return base64.b64encode(material).decode()


def _split(note: str) -> tuple[str, list[str]]:
    """Divide a note at its last empty line."""
    if len(note) > _LONGEST:
        raise NoteRefused("The note is too long.")
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise NoteRefused("This is not a signed note.")
    check_text(text + "\n")
    lines = signatures[:-1].split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise NoteRefused("The note bears too many signatures.")
    return text + "\n", lines


def _signature(line: str) -> tuple[str, bytes]:
    """Return the name on a signature line, and its bytes: key id and signature."""
    dash, _, rest = line.partition(" ")
    name, _, value = rest.partition(" ")
    material = decoded(value)
    if dash != _DASH or not _is_name(name) or len(material) <= _KEY_ID_SIZE:
        raise NoteRefused("A signature line is malformed.")
    return name, material


def _is_name(name: str) -> bool:
    return (
        name != ""
        and "+" not in name
        and not any(map(str.isspace, name))
        and not _UNSIGNABLE.search(name)
    )


def decoded(text: str) -> bytes:
    """Return what base64 text stands for, if it is written in the one canonical way."""
    try:
        material = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteRefused("Base64 is malformed.") from error
    if encoded(material) != text:
        raise NoteRefused("Base64 is not canonical.")
    return material
