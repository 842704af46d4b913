"""An upload that lives across requests and processes is its beginner's, and nobody else's.

It is admitted as any deposit is, goes on where its last durable part ended
(vault/intake/resuming.py), and is a document only when it is complete. Until then nobody else knows
of it but the record.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from policies.vocabulary import JOINT
from vault.access import NOWHERE, Hold, change, stand
from vault.audit.events import Outcome, Tag
from vault.database import documents, quarantines, uploads
from vault.database.quarantines import QuarantineRow
from vault.disclosure.documents import marking_detail
from vault.errors import Conflict, NotFound, Tampered
from vault.ids import DocumentId, RenditionId, UploadId, new_id
from vault.intake.accession import Deposited
from vault.intake.admission import admit, new_marking
from vault.intake.descriptions import Bytes, Description
from vault.intake.quarantine import open_waiting, withdraw
from vault.intake.unfinished import abandon
from vault.sealing.parts import Layout, RenditionContext

if TYPE_CHECKING:
    from datetime import datetime

    from vault.access import Change, Standing
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.database.uploads import ResumableRow
    from vault.details import Sealer
    from vault.ids import CaseId

_FIELD = "upload"
_ANSWER_FIELD = "upload/answer"


class Busy(Conflict):
    """Somebody writes to this upload just now; trying again soon helps."""

    def __init__(self) -> None:
        super().__init__("This upload is being written to; try again in a moment.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What is said of an upload when it is begun.

    Attributes:
        description: Of the document that it will be.
        size_bytes: How long it will be, exactly.
        metadata: The same as the client put it, for the client to read again.
    """

    description: Description
    size_bytes: int
    metadata: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """How far an upload has come.

    Attributes:
        offset: How many of its bytes are durable: whole parts, or all of it once it is a document.
        part_size: What has to come together to be kept, unless it is all that is left.
        expires_at: When it ends unless somebody goes on with it; None if it does not.
        deposited: What it has become.
        quarantined_at: Since when it waits, or has waited, for the malware scan.
        refused: It was scanned after it had waited, or was overtaken, and is gone.
    """

    upload_id: UploadId
    case_id: CaseId
    announced: Announced
    offset: int
    part_size: int
    expires_at: datetime | None
    deposited: Deposited | None = None
    quarantined_at: datetime | None = None
    refused: bool = False


def begin(vault: Vault, subject: Subject, case_id: CaseId, announced: Announced) -> Upload:
    """Begin an upload of a document; what is said of it is sealed, and checked at once.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        NotPermitted: The seat does not deposit, or the case is closed.
        Conflict: The subject has neither read nor signed the version in force.
        Invalid: The description cannot be accepted.
        TooLarge: There is no room for it.
    """
    with change(vault, subject, case_id, Tag.UPLOAD_BEGIN, hold=Hold.NOTHING) as act:
        marking = new_marking(act, announced.description)
        upload_id = UploadId(new_id())
        context = RenditionContext(case_id, DocumentId(new_id()), RenditionId(new_id()))
        expires_at = act.standing.at + vault.limits.upload_lifetime
        room = admit(act, context, announced.size_bytes, expires_at)
        _, wrapped_key = vault.keyring.new_data_key(act.seated.sealer.key, context)
        act.append(
            {
                "upload": str(upload_id),
                "bytes": announced.size_bytes,
                **marking_detail(marking),
            }
        )
        row = uploads.ResumableRow(
            upload_id=upload_id,
            rendition_id=context.rendition,
            document_id=context.document,
            case_id=case_id,
            person_id=subject.person,
            size_bytes=announced.size_bytes,
            part_size=room.part_size,
            wrapped_key=wrapped_key,
            details=b"",
            begun_at=act.standing.at,
            expires_at=expires_at,
        )
        details = act.seated.sealer.seal(upload_id, _FIELD, _said(row, announced))
        uploads.insert(act.tx, replace(row, details=details))
        return as_kept(act.seated.sealer, replace(row, details=details), 0)


def read_upload(vault: Vault, subject: Subject, upload_id: UploadId) -> Upload:
    """Return how far an upload of the subject's own has come; on record.

    Raises:
        NotFound: No such upload, it is somebody else's, it has expired, or the subject holds no
            seat in its case any more.
    """
    standing, row, parts = own(vault, subject, upload_id, Tag.UPLOAD_READ)
    standing.record(Tag.UPLOAD_READ, detail={"upload": str(upload_id)})
    assert standing.seated is not None
    return as_kept(standing.seated.sealer, row, parts)


def terminate(vault: Vault, subject: Subject, upload_id: UploadId) -> None:
    """End an upload of the subject's own and remove what has come of it; on record.

    What waits for the malware scan can be taken back as well.

    Raises:
        NotFound: As for `read_upload`.
        Busy: Somebody writes to it just now.
        Conflict: It is a document already, or was refused.
    """
    _, row, _ = own(vault, subject, upload_id, Tag.UPLOAD_TERMINATE)
    with vault.database.alone(upload_id) as writer:
        if writer is None:
            raise Busy
        with change(vault, subject, row.case_id, Tag.UPLOAD_TERMINATE, hold=Hold.NOTHING) as act:
            _end(act, upload_id)
        vault.digests.forget(upload_id)
        abandon(vault, row.case_id, row.rendition_id)


