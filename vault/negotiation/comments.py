"""What is said of a version is said to everybody seated, and stays beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vault.access import change, stand
from vault.audit.events import Outcome, Tag
from vault.database import agreements
from vault.errors import Invalid, NotFound, Tampered
from vault.ids import new_id
from vault.wording import several_lines

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vault.core import Subject, Vault
    from vault.database.agreements import CommentRow
    from vault.details import Sealer
    from vault.ids import CaseId, PersonId

LONGEST_PAGE = 200
_LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What one person said of one version.

    Attributes:
        clause: The clause it is about; None if it is about the version as a whole.
        log_index: The entry that records it; comments are in its order.
    """

    comment_id: UUID
    person: PersonId
    text: str
    clause: str | None
    commented_at: datetime
    log_index: int


@dataclass(frozen=True, slots=True)
class CommentPage:
    """Some comments, oldest first, and the index to go on after; None at the end."""

    comments: tuple[Comment, ...]
    after: int | None


def comment(
    vault: Vault,
    subject: Subject,
    case_id: CaseId,
    version: int,
    text: str,
    *,
    clause: str | None = None,
) -> Comment:
    """Say something of a version, or of one of its clauses, to everybody seated; it stays.

    Args:
        vault: The collaborators.
        subject: Anyone seated in the case.
        case_id: The case.
        version: The version.
        text: 1 to 2000 characters, in several lines if need be; sealed.
        clause: Id of a clause of that version.

    Raises:
        NotFound: No such case or version, or the subject holds no seat in the case.
        Invalid: The text cannot be accepted, or the version has no such clause.
    """
    with change(vault, subject, case_id, Tag.AGREEMENT_COMMENT) as act:
        row = agreements.find_agreement(act.tx, case_id, version)
        if row is None:
            raise NotFound
        words = several_lines("/text", text, longest=_LONGEST)
        terms = act.seated.sealer.open_agreement(version, row.terms).terms
        if clause is not None and clause not in {known.id for known in terms.clauses}:
            raise Invalid("/clause", "This version has no such clause.")
        comment_id, person = new_id(), subject.person
        recorded = act.append({"version": version, "comment": str(comment_id)})
        said = {"version": version, "person": str(person), "text": words, "clause": clause}
        made = agreements.CommentRow(
            comment_id=comment_id,
            case_id=case_id,
            version=version,
            person_id=person,
            details=act.seated.sealer.seal(comment_id, "comment", said),
            commented_at=act.standing.at,
            log_index=recorded.index,
        )
        agreements.insert_comment(act.tx, made)
        return _comment(act.seated.sealer, made)


def list_comments(
    vault: Vault,
    subject: Subject,
    case_id: CaseId,
    version: int,
    *,
    after: int = -1,
    limit: int = 100,
) -> CommentPage:
    """Return one page of what was said of a version, oldest first; on record.

    Args:
        vault: The collaborators.
        subject: Anyone seated in the case.
        case_id: The case.
        version: The version.
        after: The log index to go on after; -1 from the beginning.
        limit: Comments at most, up to `LONGEST_PAGE`.

    Raises:
        NotFound: No such case or version, or the subject holds no seat in the case.
    """
    limit, page = max(1, min(limit, LONGEST_PAGE)), None
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        if standing.seated and agreements.find_agreement(tx, case_id, version):
            rows = agreements.comments_on(tx, case_id, version, after=after, limit=limit + 1)
            found = tuple(_comment(standing.seated.sealer, row) for row in rows)
            shown, more = found[:limit], found[limit:]
            page = CommentPage(shown, shown[-1].log_index if more else None)
    detail = {"version": version}
    standing.must_sit(Tag.AGREEMENT_COMMENT_LIST, detail)
    if page is None:
        standing.record(Tag.AGREEMENT_COMMENT_LIST, Outcome.REFUSED, detail=detail)
        raise NotFound
    standing.record(Tag.AGREEMENT_COMMENT_LIST, detail={**detail, "listed": len(page.comments)})
    return page


def _comment(sealer: Sealer, row: CommentRow) -> Comment:
    """Return a comment; Tampered if its row says that another said it, or of another version."""
    value = sealer.open(row.comment_id, "comment", row.details)
    if (value["version"], value["person"]) != (row.version, str(row.person_id)):
        raise Tampered
    return Comment(
        comment_id=row.comment_id,
        person=row.person_id,
        text=value["text"],
        clause=value["clause"],
        commented_at=row.commented_at,
        log_index=row.log_index,
    )
