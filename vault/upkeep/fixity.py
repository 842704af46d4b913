"""Every stored object is read again and authenticated, slowly enough that nobody notices.

A pass goes from rendition to rendition in the order of their ids and notes in the database how far
it has come: stopped or killed at any moment, it goes on from there, and reads at most one object
twice. What is damaged or missing is on record and alerted, by ids alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from uuid import UUID

from policies.terms import Marking
from vault.audit.events import Outcome, Tag
from vault.content import layout_of, object_name, verify_content
from vault.database import keys, upkeep
from vault.details import Sealer
from vault.errors import Conflict, Tampered
from vault.operators import operator_event

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rendition that cannot be read any more; `what` is `damaged`, `missing` or `row`."""

    case_id: CaseId
    rendition_id: RenditionId
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """A pass that has come to its end.

    Attributes:
        renditions: Objects read, in all runs of the pass.
        bytes: Their content.
        findings: Damaged or missing, in all runs of the pass.
        here: Those found in this run.
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
        what = _compare(vault, pace, row)
        if what is not None:
            here += _reported(vault, row, what)
        run = replace(
            run,
            after_id=row.rendition_id,
            renditions=run.renditions + 1,
            bytes=run.bytes + row.size_bytes,
            findings=run.findings + (what is not None),
        )
        with vault.database.transaction() as tx:
            upkeep.save_scrub(tx, run)
    _end(vault, case_id, run)
    return Scrubbed(
        renditions=run.renditions, bytes=run.bytes, findings=run.findings, here=tuple(here)
    )


def _compare(vault: Vault, pace: Pace, row: StoredRow) -> str | None:
    """Return what is wrong with a rendition; None if it opens and is what was deposited."""
    with vault.database.snapshot() as tx:
        wrapped = keys.wrapped_key(tx, row.case_id, "case")
    if wrapped is None:
        return "row" if _is_there(vault, row) else None
    marking = Marking(row.document_class, row.origin, row.provenance, row.label)
    try:
        sealer = Sealer(row.case_id, vault.keyring.open_case_key(row.case_id, wrapped))
        sealer.open_document(row.document_id, marking, row.document_details)
        details = sealer.open_rendition(row.rendition_id, row.view, row.size_bytes, row.details)
        length = vault.store.length(object_name(row.case_id, row.rendition_id))
        if length is None:
            what = "missing"
        elif length == layout_of(row).object_length and verify_content(
            vault, sealer, row, details, pace.spend
        ):
            return None
        else:
            what = "damaged"
    except Tampered:
        what = "row"
    # It may have been relabelled or erased since its row was read.
    return what if _is_there(vault, row) else None


def _is_there(vault: Vault, row: StoredRow) -> bool:
    """Tell whether a row is still what it was when the scrub came to it."""
    before = UUID(int=row.rendition_id.int - 1)
    with vault.database.transaction() as tx:
        return upkeep.next_rendition(tx, before, None) == row


def _reported(vault: Vault, row: StoredRow, what: str) -> list[Finding]:
    """Put a finding on record, and alert; return it."""
    detail = {"document": str(row.document_id), "rendition": str(row.rendition_id), "found": what}
    with vault.database.snapshot() as tx:
        event = operator_event(
            vault, tx, Tag.RENDITION_SCRUB, detail, case=row.case_id, outcome=Outcome.TAMPERED
        )
    vault.log.record(event)
    vault.alerts.scrubbed(row.case_id, row.document_id, row.rendition_id, what)
    return [Finding(case_id=row.case_id, rendition_id=row.rendition_id, what=what)]


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
