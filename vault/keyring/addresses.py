"""Where each provider of root keys is, and as whom it is asked; no secret shows in a repr."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKeyFile:
    """A root key in a file."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitKey:
    """A root key in the transit engine of OpenBao or Vault.

    Attributes:
        url: Of the server; `https` but on loopback.
        token: May use the key; in `per-case` mode also make, configure and delete keys whose names
            begin with that of the root key.
        mount: Where the engine is mounted.
        key: Name of the root key: `aes256-gcm96`, derived.
        ca_file: Certificates to trust; None: those of the machine.
        timeout_s: An answer is waited for so long.
    """

    url: str
    token: str = field(repr=False)
    mount: str
    key: str
    ca_file: Path | None
    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KmsKey:
    """A root key in AWS KMS.

    Attributes:
        key: Id, ARN or alias of the root key: symmetric, for encryption.
        region: Of the key.
        endpoint: URL of the service; None for AWS's own.
        access_key: Of whoever asks; None: as boto3 finds it (instance role, environment, file).
        secret_key: Belongs to it.
        wait_days: Days that AWS keeps a case's key that was ordered to be destroyed, 7 to 30.
        timeout_s: An answer is waited for so long.
    """

    key: str
    region: str
    endpoint: str | None
    access_key: str | None
    secret_key: str | None = field(repr=False)
    wait_days: int
    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKey:
    """A root key in an HSM that speaks PKCS#11.

    Attributes:
        module: The vendor's library.
        token: Label of the token.
        pin: Of its user.
        key: Label of the root key: AES-256, sensitive, not extractable.
    """

    module: Path
    token: str
    pin: str = field(repr=False)
    key: str


RootKeyAddress = RootKeyFile | TransitKey | KmsKey | TokenKey
