"""A vault is composed from settings in this one place, whether its servers are embedded or real."""

from __future__ import annotations

import contextlib
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
