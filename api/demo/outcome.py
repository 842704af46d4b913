"""What a run of the sample case came to is one value: a table for people, JSON for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Seated:
    """Somebody who was seated; `seated_until` as the vault gave it back."""

    seat: str
    name: str
    organisation: str | None
    person: str
    seated_until: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposited:
    """A document that was deposited.

    Attributes:
        sha256: Of the full version in hex, as sent and as the receipt says.
        views: Its stored versions: `full`, and `redacted` where one was brought.
    """

    document: str
    title: str
    document_class: str
    origin: str
    media_type: str
    size_bytes: int
    sha256: str
    views: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What the vault showed a seat of a document: the highest view, and the clause for it.

    Attributes:
        view: None where it was refused; `clause` is then what forbids it, or None as well.
    """

    seat: str
    document: str
    document_class: str
    view: str | None
    clause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An attempt that was answered with a refusal, or should have been."""

    seat: str
    document: str
    view: str
    status: int
    clause: str | None
    note: str


@dataclass(frozen=True, slots=True)
class LogState:
    """The log after the run, as a verification on this machine found it."""

    size: int
    root: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything a run showed.

    Attributes:
        case: Its id.
        sentences: Each clause of the agreement in force in plain words, as the vault puts it.
        timings: Seconds of each step; megabytes a second where the name ends so.
        off: What is not as the story says; empty if all is well.
    """

    case: str
    seats: tuple[Seated, ...]
    documents: tuple[Deposited, ...]
    matrix: tuple[Sighting, ...]
    refusals: tuple[Refusal, ...]
    sentences: Mapping[str, str]
    timings: Mapping[str, float]
    off: tuple[str, ...]
    log: LogState | None = None

    def with_log(self, size: int, root: str, *, verified: bool) -> Outcome:
        """Add what a verification of the log found; a log that does not verify is off."""
        off = self.off if verified else (*self.off, "The log does not verify.")
        return replace(self, log=LogState(size, root, verified), off=off)

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as `subrosa demo --json` prints it."""
        return {
            "case": self.case,
            "seats": [asdict(seated) for seated in self.seats],
            "documents": [_renamed(asdict(document)) for document in self.documents],
            "matrix": [_renamed(asdict(sighting)) for sighting in self.matrix],
            "refusals": [
                {name: value for name, value in asdict(refusal).items() if name != "note"}
                for refusal in self.refusals
            ],
            "log": None if self.log is None else asdict(self.log),
            "timings": dict(self.timings),
            "off": list(self.off),
        }


def _renamed(members: dict[str, Any]) -> dict[str, Any]:
    """Give a class the name it has in the API, which Python keeps for itself."""
    return {"class" if name == "document_class" else name: value for name, value in members.items()}
