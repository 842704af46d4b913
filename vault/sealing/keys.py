"""Each kind of secret key has a type of its own that shows no byte of it by accident."""

from __future__ import annotations

import os
from typing import NoReturn, Self, final

KEY_SIZE = 32


class _SecretKey:
    """Thirty-two uniformly random bytes that leave through `material` alone.

    Never printed, formatted, pickled or copied. This object's own bytes are overwritten when the
    last reference to it ends. What Python and the libraries below copied is not: the bytes that
    `material` returns, and what a cipher keeps, are freed without being overwritten.
    """

    __slots__ = ("_material",)

    def __init__(self, material: bytes) -> None:
        self._material = bytearray(material)
        assert len(material) == KEY_SIZE

    def __del__(self) -> None:
        self._material[:] = bytes(len(self._material))

    @classmethod
    def generate(cls) -> Self:
        """Draw a new key from the operating system."""
        return cls(os.urandom(KEY_SIZE))

    def material(self) -> bytes:
        """Return the key's bytes, for a cipher or a key derivation and nothing else."""
        return bytes(self._material)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"A {type(self).__name__} cannot be pickled or copied.")


@final
class CaseKey(_SecretKey):
    """Seals the fields of one case and wraps its data keys; without it the case is gone."""

    __slots__ = ()


@final
class DataKey(_SecretKey):
    """Seals the parts of one rendition."""

    __slots__ = ()


@final
class PersonKey(_SecretKey):
    """Seals what the log says of one person."""

    __slots__ = ()


@final
class OperationsKey(_SecretKey):
    """The vault's own: seals what the log says of no case or person, and seeds its signatures."""

    __slots__ = ()
