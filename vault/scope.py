"""What decides in a case is put together here from sealed rows, none of which can be taken away.

The state of a case seals how many rows there must be: of the roster, and of the exceptions. A row
that is missing, added or put back from earlier is therefore found when the scope is built.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from policies.compiler import Policy, baseline
from policies.engine import Scope
from policies.exceptions import Exceptions, Grant
from policies.instants import Instant, instant
from policies.policy import PolicyRefused
from policies.roster import RosterRow
from policies.scope_cache import ScopeKey
from policies.vocabulary import CLAWED_BACK, NO_LABEL, View
from vault.database import agreements, cases, exceptions
from vault.errors import Tampered

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from vault.core import Vault
    from vault.database.connection import Transaction
    from vault.details import CaseDetails, CaseState, ParticipantDetails, Sealer
    from vault.ids import DocumentId, ParticipantId


class Deviation(StrEnum):
    """What one line of the ledger of exceptions does."""

    GRANTED = "granted"
    ENDED = "ended"
    CLAWED_BACK = "clawed-back"
    LIFTED = "lifted"
    ERASED = "erased"


_TURNS = frozenset({Deviation.CLAWED_BACK, Deviation.LIFTED})
_LABELLING = frozenset({Deviation.GRANTED, Deviation.LIFTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One deviation from the agreement in force.

    Attributes:
        deviation: What it does.
        document: To which document.
        grant: The grant that is made; None for every other deviation.
        ends: The number of the grant that is ended, for `ENDED`.
        request: The request it was made upon, or None.
    """

    deviation: Deviation
    document: DocumentId
    grant: Grant | None = None
    ends: int | None = None
    request: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the line as what is sealed."""
        grant = self.grant
        return {
            "deviation": self.deviation.value,
            "document": str(self.document),
            "ends": self.ends,
            "request": self.request,
            "grant": grant
            and {
                "number": grant.number,
                "label": grant.label,
                "to": grant.to,
                "view": str(grant.view),
                "purposes": list(grant.purposes),
                "nbf": grant.nbf,
                "exp": grant.exp,
            },
        }

    @classmethod
    def from_json(cls, document: DocumentId, value: dict[str, Any]) -> Self:
        """Read what was sealed; Tampered if it was sealed for another document."""
        if value["document"] != str(document):
            raise Tampered
        grant = value["grant"]
        return cls(
            deviation=Deviation(value["deviation"]),
            document=document,
            ends=value["ends"],
            request=value["request"],
            grant=grant
            and Grant(
                number=grant["number"],
                label=grant["label"],
                to=grant["to"],
                view=View.parse(grant["view"]),
                purposes=tuple(grant["purposes"]),
                nbf=Instant(grant["nbf"]),
                exp=Instant(grant["exp"]),
            ),
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every deviation of a case, in the order in which they were made; line n is number n + 1."""

    lines: tuple[Line, ...] = ()

    def exceptions(self) -> Exceptions:
        """Return what the engine must know: the grants that hold, and each document's label."""
        ended = {line.ends for line in self.lines if line.deviation is Deviation.ENDED}
        grants = (line.grant for line in self.lines if line.grant is not None)
        return Exceptions(
            version=len(self.lines),
            grants=tuple(grant for grant in grants if grant.number not in ended),
            labels={str(document): label for document, label in self.labels().items()},
            erased=frozenset(str(document) for document in self.erased()),
        )

    def labels(self) -> dict[DocumentId, str]:
        """Return the label that each document must bear of which a line speaks, in one pass."""
        granted: dict[DocumentId, str] = {}
        labels: dict[DocumentId, str] = {}
        for line in self.lines:
            if line.grant is not None:
                granted.setdefault(line.document, line.grant.label)
            if line.deviation is Deviation.CLAWED_BACK:
                labels[line.document] = CLAWED_BACK
            elif line.deviation in _LABELLING:
                labels[line.document] = granted.get(line.document, NO_LABEL)
        return labels

    def erased(self) -> frozenset[DocumentId]:
        """Return the documents that are there no more."""
        return frozenset(line.document for line in self.lines if line.deviation is Deviation.ERASED)

    def label_of(self, document: DocumentId) -> str:
        """Return the label that a document must bear."""
        return self.labels().get(document, NO_LABEL)

    def was_turned(self, document: DocumentId, *, since: int) -> bool:
        """Tell whether a document was clawed back, or that was lifted, after so many lines."""
        return any(
            line.document == document and line.deviation in _TURNS for line in self.lines[since:]
        )

    def new_label(self, document: DocumentId) -> str:
        """Return the label under which a document is granted: its own, or the next free one."""
        granted = {line.document: line.grant.label for line in self.lines if line.grant is not None}
        return granted.get(document, f"grant-{len(granted) + 1}")

    def next_grant(self) -> int:
        """Return the number of the next grant."""
        return 1 + sum(line.deviation is Deviation.GRANTED for line in self.lines)


