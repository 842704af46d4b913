"""A case moves to another phase by its mediator alone, and what that changes is shown first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from policies.atoms import TooIntricate, everything
from policies.instants import ALWAYS, NEVER
from policies.roster import RosterRow
from policies.terms import PHASES, Role
from policies.whatif import Side, phase_changes, sentence
from vault.access import change, stand
from vault.audit.events import Tag
from vault.database import cases, lists
from vault.disclosure.selection import EVERYTHING, select
from vault.errors import Conflict, Invalid
from vault.scope import open_roster, seated_now

if TYPE_CHECKING:
    from policies.terms import View
    from vault.access import Seated, Standing
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.ids import CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one seat gains or loses by a change of phase.

    Attributes:
        before: The highest view now, None for nothing.
        after: The highest view in the new phase.
        sentence: All of it in plain words, with the purposes and clauses.
        documents: How many documents it concerns, of those that the reader may know of.
    """

    seat: str
    organisation: str | None
    before: View | None
    after: View | None
    sentence: str
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would change if a case entered a phase now."""

    from_phase: str
    to_phase: str
    effects: tuple[Effect, ...]


def enter_phase(vault: Vault, subject: Subject, case_id: CaseId, phase: str) -> None:
    """Move a case to a phase; the mediator alone does this, and it is on record.

    Clauses that hold in the phase take effect, and others cease, with the commit.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        NotPermitted: The subject is not the case's mediator.
        Invalid: This is not a phase of the vocabulary.
        Conflict: The case is in this phase.
    """
    with change(vault, subject, case_id, Tag.CASE_PHASE) as act:
        act.require(Role.MEDIATOR)
        _check_phase(phase)
        if phase == act.seated.state.phase:
            raise Conflict("The case is in this phase.")
        act.append({"from": act.seated.state.phase, "to": phase})
        state = replace(act.seated.state, phase=phase)
        cases.update_state(act.tx, case_id, act.seated.sealer.seal_state(state))


def preview_phase(vault: Vault, subject: Subject, case_id: CaseId, phase: str) -> Preview:
    """Return what each seat would gain or lose if the case entered a phase now; on record.

    Everybody seated may look: the clauses are known to all of them. Counted are documents that the
    reader may know of for the purpose of their seat, and no others. Grants hold in every phase, so
    that what they open does not change.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        Invalid: This is not a phase of the vocabulary.
        Conflict: The clauses are too intricate to look through.
    """
    effects: tuple[Effect, ...] = ()
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        if standing.seated and phase in PHASES:
            effects = _effects(tx, standing, standing.seated, phase)
    seated = standing.must_sit(Tag.CASE_PHASE_PREVIEW)
    _check_phase(phase)
    standing.record(Tag.CASE_PHASE_PREVIEW, detail={"to": phase})
    return Preview(from_phase=seated.state.phase, to_phase=phase, effects=effects)


def _check_phase(phase: str) -> None:
    if phase not in PHASES:
        raise Invalid("/phase", "This is not a phase of the vocabulary.")


def _effects(tx: Transaction, standing: Standing, seated: Seated, phase: str) -> tuple[Effect, ...]:
    scope = seated.scope
    known = select(tx, standing, seated, None, EVERYTHING)
    counts = lists.counts_by_marking(tx, seated.case, list(known))
    # Labels and grants of documents that the reader may not know of would say that there are some.
    exceptions = scope.exceptions.among({marking.label for marking in known})
    try:
        changes = phase_changes(
            Side(scope.policy, exceptions),
            seated.state.phase,
            phase,
            _seats(tx, standing, seated),
            standing.at,
        )
    except TooIntricate as error:
        raise Conflict(str(error)) from error
    space = everything(scope.policy, exceptions.grant_labels)
    return tuple(
        Effect(
            seat=change.seat,
            organisation=change.organisation,
            before=change.before.view,
            after=change.after.view,
            sentence=sentence(change, space),
            documents=sum(count for marking, count in counts if change.box.covers(marking)),
        )
        for change in changes
    )


def _seats(tx: Transaction, standing: Standing, seated: Seated) -> list[RosterRow]:
    """Return one row for each seat and organisation that somebody holds now, under no name."""
    roster = seated_now(open_roster(tx, seated.sealer, seated.state), standing.at)
    held = dict.fromkeys((details.seat, details.organisation_id) for _, details in roster)
    return [
        RosterRow(f"u:{UUID(int=n)}", seat, ALWAYS, NEVER, organisation)
        for n, (seat, organisation) in enumerate(held)
    ]
