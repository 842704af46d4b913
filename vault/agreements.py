"""An agreement is proposed by anyone seated, and in force once every required party has signed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.compiler import agreement_digest, compile_terms
from policies.terms import Role, TermsRefused, parse_terms
from vault.access import change, open_roster, stand
from vault.audit.events import Outcome, Tag
from vault.database import agreements, cases
from vault.details import AgreementDetails
from vault.errors import Conflict, Invalid, NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from policies.terms import Terms
    from vault.access import Change, Seated
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.ids import CaseId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signed a version, and when."""

    person: PersonId
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One version of the agreement, as everybody seated reads it.

    Attributes:
        digest: SHA-256, in hex, of what is signed: terms, compiled rows, model, case and version.
        awaited: The persons whose signature is still required, as the roster stands now.
        in_force: This is the version that decides now.
    """

    case_id: CaseId
    version: int
    terms: Terms
    digest: str
    proposed_by: PersonId
    proposed_at: datetime
    in_force_at: datetime | None
    in_force: bool
    signatures: tuple[Signature, ...]
    awaited: tuple[PersonId, ...]


def propose(vault: Vault, subject: Subject, case_id: CaseId, terms: object) -> Agreement:
    """Put a draft before everybody seated. It changes nobody's rights until it is in force.

    Args:
        vault: The collaborators.
        subject: Anyone seated in the case.
        case_id: The case.
        terms: The agreement as decoded JSON, in the language of docs/scope-language.md.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        Invalid: The terms are not of the language, or name other sides than the case's.
    """
    with change(vault, subject, case_id, Tag.AGREEMENT_PROPOSE) as act:
        parsed = _parsed(terms)
        if set(parsed.sides) != set(act.seated.details.sides):
            raise Invalid("/sides", "The sides must be those of the case.")
        details = AgreementDetails(parsed, compile_terms(str(case_id), parsed))
        version = agreements.next_version(act.tx, case_id)
        digest = agreement_digest(str(case_id), version, parsed, details.policy)
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
        return _agreement(act.tx, act.seated, row, act.standing.at)


def sign(vault: Vault, subject: Subject, case_id: CaseId, version: int, digest: str) -> Agreement:
    """Sign the exact version a party has read; the last required signature puts it in force.

    Required are, at the moment of signing, all persons who hold a seat as `party`, and every side
    must have one. Signature and coming into force are one transaction: there is no instant at
    which a version is signed by all and not in force. Signing again changes nothing.

    Args:
        vault: The collaborators.
        subject: A person seated as a party.
        case_id: The case.
        version: The version signed.
        digest: Its digest as the signer saw it, 64 hex digits.

    Raises:
        NotFound: No such case or version, or the subject holds no seat in the case.
        NotPermitted: The subject is not seated as a party.
        Conflict: The digest is another version's, or a later version is in force.
    """
    with change(vault, subject, case_id, Tag.AGREEMENT_SIGN) as act:
        act.require(Role.PARTY)
        row = agreements.find_agreement(act.tx, case_id, version)
        if row is None:
            raise NotFound
        if version < act.seated.state.scope_version:
            raise Conflict("A later version is in force.")
        before = _agreement(act.tx, act.seated, row, act.standing.at)
        if digest != before.digest:
            raise Conflict("This is not the digest of this version; read it again before signing.")
        if subject.person not in {signature.person for signature in before.signatures}:
            _insert_signature(act, before)
        return _put_in_force_if_complete(act, row)


def read_agreement(vault: Vault, subject: Subject, case_id: CaseId, version: int) -> Agreement:
    """Return one version with its signatures; that it was read is on record as notice given.

    Raises:
        NotFound: No such case or version, or the subject holds no seat in the case.
    """
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        row = agreements.find_agreement(tx, case_id, version)
        agreement = (
            _agreement(tx, standing.seated, row, standing.at) if standing.seated and row else None
        )
    standing.must_sit(Tag.AGREEMENT_READ, {"version": version})
    if agreement is None:
        standing.record(Tag.AGREEMENT_READ, Outcome.REFUSED, detail={"version": version})
        raise NotFound
    standing.record(Tag.AGREEMENT_READ, detail={"version": version, "digest": agreement.digest})
    return agreement


def list_agreements(vault: Vault, subject: Subject, case_id: CaseId) -> tuple[Agreement, ...]:
    """Return every version, drafts included, oldest first; on record as one reading.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
    """
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        seated = standing.seated
        found = tuple(
            _agreement(tx, seated, row, standing.at)
            for row in (agreements.agreements_of(tx, case_id) if seated else ())
            if seated
        )
    standing.must_sit(Tag.AGREEMENT_LIST)
    standing.record(Tag.AGREEMENT_LIST, detail={"listed": len(found)})
    return found


def _parsed(terms: object) -> Terms:
    try:
        return parse_terms(terms)
    except TermsRefused as error:
        raise Invalid(error.pointer, str(error)) from error


def _insert_signature(act: Change, agreement: Agreement) -> None:
    person, version = act.standing.subject.person, agreement.version
    recorded = act.append({"version": version, "digest": agreement.digest})
    agreements.insert_signature(
        act.tx,
        agreements.SignatureRow(
            case_id=agreement.case_id,
            version=version,
            person_id=person,
            details=act.seated.sealer.seal_signature(version, person, agreement.digest),
            signed_at=act.standing.at,
            log_index=recorded.index,
        ),
    )


def _put_in_force_if_complete(act: Change, row: agreements.AgreementRow) -> Agreement:
    agreement = _agreement(act.tx, act.seated, row, act.standing.at)
    if agreement.awaited or agreement.in_force or not _every_side_sits(act):
        return agreement
    now = act.standing.at
    act.append({"version": row.version, "digest": agreement.digest}, tag=Tag.AGREEMENT_IN_FORCE)
    agreements.mark_in_force(act.tx, row.case_id, row.version, now)
    state = replace(act.seated.state, scope_version=row.version)
    cases.update_state(act.tx, row.case_id, act.seated.sealer.seal_state(state))
    return replace(agreement, in_force_at=now, in_force=True)


def _every_side_sits(act: Change) -> bool:
    sides = {seat_side for _, seat_side in _parties(act.tx, act.seated, act.standing.at)}
    return sides == set(act.seated.details.sides)


def _parties(tx: Transaction, seated: Seated, now: datetime) -> list[tuple[PersonId, str | None]]:
    """Return who sits as a party at an instant, with the side."""
    return [
        (participant.person, participant.seat.side)
        for _, participant in open_roster(tx, seated.sealer, seated.state)
        if participant.seat.role is Role.PARTY and participant.holds_at(now)
    ]


def _agreement(
    tx: Transaction, seated: Seated, row: agreements.AgreementRow, now: datetime
) -> Agreement:
    details = seated.sealer.open_agreement(row.version, row.terms)
    digest = agreement_digest(str(row.case_id), row.version, details.terms, details.policy)
    signatures = tuple(
        Signature(person=signature.person_id, signed_at=signature.signed_at)
        for signature in agreements.signatures_of(tx, row.case_id, row.version)
        if seated.sealer.open_signature(row.version, signature.person_id, signature.details)
        == digest
    )
    signed = {signature.person for signature in signatures}
    return Agreement(
        case_id=row.case_id,
        version=row.version,
        terms=details.terms,
        digest=digest,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        in_force_at=row.in_force_at,
        in_force=row.version == seated.state.scope_version,
        signatures=signatures,
        awaited=tuple(person for person, _ in _parties(tx, seated, now) if person not in signed),
    )
