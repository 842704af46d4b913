"""Rows, objects and log are compared with one another; whatever does not agree is named.

Nothing is released: content is opened to be digested and dropped. It needs the keys that the vault
has, changes nothing, and runs beside a live vault.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from policies.terms import PHASES
from policies.vocabulary import NO_LABEL
from vault.access import open_entry, slot_keys
from vault.audit.events import Outcome, Tag
from vault.audit.verify import verify_log
from vault.database import cases, changes, documents, exceptions, keys
from vault.database import log as entries
from vault.details import CaseState, Sealer
from vault.deviations.requests import open_request
from vault.disposition import accounts
from vault.errors import KeyDestroyed, Tampered
from vault.ids import CaseId
from vault.scope import open_ledger, open_roster
from vault.upkeep import quarantine_check
from vault.upkeep.inventory import compare_bucket, compare_case_key, unaccounted_objects
from vault.upkeep.rotation import keys_that_do_not_open

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from vault.audit.events import Event
    from vault.audit.verify import LogVerdict
    from vault.core import Vault
    from vault.database.changes import ChangeRow
    from vault.database.connection import Transaction
    from vault.scope import Ledger

# Which rows each change makes, and the member of its detail that names them.
_ROWS_OF: dict[Tag, dict[str, str]] = {
    Tag.CASE_OPEN: {"case": "case", "participant": "participant"},
    Tag.PARTICIPANT_SEAT: {"participant": "participant"},
    Tag.AGREEMENT_PROPOSE: {"version": "version"},
    Tag.AGREEMENT_SIGN: {"signature": "version"},
    Tag.AGREEMENT_WITHDRAW: {"withdrawal": "version"},
    Tag.AGREEMENT_COMMENT: {"comment": "comment"},
    Tag.AGREEMENT_NOTICE: {"reading": "version"},
    Tag.SEAT_CHANGE: {"seat-change": "change"},
    Tag.SEAT_STEP_DOWN: {"seat-change": "change"},
    Tag.EXCEPTION_REQUEST: {"request": "request"},
    Tag.EXCEPTION_ANSWER: {"answer": "request"},
    Tag.GRANT_MAKE: {"exception": "number"},
    Tag.GRANT_END: {"exception": "number"},
    Tag.DOCUMENT_CLAW_BACK: {"exception": "number"},
    Tag.DOCUMENT_LIFT: {"exception": "number"},
    Tag.DOCUMENT_DEPOSIT: {"document": "document", "rendition": "rendition"},
    Tag.RENDITION_DEPOSIT: {"rendition": "rendition"},
    **accounts.ROWS_OF,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was compared, and what does not agree.

    Attributes:
        entries: Log entries, each recomputed from its row.
        withheld: Entries of which a key is gone; their place in the tree was still recomputed.
        documents: Stored renditions compared with their objects.
        root: The log's root hash.
        problems: One sentence each; none means that everything agrees.
    """

    entries: int
    withheld: int
    documents: int
    root: bytes
    problems: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Return the verdict as a JSON value."""
        return {
            "entries": self.entries,
            "withheld": self.withheld,
            "renditions": self.documents,
            "root": self.root.hex(),
            "problems": list(self.problems),
        }

    def summary(self) -> str:
        """Return the verdict in one line."""
        compared = f"{self.entries} log entries and {self.documents} stored renditions"
        if self.problems:
            return f"{compared} compared: {len(self.problems)} do NOT agree."
        return f"{compared} compared: rows, objects and log agree. Root {self.root.hex()}."


def check_vault(vault: Vault, *, content: bool) -> Verdict:
    """Compare everything with everything.

    Args:
        vault: The collaborators.
        content: Also open every stored rendition and its manifest, and compare the digest with
            the receipt's.
    """
    log = verify_the_log(vault)
    count, case = 0, None
    problems = [*log.problems, *keys_that_do_not_open(vault)]
    with vault.database.snapshot() as tx:
        states: dict[UUID, CaseState] = {}
        problems += _compare_rows_with_log(vault, tx, states)
        problems += _compare_states(vault, tx, states)
        problems += accounts.compare_erasures(vault, tx)
        problems += quarantine_check.compare_waiting(vault, tx, content=content)
        for row in documents.all_renditions(tx):
            count += 1
            if row.case_id != case:
                case = row.case_id
                problems += compare_case_key(vault, tx, case)
            problems += compare_bucket(vault, tx, row, content=content)
    problems += unaccounted_objects(vault)
    return Verdict(
        entries=log.size,
        withheld=log.withheld,
        documents=count,
        root=log.root,
        problems=tuple(problems),
    )


def verify_the_log(vault: Vault, against: str | None = None) -> LogVerdict:
    """Recompute the log from its rows, and hold it to a checkpoint kept from before, if given."""
    return verify_log(
        vault.database,
        vault.checkpoint_verifier,
        lambda tx, case, person: slot_keys(vault, tx, case, person),
        against=against,
    )


def _compare_rows_with_log(
    vault: Vault, tx: Transaction, states: dict[UUID, CaseState]
) -> Iterator[str]:
    """Hold each row to the entry that records it, and each recorded change to its rows.

    Both come in the order of the log, so that one pass over each is enough. On the way, the state
    that each case must be in is gathered into `states`.
    """
    erased = accounts.erased_documents(tx)
    by_entry = groupby(changes.changes_by_index(tx), key=lambda row: row.log_index)
    upcoming = next(by_entry, None)
    for entry in entries.all_entries(tx):
        try:
            event = open_entry(vault, tx, entry).event
        except Tampered:
            event = None  # Named by the log's own verification.
        while upcoming is not None and upcoming[0] < entry.index:
            yield f"Rows refer to log entry {upcoming[0]}, which does not exist."
            upcoming = next(by_entry, None)
        rows: list[ChangeRow] = []
        if upcoming is not None and upcoming[0] == entry.index:
            rows, upcoming = list(upcoming[1]), next(by_entry, None)
        if event is not None and Counter(_expected(event, erased)) != Counter(map(_named, rows)):
            yield f"Log entry {entry.index} ({event.name}) and the rows it records differ."
        elif event is None and rows:
            yield f"Log entry {entry.index} cannot be read, and rows refer to it."
        if event is not None and event.case is not None and event.outcome is Outcome.GRANTED:
            states[event.case] = _state_after(states.get(event.case), event)
    while upcoming is not None:
        yield f"Rows refer to log entry {upcoming[0]}, which does not exist."
        upcoming = next(by_entry, None)


def _state_after(before: CaseState | None, event: Event) -> CaseState:
    """Return the state of a case after one more of its events."""
    state = before or CaseState(phase=PHASES[0], scope_version=0, roster_version=0)
    match event.tag:
        case Tag.CASE_OPEN | Tag.PARTICIPANT_SEAT | Tag.SEAT_CHANGE | Tag.SEAT_STEP_DOWN:
            return replace(state, roster_version=state.roster_version + 1)
        case (
            Tag.GRANT_MAKE
            | Tag.GRANT_END
            | Tag.DOCUMENT_CLAW_BACK
            | Tag.DOCUMENT_LIFT
            | Tag.DOCUMENT_ERASE
        ):
            return replace(state, exceptions_version=state.exceptions_version + 1)
        case Tag.CASE_PHASE:
            return replace(state, phase=str(event.detail["to"]))
        case Tag.AGREEMENT_IN_FORCE:
            return replace(state, scope_version=int(event.detail["version"]))
        case _:
            return state


def _compare_states(vault: Vault, tx: Transaction, states: dict[UUID, CaseState]) -> Iterator[str]:
    """Hold each case to its record: a state that was sealed earlier and put back is found here."""
    for case, expected in states.items():
        row, wrapped = cases.find_case(tx, CaseId(case)), keys.wrapped_key(tx, case, "case")
        if row is None or wrapped is None:
            continue  # Its key is gone, or its row's absence has been named.
        try:
            sealer = Sealer(row.case_id, vault.keyring.open_case_key(row.case_id, wrapped))
            state = sealer.open_state(row.state)
        except Tampered:
            yield f"Case {case}: its state is not what was sealed."
            continue
        except KeyDestroyed:
            continue  # Named among the keys.
        if state != expected:
            yield f"Case {case}: its state is not the one on record."
            continue
        try:
            open_roster(tx, sealer, state)
            ledger = open_ledger(tx, sealer, state)
            for request in exceptions.requests_of(tx, row.case_id):
                open_request(tx, sealer, request)
        except Tampered:
            yield f"Case {case}: its roster or its exceptions are not what was sealed."
            continue
        yield from _compare_labels(tx, row.case_id, ledger)


def _compare_labels(tx: Transaction, case: CaseId, ledger: Ledger) -> Iterator[str]:
    """Hold the label of every document to the exceptions of its case."""
    expected = ledger.labels()
    for document, label in documents.labels_of(tx, case):
        if label != expected.get(document, NO_LABEL):
            yield f"Document {document}: its label is not the one on record."


def _expected(event: Event, erased: frozenset[str]) -> Iterator[tuple[str, str, UUID | None]]:
    """Yield the rows that must exist if this event happened."""
    if accounts.is_of_erased(event, erased):
        return
    for kind, upload in quarantine_check.rows_of(event):
        yield kind, upload, event.case
    if event.outcome is not Outcome.GRANTED:
        return
    for kind, member in _ROWS_OF.get(event.tag, {}).items():
        case = None if kind in accounts.WITHOUT_CASE else event.case
        yield kind, str(event.detail.get(member)), case


def _named(row: ChangeRow) -> tuple[str, str, UUID | None]:
    return row.kind, row.key, row.case_id
