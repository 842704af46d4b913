"""A deposit becomes visible in one change: its row, its event and its receipt, or none of them.

However its bytes came, in one request or in many, it is completed here; and where a malware scanner
is set, shown to it first. What cannot be scanned now waits (vault/intake/quarantine.py).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

from policies.vocabulary import (
    JOINT,
    NO_LABEL,
    Marking,
    View,
)
from vault.access import Hold, change, stand
from vault.audit.events import Outcome, Tag
from vault.content import scan_content
from vault.database import documents
from vault.errors import Conflict, Invalid, Malware, NotFound
from vault.intake.accession import (
    Accession,
    Deposited,
    document_detail,
    insert_document,
    insert_redacted,
    record_of,
)
from vault.intake.admission import may_deposit, new_marking
from vault.intake.quarantine import quarantine
from vault.intake.quotas import make_room
from vault.manifests import Described, write_manifest
from vault.scanning.port import Found, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vault.access import Change
    from vault.content import SealedContent
    from vault.core import Subject, Vault
    from vault.details import DocumentDetails
    from vault.ids import UploadId
    from vault.intake.admission import Admission
    from vault.intake.descriptions import Bytes, Description
    from vault.intake.quarantine import Quarantined
    from vault.scanning.port import Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """The resumable upload by which a document came.

    Attributes:
        upload_id: Its id, which the deposit keeps if it has to wait.
        metadata: What its client put with it.
        keep_answer: Belongs to the change that makes a document of it, after the rows.
    """

    upload_id: UploadId
    metadata: str
    keep_answer: Callable[[Change, Deposited], None]


def check_length(declared_bytes: int | None, stored: SealedContent) -> None:
    """Raise Invalid unless as much has arrived as was announced."""
    if declared_bytes is not None and declared_bytes != stored.size_bytes:
        raise Invalid("", "What arrived is not as long as was announced; send it again.")


def complete(
    vault: Vault,
    subject: Subject,
    admission: Admission,
    stored: SealedContent,
    description: Description,
    resumed: Resumed | None = None,
) -> Deposited | Quarantined:
    """Make a document of what is durable in the store: row, event and receipt in one change.

    The scanner is asked first, while no transaction is open. If it does not answer, the deposit
    waits, in one change as well.

    Args:
        vault: The collaborators.
        subject: Who deposits; asked once more for the seat.
        admission: Of the upload.
        stored: What has come of it.
        description: What the depositor says of it.
        resumed: The resumable upload by which it came.

    Raises:
        NotFound: The subject holds no seat any more.
        NotPermitted: The seat does not deposit, or the case is closed.
        Conflict: Another version is in force, not yet read; or the upload was given up.
        Invalid: The description, the size or the declared digest cannot be accepted.
        Malware: The scanner found something; that it did is on record.
        Unavailable: The database does not answer.
    """
    _check_digest(description.content, stored)
    described, case = _described(description, admission), stored.context.case
    why = _scanned(vault, subject, admission, stored, described)
    if why is None:
        write_manifest(vault, admission.sealer, stored, described)
    with change(vault, subject, case, Tag.DOCUMENT_DEPOSIT, hold=Hold.STATE) as act:
        _end_upload(act, stored)
        marking = new_marking(act, description)
        if why is None:
            entering, said = Accession.of(act), description.content
            deposited = insert_document(entering, stored, description.title, marking, said)
            if resumed is not None:
                resumed.keep_answer(act, deposited)
            return deposited
        kept = None if resumed is None else (resumed.upload_id, resumed.metadata)
        waits = quarantine(act, stored, replace(described, marking=marking), why, kept)
    _alert(vault, stored, why)
    return waits


def complete_redacted(
    vault: Vault,
    subject: Subject,
    admission: Admission,
    stored: SealedContent,
    said: Bytes,
    document: DocumentDetails,
    detail: Mapping[str, str | int],
) -> Deposited | Quarantined:
    """Make the redacted version of a document of what is durable in the store.

    Args:
        vault: The collaborators.
        subject: Who deposits; asked once more for the seat.
        admission: Of the upload.
        stored: What has come of it.
        said: What the depositor says of the bytes.
        document: Of which this is the redacted version.
        detail: What the record says of the document.

    Raises:
        NotFound: The document was erased meanwhile.
        DuplicateRow: The document has a redacted version already.
        VaultError: As `complete` does.
    """
    _check_digest(said, stored)
    described = Described(View.REDACTED, document.title, document.marking, said, admission.at)
    why = _scanned(vault, subject, admission, stored, described)
    if why is None:
        write_manifest(vault, admission.sealer, stored, described)
    case = stored.context.case
    with change(vault, subject, case, Tag.RENDITION_DEPOSIT, hold=Hold.STATE) as act:
        if documents.find_document(act.tx, stored.context.document) is None:
            # Erased while the bytes were under way.
            raise NotFound
        _end_upload(act, stored)
        if why is None:
            return insert_redacted(Accession.of(act), stored, said, detail)
        waits = quarantine(act, stored, described, why, None)
    _alert(vault, stored, why)
    return waits


def _scanned(
    vault: Vault,
    subject: Subject,
    admission: Admission,
    stored: SealedContent,
    described: Described,
) -> Why | None:
    """Return why it could not be scanned; None if it was, and nothing was found.

    Raises:
        Malware: Something was found.
    """
    verdict = scan_content(vault, admission.sealer, stored)
    if isinstance(verdict, Found):
        _refuse(vault, subject, stored, described, verdict)
    return verdict.why if isinstance(verdict, Unanswered) else None


def _refuse(
    vault: Vault, subject: Subject, stored: SealedContent, described: Described, found: Found
) -> NoReturn:
    """Put on record what was found, alert, and refuse it."""
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, stored.context.case)
    about = document_detail(stored, described.marking)
    detail = {**record_of(stored, described.view, about), "malware": found.name}
    standing.record(Tag.DOCUMENT_SCAN, Outcome.REFUSED, detail=detail)
    context = stored.context
    vault.alerts.malware(context.case, context.document, context.rendition)
    raise Malware


def _alert(vault: Vault, stored: SealedContent, why: Why) -> None:
    context = stored.context
    vault.alerts.unscanned(context.case, context.document, context.rendition, str(why))


def _described(description: Description, admission: Admission) -> Described:
    """Return what the manifest says; completing the deposit refuses what may not be said."""
    origin = JOINT if description.joint else admission.origin
    marking = Marking(description.document_class, origin, description.provenance, NO_LABEL)
    return Described(View.FULL, description.title, marking, description.content, admission.at)


def _end_upload(act: Change, stored: SealedContent) -> None:
    # Once more: another version may have come into force while the bytes were under way.
    may_deposit(act)
    if not documents.complete_upload(act.tx, stored.context.rendition):
        raise Conflict("This upload took too long and was given up; send it again.")
    make_room(act, stored.size_bytes)


def _check_digest(said: Bytes, stored: SealedContent) -> None:
    if said.sha256 is not None and not hmac.compare_digest(said.sha256, stored.sha256):
        raise Invalid("digest", "What arrived is not what was announced; send it again.")
