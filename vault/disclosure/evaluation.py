"""A gateway may ask for a decision without a release, and learns no more than the one who asks may.

Whoever is asked about is the caller, or somebody for whose seat the caller answers
(vault/disclosure/view_as.py); what is asked about is a document that the caller may know of, or a kind of
document, of which the agreement alone speaks. Every other question has the same answer as one about
a document that does not exist. The clock is the vault's.

Source: OpenID AuthZEN Authorization API 1.0, as docs/authzen.md maps it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from policies.decisions import Denial, Permit, Question, decide
from policies.vocabulary import PURPOSES, View
from vault.access import NOWHERE, stand
from vault.audit.events import Outcome, Tag
from vault.database import documents
from vault.disclosure.documents import marking_detail, sealed_marking
from vault.disclosure.explanations import explanation_of
from vault.disclosure.selection import can_occur, purpose_of
from vault.disclosure.view_as import may_look_at
from vault.errors import Invalid
from vault.ids import DocumentId
from vault.scope import open_roster, seated_now

Roster = list[tuple["ParticipantId", "ParticipantDetails"]]

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from policies.decisions import Obligation
    from policies.explain import Explanation
    from policies.vocabulary import Marking
    from vault.access import Seated, Standing
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.details import ParticipantDetails
    from vault.ids import CaseId, ParticipantId, PersonId

MOST_EVALUATIONS = 100


class Semantic(StrEnum):
    """How many of several evaluations are made."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"

    def ends_after(self, *, permitted: bool) -> bool:
        """Tell whether the evaluations end with one that was answered so."""
        match self:
            case Semantic.EXECUTE_ALL:
                return False
            case Semantic.DENY_ON_FIRST_DENY:
                return not permitted
            case Semantic.PERMIT_ON_FIRST_PERMIT:
                return permitted


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a question is about, by either id; None for an id that can be nobody's."""

    kind: str
    id: UUID | None

    def is_(self, participant_id: ParticipantId, participant: ParticipantDetails) -> bool:
        """Tell whether this is a participant."""
        return self.id == (participant.person if self.kind == "person" else participant_id)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document of one case, whether there is one of it or not."""

    case: CaseId
    marking: Marking


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """May this person see this at this view, for this purpose, now?

    Attributes:
        about: None where nobody was named that could exist.
        resource: A document, or a kind of document; None where neither was named.
        view: None for an action that is no view.
        purpose: What goes with the seat if None.
    """

    about: Person | None
    resource: DocumentId | Kind | None
    view: View | None
    purpose: str | None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The answer; without a decision it is a denial that says nothing.

    Attributes:
        decision: What the engine answered.
        explanation: What would be allowed instead; None where that may not be known.
    """

    decision: Permit | Denial | None = None
    explanation: Explanation | None = None

    @property
    def permitted(self) -> bool:
        """Whether it is a permit."""
        return isinstance(self.decision, Permit)

    @property
    def obligations(self) -> tuple[Obligation, ...]:
        """What goes with the permit."""
        return self.decision.obligations if isinstance(self.decision, Permit) else ()


def evaluate(
    vault: Vault,
    subject: Subject,
    questions: Sequence[Evaluation],
    semantic: Semantic = Semantic.EXECUTE_ALL,
) -> tuple[Evaluated, ...]:
    """Answer questions in their order, all by one snapshot; each on record before its answer.

    Args:
        vault: The collaborators.
        subject: Who asks: the gateway acts as the person whose token it bears.
        questions: At most `MOST_EVALUATIONS`.
        semantic: Whether the first denial, or the first permit, is the last that is answered.

    Raises:
        Invalid: There are too many questions.
        Tampered: A row is not what was sealed.
        Unavailable: An answer is not on record; none is given.
    """
    if len(questions) > MOST_EVALUATIONS:
        raise Invalid("/evaluations", "These are too many to be asked at once.")
    asked: list[_Asked] = []
    with vault.database.snapshot() as tx:
        targets = Targets(vault, tx, subject)
        for question in questions:
            asked.append(_asked(targets.of(question.resource), question))
            if semantic.ends_after(permitted=isinstance(asked[-1].decision, Permit)):
                break
    return tuple(answer.recorded() for answer in asked)


