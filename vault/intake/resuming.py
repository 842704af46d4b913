"""An upload goes on where its last durable part ended, in any process, by one writer at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.access import Hold, change
from vault.audit.events import Tag
from vault.database import uploads
from vault.database.quarantines import QuarantineRow
from vault.errors import NotFound, TooLarge
from vault.intake.admission import Admission, may_deposit
from vault.intake.arrivals import Arrival, OffsetDiffers, Piece, TooShort
from vault.intake.unfinished import abandon_upload
from vault.intake.uploads import Busy, as_kept, begin, is_own, own
from vault.storage.port import WriteMissing

if TYPE_CHECKING:
    from vault.core import Subject, Vault
    from vault.database.uploads import PartRow, ResumableRow
    from vault.ids import CaseId, UploadId
    from vault.intake.uploads import Announced, Upload


def receive(vault: Vault, subject: Subject, upload_id: UploadId, piece: Piece) -> Upload:
    """Take in what comes next of an upload; with its last byte it is a document, with a receipt.

    Whole parts are kept even if the content breaks off; what does not fill a part is dropped.
    Asked again with an offset at the end, a complete upload answers as it did, and so does one that
    waits for the malware scan.

    Raises:
        NotFound: No such upload, it is somebody else's, it has expired, or the subject holds no
            seat in its case any more.
        NotPermitted: The seat does not deposit, or the case is closed.
        Busy: Somebody else writes to it just now.
        OffsetDiffers: It goes on elsewhere.
        Unread: Another version is in force by now, and the subject has not read it.
        TooShort: It is less than a part, and not the end. Nothing of it is kept.
        TooLarge: It is more than was announced.
        Invalid: What has arrived is not what was announced. The upload has ended.
        Malware: The scanner found something. The upload has ended.
        WriteMissing: The store has given it up. The upload has ended.
        Unavailable: The store or the database does not answer; it can be gone on with.
    """
    standing, row, _ = own(vault, subject, upload_id, Tag.UPLOAD_CONTINUE)
    if isinstance(row, QuarantineRow):
        assert standing.seated is not None
        waits = as_kept(standing.seated.sealer, row, 0)
        _check(waits, piece)
        return waits
    with vault.database.alone(upload_id) as writer:
        if writer is None:
            raise Busy
        admission, row, parts = _admitted(vault, subject, row)
        upload = as_kept(admission.sealer, row, len(parts))
        _check(upload, piece)
        if upload.deposited is not None:
            return upload
        arrival = Arrival(vault, writer, admission, row, upload, parts)
        try:
            return arrival.take(subject, piece)
        except WriteMissing:
            arrival.end()
            raise


def begin_with(
    vault: Vault, subject: Subject, case_id: CaseId, announced: Announced, piece: Piece
) -> Upload:
    """Begin an upload with its first bytes; if these are refused, nothing of it is left.

    Whoever is refused is told no address, and could not go on with it.

    Raises:
        VaultError: As `begin` and `receive` do; but too few bytes for a part leave an upload at 0.
    """
    begun = begin(vault, subject, case_id, announced)
    try:
        return receive(vault, subject, begun.upload_id, piece)
    except TooShort:
        return begun
    except BaseException:
        abandon_upload(vault, begun.upload_id)
        raise


def _admitted(
    vault: Vault, subject: Subject, row: ResumableRow
) -> tuple[Admission, ResumableRow, list[PartRow]]:
    """Ask once more, now that nobody else writes, whether the subject may go on."""
    with change(vault, subject, row.case_id, Tag.UPLOAD_CONTINUE, hold=Hold.NOTHING) as act:
        current = uploads.find(act.tx, row.upload_id)
        if current is None or not is_own(current, act.standing):
            raise NotFound
        if current.receipt is None:
            may_deposit(act)
        return Admission.of(act, current.begun_at), current, uploads.parts_of(act.tx, row.upload_id)


def _check(upload: Upload, piece: Piece) -> None:
    """Refuse before a byte is taken what could not be kept."""
    if piece.offset != upload.offset:
        raise OffsetDiffers
    left = upload.announced.size_bytes - upload.offset
    if piece.announced_bytes is not None:
        if piece.announced_bytes > left:
            raise TooLarge
        if piece.announced_bytes < min(left, upload.part_size):
            raise TooShort(upload.part_size)
