"""An agreement is drafted in the open: anyone seated proposes, amends and reads every version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.atoms import TooIntricate
from policies.compiler import agreement_digest, compile_terms
from policies.invariants import check
from policies.terms import Role, TermsRefused, parse_terms
from vault.access import change, stand
from vault.audit.events import Outcome, Tag
from vault.database import agreements
from vault.details import AgreementDetails
from vault.errors import Conflict, Invalid, NotFound
from vault.negotiation.readings import How
from vault.negotiation.showing import show
from vault.negotiation.versions import State, open_version, open_versions

if TYPE_CHECKING:
    from policies.compiler import Policy
    from policies.terms import Terms
    from vault.access import Change, Seated
    from vault.core import Subject, Vault
    from vault.ids import CaseId
    from vault.negotiation.versions import Agreement


# Each is shown to everybody with what it would change for them: nobody buries the others in them.
MOST_DRAFTS = 20


def propose(
    vault: Vault, subject: Subject, case_id: CaseId, terms: object, *, amends: int | None = None
) -> Agreement:
    """Put a draft before everybody seated. It changes nobody's rights until it is in force.

    A draft that amends one of the proposer's own takes its place; one that amends another's stands
    beside it.

    Args:
        vault: The collaborators.
        subject: Anyone seated in the case.
        case_id: The case.
        terms: The agreement as decoded JSON, in the language of docs/scope-language.md.
        amends: The version that this one was made from; None if it stands by itself.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        Invalid: The terms are not of the language, name other sides or classes than the case may
            have, break a floor, or amend a version that there is not.
        Conflict: What would be amended is no draft any more, or the subject has `MOST_DRAFTS`
            before everybody already.
    """
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
    seated = standing.must_sit(Tag.AGREEMENT_PROPOSE)
    # Seconds for the most intricate agreements, and nothing in it changes with the case.
    parsed, policy = _drafted(case_id, seated, terms)
    with change(vault, subject, case_id, Tag.AGREEMENT_PROPOSE) as act:
        _check_classes(act.seated, parsed, vault.classes)
        amended = None if amends is None else _amended(act, amends)
        if amended is None or amended.proposed_by != subject.person:
            _check_room(act)
        version = agreements.next_version(act.tx, case_id)
        details = AgreementDetails(
            terms=parsed,
            policy=policy,
            proposed_by=subject.person,
            base=act.seated.state.scope_version,
            amends=amends,
        )
        digest = agreement_digest(str(case_id), version, parsed, policy)
        recorded = act.append({"version": version, "digest": digest})
        row = agreements.AgreementRow(
            case_id=case_id,
            version=version,
            terms=act.seated.sealer.seal_agreement(version, details),
            proposed_by=subject.person,
            proposed_at=act.standing.at,
            in_force_at=None,
            log_index=recorded.index,
        )
        agreements.insert_agreement(act.tx, row)
        if amended is not None and amended.proposed_by == subject.person:
            _withdraw(act, amended, amended_by=version)
        return open_versions(act.tx, act.seated, [row], act.standing.at)[0]


def withdraw(vault: Vault, subject: Subject, case_id: CaseId, version: int) -> Agreement:
    """Take a draft back: nobody can sign it any more, and what was signed has no effect.

    Args:
        vault: The collaborators.
        subject: Who proposed it, or the mediator.
        case_id: The case.
        version: The draft.

    Raises:
        NotFound: No such case or version, or the subject holds no seat in the case.
        NotPermitted: The subject neither proposed it nor is the mediator.
        Conflict: It is or was in force, or was withdrawn before.
    """
    with change(vault, subject, case_id, Tag.AGREEMENT_WITHDRAW) as act:
        draft = open_version(act.tx, act.seated, version, act.standing.at)
        if draft is None:
            raise NotFound
        if draft.proposed_by != subject.person:
            act.require(Role.MEDIATOR)
        _must_be_open(draft)
        _withdraw(act, draft, amended_by=None)
        withdrawn = open_version(act.tx, act.seated, version, act.standing.at)
        assert withdrawn is not None
        return withdrawn


def read_agreement(vault: Vault, subject: Subject, case_id: CaseId, version: int) -> Agreement:
    """Return one version as it stands; that it was read is on record before.

    Raises:
        NotFound: No such case or version, or the subject holds no seat in the case.
    """
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        seated = standing.seated
        found = open_version(tx, seated, version, standing.at) if seated else None
    standing.must_sit(Tag.AGREEMENT_READ, {"version": version})
    if found is None:
        standing.record(Tag.AGREEMENT_READ, Outcome.REFUSED, detail={"version": version})
        raise NotFound
    (shown,) = show(vault, subject, case_id, (found,), How.READ)
    standing.record(Tag.AGREEMENT_READ, detail={"version": version, "digest": shown.digest})
    return shown


def list_agreements(vault: Vault, subject: Subject, case_id: CaseId) -> tuple[Agreement, ...]:
    """Return every version, drafts included, oldest first; that they came is on record before.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
    """
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        seated = standing.seated
        rows = agreements.agreements_of(tx, case_id) if seated else []
        found = open_versions(tx, seated, rows, standing.at) if seated else ()
    standing.must_sit(Tag.AGREEMENT_LIST)
    shown = show(vault, subject, case_id, found, How.DELIVERED)
    standing.record(Tag.AGREEMENT_LIST, detail={"listed": len(shown)})
    return shown


def _drafted(case_id: CaseId, seated: Seated, value: object) -> tuple[Terms, Policy]:
    """Read, compile and check a draft; what depends on the state of the case is left out."""
    try:
        terms = parse_terms(value)
    except TermsRefused as error:
        raise Invalid(error.pointer, str(error)) from error
    if set(terms.sides) != set(seated.details.sides):
        raise Invalid("/sides", "The sides must be those of the case.")
    policy = compile_terms(str(case_id), terms)
    try:
        violations = check(policy, terms)
    except TooIntricate as error:
        raise Invalid("/clauses", str(error)) from error
    for violation in violations:
        raise Invalid(violation.pointer, violation.sentence)
    return terms, policy


def _check_classes(seated: Seated, terms: Terms, institution: tuple[str, ...]) -> None:
    """Raise Invalid unless the case keeps its classes and learns none but the institution's."""
    known = set(seated.scope.policy.classes)
    if not known <= set(terms.classes):
        raise Invalid("/vocabulary/classes", "A class that the case knows must not be left out.")
    if not set(terms.classes) <= known | set(institution):
        raise Invalid("/vocabulary/classes", "A further class is not one of the institution's.")


