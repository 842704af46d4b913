"""Every stored object is read again and authenticated, slowly enough that nobody notices.

A pass goes from rendition to rendition in the order of their ids, each with its manifest, and the
first of a case with the key of the case. It notes in the database how far it has come: stopped or
killed at any moment, it goes on from there, and reads at most one rendition twice. What is not
whole is on record and alerted, by ids alone, and ends no pass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from uuid import UUID

from vault.audit.events import Outcome, Tag
from vault.database import keys, upkeep
from vault.errors import Conflict
from vault.operators import operator_event
from vault.upkeep.wholeness import Fault, case_key_fault, find_faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.core import Vault
    from vault.database.documents import StoredRow
    from vault.database.upkeep import ScrubRow
    from vault.ids import CaseId, RenditionId

# The scope of a pass over the whole vault, and what stands before the first rendition.
_NIL: Final = UUID(int=0)
# Drawn once; it stands for nothing else.
_SCRUBS: Final = UUID("5c3ab9f1-7f0e-4ad9-9d1e-3f6b7a0c2e11")
# A rotation moves the key in the row first, and a moment later its copy in the bucket.
_ROTATED_WITHIN_S: Final = 2.0


class Pace:
    """Holds whoever spends bytes to so many a second on the average; no burst is saved up."""

    def __init__(
        self,
        bytes_per_s: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """Begin now.

        Args:
            bytes_per_s: How many.
            clock: Seconds that never run backwards.
            sleep: Waits for so many seconds.
        """
        self._bytes_per_s, self._clock, self._sleep = bytes_per_s, clock, sleep
        self._due = clock()

    def spend(self, count: int) -> None:
        """Return when the bytes spent before have had their time; then these count too."""
        now = self._clock()
        if now < self._due:
            self._sleep(self._due - now)
        self._due = max(now, self._due) + count / self._bytes_per_s

    def rest(self, seconds: float) -> None:
        """Return when so many seconds have passed."""
        self._sleep(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong with a rendition, or with the copy of its case's key."""

    case_id: CaseId
    rendition_id: RenditionId
    what: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """A pass that has come to its end.

    Attributes:
        renditions: How many were read, in all runs of the pass.
        bytes: Their content.
        findings: What is wrong with them, in all runs of the pass.
        here: That of it which was found in this run.
    """

    renditions: int
    bytes: int
    findings: int
    here: tuple[Finding, ...]


def scrub(vault: Vault, pace: Pace, case_id: CaseId | None = None) -> Scrubbed:
    """Read and authenticate every object, of one case if it is named; return at the end.

    A pass that was interrupted goes on where it was.

    Raises:
        Conflict: Another process scrubs the same.
        Unavailable: A part of the vault does not answer; run it again to go on.
    """
    scope = case_id or _NIL
    with vault.database.alone(_lock_of(scope)) as writer:
        if writer is None:
            raise Conflict("A scrub of this is under way.")
        with vault.database.transaction() as tx:
            run = upkeep.find_scrub(tx, scope) or upkeep.ScrubRow(
                scope_id=scope,
                started_at=vault.clock(),
                after_id=_NIL,
                renditions=0,
                bytes=0,
                findings=0,
            )
        return _pass(vault, pace, case_id, run)


def _pass(vault: Vault, pace: Pace, case_id: CaseId | None, run: ScrubRow) -> Scrubbed:
    here: list[Finding] = []
    while True:
        # No transaction stays open while an object is read.
        with vault.database.transaction() as tx:
            row = upkeep.next_rendition(tx, run.after_id, case_id)
        if row is None:
            break
        faults = _faults(vault, pace, row)
        here += [_reported(vault, row, what) for what in faults]
        run = replace(
            run,
            after_id=row.rendition_id,
            renditions=run.renditions + 1,
            bytes=run.bytes + row.size_bytes,
            findings=run.findings + len(faults),
        )
        with vault.database.transaction() as tx:
            upkeep.save_scrub(tx, run)
    _end(vault, case_id, run)
    return Scrubbed(
        renditions=run.renditions, bytes=run.bytes, findings=run.findings, here=tuple(here)
    )


def _faults(vault: Vault, pace: Pace, row: StoredRow) -> list[Fault]:
    """Return what is wrong with a rendition as its row has it now; nothing once it is gone."""
    while True:
        with vault.database.snapshot() as tx:
            wrapped = keys.wrapped_key(tx, row.case_id, "case")
            of_the_case = upkeep.is_first_of_case(tx, row)
        found = list(find_faults(vault, row, wrapped, spend=pace.spend))
        if of_the_case and _lacks_case_key(vault, pace, row.case_id):
            found.append(Fault.CASE_KEY)
        now = _as_it_is(vault, row) if found else row
        if now is None:
            return []
        if now == row:
            return found
        # It was relabelled since its row was read: that may be all that was wrong, or not.
        row = now


def _lacks_case_key(vault: Vault, pace: Pace, case: CaseId) -> bool:
    """Tell whether the bucket's copy of a case's key is another than the row's, and stays so."""

    def lacks() -> bool:
        with vault.database.snapshot() as tx:
            wrapped = keys.wrapped_key(tx, case, "case")
        return wrapped is not None and case_key_fault(vault, case, wrapped) is not None

    if not lacks():
        return False
    pace.rest(_ROTATED_WITHIN_S)
    return lacks()


def _as_it_is(vault: Vault, row: StoredRow) -> StoredRow | None:
    """Return a rendition's row as it is now; None if the rendition is gone."""
    before = UUID(int=row.rendition_id.int - 1)
    with vault.database.transaction() as tx:
        found = upkeep.next_rendition(tx, before, row.case_id)
    return found if found is not None and found.rendition_id == row.rendition_id else None


def _reported(vault: Vault, row: StoredRow, what: Fault) -> Finding:
    """Put a finding on record, and alert; return it."""
    detail = {"document": str(row.document_id), "rendition": str(row.rendition_id), "found": what}
    # Nothing is sealed under a key that does not open: the entry is the vault's own then.
    case = None if what is Fault.KEY else row.case_id
    with vault.database.snapshot() as tx:
        event = operator_event(
            vault, tx, Tag.RENDITION_SCRUB, detail, case=case, outcome=Outcome.TAMPERED
        )
    vault.log.record(event)
    vault.alerts.scrubbed(row.case_id, row.document_id, row.rendition_id, what)
    return Finding(case_id=row.case_id, rendition_id=row.rendition_id, what=what)


def _end(vault: Vault, case_id: CaseId | None, run: ScrubRow) -> None:
    """Put the pass on record and begin anew next time, both or neither."""
    detail: dict[str, str | int] = {
        "renditions": run.renditions,
        "bytes": run.bytes,
        "findings": run.findings,
    }
    with vault.database.transaction() as tx:
        event = operator_event(
            vault, tx, Tag.VAULT_SCRUB, detail, case=case_id, outcome=Outcome.COMPLETED
        )
        vault.log.append(tx, event)
        upkeep.end_scrub(tx, run.scope_id)


def _lock_of(scope: UUID) -> UUID:
    """Return what a scrub holds alone: not the case itself, which an erasure holds."""
    return UUID(int=scope.int ^ _SCRUBS.int)
