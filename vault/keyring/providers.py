"""A provider of root keys is opened by its address; its library is loaded only if it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.keyring.addresses import KmsKey, RootKeyFile, TokenKey, TransitKey
from vault.keyring.port import RootKeyRefused
from vault.keyring.root import FileRootKey

if TYPE_CHECKING:
    from vault.keyring.addresses import RootKeyAddress
    from vault.keyring.port import KeyProvider


def open_provider(address: RootKeyAddress) -> KeyProvider:
    """Open the provider at an address and find its root key.

    Raises:
        RootKeyRefused: It cannot be reached, or its root key is missing or of the wrong kind, or
            its library is not installed.
    """
    match address:
        case RootKeyFile():
            return FileRootKey.load(address.path)
        case TransitKey():
            try:
                from vault.keyring.transit import TransitRootKey  # noqa: PLC0415 — an extra's
            except ModuleNotFoundError as error:
                raise _not_installed("transit") from error
            return TransitRootKey(address)
        case KmsKey():
            from vault.keyring.kms import KmsRootKey  # noqa: PLC0415 — slow to load

            return KmsRootKey.connect(address)
        case TokenKey():
            try:
                from vault.keyring.hsm import TokenRootKey  # noqa: PLC0415 — an extra's
            except ModuleNotFoundError as error:
                raise _not_installed("pkcs11") from error
            return TokenRootKey(address)


def _not_installed(extra: str) -> RootKeyRefused:
    return RootKeyRefused(
        f"This provider of root keys needs its extra: install `subrosa[{extra}]`."
    )
