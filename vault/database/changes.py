"""Every row that a change made, beside the index of the log entry that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from vault.database.connection import Transaction


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One row of one table.

    Attributes:
        log_index: The entry that records it.
        kind: What it is: the table in the singular, but for a `version` of the agreement.
        key: Its id, or the version's number, as text.
        case_id: The case it belongs to; None for what outlives it.
    """

    log_index: int
    kind: str
    key: str
    case_id: UUID | None


def changes_by_index(tx: Transaction) -> Iterator[ChangeRow]:
    """Yield every row that a change made, in the order of the log, in constant memory."""
    return tx.stream(
        ChangeRow,
        "SELECT log_index, 'case' AS kind, case_id::text AS key, case_id FROM cases"
        "   WHERE details <> ''"
        " UNION ALL SELECT log_index, 'participant', participant_id::text, case_id"
        "   FROM participants"
        " UNION ALL SELECT log_index, 'version', version::text, case_id FROM agreements"
        " UNION ALL SELECT log_index, 'signature', version::text, case_id FROM signatures"
        " UNION ALL SELECT log_index, 'document', document_id::text, case_id FROM documents"
        " UNION ALL SELECT renditions.log_index, 'rendition', rendition_id::text, case_id"
        "   FROM renditions JOIN documents USING (document_id)"
        " UNION ALL SELECT log_index, 'withdrawal', version::text, case_id FROM withdrawals"
        " UNION ALL SELECT log_index, 'comment', comment_id::text, case_id FROM comments"
        " UNION ALL SELECT log_index, 'reading', version::text, case_id FROM readings"
        " UNION ALL SELECT log_index, 'seat-change', change_id::text, case_id FROM seat_changes"
        " UNION ALL SELECT log_index, 'request', request_id::text, case_id FROM requests"
        " UNION ALL SELECT answers.log_index, 'answer', request_id::text, case_id"
        "   FROM answers JOIN requests USING (request_id)"
        " UNION ALL SELECT log_index, 'exception', number::text, case_id FROM exceptions"
        " UNION ALL SELECT log_index, 'quarantine', upload_id::text, case_id FROM quarantines"
        " UNION ALL SELECT ended_index, 'quarantine-end', upload_id::text, case_id"
        "   FROM quarantines WHERE ended_index IS NOT NULL"
        " UNION ALL SELECT log_index, 'hold', hold_id::text, case_id FROM holds"
        " UNION ALL SELECT lifted_index, 'hold-lift', hold_id::text, case_id FROM holds"
        "   WHERE lifted_index IS NOT NULL"
        # Entries from before the erasure of the whole case cannot be read any more.
        " UNION ALL SELECT log_index, 'erasure', erasure_id::text, NULL FROM erasures AS e"
        "   WHERE document_id IS NULL OR NOT EXISTS (SELECT FROM erasures AS whole"
        "     WHERE whole.case_id = e.case_id AND whole.document_id IS NULL"
        "       AND whole.log_index > e.log_index)"
        " UNION ALL SELECT certified_index, 'certificate',"
        "     encode(sha256(convert_to(certificate, 'UTF8')), 'hex'), NULL FROM erasures AS e"
        "   WHERE certified_index IS NOT NULL AND (document_id IS NULL OR NOT EXISTS"
        "     (SELECT FROM erasures AS whole WHERE whole.case_id = e.case_id"
        "       AND whole.document_id IS NULL AND whole.log_index > e.certified_index))"
        " ORDER BY log_index, kind, key",
    )
