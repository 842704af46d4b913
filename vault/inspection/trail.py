"""What happened in a case can be read by those it concerns, and the reading is on record too.

The mediator and the auditor read every entry of the case; everybody else reads what they did
themselves, what was done with documents of their own side, and what concerns the case as a whole.
What an entry says of a document is withheld from a reader who may not know of its marking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from policies.decisions import Permit
from policies.terms import Marking, Role, View
from vault.access import NOWHERE, open_entry, stand
from vault.audit.events import Outcome, Tag
from vault.database import log

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
        Tag.SEAT_CHANGE,
        Tag.AGREEMENT_PROPOSE,
        Tag.AGREEMENT_WITHDRAW,
        Tag.AGREEMENT_COMMENT,
        Tag.AGREEMENT_NOTICE,
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


def _page(tx: Transaction, standing: Standing, seated: Seated, after: int, limit: int) -> TrailPage:
    """Read entries until the page is full or the trail ends, opening each where it may be read."""
    shown: list[TrailEntry] = []
    for row in log.entries_of_case(tx, seated.case, after=after):
        event = open_entry(standing.vault, tx, row).event
        entry = event and _as_seen(standing, seated, row.index, event)
        if entry is None:
            continue
        if len(shown) == limit:
            return TrailPage(tuple(shown), shown[-1].index)
        shown.append(entry)
    return TrailPage(tuple(shown), None)


def _as_seen(standing: Standing, seated: Seated, index: int, event: Event) -> TrailEntry | None:
    """Return an entry as this seat may know it; None if it may not know of it at all.

    What one did oneself is one's own to know, but for what was refused: it would say of a document
    that one may not know of what kind it is.
    """
    marking = _marking(seated, event)
    own = event.person == standing.subject.person
    if event.tag is Tag.DOCUMENT_QUARANTINE and not own:
        # What waits for the malware scan is in nobody's case yet.
        return None
    done = own and event.outcome is not Outcome.REFUSED
    known = marking is None or done or _knows_of(standing, marking)
    if own or seated.participant.seat.role in _WHOLE_TRAIL:
        return TrailEntry(index, event, withheld=not known)
    concerns = event.tag in _OF_THE_CASE or _is_of_own_side(seated, marking)
    return TrailEntry(index, event, withheld=False) if concerns and known else None


def _marking(seated: Seated, event: Event) -> Marking | None:
    """Return the marking of the document an event is about, if it is about one.

    The label is the one that the document bears now: what was clawed back has left the trail of
    those from whose lists it has gone, whatever it bore when the entry was made.
    """
    parts = [event.detail.get(name) for name in ("class", "origin", "provenance", "label")]
    if any(part is None for part in parts):
        return None
    marking, document = Marking(*(str(part) for part in parts)), event.detail.get("document")
    if document is None:
        return marking
    return marking._replace(label=seated.scope.exceptions.label_of(UUID(str(document))))


def _knows_of(standing: Standing, marking: Marking) -> bool:
    return isinstance(standing.decide(marking, View.METADATA, None), Permit)


def _is_of_own_side(seated: Seated, marking: Marking | None) -> bool:
    return marking is not None and marking.origin == seated.participant.seat.origin()
