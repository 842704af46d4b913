"""Each kind of secret key has a type of its own that shows no byte of it by accident."""

from __future__ import annotations

import os
from typing import NoReturn, Self, final

from vault.sealing.envelope import derive

KEY_SIZE = 32


class _SecretKey:
    """Thirty-two uniformly random bytes, which leave through `material` and `subkey` alone.

    Never printed, formatted, pickled or copied. This object's own bytes are overwritten when the
    last reference to it ends. What Python and the libraries below copied is not: the bytes that
    `material` and `subkey` return, and what a cipher keeps, are freed without being overwritten.
    """

    __slots__ = ("_material", "_subkeys")

    def __init__(self, material: bytes) -> None:
        self._material = bytearray(material)
        # By label. Two threads that derive one at once derive the same.
        self._subkeys = dict[bytes, bytearray]()
        assert len(material) == KEY_SIZE

    def __del__(self) -> None:
        for held in (self._material, *self._subkeys.values()):
            held[:] = bytes(len(held))

    @classmethod
    def generate(cls) -> Self:
        """Draw a new key from the operating system."""
        return cls(os.urandom(KEY_SIZE))

    def material(self) -> bytes:
        """Return the key's bytes, for a cipher or a key derivation and nothing else."""
        return bytes(self._material)

    def subkey(self, label: bytes) -> bytes:
        """Return the subkey for the purpose that a label names, derived at its first use alone.

        A list opens hundreds of fields under one key, and each derivation costs more than opening.
        """
        held = self._subkeys.get(label)
        if held is None:
            held = self._subkeys[label] = bytearray(derive(self.material(), label))
        return bytes(held)

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
