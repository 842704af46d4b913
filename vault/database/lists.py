"""Lists are asked for by marking: what is not asked for is neither read nor counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, LiteralString
from uuid import UUID

from policies.vocabulary import Marking
from vault.database.documents import DocumentRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vault.database.connection import Transaction
    from vault.ids import CaseId, DocumentId


@dataclass(frozen=True, slots=True)
class MarkingRow:
    """A marking that occurs in a case."""

    document_class: str
    origin: str
    provenance: str
    label: str


@dataclass(frozen=True, slots=True)
class CountRow(MarkingRow):
    """How many documents bear a marking."""

    count: int


@dataclass(frozen=True, slots=True)
class Start:
    """Behind which date and document one marking is read; None from its beginning."""

    marking: Marking
    place: tuple[datetime, DocumentId] | None


# Before every document and behind it: a comparison that PostgreSQL can look up in the index, where
# "no cursor, or behind it" is one that it can only filter by.
_FIRST: Final = ("-infinity", UUID(int=0))
_LAST: Final = ("infinity", UUID(int=2**128 - 1))

_PAGE_OF: Final = (
    "SELECT page.document_id, page.case_id, page.class AS document_class, page.origin,"
    " page.provenance, page.label, page.details, page.deposited_by, page.deposited_at,"
    " page.log_index"
    " FROM unnest(%(classes)s::text[], %(origins)s::text[], %(provenances)s::text[],"
    "     %(labels)s::text[], %(after_at)s::timestamptz[], %(after_id)s::uuid[])"
    "   AS marking (class, origin, provenance, label, after_at, after_id)"
    " CROSS JOIN LATERAL ("
    "   SELECT * FROM documents WHERE case_id = %(case)s AND class = marking.class"
    "     AND origin = marking.origin AND provenance = marking.provenance"
    "     AND label = marking.label AND (deposited_at, document_id)"
)
_ASCENDING: Final = (
    " > (marking.after_at, marking.after_id)"
    " ORDER BY deposited_at, document_id LIMIT %(limit)s) AS page"
)
_DESCENDING: Final = (
    " < (marking.after_at, marking.after_id)"
    " ORDER BY deposited_at DESC, document_id DESC LIMIT %(limit)s) AS page"
)
_IN_ORDER: Final[dict[str, LiteralString]] = {
    "oldest": _PAGE_OF
    + _ASCENDING
    + " ORDER BY page.deposited_at, page.document_id LIMIT %(limit)s",
    "newest": _PAGE_OF
    + _DESCENDING
    + " ORDER BY page.deposited_at DESC, page.document_id DESC LIMIT %(limit)s",
    # By the bytes of the class, as cursors compare it.
    "class": _PAGE_OF
    + _ASCENDING
    + ' ORDER BY page.class COLLATE "C", page.deposited_at, page.document_id LIMIT %(limit)s',
}


def markings_of(tx: Transaction, case_id: CaseId) -> list[MarkingRow]:
    """Return each marking that occurs in a case, once.

    The index is skipped through from one marking to the next, so that the cost depends on how many
    markings there are and not on how many documents.
    """
    return tx.all(
        MarkingRow,
        "WITH RECURSIVE found AS ("
        " (SELECT class, origin, provenance, label FROM documents WHERE case_id = %(case)s"
        "   ORDER BY class, origin, provenance, label LIMIT 1)"
        " UNION ALL"
        " SELECT later.* FROM found CROSS JOIN LATERAL ("
        "   SELECT class, origin, provenance, label FROM documents"
        "   WHERE case_id = %(case)s AND (class, origin, provenance, label)"
        "     > (found.class, found.origin, found.provenance, found.label)"
        "   ORDER BY class, origin, provenance, label LIMIT 1) AS later)"
        " SELECT class AS document_class, origin, provenance, label FROM found",
        {"case": case_id},
    )


def documents_by_marking(
    tx: Transaction, case_id: CaseId, starts: Sequence[Start], *, order: str, limit: int
) -> list[DocumentRow]:
    """Return the next documents that bear one of the markings, in one of three orders.

    Each marking is read from the index by itself and stops at `limit`, so that the cost depends
    on the page and not on the size of the case.

    Args:
        tx: The transaction.
        case_id: The case.
        starts: The markings, and behind which document each is read.
        order: `oldest`, `newest` or `class`.
        limit: Documents at most.
    """
    first = _LAST if order == "newest" else _FIRST
    places = [
        (start.place[0].isoformat(), start.place[1]) if start.place else first for start in starts
    ]
    return tx.all(
        DocumentRow,
        _IN_ORDER[order],
        {
            **_columns([start.marking for start in starts]),
            "case": case_id,
            "after_at": [at for at, _ in places],
            "after_id": [document for _, document in places],
            "limit": limit,
        },
    )


def counts_by_marking(
    tx: Transaction, case_id: CaseId, markings: Sequence[Marking]
) -> list[tuple[Marking, int]]:
    """Return how many documents bear each of the markings, from the index alone."""
    rows = tx.all(
        CountRow,
        "SELECT marking.*, (SELECT count(*) FROM documents WHERE case_id = %(case)s"
        "   AND class = marking.document_class AND origin = marking.origin"
        "   AND provenance = marking.provenance AND label = marking.label) AS count"
        " FROM unnest(%(classes)s::text[], %(origins)s::text[], %(provenances)s::text[],"
        "     %(labels)s::text[]) AS marking (document_class, origin, provenance, label)",
        {**_columns(markings), "case": case_id},
    )
    return [
        (Marking(row.document_class, row.origin, row.provenance, row.label), row.count)
        for row in rows
    ]


def _columns(markings: Sequence[Marking]) -> dict[str, list[str]]:
    return {
        "classes": [marking.document_class for marking in markings],
        "origins": [marking.origin for marking in markings],
        "provenances": [marking.provenance for marking in markings],
        "labels": [marking.label for marking in markings],
    }