def scope_of(
    vault: Vault, tx: Transaction, sealer: Sealer, details: CaseDetails, state: CaseState
) -> Scope:
    """Return the scope that decides in a case, built now or found under its versions."""
    key = ScopeKey(
        str(sealer.case), state.scope_version, state.roster_version, state.exceptions_version
    )
    return vault.scopes.get(key, lambda: _load_scope(tx, sealer, details, state))


def _load_scope(tx: Transaction, sealer: Sealer, details: CaseDetails, state: CaseState) -> Scope:
    roster = open_roster(tx, sealer, state)
    return Scope(
        policy_in_force(tx, sealer, details, state),
        tuple(roster_row(participant) for _, participant in roster),
        version=state.scope_version,
        exceptions=open_ledger(tx, sealer, state).exceptions(),
    )


def policy_in_force(
    tx: Transaction, sealer: Sealer, details: CaseDetails, state: CaseState
) -> Policy:
    """Return the compiled policy of the scope version in force; the baseline before the first."""
    if state.scope_version == 0:
        return baseline(str(sealer.case), details.sides, details.classes)
    row = agreements.find_agreement(tx, sealer.case, state.scope_version)
    if row is None:
        raise Tampered
    return sealer.open_policy(row.version, row.terms)


def open_roster(
    tx: Transaction, sealer: Sealer, state: CaseState
) -> list[tuple[ParticipantId, ParticipantDetails]]:
    """Return everybody ever seated in a case, in the order of seating, with their last dates.

    Raises:
        Tampered: A seat or a change of one is not what was sealed, or one was added or taken away
            behind our back.
    """
    rows = cases.participants_of(tx, sealer.case)
    changed = cases.seat_changes_of(tx, sealer.case)
    if len(rows) + len(changed) != state.roster_version:
        raise Tampered
    # Every change is opened, and the last is told by the number it was sealed with: a row that was
    # made up to stand for one taken away, or given another place in the log, is found here.
    opened = [
        _open_change(sealer, row.participant_id, row.change_id, row.details) for row in changed
    ]
    latest = {change["participant"]: change for change in sorted(opened, key=lambda c: c["number"])}
    roster: list[tuple[ParticipantId, ParticipantDetails]] = []
    for row in rows:
        details = sealer.open_participant(row.participant_id, row.person_id, row.details)
        change = latest.get(str(row.participant_id))
        roster.append((row.participant_id, _changed(details, change) if change else details))
    return roster


def open_participant(sealer: Sealer, row: cases.ParticipantRow) -> ParticipantDetails:
    """Return a seat as it stands after its latest change.

    Raises:
        Tampered: The seat, or the change, is not what was sealed.
    """
    details = sealer.open_participant(row.participant_id, row.person_id, row.details)
    if row.change_id is None or row.change is None:
        return details
    return _changed(details, _open_change(sealer, row.participant_id, row.change_id, row.change))


def _open_change(
    sealer: Sealer, participant: ParticipantId, change_id: UUID, sealed: bytes
) -> dict[str, Any]:
    change = sealer.open(change_id, "seat-change", sealed)
    if change["participant"] != str(participant):
        raise Tampered
    return change


def _changed(details: ParticipantDetails, change: dict[str, Any]) -> ParticipantDetails:
    until = change["seated_until"]
    return replace(
        details,
        seated_until=datetime.fromisoformat(until) if until else None,
        stepped_down=change["stepped_down"],
    )


def open_ledger(tx: Transaction, sealer: Sealer, state: CaseState) -> Ledger:
    """Return every exception of a case.

    Raises:
        Tampered: One is not what was sealed, or was added or taken away behind our back.
    """
    if state.exceptions_version == 0:
        return Ledger()
    rows = exceptions.exceptions_of(tx, sealer.case)
    if [row.number for row in rows] != list(range(1, state.exceptions_version + 1)):
        raise Tampered
    try:
        return Ledger(
            tuple(
                Line.from_json(
                    row.document_id,
                    sealer.open(row.document_id, f"exception/{row.number}", row.details),
                )
                for row in rows
            )
        )
    except PolicyRefused as error:
        raise Tampered from error


def roster_row(details: ParticipantDetails) -> RosterRow:
    """Return a seat as the scope engine reads it; one that ended before it began is empty."""
    until = details.seated_until
    if until is not None:
        until = max(until, details.seated_from)
    return RosterRow.of(
        f"u:{details.person}", details.seat, details.seated_from, until, details.organisation_id
    )


def seated_now(
    roster: Iterable[tuple[ParticipantId, ParticipantDetails]], at: datetime
) -> list[tuple[ParticipantId, ParticipantDetails]]:
    """Return those of a roster who hold their seat at an instant, as the engine counts it."""
    now = instant(at)
    return [
        (participant, details)
        for participant, details in roster
        if (row := roster_row(details)).nbf <= now < row.exp and details.holds_at(at)
    ]
