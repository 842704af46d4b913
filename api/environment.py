"""A setting is read from the environment in one way, and refused in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class SettingsRefused(Exception):
    """A setting is missing or contradicts another; `str()` is one sentence for the operator."""


def required(environment: Mapping[str, str], name: str) -> str:
    """Return a setting that must be there."""
    value = environment.get(name)
    if not value:
        raise SettingsRefused(f"{name} must be set.")
    return value


def secret(environment: Mapping[str, str], name: str) -> str:
    """Return a secret from the file that NAME_FILE names, or from NAME."""
    path = environment.get(f"{name}_FILE")
    if path is None:
        return required(environment, name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsRefused(f"The file that {name}_FILE names cannot be read.") from error


def whole(environment: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    """Return a whole number, or its default."""
    text = environment.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise SettingsRefused(f"{name} must be a whole number of at least {least}.")
    return int(text)
