"""Rows, objects and log are compared with one another; whatever does not agree is named.

Nothing is released: content is opened to be digested and dropped. Needs every key that the vault
has, changes nothing, and runs beside a live vault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vault.core import Vault