@dataclass(frozen=True, slots=True)
class Target:
    """What a question is about, and what the caller is in its case.

    Attributes:
        document: The id that was asked about, whether there is such a document or not.
        marking: None where no such thing is there for the caller.
        roster: Everybody seated in the case now.
    """

    standing: Standing
    document: DocumentId | None
    marking: Marking | None
    roster: Sequence[tuple[ParticipantId, ParticipantDetails]]

    def participant(self, about: Person | None) -> ParticipantDetails | None:
        """Return whom a question is about, if the caller answers for that seat."""
        return next(
            (p for i, p in self.answered_for() if about is not None and about.is_(i, p)), None
        )

    def answered_for(self) -> Iterator[tuple[ParticipantId, ParticipantDetails]]:
        """Yield those for whose seat the caller answers, in the order of seating."""
        seated = self.standing.seated
        if seated is not None:
            for participant_id, participant in self.roster:
                if may_look_at(seated.participant, participant):
                    yield participant_id, participant

    def decide(
        self, participant: ParticipantDetails, view: View, purpose: str | None
    ) -> Permit | Denial | None:
        """Ask the agreement in force; None where the caller may not know what is asked about."""
        seated, marking = self.standing.seated, self.marking
        if seated is None or marking is None or purpose not in (None, *PURPOSES):
            return None
        if self.document is not None:
            known = self._ask(seated, seated.participant, marking, View.METADATA, None)
            if not isinstance(known, Permit):
                return None
        return self._ask(seated, participant, marking, view, purpose)

    def detail(self) -> dict[str, str | int]:
        """Return what the record says of it: ids and marking."""
        said: dict[str, str | int] = {}
        if self.document is not None:
            said["document"] = str(self.document)
        if self.marking is not None:
            said |= marking_detail(self.marking)
        return said

    def _ask(
        self,
        seated: Seated,
        participant: ParticipantDetails,
        marking: Marking,
        view: View,
        purpose: str | None,
    ) -> Permit | Denial:
        return decide(
            seated.scope,
            Question(
                person=f"u:{participant.person}",
                marking=marking,
                view=view,
                purpose=purpose_of(participant, purpose),
                phase=seated.state.phase,
                now=self.standing.at,
            ),
        )


class Targets:
    """Looks up what questions are about, each case once; an unknown one costs as a foreign one."""

    def __init__(self, vault: Vault, tx: Transaction, subject: Subject) -> None:
        self._vault, self._tx, self._subject = vault, tx, subject
        self._cases: dict[CaseId, tuple[Standing, Roster]] = {}

    def of(self, resource: DocumentId | Kind | None) -> Target:
        """Return what the caller may ask about a document, or a kind of document.

        Raises:
            Tampered: A row is not what was sealed.
        """
        if isinstance(resource, Kind):
            standing, roster = self._case(resource.case)
            known = standing.seated is not None and can_occur(standing.seated, resource.marking)
            return Target(standing, None, resource.marking if known else None, roster)
        row = documents.find_document(self._tx, resource or DocumentId(NOWHERE))
        standing, roster = self._case(row.case_id if row else NOWHERE)
        marking = sealed_marking(standing.seated, row) if standing.seated and row else None
        return Target(standing, resource, marking, roster)

    def of_case(self, case_id: CaseId) -> Target:
        """Return what the caller is in a case, about nothing in particular."""
        standing, roster = self._case(case_id)
        return Target(standing, None, None, roster)

    def _case(self, case_id: CaseId) -> tuple[Standing, Roster]:
        """Return what the caller is in a case, and who is seated there now."""
        if case_id not in self._cases:
            standing = stand(self._vault, self._tx, self._subject, case_id)
            seated, roster = standing.seated, Roster()
            if seated is not None:
                everybody = open_roster(self._tx, seated.sealer, seated.state)
                roster = seated_now(everybody, standing.at)
            self._cases[case_id] = standing, roster
        return self._cases[case_id]


@dataclass(frozen=True, slots=True)
class _Asked:
    target: Target
    about: PersonId | UUID | None
    decision: Permit | Denial | None

    def recorded(self) -> Evaluated:
        """Put the answer on record, then return it with what may be known of it."""
        standing, decision = self.target.standing, self.decision
        outcome = Outcome.GRANTED if isinstance(decision, Permit) else Outcome.REFUSED
        detail = self.target.detail()
        if self.about is not None:
            detail["asked_about"] = str(self.about)
        standing.record(Tag.SCOPE_EVALUATE, outcome, decision=decision, detail=detail)
        if standing.seated is None or not isinstance(decision, Denial):
            return Evaluated(decision)
        return Evaluated(decision, explanation_of(standing.seated.scope, decision))


def _asked(target: Target, question: Evaluation) -> _Asked:
    participant = target.participant(question.about)
    if participant is None or question.view is None:
        return _Asked(target, question.about and question.about.id, None)
    decision = target.decide(participant, question.view, question.purpose)
    return _Asked(target, participant.person, decision)
