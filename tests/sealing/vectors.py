"""A vector is a file: what a reader is given, and what it must open of it, or must refuse."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "vectors" / "sealed"


@dataclass(frozen=True)
class Vector:
    """One file: what a reader is given, and what it must open, or None."""

    name: str
    about: str
    given: dict[str, Any]
    plaintext: bytes | None

    def write(self) -> None:
        value = {
            "about": self.about,
            **self.given,
            "plaintext": None if self.plaintext is None else self.plaintext.hex(),
        }
        text = json.dumps(value, indent=1, ensure_ascii=False)
        (FOLDER / f"{self.name}.json").write_text(f"{text}\n", encoding="utf-8")
