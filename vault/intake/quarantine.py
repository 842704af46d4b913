"""A deposit that could not be scanned waits, whole and durable, and only its depositor knows of it.

It counts into quotas, is in no list and has no row that a reader could ask for. What it will become
is decided and sealed when it begins to wait; vault/intake/rescan.py brings it to its end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from policies.terms import Marking, View
from vault.audit.events import Outcome, Tag
from vault.content import SealedContent
from vault.database import documents, quarantines, uploads
from vault.database.quarantines import QuarantineRow
from vault.errors import Tampered
from vault.ids import UploadId, new_id
from vault.intake.accession import Deposited, document_detail, record_of
from vault.intake.descriptions import Bytes
from vault.manifests import Described
from vault.sealing.parts import RenditionContext

if TYPE_CHECKING:
    from vault.access import Change
    from vault.details import Sealer
    from vault.scanning.port import Why

_FIELD: Final = "quarantine"
_ANSWER_FIELD: Final = "quarantine/answer"

# When it is tried again: soon, then each time after twice as long, up to the last.
_FIRST_PAUSE: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(minutes=10)
_DOUBLINGS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A deposit that waits for the scanner: what was received, and under which id to ask for it."""

    upload_id: UploadId
    sha256: str
    size_bytes: int
    quarantined_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What was sealed of a deposit that waits, or has waited.

    Attributes:
        row: Where it stands.
        sealer: Seals the case's rows.
        stored: What has come of it.
        described: What it becomes.
        seat: What its depositor held.
        metadata: As a client of tus put it.
    """

    row: QuarantineRow
    sealer: Sealer
    stored: SealedContent
    described: Described
    seat: str
    metadata: str

    @property
    def detail(self) -> dict[str, str | int]:
        """What the record says of the wait's end."""
        return _detail(self.row.upload_id, self.stored, self.described)

    def answer(self) -> Deposited | None:
        """Return what it has become; None if it waits, or has become nothing."""
        if self.row.receipt is None:
            return None
        opened = self.sealer.open(self.row.upload_id, _ANSWER_FIELD, self.row.receipt)
        return Deposited.from_json(opened)

    def sealed_answer(self, deposited: Deposited) -> bytes:
        """Seal what it has become, for its depositor to ask for."""
        return self.sealer.seal(self.row.upload_id, _ANSWER_FIELD, deposited.to_json())


def pause_after(tries: int) -> timedelta:
    """Return how long the scanner is left alone after so many tries."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(tries - 1, _DOUBLINGS))


def quarantine(
    act: Change,
    stored: SealedContent,
    described: Described,
    why: Why,
    resumed: tuple[UploadId, str] | None,
) -> Quarantined:
    """Let a deposit wait from the commit of this change on; on record.

    Args:
        act: The change that else would make it a document: every check is made, its note is gone.
        stored: What is durable in the store.
        described: What it becomes.
        why: Why it was not scanned.
        resumed: The id of a resumable upload, and what its client put with it.
    """
    upload_id, metadata = resumed or (UploadId(new_id()), "")
    context, at, person = stored.context, act.standing.at, act.standing.subject.person
    note = documents.UploadRow(
        rendition_id=context.rendition,
        document_id=context.document,
        case_id=context.case,
        person_id=person,
        alive_at=at,
        declared_bytes=stored.size_bytes,
        expires_at=None,
    )
    detail = _detail(upload_id, stored, described)
    recorded = act.append({**detail, "why": str(why)}, tag=Tag.DOCUMENT_QUARANTINE)
    row = QuarantineRow(
        upload_id=upload_id,
        rendition_id=context.rendition,
        document_id=context.document,
        case_id=context.case,
        person_id=person,
        size_bytes=stored.size_bytes,
        part_size=stored.part_size,
        headers=stored.headers,
        wrapped_key=stored.wrapped_key,
        details=b"",
        why=str(why),
        quarantined_at=at,
        tries=1,
        next_try_at=at + pause_after(1),
        log_index=recorded.index,
    )
    said = {
        **_said(row, stored.sha256, described),
        "seat": str(act.seated.participant.seat),
        "metadata": metadata,
    }
    sealed = act.seated.sealer.seal(upload_id, _FIELD, said)
    uploads.delete(act.tx, context.rendition)
    documents.insert_upload(act.tx, note)
    quarantines.insert(act.tx, replace(row, details=sealed))
    return Quarantined(
        upload_id=upload_id,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        quarantined_at=at,
    )


def withdraw(act: Change, waiting: Waiting) -> bool:
    """Take a deposit back that waits, in its depositor's name; on record. False if it has ended."""
    if not quarantines.lock_waiting(act.tx, waiting.row.upload_id):
        return False
    detail = {**waiting.detail, "why": "withdrawn"}
    event = act.standing.event(Tag.DOCUMENT_QUARANTINE, Outcome.ABORTED, detail=detail)
    index = act.standing.vault.log.append(act.tx, event)
    quarantines.end(act.tx, waiting.row.upload_id, index, None)
    return True


def open_waiting(sealer: Sealer, row: QuarantineRow) -> Waiting:
    """Open what was sealed of a deposit that waits.

    Raises:
        Tampered: Its row is not what was sealed.
    """
    said = sealer.open(row.upload_id, _FIELD, row.details)
    described = Described(
        view=View.parse(said["view"]),
        title=said["title"],
        marking=Marking(*said["marking"]),
        content=Bytes(file_name=said["file_name"], media_type=said["media_type"]),
        admitted_at=datetime.fromisoformat(said["admitted_at"]),
    )
    if said["row"] != _clear(row):
        raise Tampered
    return Waiting(
        row=row,
        sealer=sealer,
        stored=SealedContent(
            context=RenditionContext(row.case_id, row.document_id, row.rendition_id),
            size_bytes=row.size_bytes,
            part_size=row.part_size,
            sha256=said["sha256"],
            headers=row.headers,
            wrapped_key=row.wrapped_key,
        ),
        described=described,
        seat=said["seat"],
        metadata=said["metadata"],
    )


def _detail(
    upload_id: UploadId, stored: SealedContent, described: Described
) -> dict[str, str | int]:
    about = document_detail(stored, described.marking)
    return {"upload": str(upload_id), **record_of(stored, described.view, about)}


def _said(row: QuarantineRow, digest: str, described: Described) -> dict[str, Any]:
    return {
        "row": _clear(row),
        "view": str(described.view),
        "title": described.title,
        "marking": list(described.marking),
        "file_name": described.content.file_name,
        "media_type": described.content.media_type,
        "admitted_at": described.admitted_at.isoformat(),
        "sha256": digest,
    }


def _clear(row: QuarantineRow) -> dict[str, str | int]:
    """Return the columns that decide and are not sealed themselves."""
    return {
        "document": str(row.document_id),
        "rendition": str(row.rendition_id),
        "person": str(row.person_id),
        "size_bytes": row.size_bytes,
        "part_size": row.part_size,
        "headers": sha256(row.headers).hexdigest(),
    }
