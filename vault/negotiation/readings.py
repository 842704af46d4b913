"""Who has neither read nor signed the version in force deposits nothing in the case.

So nobody's confidence is given away by terms that they have not seen. Whom a version has reached,
and who has read it, is noted once for each (vault/negotiation/showing.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from vault.database import agreements
from vault.errors import Tampered, Unread

if TYPE_CHECKING:
    from datetime import datetime

    from vault.access import Change
    from vault.database.agreements import ReadingRow
    from vault.database.connection import Transaction
    from vault.details import Sealer
    from vault.ids import PersonId


class How(StrEnum):
    """How a version came to somebody."""

    # In a list, or compared with another.
    DELIVERED = "delivered"
    # By itself.
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A version reached a person for the first time in one way."""

    person: PersonId
    how: How
    noted_at: datetime


def readings_of(
    tx: Transaction, sealer: Sealer, versions: list[int]
) -> dict[int, tuple[Reading, ...]]:
    """Return whom some versions have reached, in the order in which they did.

    Raises:
        Tampered: A reading was not noted by this vault, or not of this version by this person.
    """
    found: dict[int, tuple[Reading, ...]] = {}
    for row in agreements.readings_of(tx, sealer.case, versions):
        found[row.version] = (*found.get(row.version, ()), _opened(sealer, row))
    return found


def must_have_read(act: Change) -> None:
    """Return if the subject has read or signed the version in force; none is before the first.

    Raises:
        Unread: The subject has not.
    """
    version = act.seated.state.scope_version
    if version and not _has_read(act.tx, act.seated.sealer, version, act.standing.subject.person):
        raise Unread(version)


def _has_read(tx: Transaction, sealer: Sealer, version: int, person: PersonId) -> bool:
    for row in agreements.signatures_of(tx, sealer.case, [version]):
        if row.person_id == person:
            sealer.open_signature(version, person, row.details)
            return True
    noted = readings_of(tx, sealer, [version]).get(version, ())
    return any(reading.person == person and reading.how is How.READ for reading in noted)


def _opened(sealer: Sealer, row: ReadingRow) -> Reading:
    try:
        how = How(row.how)
    except ValueError as error:
        raise Tampered from error
    sealer.open(row.person_id, reading_field(row.version, how), row.details)
    return Reading(person=row.person_id, how=how, noted_at=row.noted_at)


def reading_field(version: int, how: How) -> str:
    """Name the field under which a reading is sealed."""
    return f"reading/{version}/{how.value}"
