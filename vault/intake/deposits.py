"""Content comes in once, sealed, with a signed receipt; what a failure leaves behind is removed.

A deposit is two changes with the bytes between them: it is admitted (the seat is checked and the
upload noted), then, when every byte is durable in the store, it is completed (row, event and
receipt; vault/intake/completion.py). Nobody can see a document before the second. Where a malware
scanner is set and does not answer, the second change lets the deposit wait instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.vocabulary import JOINT, View
from vault.access import Hold, change
from vault.audit.events import Tag
from vault.content import store_content
from vault.database.connection import DuplicateRow
from vault.disclosure.documents import about, find, open_document
from vault.errors import Conflict, NotPermitted
from vault.ids import DocumentId, RenditionId, new_id
from vault.intake.admission import Admission, admit, origin_of
from vault.intake.completion import check_length, complete, complete_redacted
from vault.intake.unfinished import abandon, kept_alive
from vault.sealing.parts import RenditionContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vault.core import Subject, Vault
    from vault.ids import CaseId
    from vault.intake.accession import Deposited
    from vault.intake.descriptions import Bytes, Description
    from vault.intake.quarantine import Quarantined


def deposit(
    vault: Vault,
    subject: Subject,
    case_id: CaseId,
    content: Iterable[bytes],
    describe: Callable[[], Description],
    *,
    declared_bytes: int | None = None,
) -> Deposited | Quarantined:
    """Deposit a document: sealed under the case's key, in the store, on record, with a receipt.

    Until a clause covers its class it is seen by the depositor's side alone.

    Args:
        vault: The collaborators.
        subject: Somebody whose seat deposits (party, counsel, mediator, expert).
        case_id: The case.
        content: The bytes in pieces of any size, read once and never kept.
        describe: Called once after the last byte, since a form may bring its fields in any order.
        declared_bytes: How long the content will be, if its sender has said so.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        NotPermitted: The seat does not deposit, or the case is closed.
        Conflict: The subject has neither read nor signed the version in force.
        TooLarge: There is no room for it in the case, or for the subject.
        Invalid: The description, the size or the declared digest cannot be accepted.
        Malware: The scanner found something; nothing of it is kept.
        Unavailable: The store or the database does not answer. Nothing is visible.
    """
    with change(vault, subject, case_id, Tag.DOCUMENT_DEPOSIT, hold=Hold.NOTHING) as act:
        admission = Admission.of(act, act.standing.at)
        context = RenditionContext(case_id, DocumentId(new_id()), RenditionId(new_id()))
        room = admit(act, context, declared_bytes)
    try:
        living = kept_alive(vault, context.rendition, content)
        stored = store_content(vault, admission.sealer, context, living, room)
        check_length(declared_bytes, stored)
        return complete(vault, subject, admission, stored, describe())
    except BaseException:
        abandon(vault, case_id, context.rendition)
        raise


def deposit_redacted(
    vault: Vault,
    subject: Subject,
    document_id: DocumentId,
    content: Iterable[bytes],
    describe: Callable[[], Bytes],
    *,
    declared_bytes: int | None = None,
) -> Deposited | Quarantined:
    """Deposit the redacted version of a document, brought by the side that deposited it.

    From then on the seats whose clauses give the view `redacted` can read this version.

    Raises:
        NotFound: No such document, or the subject holds no seat in its case.
        NotPermitted: The document came from another side, or the case is closed.
        Conflict: It has a redacted version already, or the subject has neither read nor signed
            the version in force.
        TooLarge: There is no room for it in the case, or for the subject.
        Invalid: The size, the file name or the declared digest cannot be accepted.
        Malware: The scanner found something; nothing of it is kept.
        Unavailable: The store or the database does not answer. Nothing is visible.
    """
    standing, row, renditions = find(vault, subject, document_id)
    seated = standing.must_sit(Tag.RENDITION_DEPOSIT, {"document": str(document_id)})
    assert row is not None
    details = open_document(seated, row)
    with change(vault, subject, row.case_id, Tag.RENDITION_DEPOSIT, hold=Hold.NOTHING) as act:
        origin = details.marking.origin
        if origin != origin_of(act, joint=origin == JOINT):
            raise NotPermitted("Only the side that deposited a document redacts it.")
        if any(rendition.view == str(View.REDACTED) for rendition in renditions):
            raise Conflict("This document has a redacted version already.")
        admission = Admission.of(act, act.standing.at)
        context = RenditionContext(row.case_id, document_id, RenditionId(new_id()))
        room = admit(act, context, declared_bytes)
    try:
        living = kept_alive(vault, context.rendition, content)
        stored = store_content(vault, admission.sealer, context, living, room)
        check_length(declared_bytes, stored)
        said = describe()
        return complete_redacted(vault, subject, admission, stored, said, details, about(row))
    except DuplicateRow as error:
        abandon(vault, row.case_id, context.rendition)
        raise Conflict("This document has a redacted version already.") from error
    except BaseException:
        abandon(vault, row.case_id, context.rendition)
        raise
