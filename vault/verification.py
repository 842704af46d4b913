"""Rows, objects and log are compared with one another; whatever does not agree is named.

Nothing is released: content is opened to be digested and dropped. It needs the keys that the vault
has, changes nothing, and runs beside a live vault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vault.audit.verify import verify_log
from vault.content import layout_of, object_name, verify_content
from vault.database import changes, documents, keys, log
from vault.details import Sealer
from vault.errors import Tampered
from vault.ids import CaseId, RenditionId
