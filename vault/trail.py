"""What happened in a case can be read by those it concerns, and the reading is on record too.

The mediator and the auditor read every entry of the case; everybody else reads what they did
themselves, what was done with documents of their own side, and what concerns the case as a whole.
What an entry says of a document is withheld from a reader who may not know of its marking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.decisions import Permit
from policies.terms import Marking, Role, View
from vault.access import NOWHERE, stand
from vault.audit.events import Tag
from vault.database import log
from vault.errors import Tampered

if TYPE_CHECKING:
    from vault.access import Seated, Standing
    from vault.audit.events import Event
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.ids import CaseId

LONGEST_PAGE = 500

_WHOLE_TRAIL = frozenset({Role.MEDIATOR, Role.AUDITOR})
_OF_THE_CASE = frozenset(
    {
        Tag.CASE_OPEN,
        Tag.CASE_PHASE,
        Tag.PARTICIPANT_SEAT,
        Tag.AGREEMENT_PROPOSE,
        Tag.AGREEMENT_SIGN,
        Tag.AGREEMENT_IN_FORCE,
    }
)


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One entry as a reader may know it; `withheld` hides what it was done to."""

    index: int
    event: Event
    withheld: bool


@dataclass(frozen=True, slots=True)
class TrailPage:
    """Some entries, oldest first, and the index to go on after; None at the end."""

    entries: tuple[TrailEntry, ...]
    after: int | None


def read_events(
    vault: Vault, subject: Subject, case_id: CaseId, *, after: int = -1, limit: int = 100
) -> TrailPage:
    """Return one page of what happened in a case, as far as the seat may know it; on record.

    Args:
        vault: The collaborators.
        subject: Anyone seated in the case.
        case_id: The case.
        after: The log index to go on after; -1 from the beginning.
        limit: Entries at most, up to `LONGEST_PAGE`.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        Tampered: An entry is not what was committed to.
    """
    limit = max(1, min(limit, LONGEST_PAGE))
    page = TrailPage((), None)
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        if standing.seated:
            page = _page(tx, standing, standing.seated, after, limit)
    standing.must_sit(Tag.CASE_EVENTS_READ)
    standing.record(Tag.CASE_EVENTS_READ, detail={"after": after, "listed": len(page.entries)})
    return page


def checkpoint(vault: Vault, subject: Subject) -> str:
    """Return the log's signed checkpoint for anyone identified; that it was taken is on record."""
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, NOWHERE)
    standing.record(Tag.LOG_CHECKPOINT_READ)
    return vault.log.checkpoint()
