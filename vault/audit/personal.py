"""A person signs an agreement with a key that the vault never has, so that it cannot sign for them.

What is signed is one line that names what it is and one with the agreement's digest, so that no
signature made for another purpose can pass for it, and any tool with Ed25519 makes the same.

Source: RFC 8032, of which the strict reading is taken: one encoding per key, and only keys in the
prime-order subgroup, under which every verifier gives the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final, Self
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from vault.audit.notes import NoteRefused, decoded, encoded

_SIGNED: Final = "subrosa-agreement-signature/1"
_KEY_LABEL: Final = b"subrosa/signing-key/v1\x00"
_KEY_SIZE: Final = 32

# Curve25519 as RFC 8032, section 5.1, writes it: the field, the curve's d, the subgroup's order.
_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_NEUTRAL: Final = (0, 1, 1, 0)

_Point = tuple[int, int, int, int]


class KeyRefused(Exception):
    """This is not a key that a person signs by, or not its signature; `str()` is one sentence."""


@dataclass(frozen=True, slots=True)
class PersonalKey:
    """The public half of a person's Ed25519 key.

    Attributes:
        public: Its 32 bytes.

    Raises:
        KeyRefused: They are no point of the curve in its one encoding, or a point of small or
            mixed order, under which signatures verify that nobody made, or for some and not for
            others.
    """

    public: bytes

    def __post_init__(self) -> None:
        if not _is_key(self.public):
            raise KeyRefused("This is not an Ed25519 public key.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a key as `text` writes it: base64 of its 32 bytes.

        Raises:
            KeyRefused: It is not one.
        """
        return cls(_bytes_of(text, "This is not an Ed25519 public key."))

    def text(self) -> str:
        """Return the key in base64."""
        return encoded(self.public)

    @property
    def key_id(self) -> UUID:
        """The id that follows from the key: whoever has the key can tell that the id is its own."""
        return UUID(bytes=sha256(_KEY_LABEL + self.public).digest()[:16])

    def verify(self, digest: str, signature: str) -> None:
        """Return if this key signed the agreement of this digest.

        Args:
            digest: 64 hex digits.
            signature: In base64.

        Raises:
            KeyRefused: It did not.
        """
        material = _bytes_of(signature, "This signature is not the key's.")
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(material, signed_bytes(digest))
        except InvalidSignature as error:
            raise KeyRefused("This signature is not the key's.") from error


def signed_bytes(digest: str) -> bytes:
    """Return what a person signs to sign the agreement of this digest."""
    return f"{_SIGNED}\n{digest}\n".encode()


def _bytes_of(text: str, refusal: str) -> bytes:
    try:
        return decoded(text)
    except NoteRefused as error:
        raise KeyRefused(refusal) from error


@lru_cache(maxsize=4096)
def _is_key(public: bytes) -> bool:
    """Tell whether these bytes are a point of prime order; remembered, since it takes 2 ms."""
    point = _decompressed(public) if len(public) == _KEY_SIZE else None
    return point is not None and not _is_neutral(point) and _is_neutral(_times(_ORDER, point))


def _decompressed(encoding: bytes) -> _Point | None:
    """Return the point of an encoding; None if there is none, or the encoding is not its own."""
    number = int.from_bytes(encoding, "little")
    y, sign = number & (2**255 - 1), number >> 255
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if x * x % _P != square or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else _P - x
    return x, y, 1, x * y % _P


def _times(factor: int, point: _Point) -> _Point:
    """Multiply a public point: what is timed here is no secret."""
    result = _NEUTRAL
    while factor:
        if factor & 1:
            result = _plus(result, point)
        point, factor = _plus(point, point), factor >> 1
    return result


def _plus(one: _Point, other: _Point) -> _Point:
    """Add two points in extended coordinates (RFC 8032, section 5.1.4)."""
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = other
    a, b = (y1 - x1) * (y2 - x2) % _P, (y1 + x1) * (y2 + x2) % _P
    c, d = 2 * t1 * t2 * _D % _P, 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _is_neutral(point: _Point) -> bool:
    x, y, z, _ = point
    return x % _P == 0 and (y - z) % _P == 0
