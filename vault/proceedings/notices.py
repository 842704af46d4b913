"""What a person must be told is kept for them until they ask; it names documents and no titles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from vault.access import stand
from vault.audit.events import Tag
from vault.database import notices
from vault.errors import Tampered
from vault.ids import DocumentId, new_id

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vault.access import Change, Recorded, Seated
    from vault.core import Subject, Vault
    from vault.ids import CaseId, PersonId


class NoticeKind(StrEnum):
    """What a notice is about."""

    CLAW_BACK = "claw-back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that one person must be told.

    Attributes:
        document_id: The document it is about, whether or not the person may know more of it.
    """

    notice_id: UUID
    kind: NoticeKind
    document_id: DocumentId
    made_at: datetime


def notify(
    act: Change,
    persons: Iterable[PersonId],
    kind: NoticeKind,
    document_id: DocumentId,
    recorded: Recorded,
) -> None:
    """Add one notice for each person, in the transaction of the change that it tells of.

    Whoever holds no seat any more finds none: the case does not exist for them.
    """
    for person in sorted(persons):
        notice_id = new_id()
        value = {"person": str(person), "kind": kind.value, "document": str(document_id)}
        notices.insert_notice(
            act.tx,
            notices.NoticeRow(
                notice_id=notice_id,
                case_id=act.seated.case,
                person_id=person,
                details=act.seated.sealer.seal(notice_id, "notice", value),
                made_at=act.standing.at,
                log_index=recorded.index,
            ),
        )


def list_notices(vault: Vault, subject: Subject, case_id: CaseId) -> tuple[Notice, ...]:
    """Return what the subject must be told in a case, oldest first; on record.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        Tampered: A notice was made for somebody else, or not by this vault.
    """
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        rows = notices.notices_to(tx, case_id, subject.person) if standing.seated else []
    seated = standing.must_sit(Tag.NOTICE_LIST)
    found = tuple(_opened(seated, row) for row in rows)
    standing.record(Tag.NOTICE_LIST, detail={"listed": len(found)})
    return found


def _opened(seated: Seated, row: notices.NoticeRow) -> Notice:
    value = seated.sealer.open(row.notice_id, "notice", row.details)
    if value["person"] != str(row.person_id):
        raise Tampered
    return Notice(
        notice_id=row.notice_id,
        kind=NoticeKind(value["kind"]),
        document_id=DocumentId(UUID(value["document"])),
        made_at=row.made_at,
    )
