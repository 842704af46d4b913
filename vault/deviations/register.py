"""The exceptions of a case are read by those whom they concern, and name no title or marking."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from policies.instants import instant
from policies.vocabulary import CLAWED_BACK
from vault.access import person_text, stand
from vault.audit.events import Tag
from vault.database import exceptions
from vault.deviations.ledger import Considered, row_in
from vault.deviations.requests import Asked, how_it_stands, may_read, open_request
from vault.disclosure.documents import open_document
from vault.scope import open_ledger, open_roster

if TYPE_CHECKING:
    from datetime import datetime

    from policies.exceptions import Grant
    from vault.access import Seated, Standing
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.ids import CaseId, DocumentId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantMade:
    """A grant on record.

    Attributes:
        to: The group, or the participant's id, to whom it is made.
        ended_at: When it was withdrawn; None if it was not.
    """

    grant: Grant
    to: str
    document_id: DocumentId
    request_id: UUID
    made_by: PersonId
    made_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The exceptions of a case as far as they concern a reader, oldest first.

    Attributes:
        clawed_back: The documents that are clawed back now.
    """

    requests: tuple[Asked, ...] = ()
    grants: tuple[GrantMade, ...] = ()
    clawed_back: tuple[DocumentId, ...] = ()


def list_exceptions(vault: Vault, subject: Subject, case_id: CaseId) -> Register:
    """Return the requests, grants and claw-backs of a case that concern the subject; on record.

    Shown is what is about a document that the subject may know of, what awaits their answer or
    came from them, and what is granted to them. Whoever must consent to a grant of a document that
    they may not know of learns its id and what is asked, and neither title nor marking.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        Tampered: A row is not what was sealed.
    """
    register = Register()
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        if standing.seated:
            register = _register(tx, standing, standing.seated)
    standing.must_sit(Tag.EXCEPTION_LIST)
    listed = len(register.requests) + len(register.grants) + len(register.clawed_back)
    standing.record(Tag.EXCEPTION_LIST, detail={"listed": listed})
    return register


def _register(tx: Transaction, standing: Standing, seated: Seated) -> Register:
    ledger = open_ledger(tx, seated.sealer, seated.state)
    roster = open_roster(tx, seated.sealer, seated.state)
    made = {row.number: row for row in exceptions.exceptions_of(tx, seated.case)}

    @cache
    def considered(document_id: DocumentId) -> Considered:
        row = row_in(tx, seated, document_id)
        return Considered(standing, seated, row, open_document(seated, row), ledger, roster)

    erased = ledger.erased()
    found = [
        open_request(tx, seated.sealer, row)
        for row in exceptions.requests_of(tx, seated.case)
        if row.document_id not in erased
    ]
    ours = [request for request in found if may_read(considered(request.document_id), request)]
    mine = seated.scope.groups_at(person_text(standing.subject), instant(standing.at))
    read = {str(request.request_id) for request in ours}
    ended = {line.ends: made[n] for n, line in enumerate(ledger.lines, 1) if line.ends is not None}
    return Register(
        requests=tuple(how_it_stands(considered(request.document_id), request) for request in ours),
        grants=tuple(
            GrantMade(
                grant=line.grant,
                to=considered(line.document).recipient(line.grant.to),
                document_id=line.document,
                request_id=UUID(line.request),
                made_by=_maker(made[n]),
                made_at=made[n].made_at,
                ended_at=ended[line.grant.number].made_at if line.grant.number in ended else None,
            )
            for n, line in enumerate(ledger.lines, 1)
            if line.grant is not None
            and line.request is not None
            and line.document not in erased
            and (line.request in read or line.grant.to in mine)
        ),
        clawed_back=tuple(
            document
            for document in dict.fromkeys(line.document for line in ledger.lines)
            if document not in erased
            and ledger.label_of(document) == CLAWED_BACK
            and considered(document).may_know()
        ),
    )


def _maker(row: exceptions.ExceptionRow) -> PersonId:
    assert row.made_by is not None, "a grant is made by a person; an erasure alone is not"
    return row.made_by
