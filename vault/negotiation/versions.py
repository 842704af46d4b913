"""Everybody seated is shown the same of a version: its state, its signatures, and whom it reached.

States are worked out from sealed rows whenever a version is shown, and stored nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from policies.compiler import agreement_digest
from policies.flags import flags
from vault.audit.personal import KeyRefused, PersonalKey
from vault.database import agreements
from vault.errors import Tampered
from vault.negotiation.readings import How, readings_of
from vault.negotiation.signatories import Signatory, holders, parties
from vault.scope import open_roster, seated_now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from policies.compiler import Policy
    from policies.flags import Flag
    from policies.terms import Terms
    from vault.access import Seated
    from vault.database.agreements import AgreementRow, SignatureRow
    from vault.database.connection import Transaction
    from vault.details import AgreementDetails, ParticipantDetails, Sealer, SignatureDetails
    from vault.ids import CaseId, PersonId
    from vault.negotiation.readings import Reading


class State(StrEnum):
    """Where a version stands in the negotiation."""

    DRAFT = "draft"
    WITHDRAWN = "withdrawn"
    # Another version came into force since it was drafted: what it would change is not what
    # was shown before it was signed.
    SUPERSEDED = "superseded"
    IN_FORCE = "in-force"
    # It was in force until a later one was.
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signed a version, when, and what proves it without the vault."""

    person: PersonId
    signed_at: datetime
    key: PersonalKey
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """When a version reached a person, and when the person read or signed it; None if not yet."""

    person: PersonId
    delivered_at: datetime | None
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Who took a draft back, when, and the draft that took its place if there is one."""

    person: PersonId
    withdrawn_at: datetime
    amended_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One version of the agreement, as everybody seated reads it.

    Attributes:
        digest: SHA-256, in hex, of what is signed: terms, compiled rows, model, case and version.
        base: The scope version in force when it was drafted; 0 before the first.
        amends: The draft it was made from, if it does not stand by itself.
        flags: What its clauses say that its readers should know before they sign.
        signatures: In the order of signing; those of former participants count no more.
        required: Who must sign it, as the roster and the documents stand now, and why.
        awaited: Those of them who have not signed; nobody unless it is a draft.
        vacant: Sides that have no party; while there is one, the draft cannot come into force.
        notice: Whom it has reached, for everybody seated now and everybody it ever reached.
    """

    case_id: CaseId
    version: int
    terms: Terms
    policy: Policy
    digest: str
    proposed_by: PersonId
    proposed_at: datetime
    base: int
    amends: int | None
    state: State
    withdrawal: Withdrawal | None
    in_force_at: datetime | None
    flags: tuple[Flag, ...]
    signatures: tuple[Signature, ...]
    required: tuple[Signatory, ...]
    awaited: tuple[Signatory, ...]
    vacant: tuple[str, ...]
    notice: tuple[Notice, ...]

    @property
    def in_force(self) -> bool:
        """This is the version that decides now."""
        return self.state is State.IN_FORCE

    @property
    def complete(self) -> bool:
        """Nothing is missing for the draft to come into force."""
        return self.state is State.DRAFT and not self.awaited and not self.vacant

    def signed_by(self, person: PersonId) -> bool:
        """Tell whether a person has signed it."""
        return any(signature.person == person for signature in self.signatures)


def open_version(tx: Transaction, seated: Seated, version: int, at: datetime) -> Agreement | None:
    """Return one version; None if there is none of this number."""
    row = agreements.find_agreement(tx, seated.case, version)
    return None if row is None else open_versions(tx, seated, [row], at)[0]


