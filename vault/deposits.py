"""Content comes in once, sealed, with a signed receipt; what a crash leaves behind is swept.

A deposit is two changes with the bytes between them: it is admitted (the seat is checked and the
upload noted), then, when every byte is durable in the store, it is completed (row, event and
receipt). Nobody can see a document before the second.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.vocabulary import (
    CLASSES,
    JOINT,
    NAMED_ONLY,
    NO_LABEL,
    PROVENANCES,
    Marking,
    Role,
    View,
)
from vault.access import Hold, change
from vault.audit.events import Tag
from vault.audit.receipts import Receipt, sign_receipt
from vault.content import SealedContent, object_name, store_content
from vault.database import documents
from vault.database.connection import DuplicateRow
from vault.details import DocumentDetails, RenditionDetails
from vault.documents import about, find, sealed_marking
from vault.errors import Conflict, Invalid, NotPermitted, VaultError
from vault.ids import DocumentId, RenditionId, new_id
from vault.readings import must_have_read
from vault.sealing.parts import PART_SIZE, RenditionContext
from vault.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from vault.access import Change, Recorded
    from vault.core import Subject, Vault
    from vault.details import Sealer
    from vault.ids import CaseId

_TITLE_LONGEST = 200
_FILE_NAME_LONGEST = 255
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes:
    """What is said about the bytes themselves; checked when it is made.

    Attributes:
        file_name: One line of at most 255 characters, or None.
        media_type: `type/subtype`; parameters are dropped.
        sha256: The digest announced by the sender in hex, compared when all has arrived; or None.

    Raises:
        Invalid: One of them cannot be accepted.
    """

    file_name: str | None = None
    media_type: str = "application/octet-stream"
    sha256: str | None = None

    def __post_init__(self) -> None:
        """Check, and bring each into its kept form."""
        media_type = self.media_type.partition(";")[0].strip().lower()
        if not _MEDIA_TYPE.fullmatch(media_type):
            raise Invalid("content-type", "This is not a media type.")
        object.__setattr__(self, "media_type", media_type)
        if self.file_name is not None:
            name = one_line("filename", self.file_name, longest=_FILE_NAME_LONGEST)
            object.__setattr__(self, "file_name", name)
        if self.sha256 is not None and not _SHA256.fullmatch(self.sha256):
            raise Invalid("digest", "This is not a SHA-256 digest.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What the depositor says of a document; checked when it is made.

    Attributes:
        document_class: A class of the case's vocabulary; checked when it is deposited.
        title: One line of at most 200 characters.
        provenance: `pre-existing` or `made-for-mediation`; the law treats them differently.
        joint: Deposited for all sides together; only the mediator may say so.
        content: What is said about the bytes.

    Raises:
        Invalid: One of them cannot be accepted.
    """

    document_class: str
    title: str
    provenance: str
    content: Bytes
    joint: bool = False

    def __post_init__(self) -> None:
        """Check, and bring the title into its kept form."""
        if self.provenance not in PROVENANCES:
            raise Invalid("provenance", "This is neither `pre-existing` nor `made-for-mediation`.")
        title = one_line("title", self.title, longest=_TITLE_LONGEST)
        object.__setattr__(self, "title", title)


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


def deposit(
    vault: Vault,
    subject: Subject,
    case_id: CaseId,
    content: Iterable[bytes],
    describe: Callable[[], Description],
) -> Deposited:
    """Deposit a document: sealed under the case's key, in the store, on record, with a receipt.

    Until a clause covers its class it is seen by the depositor's side alone.

    Args:
        vault: The collaborators.
        subject: Somebody whose seat deposits (party, counsel, mediator, expert).
        case_id: The case.
        content: The bytes in pieces of any size, read once and never kept.
        describe: Called once after the last byte, since a form may bring its fields in any order.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        NotPermitted: The seat does not deposit.
        Conflict: The subject has neither read nor signed the version in force.
        Invalid: The description, the size or the declared digest cannot be accepted.
        Unavailable: The store or the database does not answer. Nothing is visible.
    """
    with change(vault, subject, case_id, Tag.DOCUMENT_DEPOSIT, hold=Hold.NOTHING) as act:
        _origin(act, joint=False)
        context = RenditionContext(case_id, DocumentId(new_id()), RenditionId(new_id()))
        sealer = _admit(act, context)
    try:
        stored = store_content(vault, sealer, context, content)
        description = describe()
        _check_digest(description.content, stored)
        with change(vault, subject, case_id, Tag.DOCUMENT_DEPOSIT, hold=Hold.STATE) as act:
            _end_upload(act, context)
            marking = _marking(act, description)
            return _complete(act, stored, description, marking)
    except BaseException:
        abandon(vault, case_id, context.rendition)
        raise


