"""A deposit becomes visible in one change: its row, its event and its receipt, or none of them.

However its bytes came, in one request or in many, it is admitted and completed here.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.vocabulary import (
    CLASSES,
    JOINT,
    NAMED_ONLY,
    NO_LABEL,
    PHASES,
    Marking,
    Role,
    View,
)
from vault.access import Hold, change
from vault.audit.events import Tag
from vault.audit.receipts import Receipt, sign_receipt
from vault.content import Room
from vault.database import documents
from vault.details import DocumentDetails, RenditionDetails
from vault.documents import marking_detail
from vault.errors import Conflict, Invalid, NotPermitted, TooLarge
from vault.quotas import make_room
from vault.readings import must_have_read
from vault.sealing.parts import part_size_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from vault.access import Change, Recorded
    from vault.content import SealedContent
    from vault.core import Subject, Vault
    from vault.descriptions import Bytes, Description
    from vault.ids import DocumentId, RenditionId
    from vault.sealing.parts import RenditionContext

_CLOSED = PHASES[-1]


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


def may_deposit(act: Change) -> None:
    """Return if the subject may deposit in the case as things stand.

    Raises:
        NotPermitted: The case is closed.
        Unread: The subject has neither read nor signed the version in force.
    """
    if act.seated.state.phase == _CLOSED:
        raise NotPermitted("The case is closed; nothing is deposited in it any more.")
    must_have_read(act)


def admit(
    act: Change,
    context: RenditionContext,
    declared_bytes: int | None,
    expires_at: datetime | None = None,
) -> Room:
    """Note that bytes are about to come, so that nothing in the store is without a name for it.

    Args:
        act: The change in which the upload begins.
        context: The rendition that it may become.
        declared_bytes: How long it will be; None if nobody has said.
        expires_at: Of an upload that lives across requests.

    Raises:
        NotPermitted: The case is closed.
        Unread: The subject has neither read nor signed the version in force.
        TooLarge: There is no room for it.
    """
    may_deposit(act)
    limit_bytes = act.standing.vault.limits.document_bytes
    if declared_bytes is not None and declared_bytes > limit_bytes:
        raise TooLarge
    part_size = part_size_for(declared_bytes)
    room = make_room(act, declared_bytes or 0)
    documents.insert_upload(
        act.tx,
        documents.UploadRow(
            rendition_id=context.rendition,
            case_id=context.case,
            person_id=act.standing.subject.person,
            started_at=act.standing.at,
            declared_bytes=declared_bytes,
            expires_at=expires_at,
        ),
    )
    return Room(part_size, limit_bytes if room is None else min(limit_bytes, room))


def origin_of(act: Change, *, joint: bool) -> str:
    """Return the side that a document of this seat comes from.

    Raises:
        NotPermitted: The seat does not deposit, or not for all sides together.
    """
    origin = act.seated.participant.seat.origin()
    if origin is None:
        raise NotPermitted("Your seat does not deposit documents.")
    if joint:
        act.require(Role.MEDIATOR)
        return JOINT
    return origin


def new_marking(act: Change, description: Description) -> Marking:
    """Return what a new document bears, if its class is one that this case knows.

    Raises:
        Invalid: It is not, or is never joint.
        NotPermitted: The seat does not deposit, or not for all sides together.
    """
    if description.document_class not in (*CLASSES, *act.seated.scope.policy.classes):
        raise Invalid("class", "This is not a class of the vocabulary.")
    if description.joint and description.document_class in NAMED_ONLY:
        raise Invalid("class", "A record of this class is never joint: it belongs to one side.")
    return Marking(
        description.document_class,
        origin_of(act, joint=description.joint),
        description.provenance,
        NO_LABEL,
    )


def check_length(declared_bytes: int | None, stored: SealedContent) -> None:
    """Raise Invalid unless as much has arrived as was announced."""
    if declared_bytes is not None and declared_bytes != stored.size_bytes:
        raise Invalid("", "What arrived is not as long as was announced; send it again.")


def complete(
    vault: Vault,
    subject: Subject,
    stored: SealedContent,
    description: Description,
    also: Callable[[Change, Deposited], None] | None = None,
) -> Deposited:
    """Make a document of what is durable in the store: row, event and receipt in one change.

    Args:
        vault: The collaborators.
        subject: Who deposits; asked once more for the seat.
        stored: Of an upload that was admitted.
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
    stored: SealedContent,
    said: Bytes,
    detail: Mapping[str, str | int],
) -> Deposited:
    """Make the redacted version of a document of what is durable in the store.

    Args:
        vault: The collaborators.
        subject: Who deposits; asked once more for the seat.
        stored: Of an upload that was admitted.
        said: What the depositor says of the bytes.
        detail: What the record says of the document.

    Raises:
        DuplicateRow: The document has a redacted version already.
        VaultError: As `complete` does.
    """
    _check_digest(said, stored)
    case = stored.context.case
    with change(vault, subject, case, Tag.RENDITION_DEPOSIT, hold=Hold.STATE) as act:
        _end_upload(act, stored)
        recorded = act.append({**detail, **_record_of(stored, View.REDACTED)})
        return _insert_rendition(act, stored, said, View.REDACTED, recorded)


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
