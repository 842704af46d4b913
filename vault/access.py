"""What a subject is in a case is established here, once, and every refusal is on record from here.

An operation that reads asks `stand`; one that changes something asks `change`. Both look the seat
up in the same snapshot as the case, its scope version and its roster, so that a stale policy
cannot be used.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, NoReturn
from uuid import UUID

from policies.decisions import Denial, Permit, Question, decide, default_purpose
from policies.instants import instant
from policies.terms import PURPOSES
from vault.audit.events import Event, Outcome, instant_text
from vault.audit.slots import SlotKeys, open_slots, seal_event
from vault.database import cases, keys
from vault.details import CaseDetails, CaseState, ParticipantDetails, Sealer
from vault.errors import Invalid, KeyDestroyed, NotFound, NotPermitted, Unread, VaultError
from vault.ids import CaseId
from vault.scope import open_participant, scope_of

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from datetime import datetime

    from policies.engine import Scope
    from policies.explain import Explanation
    from policies.terms import Marking, Role, View
    from vault.audit.events import Tag
    from vault.audit.log import AuditReceipt
    from vault.audit.slots import OpenedEvent, SealedEvent
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.database.log import EntryRow
    from vault.ids import ParticipantId, PersonId
    from vault.sealing.keys import CaseKey

# Asked about when there is no case: the same look-ups run, and find nothing.
NOWHERE = CaseId(UUID(int=0))


class Hold(Enum):
    """How a transaction holds a case: what others may do to its state before it ends."""

    # Anything; for what adds a row and looks at nothing else.
    NOTHING = auto()
    # Nothing, but they may hold it so too: what was decided by the state is true at the commit.
    STATE = auto()
    # Nothing, and they wait.
    ALONE = auto()


_HOLDING = {
    Hold.NOTHING: cases.find_case,
    Hold.STATE: cases.share_case,
    Hold.ALONE: cases.lock_case,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seated:
    """A subject who holds a seat in the case at this instant."""

    case: CaseId
    details: CaseDetails
    state: CaseState
    participant_id: ParticipantId
    participant: ParticipantDetails
    sealer: Sealer
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a subject is in a case at one instant; `seated` is None for everybody else."""

    vault: Vault
    subject: Subject
    at: datetime
    case: CaseId | None
    slot_keys: SlotKeys
    seated: Seated | None

    def must_sit(self, tag: Tag, detail: Mapping[str, str | int] | None = None) -> Seated:
        """Return the seat, or put the refusal on record and answer as if nothing were there.

        Raises:
            NotFound: No such case, or no seat in it at this instant.
        """
        if self.seated is None:
            self.record(tag, Outcome.REFUSED, detail=detail)
            raise NotFound
        return self.seated

    def decide(self, marking: Marking, view: View, purpose: str | None) -> Permit | Denial:
        """Ask the agreement in force whether this seat may see a marking at a view.

        Raises:
            Invalid: The purpose is not in the vocabulary.
        """
        assert self.seated is not None
        return decide(
            self.seated.scope,
            Question(
                person=person_text(self.subject),
                marking=marking,
                view=view,
                purpose=self.purpose(purpose),
                phase=self.seated.state.phase,
                now=self.at,
            ),
        )

    def purpose(self, asked: str | None) -> str:
        """Return the purpose asked for, or the one that goes with the seat."""
        assert self.seated is not None
        if asked is None:
            return default_purpose(self.seated.participant.seat.role)
        if asked not in PURPOSES:
            raise Invalid("purpose", "This is not a purpose of the vocabulary.")
        return asked

    def outside(self) -> Standing:
        """Return the same as for a stranger: what is left of it when the case is erased."""
        keys = replace(self.slot_keys, case=None)
        return replace(self, case=None, seated=None, slot_keys=keys)

    def event(
        self,
        tag: Tag,
        outcome: Outcome,
        *,
        decision: Permit | Denial | None = None,
        detail: Mapping[str, str | int] | None = None,
    ) -> SealedEvent:
        """Seal an event about this subject in this case, ready for the log."""
        seated, question = self.seated, decision and decision.question
        return seal_event(
            Event(
                tag=tag,
                outcome=outcome,
                at=self.vault.clock(),
                case=self.case,
                person=self.subject.person,
                seat=str(seated.participant.seat) if seated else None,
                purpose=question.purpose if question else None,
                phase=seated.state.phase if seated else None,
                view=str(question.view) if question else None,
                scope_version=seated.state.scope_version if seated else None,
                clause=decision.clause if decision else None,
                address=self.subject.address,
                detail={**(detail or {}), **self._replayable(decision)},
            ),
            self.slot_keys,
        )

    def _replayable(self, decision: Permit | Denial | None) -> dict[str, str | int]:
        """Return what a decision was made from, beside the versions that the event names."""
        if decision is None or self.seated is None:
            return {}
        return {
            "decided": "permit" if isinstance(decision, Permit) else "denial",
            "decided_at": instant_text(decision.question.now),
            "policy": decision.policy_sha256,
            "roster_version": self.seated.state.roster_version,
            "exceptions_version": self.seated.state.exceptions_version,
        }

    def record(
        self,
        tag: Tag,
        outcome: Outcome = Outcome.GRANTED,
        *,
        decision: Permit | Denial | None = None,
        detail: Mapping[str, str | int] | None = None,
    ) -> AuditReceipt:
        """Put a read or a refusal on record; return when it is durable.

        Raises:
            Unavailable: It is not on record, and nothing may be released.
        """
        return self.vault.log.record(self.event(tag, outcome, decision=decision, detail=detail))

    def refuse(
        self,
        tag: Tag,
        denial: Denial,
        detail: Mapping[str, str | int] | None = None,
        explanation: Explanation | None = None,
    ) -> NoReturn:
        """Put a refusal on record, then raise it with the clause that decided."""
        self.record(tag, Outcome.REFUSED, decision=denial, detail=detail)
        raise NotPermitted(
            "The agreement in force does not let your seat see this at this view.",
            clause=denial.clause,
            version=denial.version,
            explanation=explanation,
        )


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where in the log a change will be found once its transaction has committed.

    Attributes:
        index: The entry's index.
        leaf: The hash of its leaf.
    """

    index: int
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """An open transaction in which one seated subject changes one case."""

    tx: Transaction
    standing: Standing
    seated: Seated
    tag: Tag

    def require(self, *roles: Role) -> None:
        """Raise NotPermitted unless the seat has one of these roles."""
        if self.seated.participant.seat.role not in roles:
            raise NotPermitted("Your seat does not do this.")

    def append(self, detail: Mapping[str, str | int], *, tag: Tag | None = None) -> Recorded:
        """Put the change on record inside its own transaction.

        The log's head stays locked from here to the commit: call it after every check, and let
        only the change's own rows follow.
        """
        event = self.standing.event(tag or self.tag, Outcome.GRANTED, detail=detail)
        return Recorded(self.standing.vault.log.append(self.tx, event), event.leaf)


@contextmanager
def change(
    vault: Vault, subject: Subject, case_id: CaseId, tag: Tag, *, hold: Hold = Hold.ALONE
) -> Generator[Change]:
    """Open the one transaction of an operation that changes a case.

    Leaving the block commits rows and event together; an exception rolls both back. A refusal is
    on record, in an entry of its own, before it leaves.

    Args:
        vault: The collaborators.
        subject: Who asks.
        case_id: The case.
        tag: What is being done.
        hold: What other changes of the case may happen meanwhile.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        NotPermitted: From the block.
    """
    standing: Standing | None = None
    try:
        with vault.database.transaction() as tx:
            standing = stand(vault, tx, subject, case_id, hold=hold)
            if standing.seated is None:
                raise NotFound  # noqa: TRY301 — leaves the transaction before it is put on record
            yield Change(tx, standing, standing.seated, tag)
    except (NotFound, NotPermitted, Unread):
        if standing is not None:
            standing.record(tag, Outcome.REFUSED)
        raise


def stand(
    vault: Vault,
    tx: Transaction,
    subject: Subject,
    case_id: CaseId,
    *,
    hold: Hold = Hold.NOTHING,
) -> Standing:
    """Establish what a subject is in a case now. An unknown case and a foreign one cost alike.

    Raises:
        Tampered: A row of the case was not sealed by this vault.
    """
    wrapped_person = keys.wrapped_key(tx, subject.person, "person")
    if wrapped_person is None:
        raise VaultError("This person's key is gone.")
    person_key = vault.keyring.open_person_key(subject.person, wrapped_person)
    case = _HOLDING[hold](tx, case_id)
    # Read after the lock: whoever waited behind the end of a seat is asked for what it is now.
    at = vault.clock()
    case_key = _case_key(vault, tx, case_id)
    participant = cases.participant_of(tx, case_id, subject.person)
    if case is None or case_key is None:
        slot_keys = SlotKeys(case=None, person=person_key, operations=vault.operations_key)
        return Standing(
            vault=vault, subject=subject, at=at, case=None, slot_keys=slot_keys, seated=None
        )
    seated = None
    if participant is not None:
        sealer = Sealer(case_id, case_key)
        details = open_participant(sealer, participant)
        if details.holds_at(at):
            seated = _seated(vault, tx, sealer, case, participant.participant_id, details, at)
    return Standing(
        vault=vault,
        subject=subject,
        at=at,
        case=case_id,
        slot_keys=SlotKeys(case=case_key, person=person_key, operations=vault.operations_key),
        seated=seated,
    )


def _seated(
    vault: Vault,
    tx: Transaction,
    sealer: Sealer,
    case: cases.CaseRow,
    participant_id: ParticipantId,
    participant: ParticipantDetails,
    at: datetime,
) -> Seated | None:
    """Return the seat if the roster that decides has it too: its rows cannot be put back."""
    details, state = sealer.open_case(case.details), sealer.open_state(case.state)
    scope = scope_of(vault, tx, sealer, details, state)
    if not scope.groups_at(f"u:{participant.person}", instant(at)):
        return None
    return Seated(
        case=case.case_id,
        details=details,
        state=state,
        participant_id=participant_id,
        participant=participant,
        sealer=sealer,
        scope=scope,
    )


def open_entry(vault: Vault, tx: Transaction, row: EntryRow) -> OpenedEvent:
    """Open an entry of the log with the keys that are still there.

    Raises:
        Tampered: It is not what was committed to.
    """
    return open_slots(row, slot_keys(vault, tx, row.case_id, row.person_id))


def slot_keys(
    vault: Vault, tx: Transaction, case: CaseId | None, person: PersonId | None
) -> SlotKeys:
    """Return the keys of an entry's slots, as far as they are still there."""
    wrapped_person = keys.wrapped_key(tx, person, "person") if person else None
    return SlotKeys(
        case=_case_key(vault, tx, case) if case else None,
        person=vault.keyring.open_person_key(person, wrapped_person)
        if person and wrapped_person
        else None,
        operations=vault.operations_key,
    )


def _case_key(vault: Vault, tx: Transaction, case: CaseId) -> CaseKey | None:
    """Return the key of a case; None if it is gone, from its row or from its provider."""
    wrapped = keys.wrapped_key(tx, case, "case")
    try:
        return vault.keyring.open_case_key(case, wrapped) if wrapped else None
    except KeyDestroyed:
        return None


def person_text(subject: Subject) -> str:
    """Name a person as the scope engine does: typed, so that no one can be named like a role."""
    return f"u:{subject.person}"