def _amended(act: Change, version: int) -> Agreement:
    amended = open_version(act.tx, act.seated, version, act.standing.at)
    if amended is None:
        raise Invalid("amends", "There is no such version.")
    _must_be_open(amended)
    return amended


def _must_be_open(agreement: Agreement) -> None:
    """Raise Conflict unless a version is a draft, if only one that was superseded."""
    if agreement.state not in {State.DRAFT, State.SUPERSEDED}:
        raise Conflict("This version is no draft any more.")


def _check_room(act: Change) -> None:
    in_force, proposer = act.seated.state.scope_version, act.standing.subject.person
    if agreements.drafts_after(act.tx, act.seated.case, in_force, proposer) >= MOST_DRAFTS:
        raise Conflict(f"You have {MOST_DRAFTS} drafts before everybody; withdraw one first.")


def _withdraw(act: Change, draft: Agreement, *, amended_by: int | None) -> None:
    person, replaced = act.standing.subject.person, {"amended_by": amended_by}
    told = {name: number for name, number in replaced.items() if number is not None}
    recorded = act.append({"version": draft.version, **told}, tag=Tag.AGREEMENT_WITHDRAW)
    agreements.insert_withdrawal(
        act.tx,
        agreements.WithdrawalRow(
            case_id=draft.case_id,
            version=draft.version,
            person_id=person,
            details=act.seated.sealer.seal(person, f"withdrawal/{draft.version}", replaced),
            withdrawn_at=act.standing.at,
            log_index=recorded.index,
        ),
    )
