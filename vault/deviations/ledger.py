"""A deviation from the agreement is one more line, made with its label and entry or not at all.

Whose a document is, and who speaks for it, follows from its origin and from who is seated.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.decisions import Denial, Permit
from policies.terms import Role, View
from policies.vocabulary import JOINT, ON_A_SIDE
from vault.access import change, open_entry
from vault.audit.events import Tag
from vault.database import cases, documents, exceptions, log
from vault.disclosure.documents import about, find, open_document, sealed_marking
from vault.errors import NotFound, NotPermitted, Tampered
from vault.scope import Ledger, open_ledger, open_roster, seated_now

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from policies.terms import Marking, Seat
    from vault.access import Change, Recorded, Seated, Standing
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.database.documents import DocumentRow
    from vault.details import DocumentDetails, ParticipantDetails
    from vault.ids import DocumentId, ParticipantId, PersonId
    from vault.scope import Line

    Roster = list[tuple[ParticipantId, ParticipantDetails]]


@dataclass(frozen=True, slots=True)
class Considered:
    """One document of a case, with all that decides about an exception for it.

    Attributes:
        standing: Who considers it, and when.
        seated: The seat from which they do.
        row: The document as it is now.
        details: What was sealed of it.
        ledger: Every deviation so far.
        roster: Everybody ever seated.
    """

    standing: Standing
    seated: Seated
    row: DocumentRow
    details: DocumentDetails
    ledger: Ledger
    roster: Roster

    @property
    def marking(self) -> Marking:
        """How the document is marked now."""
        return self.details.marking

    @property
    def person(self) -> PersonId:
        """Who considers it."""
        return self.standing.subject.person

    def sitting(self) -> list[ParticipantDetails]:
        """Return those who hold their seat at this instant."""
        return [details for _, details in seated_now(self.roster, self.standing.at)]

    def recipient(self, to: str) -> str:
        """Return a recipient as the case names it: a group, or a participant's id for a person."""
        named = {f"u:{details.person}": str(participant) for participant, details in self.roster}
        return named.get(to, to)

    def may_know(self) -> bool:
        """Tell whether the agreement in force lets the subject know that the document exists."""
        decision = self.standing.decide(self.marking, View.METADATA, None)
        return isinstance(decision, Permit)


@dataclass(frozen=True, slots=True)
class Deviating(Considered):
    """The open transaction in which one subject deviates from the agreement for a document.

    Attributes:
        act: The change of the case, held alone.
    """

    act: Change

    def deposited_by(self) -> PersonId | None:
        """Return who deposited the document, by the log; None if the person's key is gone.

        The column of that name is in the clear, and whoever can write to the database could make
        anybody the depositor; what an entry says of its actor is sealed under that person's key.

        Raises:
            Tampered: The entry that the row refers to is not that of this deposit.
        """
        act, row = self.act, self.row
        entries = log.entries_of_case(act.tx, act.seated.case, after=row.log_index - 1)
        entry = next(entries, None)
        event = entry and open_entry(act.standing.vault, act.tx, entry).event
        if (
            event is None
            or event.tag is not Tag.DOCUMENT_DEPOSIT
            or event.detail["document"] != str(row.document_id)
        ):
            raise Tampered
        return event.person

    def add(self, line: Line, tag: Tag, detail: dict[str, str | int]) -> Recorded:
        """Add a line to the ledger: its entry, the document's label and the state go with it.

        Call it after every check; the log's head stays locked from here to the commit.
        """
        act, document = self.act, self.row.document_id
        number = len(self.ledger.lines) + 1
        recorded = act.append({"number": number, **detail, **about(self.row)}, tag=tag)
        exceptions.insert_exception(
            act.tx,
            exceptions.ExceptionRow(
                case_id=act.seated.case,
                number=number,
                document_id=document,
                details=act.seated.sealer.seal(document, f"exception/{number}", line.to_json()),
                made_by=self.person,
                made_at=act.standing.at,
                log_index=recorded.index,
            ),
        )
        self._relabel(Ledger((*self.ledger.lines, line)).label_of(document))
        state = replace(act.seated.state, exceptions_version=number)
        cases.update_state(act.tx, act.seated.case, act.seated.sealer.seal_state(state))
        return recorded

    def _relabel(self, label: str) -> None:
        """Let row and seal bear the label that the ledger gives."""
        if label == self.row.label:
            return
        details = replace(self.details, marking=self.marking._replace(label=label))
        sealed = self.act.seated.sealer.seal_document(self.row.document_id, details)
        documents.relabel(self.act.tx, self.row.document_id, label, sealed)


@contextmanager
def deviating(
    vault: Vault, subject: Subject, document_id: DocumentId, tag: Tag, *, knowing: bool = False
) -> Generator[Deviating]:
    """Open the one transaction of an operation that deviates from the agreement for a document.

    Args:
        vault: The collaborators.
        subject: Who asks.
        document_id: The document.
        tag: What is being done.
        knowing: Refuse whoever may not know that the document exists.

    Raises:
        NotFound: No such document, or the subject holds no seat in its case.
        NotPermitted: The subject may not know of the document; and from the block.
        Tampered: A row is not what was sealed.
    """
    standing, row, _ = find(vault, subject, document_id)
    seated = standing.must_sit(tag, {"document": str(document_id)})
    assert row is not None
    decision = standing.decide(sealed_marking(seated, row), View.METADATA, None)
    if knowing and isinstance(decision, Denial):
        standing.refuse(tag, decision, about(row))
    with change(vault, subject, row.case_id, tag) as act:
        deviation = deviation_in(act, document_id)
        if knowing and not deviation.may_know():
            raise NotPermitted("Your seat may not know of this document any more.")
        yield deviation


def deviation_in(act: Change, document_id: DocumentId) -> Deviating:
    """Return what a deviation for a document of the case under change starts from.

    Raises:
        Tampered: A row is not what was sealed, or the document is not one of this case.
    """
    sealer, state = act.seated.sealer, act.seated.state
    row = row_in(act.tx, act.seated, document_id)
    return Deviating(
        act.standing,
        act.seated,
        row,
        open_document(act.seated, row),
        open_ledger(act.tx, sealer, state),
        open_roster(act.tx, sealer, state),
        act,
    )


def row_in(tx: Transaction, seated: Seated, document_id: DocumentId) -> DocumentRow:
    """Return a document that the case's own rows name.

    Raises:
        NotFound: It was erased.
        Tampered: The case does not have it.
    """
    if seated.scope.exceptions.is_erased(document_id):
        raise NotFound
    row = documents.find_document(tx, document_id)
    if row is None or row.case_id != seated.case:
        raise Tampered
    return row


def holders(origin: str, seated: Iterable[ParticipantDetails]) -> frozenset[PersonId]:
    """Return those a document of this origin belongs to.

    The parties of the side it came from; of a joint one every party; else the mediator or the
    expert. Counsel speak for a side, and hold nothing.
    """
    return frozenset(p.person for p in seated if _holds(p.seat, origin))


def speaks_for(seat: Seat, origin: str) -> bool:
    """Tell whether a seat may act for those a document belongs to: theirs, or their counsel's."""
    if origin == JOINT:
        return seat.role in ON_A_SIDE
    return seat.origin() == origin


def _holds(seat: Seat, origin: str) -> bool:
    return seat.role is not Role.COUNSEL and speaks_for(seat, origin)
