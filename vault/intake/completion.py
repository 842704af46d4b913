"""A deposit becomes visible in one change: its row, its event and its receipt, or none of them.

However its bytes came, in one request or in many, it is completed here.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.vocabulary import (
    JOINT,
    NO_LABEL,
    Marking,
    View,
)
from vault.access import Hold, change
from vault.audit.events import Tag
from vault.audit.receipts import Receipt, sign_receipt
from vault.database import documents
from vault.details import DocumentDetails, RenditionDetails
from vault.disclosure.documents import marking_detail
from vault.errors import Conflict, Invalid, NotFound
from vault.intake.admission import may_deposit, new_marking
from vault.intake.quotas import make_room
from vault.manifests import Described, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from vault.access import Change, Recorded
    from vault.content import SealedContent
    from vault.core import Subject, Vault
    from vault.ids import DocumentId, RenditionId
    from vault.intake.admission import Admission
    from vault.intake.descriptions import Bytes, Description


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposited:
    """A deposit that is durable: what was received, and the signed receipt (docs/audit-log.md)."""

    document_id: DocumentId
    rendition_id: RenditionId
    sha256: str
    size_bytes: int
    deposited_at: datetime
    log_index: int
    receipt: str


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
    also: Callable[[Change, Deposited], None] | None = None,
) -> Deposited:
    """Make a document of what is durable in the store: row, event and receipt in one change.

    Args:
        vault: The collaborators.
        subject: Who deposits; asked once more for the seat.
        admission: Of the upload.
        stored: What has come of it.
        description: What the depositor says of it.
        also: What else belongs to this change, after its rows.

    Raises:
        NotFound: The subject holds no seat any more.
        NotPermitted: The seat does not deposit, or the case is closed.
        Conflict: Another version is in force, not yet read; or the upload was given up.
        Invalid: The description, the size or the declared digest cannot be accepted.
        Unavailable: The database does not answer.
    """
    _check_digest(description.content, stored)
    write_manifest(vault, admission.sealer, stored, _described(description, admission))
    case = stored.context.case
    with change(vault, subject, case, Tag.DOCUMENT_DEPOSIT, hold=Hold.STATE) as act:
        _end_upload(act, stored)
        marking = new_marking(act, description)
        deposited = _insert_document(act, stored, description, marking)
        if also is not None:
            also(act, deposited)
        return deposited


def complete_redacted(
    vault: Vault,
    subject: Subject,
    admission: Admission,
    stored: SealedContent,
    said: Bytes,
    document: DocumentDetails,
    detail: Mapping[str, str | int],
) -> Deposited:
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
    write_manifest(vault, admission.sealer, stored, described)
    case = stored.context.case
    with change(vault, subject, case, Tag.RENDITION_DEPOSIT, hold=Hold.STATE) as act:
        if documents.find_document(act.tx, stored.context.document) is None:
            # Erased while the bytes were under way.
            raise NotFound
        _end_upload(act, stored)
        recorded = act.append({**detail, **_record_of(stored, View.REDACTED)})
        return _insert_rendition(act, stored, said, View.REDACTED, recorded)


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


def _insert_document(
    act: Change, stored: SealedContent, description: Description, marking: Marking
) -> Deposited:
    document_id = stored.context.document
    details = DocumentDetails(title=description.title, marking=marking)
    recorded = act.append(
        {
            "document": str(document_id),
            **marking_detail(marking),
            **_record_of(stored, View.FULL),
        }
    )
    documents.insert_document(
        act.tx,
        documents.DocumentRow(
            document_id=document_id,
            case_id=stored.context.case,
            document_class=marking.document_class,
            origin=marking.origin,
            provenance=marking.provenance,
            label=marking.label,
            details=act.seated.sealer.seal_document(document_id, details),
            deposited_by=act.standing.subject.person,
            deposited_at=act.standing.at,
            log_index=recorded.index,
        ),
    )
    return _insert_rendition(act, stored, description.content, View.FULL, recorded)


def _insert_rendition(
    act: Change, stored: SealedContent, said: Bytes, view: View, recorded: Recorded
) -> Deposited:
    context, at = stored.context, act.standing.at
    details = RenditionDetails(
        file_name=said.file_name,
        media_type=said.media_type,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        view=str(view),
    )
    documents.insert_rendition(
        act.tx,
        documents.RenditionRow(
            rendition_id=context.rendition,
            document_id=context.document,
            view=str(view),
            size_bytes=stored.size_bytes,
            part_size=stored.part_size,
            headers=stored.headers,
            wrapped_key=stored.wrapped_key,
            details=act.seated.sealer.seal_rendition(context.rendition, details),
            deposited_by=act.standing.subject.person,
            deposited_at=at,
            log_index=recorded.index,
        ),
    )
    receipt = Receipt(
        case=context.case,
        document=context.document,
        view=str(view),
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        deposited_at=at,
        log_index=recorded.index,
        leaf=recorded.leaf,
    )
    return Deposited(
        document_id=context.document,
        rendition_id=context.rendition,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        deposited_at=at,
        log_index=recorded.index,
        receipt=sign_receipt(receipt, act.standing.vault.receipt_key),
    )


def _record_of(stored: SealedContent, view: View) -> dict[str, str | int]:
    return {
        "rendition": str(stored.context.rendition),
        "deposited_view": str(view),
        "sha256": stored.sha256,
        "bytes": stored.size_bytes,
    }


def _check_digest(said: Bytes, stored: SealedContent) -> None:
    if said.sha256 is not None and not hmac.compare_digest(said.sha256, stored.sha256):
        raise Invalid("digest", "What arrived is not what was announced; send it again.")
