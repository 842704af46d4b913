"""Which provider holds the root key, and which held it before, is read from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from api.environment import SettingsRefused, required, secret, whole
from vault.keyring.addresses import KmsKey, RootKeyFile, TokenKey, TransitKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.keyring.addresses import RootKeyAddress

# A request for a key holds a database transaction, which the server ends after ten seconds.
_LONGEST_WAIT_S = 8
_AWS_DAYS = range(7, 31)
_NOW, _BEFORE = "SUBROSA_", "SUBROSA_OLD_"
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_PROVIDERS = ("file", "transit", "aws-kms", "pkcs11")


def read_root_keys(environment: Mapping[str, str], folder: Path) -> RootKeyAddress:
    """Return where the root key is.

    Secrets may stand in files: SUBROSA_TRANSIT_TOKEN_FILE, SUBROSA_KMS_SECRET_KEY_FILE,
    SUBROSA_PKCS11_PIN_FILE.

    Args:
        environment: Where to read from.
        folder: The data directory.

    Raises:
        SettingsRefused: Something is missing or contradictory.
    """
    found = _address(environment)
    return RootKeyFile(path=folder / "keys" / "root.key") if found is None else found


def read_old_root_keys(environment: Mapping[str, str]) -> RootKeyAddress | None:
    """Return where the root key was before, while keys are moved from there; None: nowhere else.

    Each setting of a provider is read under its name with OLD before its last words, such as
    SUBROSA_OLD_ROOT_KEYS and SUBROSA_OLD_ROOT_KEY_FILE.

    Raises:
        SettingsRefused: Something is missing or contradictory.
    """
    before = {
        _NOW + name.removeprefix(_BEFORE): value
        for name, value in environment.items()
        if name.startswith(_BEFORE)
    }
    try:
        return _address(before)
    except SettingsRefused as refusal:
        raise SettingsRefused(str(refusal).replace(_NOW, _BEFORE)) from refusal


def read_keys_per_case(environment: Mapping[str, str]) -> bool:
    """Tell whether new case keys are wrapped under a key of the case's own.

    Raises:
        SettingsRefused: It is neither `root` nor `per-case`.
    """
    mode = environment.get("SUBROSA_CASE_KEYS", "root")
    if mode not in ("root", "per-case"):
        raise SettingsRefused("SUBROSA_CASE_KEYS must be `root` or `per-case`.")
    return mode == "per-case"


def _address(environment: Mapping[str, str]) -> RootKeyAddress | None:
    """Read the settings of one provider; None if they say nothing of any."""
    path = environment.get("SUBROSA_ROOT_KEY_FILE")
    match environment.get("SUBROSA_ROOT_KEYS", "file"):
        case "file":
            return None if path is None else RootKeyFile(path=Path(path))
        case "transit":
            return _transit(environment)
        case "aws-kms":
            return _kms(environment)
        case "pkcs11":
            return TokenKey(
                module=Path(required(environment, "SUBROSA_PKCS11_MODULE")),
                token=required(environment, "SUBROSA_PKCS11_TOKEN"),
                pin=secret(environment, "SUBROSA_PKCS11_PIN"),
                key=environment.get("SUBROSA_PKCS11_KEY", "subrosa"),
            )
        case _:
            words = ", ".join(f"`{word}`" for word in _PROVIDERS)
            raise SettingsRefused(f"SUBROSA_ROOT_KEYS must be one of {words}.")


def _transit(environment: Mapping[str, str]) -> TransitKey:
    ca_file = environment.get("SUBROSA_TRANSIT_CA_FILE")
    return TransitKey(
        url=_not_in_clear("SUBROSA_TRANSIT_URL", required(environment, "SUBROSA_TRANSIT_URL")),
        token=secret(environment, "SUBROSA_TRANSIT_TOKEN"),
        mount=environment.get("SUBROSA_TRANSIT_MOUNT", "transit"),
        key=environment.get("SUBROSA_TRANSIT_KEY", "subrosa"),
        ca_file=None if ca_file is None else Path(ca_file),
        timeout_s=_timeout(environment),
    )


def _kms(environment: Mapping[str, str]) -> KmsKey:
    days = whole(environment, "SUBROSA_KMS_WAIT_DAYS", _AWS_DAYS[0], least=_AWS_DAYS[0])
    if days not in _AWS_DAYS:
        raise SettingsRefused("SUBROSA_KMS_WAIT_DAYS must be 7 to 30.")
    access_key = environment.get("SUBROSA_KMS_ACCESS_KEY")
    endpoint = environment.get("SUBROSA_KMS_ENDPOINT")
    return KmsKey(
        key=required(environment, "SUBROSA_KMS_KEY"),
        region=required(environment, "SUBROSA_KMS_REGION"),
        endpoint=None if endpoint is None else _not_in_clear("SUBROSA_KMS_ENDPOINT", endpoint),
        access_key=access_key,
        secret_key=secret(environment, "SUBROSA_KMS_SECRET_KEY") if access_key else None,
        wait_days=days,
        timeout_s=_timeout(environment),
    )


def _not_in_clear(name: str, url: str) -> str:
    """Return a URL at which keys and a token are sent encrypted, or do not leave this machine."""
    try:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
    except ValueError:
        scheme, host = "", None
    if host is None or scheme not in {"http", "https"}:
        raise SettingsRefused(f"{name} must be an address such as https://keys.example:8200.")
    if scheme == "http" and host not in _THIS_MACHINE:
        raise SettingsRefused(f"{name} must begin with https:// outside this machine.")
    return url


def _timeout(environment: Mapping[str, str]) -> float:
    seconds = whole(environment, "SUBROSA_ROOT_KEY_TIMEOUT_S", 4, least=1)
    if seconds > _LONGEST_WAIT_S:
        raise SettingsRefused("SUBROSA_ROOT_KEY_TIMEOUT_S must be at most 8.")
    return seconds