def open_versions(
    tx: Transaction, seated: Seated, rows: Sequence[AgreementRow], at: datetime
) -> tuple[Agreement, ...]:
    """Return some versions as they stand at an instant.

    Raises:
        Tampered: A row of one of them is not what was sealed.
    """
    opened = _Versions.of(tx, seated, [row.version for row in rows], at)
    return tuple(opened.agreement(row) for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Versions:
    """What belongs to some versions of one case, read in one go."""

    tx: Transaction
    seated: Seated
    sitting: tuple[ParticipantDetails, ...]
    signatures: dict[int, list[SignatureRow]]
    withdrawals: dict[int, Withdrawal]
    readings: dict[int, tuple[Reading, ...]]

    @classmethod
    def of(cls, tx: Transaction, seated: Seated, versions: list[int], at: datetime) -> _Versions:
        case, sealer = seated.case, seated.sealer
        roster = seated_now(open_roster(tx, sealer, seated.state), at)
        signatures: dict[int, list[SignatureRow]] = {version: [] for version in versions}
        for row in agreements.signatures_of(tx, case, versions):
            signatures[row.version].append(row)
        return cls(
            tx=tx,
            seated=seated,
            sitting=tuple(details for _, details in roster),
            signatures=signatures,
            withdrawals={
                row.version: _withdrawal(sealer, row)
                for row in agreements.withdrawals_of(tx, case, versions)
            },
            readings=readings_of(tx, sealer, versions),
        )

    def agreement(self, row: AgreementRow) -> Agreement:
        """Return one of the versions."""
        details = self.seated.sealer.open_agreement(row.version, row.terms)
        if details.proposed_by != row.proposed_by:
            raise Tampered
        digest = agreement_digest(str(row.case_id), row.version, details.terms, details.policy)
        state = self._state(row, details)
        signatures = self._signatures(row.version, digest)
        required = self._required(state, details)
        signed = {signature.person for signature in signatures}
        sides = {person.seat.side for person in parties(self.sitting)}
        return Agreement(
            case_id=row.case_id,
            version=row.version,
            terms=details.terms,
            policy=details.policy,
            digest=digest,
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
            base=details.base,
            amends=details.amends,
            state=state,
            withdrawal=self.withdrawals.get(row.version),
            in_force_at=row.in_force_at,
            flags=flags(details.terms),
            signatures=signatures,
            required=required,
            awaited=tuple(s for s in required if s.person not in signed)
            if state is State.DRAFT
            else (),
            vacant=tuple(side for side in details.terms.sides if side not in sides),
            notice=self._notice(row.version, signatures),
        )

    def _state(self, row: AgreementRow, details: AgreementDetails) -> State:
        in_force = self.seated.state.scope_version
        if row.version == in_force:
            return State.IN_FORCE
        if row.version in self.withdrawals:
            return State.WITHDRAWN
        if details.base == in_force:
            return State.DRAFT
        # Only a name: neither of the two can be signed, whatever the column says.
        return State.SUPERSEDED if row.in_force_at is None else State.REPLACED

    def _required(self, state: State, details: AgreementDetails) -> tuple[Signatory, ...]:
        if state not in {State.DRAFT, State.IN_FORCE}:
            return ()
        every_party = tuple(
            Signatory(person.person, f"party of {person.seat.side}")
            for person in parties(self.sitting)
        )
        if state is State.IN_FORCE:
            return every_party
        return (*every_party, *holders(self.tx, self.seated, self.sitting, details.policy))

    def _signatures(self, version: int, digest: str) -> tuple[Signature, ...]:
        sealer = self.seated.sealer
        found: list[Signature] = []
        for row in self.signatures[version]:
            details = sealer.open_signature(version, row.person_id, row.details)
            found.append(
                Signature(
                    person=row.person_id,
                    signed_at=row.signed_at,
                    key=_verified(details, digest),
                    signature=details.signature,
                )
            )
        return tuple(found)

    def _notice(self, version: int, signatures: tuple[Signature, ...]) -> tuple[Notice, ...]:
        readings = self.readings.get(version, ())
        came = {(reading.person, reading.how): reading.noted_at for reading in readings}
        signed = {signature.person: signature.signed_at for signature in signatures}
        people = dict.fromkeys((*(p.person for p in self.sitting), *(r.person for r in readings)))
        notices: list[Notice] = []
        for person in people:
            delivered, read = came.get((person, How.DELIVERED)), came.get((person, How.READ))
            read = min((at for at in (read, signed.get(person)) if at), default=None)
            notices.append(Notice(person=person, delivered_at=delivered or read, read_at=read))
        return tuple(notices)


def _withdrawal(sealer: Sealer, row: agreements.WithdrawalRow) -> Withdrawal:
    """Return who took a draft back; Tampered if that was not sealed for it."""
    value = sealer.open(row.person_id, f"withdrawal/{row.version}", row.details)
    return Withdrawal(
        person=row.person_id, withdrawn_at=row.withdrawn_at, amended_by=value["amended_by"]
    )


def _verified(details: SignatureDetails, digest: str) -> PersonalKey:
    """Return the key of a signature that is one of this digest: the vault's word is not enough."""
    if details.digest != digest:
        raise Tampered
    try:
        key = PersonalKey.parse(details.public_key)
        key.verify(digest, details.signature)
    except KeyRefused as error:
        raise Tampered from error
    return key
