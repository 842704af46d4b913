"""What a seat may know of is a set of markings, found in one place; every list asks by that set.

A decision looks at nothing in a document but its marking. So the engine is asked about each
marking that occurs in the case, and pages, counts, searches and exports are queries for those
that it gives: what a seat may not know of is never fetched, and never counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.decisions import default_purpose, visible_markings
from policies.floors import OWN
from policies.instants import instant
from policies.vocabulary import (
    CLASSES,
    LABELS,
    PROVENANCES,
    PURPOSES,
    Marking,
    View,
    origins_of,
)
from vault.database import documents, lists
from vault.errors import Invalid
from vault.scope import open_roster, seated_now

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vault.access import Seated, Standing
    from vault.database.connection import Transaction
    from vault.details import ParticipantDetails

# Markings with the highest view of each, and the clause that gives it.
Visible = dict[Marking, tuple[View, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which markings a list is narrowed to; None narrows nothing.

    Attributes:
        uncovered: Only what one's own side deposited and no clause gives to anybody seated now,
            whatever their purpose.
    """

    document_class: str | None = None
    origin: str | None = None
    provenance: str | None = None
    uncovered: bool = False

    def check(self, seated: Seated) -> None:
        """Raise Invalid where a word is none of the case's vocabulary."""
        known = {
            "class": (self.document_class, (*CLASSES, *seated.scope.policy.classes)),
            "origin": (self.origin, origins_of(seated.details.sides)),
            "provenance": (self.provenance, PROVENANCES),
        }
        for name, (word, words) in known.items():
            if word is not None and word not in words:
                raise Invalid(name, "This is not a word of the vocabulary.")

    def pass_(self, marking: Marking) -> bool:
        """Tell whether a marking is among those asked for."""
        pairs = (
            (self.document_class, marking.document_class),
            (self.origin, marking.origin),
            (self.provenance, marking.provenance),
        )
        return all(word is None or word == found for word, found in pairs)


EVERYTHING = Filters()


def select(
    tx: Transaction, standing: Standing, seated: Seated, purpose: str | None, filters: Filters
) -> Visible:
    """Return the markings that occur in the case and that this seat may know of now.

    Raises:
        Invalid: The purpose or a filter is not of the vocabulary.
    """
    filters.check(seated)
    present = [m for m in markings_in(tx, seated) if filters.pass_(m)]
    visible = visible_to(seated, seated.participant, purpose, standing.at, present)
    if not filters.uncovered:
        return visible
    own = seated.participant.seat.origin()
    roster = seated_now(open_roster(tx, seated.sealer, seated.state), standing.at)
    others = [details for _, details in roster]
    return {
        marking: decided
        for marking, decided in visible.items()
        if marking.origin == own and not _is_covered(seated, marking, others, standing.at)
    }


def markings_in(tx: Transaction, seated: Seated) -> list[Marking]:
    """Return each marking that occurs in a case, once."""
    return [marking_of(row) for row in lists.markings_of(tx, seated.case)]


def visible_to(
    seated: Seated,
    participant: ParticipantDetails,
    purpose: str | None,
    at: datetime,
    markings: Iterable[Marking],
) -> Visible:
    """Return those of some markings that a participant may know of, by the scope in force.

    Args:
        seated: Who looks, with the case's scope and phase.
        participant: Whose seat is asked about; one's own or another's.
        purpose: For which purpose; what goes with that seat if None.
        at: The instant.
        markings: What is asked about.

    Raises:
        Invalid: The purpose is not in the vocabulary.
    """
    return visible_markings(
        seated.scope,
        f"u:{participant.person}",
        purpose_of(participant, purpose),
        seated.state.phase,
        at,
        markings,
    )


def purpose_of(participant: ParticipantDetails, asked: str | None) -> str:
    """Return the purpose asked for, or the one that goes with a participant's seat.

    Raises:
        Invalid: The purpose is not in the vocabulary.
    """
    if asked is None:
        return default_purpose(participant.seat.role)
    if asked not in PURPOSES:
        raise Invalid("purpose", "This is not a purpose of the vocabulary.")
    return asked


def can_occur(seated: Seated, marking: Marking) -> bool:
    """Tell whether a document of the case can bear a marking; grants apart, which name one."""
    return (
        marking.document_class in (*CLASSES, *seated.scope.policy.classes)
        and marking.origin in origins_of(seated.details.sides)
        and marking.provenance in PROVENANCES
        and marking.label in LABELS
    )


def marking_of(row: documents.DocumentRow | lists.MarkingRow) -> Marking:
    """Return all that a decision may look at in a document."""
    return Marking(row.document_class, row.origin, row.provenance, row.label)


def _is_covered(
    seated: Seated, marking: Marking, roster: list[ParticipantDetails], at: datetime
) -> bool:
    """Tell whether somebody seated may know of a marking otherwise than as their own."""
    phase, now = seated.state.phase, instant(at)
    answers = (
        seated.scope.ask(f"u:{person.person}", marking, View.METADATA, purpose, phase, now)
        for person in roster
        for purpose in PURPOSES
    )
    return any(allowed and clause != OWN for allowed, clause in answers)
