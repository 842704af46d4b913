"""Where the malware scanner is, if there is one, is read in one place and opened in one place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from api.environment import SettingsRefused, whole
from vault.scanning.clamd import ClamdAddress, ClamdScanner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.scanning.port import Scanner

_UNIX = "unix:"
_TCP = re.compile(r"tcp://(?P<host>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:]{2,39}\]):(?P<port>\d{1,5})")
_LAST_PORT = 65_535


def read_scanner(environment: Mapping[str, str]) -> Scanner | None:
    """Read the address of clamd and how long it may take; None: nothing is scanned.

    Raises:
        SettingsRefused: It is no such address, or no such time.
    """
    timeout_s = whole(environment, "SUBROSA_CLAMD_TIMEOUT_S", 60, least=1)
    text = environment.get("SUBROSA_CLAMD", "")
    return ClamdScanner(_address(text), timeout_s=timeout_s) if text else None


def _address(text: str) -> ClamdAddress:
    if text.startswith(f"{_UNIX}/") and "\0" not in text:
        return ClamdAddress(path=text.removeprefix(_UNIX))
    found = _TCP.fullmatch(text)
    if found is None or not 0 < int(found["port"]) <= _LAST_PORT:
        raise SettingsRefused(
            "SUBROSA_CLAMD must be `unix:/PATH` or `tcp://HOST:PORT`, or empty for no scan."
        )
    return ClamdAddress(host=found["host"].strip("[]"), port=int(found["port"]))