def deposit_redacted(
    vault: Vault,
    subject: Subject,
    document_id: DocumentId,
    content: Iterable[bytes],
    describe: Callable[[], Bytes],
) -> Deposited:
    """Deposit the redacted version of a document, brought by the side that deposited it.

    From then on the seats whose clauses give the view `redacted` can read this version.

    Raises:
        NotFound: No such document, or the subject holds no seat in its case.
        NotPermitted: The document came from another side.
        Conflict: It has a redacted version already, or the subject has neither read nor signed
            the version in force.
        Invalid: The size, the file name or the declared digest cannot be accepted.
        Unavailable: The store or the database does not answer. Nothing is visible.
    """
    standing, row, renditions = find(vault, subject, document_id)
    seated = standing.must_sit(Tag.RENDITION_DEPOSIT, {"document": str(document_id)})
    assert row is not None
    marking = sealed_marking(seated, row)
    with change(vault, subject, row.case_id, Tag.RENDITION_DEPOSIT, hold=Hold.NOTHING) as act:
        joint = marking.origin == JOINT
        if marking.origin != _origin(act, joint=joint):
            raise NotPermitted("Only the side that deposited a document redacts it.")
        if any(rendition.view == str(View.REDACTED) for rendition in renditions):
            raise Conflict("This document has a redacted version already.")
        context = RenditionContext(row.case_id, document_id, RenditionId(new_id()))
        sealer = _admit(act, context)
    try:
        stored = store_content(vault, sealer, context, content)
        said = describe()
        _check_digest(said, stored)
        with change(vault, subject, row.case_id, Tag.RENDITION_DEPOSIT, hold=Hold.STATE) as act:
            _end_upload(act, context)
            recorded = act.append({**about(row), **_record_of(stored, View.REDACTED)})
            return _insert_rendition(act, stored, said, View.REDACTED, recorded)
    except DuplicateRow as error:
        abandon(vault, row.case_id, context.rendition)
        raise Conflict("This document has a redacted version already.") from error
    except BaseException:
        abandon(vault, row.case_id, context.rendition)
        raise


def abandon(vault: Vault, case_id: CaseId, rendition_id: RenditionId) -> bool:
    """End an upload that was not completed, and remove its ciphertext.

    It is given up first, which waits for a completion whose outcome is still open: if that has
    committed, the object stays. The note of the upload goes last, so that an object the store
    could not remove now is not forgotten.

    Returns:
        Whether all of it is gone. Never raises VaultError: what is left is swept later.
    """
    try:
        with vault.database.transaction() as tx:
            given_up = documents.give_up_upload(tx, rendition_id)
        if given_up:
            vault.store.abandon(object_name(case_id, rendition_id))
            with vault.database.transaction() as tx:
                documents.delete_upload(tx, rendition_id)
    except VaultError:
        return False
    return given_up


def sweep(vault: Vault, begun_before: datetime) -> int:
    """End every upload that began before an instant and never ended; return how many.

    Args:
        vault: The collaborators.
        begun_before: Older than any upload that may still be running.
    """
    with vault.database.transaction() as tx:
        left = documents.uploads_begun_before(tx, begun_before)
    return sum(abandon(vault, upload.case_id, upload.rendition_id) for upload in left)


def unended(vault: Vault, begun_before: datetime) -> int:
    """Return how many uploads a sweep would end."""
    with vault.database.transaction() as tx:
        return len(documents.uploads_begun_before(tx, begun_before))


def _admit(act: Change, context: RenditionContext) -> Sealer:
    """Note that bytes are about to come, so that nothing in the store is without a name for it."""
    must_have_read(act)
    documents.insert_upload(
        act.tx,
        documents.UploadRow(
            context.rendition, context.case, act.standing.subject.person, act.standing.at
        ),
    )
    return act.seated.sealer


def _end_upload(act: Change, context: RenditionContext) -> None:
    # Once more: another version may have come into force while the bytes were under way.
    must_have_read(act)
    if not documents.complete_upload(act.tx, context.rendition):
        raise Conflict("This upload took too long and was given up; send it again.")


def _origin(act: Change, *, joint: bool) -> str:
    origin = act.seated.participant.seat.origin()
    if origin is None:
        raise NotPermitted("Your seat does not deposit documents.")
    if joint:
        act.require(Role.MEDIATOR)
        return JOINT
    return origin


def _marking(act: Change, description: Description) -> Marking:
    """Return what a new document bears, if its class is one that this case knows."""
    if description.document_class not in (*CLASSES, *act.seated.scope.policy.classes):
        raise Invalid("class", "This is not a class of the vocabulary.")
    if description.joint and description.document_class in NAMED_ONLY:
        raise Invalid("class", "A record of this class is never joint: it belongs to one side.")
    return Marking(
        description.document_class,
        _origin(act, joint=description.joint),
        description.provenance,
        NO_LABEL,
    )


def _complete(
    act: Change, stored: SealedContent, description: Description, marking: Marking
) -> Deposited:
    document_id = stored.context.document
    details = DocumentDetails(title=description.title, marking=marking)
    recorded = act.append(
        {
            "document": str(document_id),
            "class": marking.document_class,
            "origin": marking.origin,
            "provenance": marking.provenance,
            "label": marking.label,
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
            part_size=PART_SIZE,
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