def _end(act: Change, upload_id: UploadId) -> None:
    """Put on record that an upload is ended, whether it is under way or waits."""
    current = find(act.tx, upload_id)
    if current is None:
        raise NotFound
    if current.receipt is not None:
        raise Conflict("This upload is complete; it is a document now.")
    if isinstance(current, QuarantineRow):
        if not withdraw(act, open_waiting(act.seated.sealer, current)):
            raise Conflict("This upload has ended already.")
        return
    documents.give_up_upload(act.tx, current.rendition_id)
    act.append({"upload": str(upload_id)})


def find(tx: Transaction, upload_id: UploadId) -> ResumableRow | QuarantineRow | None:
    """Return an upload under way, or one that waits or has waited for the malware scan."""
    return uploads.find(tx, upload_id) or quarantines.find(tx, upload_id)


def own(
    vault: Vault, subject: Subject, upload_id: UploadId, tag: Tag
) -> tuple[Standing, ResumableRow | QuarantineRow, int]:
    """Look up an upload of the subject's own, and how many of its parts are durable.

    An unknown one, one of somebody else and one that has expired look alike, and each is on record.

    Raises:
        NotFound: There is none.
    """
    detail = {"upload": str(upload_id)}
    with vault.database.snapshot() as tx:
        row = find(tx, upload_id)
        standing = stand(vault, tx, subject, row.case_id if row else NOWHERE)
        parts = uploads.part_count(tx, upload_id)
    standing.must_sit(tag, detail)
    if row is None or not is_own(row, standing):
        standing.record(tag, Outcome.REFUSED, detail=detail)
        raise NotFound
    return standing, row, parts


def is_own(row: ResumableRow | QuarantineRow, standing: Standing) -> bool:
    """Tell whether an upload is alive, and the subject's; one that waits does not expire."""
    mine = row.person_id == standing.subject.person
    return mine and (isinstance(row, QuarantineRow) or standing.at < row.expires_at)


def as_kept(sealer: Sealer, row: ResumableRow | QuarantineRow, parts: int) -> Upload:
    """Return an upload of which so many parts are durable.

    Raises:
        Tampered: Its row is not what was sealed, or has more parts than an upload can have.
    """
    if isinstance(row, QuarantineRow):
        return _as_waiting(sealer, row)
    announced = _opened(sealer, row)
    offset, deposited = parts * row.part_size, None
    if row.receipt is not None:
        opened = sealer.open(row.upload_id, _ANSWER_FIELD, row.receipt)
        deposited, offset = Deposited.from_json(opened), row.size_bytes
    elif parts >= Layout(row.size_bytes, row.part_size).part_count:
        raise Tampered
    return Upload(
        upload_id=row.upload_id,
        case_id=row.case_id,
        announced=announced,
        offset=offset,
        part_size=row.part_size,
        expires_at=row.expires_at,
        deposited=deposited,
    )


def seal_answer(sealer: Sealer, row: ResumableRow, deposited: Deposited) -> bytes:
    """Seal what completed an upload, for whoever does not get the answer."""
    return sealer.seal(row.upload_id, _ANSWER_FIELD, deposited.to_json())


def _as_waiting(sealer: Sealer, row: QuarantineRow) -> Upload:
    waiting = open_waiting(sealer, row)
    described, deposited = waiting.described, waiting.answer()
    description = Description(
        document_class=described.marking.document_class,
        title=described.title,
        provenance=described.marking.provenance,
        joint=described.marking.origin == JOINT,
        content=Bytes(
            file_name=described.content.file_name,
            media_type=described.content.media_type,
            sha256=waiting.stored.sha256,
        ),
    )
    return Upload(
        upload_id=row.upload_id,
        case_id=row.case_id,
        announced=Announced(
            description=description, size_bytes=row.size_bytes, metadata=waiting.metadata
        ),
        offset=row.size_bytes,
        part_size=row.part_size,
        expires_at=None,
        deposited=deposited,
        quarantined_at=row.quarantined_at,
        refused=row.ended_index is not None and deposited is None,
    )


def _said(row: ResumableRow, announced: Announced) -> dict[str, Any]:
    """Return what is sealed of an upload: what was announced, and whose and what it is."""
    return {
        "row": _clear(row),
        "description": asdict(announced.description),
        "metadata": announced.metadata,
    }


def _opened(sealer: Sealer, row: ResumableRow) -> Announced:
    value = sealer.open(row.upload_id, _FIELD, row.details)
    if value["row"] != _clear(row):
        raise Tampered
    said = value["description"]
    return Announced(
        description=Description(
            document_class=said["document_class"],
            title=said["title"],
            provenance=said["provenance"],
            joint=said["joint"],
            content=Bytes(**said["content"]),
        ),
        size_bytes=row.size_bytes,
        metadata=value["metadata"],
    )


def _clear(row: ResumableRow) -> dict[str, str | int]:
    """Return the columns that decide and are not sealed themselves."""
    return {
        "document": str(row.document_id),
        "rendition": str(row.rendition_id),
        "person": str(row.person_id),
        "size_bytes": row.size_bytes,
        "part_size": row.part_size,
    }
