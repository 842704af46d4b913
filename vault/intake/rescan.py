"""What waits is shown to the scanner again, and becomes a document, or is gone, as if it came now.

Whether it may be deposited was decided when it came. A seat that has ended since, a case that has
moved to its last phase or another version in force change nothing: a scanner that was away takes
nobody's deposit from them, and gives nobody a right that they had not. Who sees it is decided, as
always, when somebody asks.

Trying takes no lock and keeps no transaction open. Whoever ends a wait locks its row first: of two
who have scanned the same deposit one ends it, and the other finds it ended.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from policies.terms import View
from vault.access import Recorded, slot_keys
from vault.audit.events import Event, Outcome, Tag
from vault.audit.slots import seal_event
from vault.content import scan_content
from vault.database import cases, documents, keys, quarantines
from vault.database.connection import DuplicateRow
from vault.details import Sealer
from vault.disclosure.documents import about
from vault.errors import Conflict, KeyDestroyed, NotFound, Tampered
from vault.intake.accession import Accession, Deposited, insert_document, insert_redacted
from vault.intake.quarantine import Waiting, open_waiting, pause_after
from vault.intake.unfinished import abandon
from vault.manifests import write_manifest
from vault.scanning.port import Clean, Found, Unanswered, Verdict, Why

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vault.core import Vault
    from vault.database.connection import Transaction
    from vault.database.quarantines import QuarantineRow
    from vault.ids import UploadId

Outcomes = Literal["released", "refused", "ended", "waiting"]


@dataclass(frozen=True, slots=True)
class Tried:
    """A deposit that was tried again, and what became of it.

    Attributes:
        row: As it was before.
        outcome: It is a document; or nothing of it is kept; or somebody else ended it; or it waits.
        why: Why it waits, or `malware` or `overtaken`.
    """

    row: QuarantineRow
    outcome: Outcomes
    why: str = ""


class _Ended(Exception):
    """Somebody else has ended the wait, or erased the case."""


def waiting(vault: Vault) -> list[QuarantineRow]:
    """Return every deposit that waits, the oldest first; ids, sizes and times alone."""
    with vault.database.snapshot() as tx:
        return quarantines.waiting(tx)


def try_due(vault: Vault, enough: Callable[[], bool] = lambda: False) -> int:
    """Try again what is due, one after the other; return how many were tried.

    Each is put off before it is tried, so that whatever happens it is tried again.

    Args:
        vault: The collaborators.
        enough: Asked before each; if so, the others stay due.

    Raises:
        Unavailable: The store or the database does not answer.
    """
    count = 0
    while not enough() and (row := _take(vault)) is not None:
        count += 1
        _try(vault, row)
    return count


def try_all(vault: Vault) -> Iterator[Tried]:
    """Try everything that waits, due or not; yield what became of each.

    Raises:
        Unavailable: The store or the database does not answer.
    """
    for row in waiting(vault):
        yield _try(vault, row)


def accept(vault: Vault, upload_id: UploadId) -> Tried:
    """Let a deposit become a document although nobody could scan it; the record says so.

    Raises:
        NotFound: No deposit waits under this id.
        Unavailable: The store or the database does not answer.
    """
    with vault.database.snapshot() as tx:
        row = quarantines.find(tx, upload_id)
    if row is None or row.ended_index is not None:
        raise NotFound
    found = _opened(vault, row)
    if found is None:
        raise NotFound
    return _settled(vault, found, Clean(), {"unscanned": row.why})


def _take(vault: Vault) -> QuarantineRow | None:
    now = vault.clock()
    with vault.database.transaction() as tx:
        row = quarantines.take_due(tx, now)
        if row is None:
            return None
        tries = row.tries + 1
        quarantines.put_off(tx, row.upload_id, tries, now + pause_after(tries))
    return replace(row, tries=tries)


def _try(vault: Vault, row: QuarantineRow) -> Tried:
    """Scan a deposit once more, and do as the scanner says."""
    verdict: Verdict
    try:
        found = _opened(vault, row)
        if found is None:
            return Tried(row, "ended")
        # Without a scanner nothing waits for nothing: only the operator lets it in.
        verdict = Unanswered(Why.AWAY)
        if vault.scanner is not None:
            verdict = scan_content(vault, found.sealer, found.stored)
    except Tampered:
        verdict, found = Unanswered(Why.DAMAGED), None
    if isinstance(verdict, Unanswered):
        return _waits(vault, row, verdict.why)
    assert found is not None
    return _settled(vault, found, verdict, {})


def _opened(vault: Vault, row: QuarantineRow) -> Waiting | None:
    """Open what is sealed of a deposit; None if its case is erased.

    Raises:
        Tampered: It is not what was sealed.
    """
    with vault.database.snapshot() as tx:
        sealer = _sealer(vault, tx, row)
    return None if sealer is None else open_waiting(sealer, row)


def _sealer(vault: Vault, tx: Transaction, row: QuarantineRow) -> Sealer | None:
    wrapped = keys.wrapped_key(tx, row.case_id, "case")
    if wrapped is None:
        return None
    try:
        return Sealer(row.case_id, vault.keyring.open_case_key(row.case_id, wrapped))
    except KeyDestroyed:
        return None


def _waits(vault: Vault, row: QuarantineRow, why: Why) -> Tried:
    if row.why != why:
        with vault.database.transaction() as tx:
            quarantines.note_why(tx, row.upload_id, why)
        vault.alerts.unscanned(row.case_id, row.document_id, row.rendition_id, why)
    return Tried(row, "waiting", why)


def _settled(
    vault: Vault, found: Waiting, verdict: Clean | Found, more: Mapping[str, str | int]
) -> Tried:
    """End a wait, either way; and remove what is not kept."""
    row = found.row
    try:
        if isinstance(verdict, Clean):
            try:
                _release(vault, found, more)
            except DuplicateRow:
                _refuse(vault, found, Tag.DOCUMENT_QUARANTINE, Outcome.ABORTED, why="overtaken")
                tried = Tried(row, "refused", "overtaken")
            else:
                return Tried(row, "released")
        else:
            _refuse(vault, found, Tag.DOCUMENT_SCAN, Outcome.REFUSED, malware=verdict.name)
            vault.alerts.malware(row.case_id, row.document_id, row.rendition_id)
            tried = Tried(row, "refused", "malware")
    except (_Ended, Conflict):
        tried = Tried(row, "ended")
    abandon(vault, row.case_id, row.rendition_id)
    return tried


def _release(vault: Vault, found: Waiting, more: Mapping[str, str | int]) -> Deposited:
    """Make a document of it, in its depositor's name.

    Raises:
        _Ended: It does not wait any more.
        DuplicateRow: The document has another redacted version by now.
    """
    write_manifest(vault, found.sealer, found.stored, found.described)
    stored, described, row = found.stored, found.described, found.row
    with vault.database.transaction() as tx:
        case = _locked(tx, row)
        if not documents.complete_upload(tx, row.rendition_id):
            raise _Ended
        redacted = described.view is View.REDACTED
        tag = Tag.RENDITION_DEPOSIT if redacted else Tag.DOCUMENT_DEPOSIT

        def append(detail: Mapping[str, str | int]) -> Recorded:
            said = {**detail, "upload": str(row.upload_id), **more}
            return _append(vault, tx, found, case, tag, Outcome.GRANTED, said)

        entering = Accession(
            vault=vault,
            tx=tx,
            sealer=found.sealer,
            person=row.person_id,
            at=vault.clock(),
            append=append,
        )
        if redacted:
            document = documents.find_document(tx, row.document_id)
            if document is None:
                raise _Ended
            deposited = insert_redacted(entering, stored, described.content, about(document))
        else:
            marking, title = described.marking, described.title
            deposited = insert_document(entering, stored, title, marking, described.content)
        answer = found.sealed_answer(deposited)
        quarantines.end(tx, row.upload_id, deposited.log_index, answer)
    return deposited


def _refuse(vault: Vault, found: Waiting, tag: Tag, outcome: Outcome, **said: str) -> None:
    """End a wait of which nothing is kept; on record.

    Raises:
        _Ended: It does not wait any more.
    """
    with vault.database.transaction() as tx:
        case = _locked(tx, found.row)
        detail = {**found.detail, **said}
        recorded = _append(vault, tx, found, case, tag, outcome, detail)
        quarantines.end(tx, found.row.upload_id, recorded.index, None)


def _locked(tx: Transaction, row: QuarantineRow) -> cases.CaseRow:
    """Let nobody else end this wait or erase its case before this transaction ends."""
    case = cases.share_case(tx, row.case_id)
    if case is None or not case.state or not quarantines.lock_waiting(tx, row.upload_id):
        raise _Ended
    return case


def _append(
    vault: Vault,
    tx: Transaction,
    found: Waiting,
    case: cases.CaseRow,
    tag: Tag,
    outcome: Outcome,
    detail: Mapping[str, str | int],
) -> Recorded:
    """Put on record, in the depositor's name and from no address, what became of a deposit."""
    state = found.sealer.open_state(case.state)
    event = Event(
        tag=tag,
        outcome=outcome,
        at=vault.clock(),
        case=found.row.case_id,
        person=found.row.person_id,
        seat=found.seat,
        purpose=None,
        phase=state.phase,
        view=None,
        scope_version=state.scope_version,
        clause=None,
        address=None,
        detail=detail,
    )
    keys_of_it = slot_keys(vault, tx, found.row.case_id, found.row.person_id)
    sealed = seal_event(event, keys_of_it)
    return Recorded(vault.log.append(tx, sealed), sealed.leaf)
