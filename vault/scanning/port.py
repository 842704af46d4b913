"""A scanner is asked in one way, and nothing but `Clean` makes a document visible."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME_LONGEST: Final = 100
_NOT_OF_A_NAME: Final = re.compile(r"[^A-Za-z0-9._:/+-]+")


class Why(StrEnum):
    """Why a document was not scanned; for operators."""

    AWAY = "away"
    SLOW = "slow"
    # It said that it could not.
    REFUSED = "refused"
    # What it said is no answer.
    NONSENSE = "nonsense"
    # More than the scanner is set to look at: this does not go away by itself.
    LIMIT = "limit"
    # The stored bytes are not what was received.
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Clean:
    """The scanner has seen all of it, and found nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """The scanner has found something.

    Attributes:
        name: What the scanner calls it: letters, digits and a few signs, at most 100.
    """

    name: str

    def __post_init__(self) -> None:
        """Keep of the name what can be shown anywhere: it comes from outside, in any bytes."""
        cleaned = _NOT_OF_A_NAME.sub("?", self.name)[:_NAME_LONGEST]
        object.__setattr__(self, "name", cleaned or "?")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Nobody knows: the document is kept from everybody until somebody does."""

    why: Why


Verdict = Clean | Found | Unanswered


class Scanner(Protocol):
    """Looks through plaintext for malware.

    Trusted with the plaintext of every document: it runs on the same host, and is told neither a
    name nor whose document it is. A scanner that lies can let malware in, or have a document
    refused; it can make nothing visible that its depositor did not deposit.
    """

    def scan(self, content: Iterable[bytes]) -> Verdict:
        """Show all of a document to the scanner; return what it says, always in bounded time.

        Args:
            content: In pieces of any size; the first is asked for when the scanner answers the
                door. Whatever is raised by it leaves.
        """
        ...
