"""Deposits that wait for a scanner in few words, by each way that bytes come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.builders import Case, House
from tests.vault.uploading import announced, send
from vault.access import open_entry
from vault.database import log
from vault.ids import DocumentId, UploadId
from vault.intake import deposits, rescan, uploads
from vault.intake.accession import Deposited
from vault.intake.descriptions import Bytes, Description
from vault.intake.quarantine import Quarantined
from vault.scanning.clamd import ClamdAddress, ClamdScanner

if TYPE_CHECKING:
    from tests.scanning.clamd import Clamd
    from vault.audit.events import Event
    from vault.scanning.port import Scanner

SAID = Description(
    document_class="medical",
    title="Clinic chart",
    provenance="pre-existing",
    content=Bytes(file_name="chart.txt", media_type="text/plain"),
)
CHART = b"chart of 3 March"
NOBODY = ClamdScanner(ClamdAddress(host="127.0.0.1", port=1), timeout_s=5)


def under(house: House, scanner: Scanner | None) -> House:
    """Return the same house, with its deposits shown to a scanner."""
    return House(replace(house.vault, scanner=scanner), house.clock, house.keys)


def unscannable(house: House) -> Case:
    """Open a case with an agreement in force, while the scanner is away."""
    case = house.case("party:claimant", "party:respondent", "auditor")
    case.agree()
    case.phase("exchange")
    return inside(case, under(house, NOBODY))


def back(case: Case, clamd: Clamd) -> Case:
    """Return the case with the scanner there again."""
    return inside(case, under(case.house, clamd.scanner()))


def state(case: Case, upload: UploadId) -> uploads.Upload:
    """Ask as the depositor."""
    return uploads.read_upload(case.house.vault, case["party:claimant"], upload)


def outcomes(case: Case) -> list[tuple[str, str]]:
    """Try everything that waits; return what became of each."""
    return [(tried.outcome, tried.why) for tried in rescan.try_all(case.house.vault)]


def inside(case: Case, house: House) -> Case:
    return replace(case, house=house)


def at_once(case: Case, content: bytes) -> Deposited | Quarantined:
    """Deposit in one request."""
    subject = case["party:claimant"]
    return deposits.deposit(case.house.vault, subject, case.case_id, [content], lambda: SAID)


def redacted(case: Case, content: bytes) -> Deposited | Quarantined:
    """Bring the redacted version of a document that was never scanned."""
    unscanned = inside(case, under(case.house, None))
    document = unscanned.deposit("party:claimant", title="In full").document_id
    return redacted_of(case, document, content)


def redacted_of(case: Case, document: DocumentId, content: bytes) -> Deposited | Quarantined:
    return deposits.deposit_redacted(
        case.house.vault, case["party:claimant"], document, [content], lambda: SAID.content
    )


def resumed(case: Case, content: bytes) -> Deposited | Quarantined:
    """Deposit by a resumable upload."""
    said = announced(len(content))
    subject = case["party:claimant"]
    begun = uploads.begin(case.house.vault, subject, case.case_id, said)
    done = send(case.house, case, begun.upload_id, 0, content)
    if done.deposited is not None:
        return done.deposited
    assert done.quarantined_at is not None
    return Quarantined(
        upload_id=done.upload_id,
        sha256="",
        size_bytes=done.offset,
        quarantined_at=done.quarantined_at,
    )


WAYS: dict[str, Callable[[Case, bytes], Deposited | Quarantined]] = {
    "at once": at_once,
    "redacted": redacted,
    "resumed": resumed,
}


def kept_waiting(case: Case, content: bytes = CHART) -> UploadId:
    """Deposit in one request while the scanner is away."""
    done = at_once(case, content)
    assert isinstance(done, Quarantined)
    return done.upload_id


def events(house: House) -> list[Event]:
    """Return every entry of the log that opens."""
    with house.vault.database.snapshot() as tx:
        opened = [open_entry(house.vault, tx, row).event for row in log.all_entries(tx)]
    return [event for event in opened if event is not None]
