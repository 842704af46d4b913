"""A decision on record can be made again, by other code than made it, from what was signed.

Casbin as it comes is asked the same question about the policy of that scope version, the roster
and the exceptions of that moment, all read from sealed rows; what it answers must be what is on
record. So neither the compiled matcher, nor the memo, nor the choice of rows in
policies/engine.py has to be believed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from policies.compiler import agreement_digest, baseline
from policies.engine import stock_enforcer
from policies.instants import instant
from policies.policy import PolicyRefused
from policies.vocabulary import View
from vault.access import open_entry
from vault.audit.events import Outcome, Tag
from vault.audit.personal import KeyRefused, PersonalKey
from vault.audit.slots import Slot
from vault.database import agreements, cases, keys
from vault.database import log as entries
from vault.details import Sealer
from vault.errors import Tampered
from vault.ids import DocumentId
from vault.past import ledger_at, roster_at
from vault.scope import roster_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policies.policy import Policy
    from vault.audit.events import Event
    from vault.core import Vault
    from vault.database.connection import Transaction
    from vault.details import SignatureDetails
    from vault.ids import CaseId
    from vault.scope import Ledger

# Each about a megabyte once built, and about a millisecond to build.
_AT_HAND = 64
_PROBLEMS_LISTED = 100


class Versions(NamedTuple):
    """All that a decision was made from, beside the question."""

    case: CaseId
    scope: int
    roster: int
    exceptions: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """What decided in a case at one moment of its life.

    Attributes:
        policy_sha256: Of the policy as it is stored.
        ask: Casbin as it comes, over that policy and the grants of that moment: whether it is
            allowed, and the row that decided.
        ledger: The exceptions made until then.
    """

    policy_sha256: str
    ask: Callable[..., tuple[bool, Sequence[str]]]
    ledger: Ledger


@dataclass(slots=True, kw_only=True)
class ReplayVerdict:
    """What was decided again, and what came out otherwise than it is on record.

    Attributes:
        replayed: Decisions that were made again.
        agreements: Signatures, and comings into force, held to the terms and rows that are stored.
        withheld: Entries that cannot be replayed, since a key that they need is gone.
        problems: One sentence each, a hundred at most; none means that all agree.
    """

    replayed: int = 0
    agreements: int = 0
    withheld: int = 0
    differing: int = 0
    problems: list[str] = field(default_factory=list[str])

    def differ(self, sentence: str) -> None:
        """Count a difference, and keep its sentence while there are few."""
        self.differing += 1
        if len(self.problems) < _PROBLEMS_LISTED:
            self.problems.append(sentence)

    def to_json(self) -> dict[str, object]:
        """Return the verdict as a JSON value."""
        return {
            "replayed": self.replayed,
            "agreements": self.agreements,
            "withheld": self.withheld,
            "differing": self.differing,
            "problems": self.problems,
        }

    def summary(self) -> str:
        """Return the verdict in one line."""
        done = (
            f"{self.replayed} decisions made again, {self.agreements} signatures and comings into"
            f" force recomputed, {self.withheld} entries withheld"
        )
        if self.differing:
            return f"{done}: {self.differing} differ from what is on record."
        return f"{done}: everything is as it is on record."


def replay(vault: Vault, *, case: CaseId | None = None, index: int | None = None) -> ReplayVerdict:
    """Make every decision on record again, in one snapshot and in constant memory.

    A release and how its delivery ended are two entries with one decision: both are replayed.

    Args:
        vault: The collaborators.
        case: Only entries of this case.
        index: Only this entry.

    Raises:
        Unavailable: The database does not answer.
    """
    verdict = ReplayVerdict()
    with vault.database.snapshot() as tx:
        replaying = _Replaying(vault, tx, verdict)
        rows = entries.all_entries(tx) if case is None else entries.entries_of_case(tx, case)
        for row in rows:
            if index in (None, row.index):
                replaying.take(row)
    return verdict


class _Replaying:
    """One pass over the log, with what decided at hand."""

    def __init__(self, vault: Vault, tx: Transaction, verdict: ReplayVerdict) -> None:
        self._vault, self._tx, self._verdict = vault, tx, verdict
        self._sealer = lru_cache(_AT_HAND)(self._found_sealer)
        self._decider = lru_cache(_AT_HAND)(self._built)

    def take(self, row: entries.EntryRow) -> None:
        """Replay one entry, if a decision or a signature is on record in it."""
        try:
            opened = open_entry(self._vault, self._tx, row)
            event = opened.event
            if event is None or Slot.DETAIL in opened.withheld:
                self._verdict.withheld += 1
            elif "decided_at" in event.detail:
                self._take_decision(row.index, event)
            elif event.tag in _OF_AGREEMENTS and event.outcome is Outcome.GRANTED:
                self._take_agreement(row.index, event)
        except (Tampered, PolicyRefused):
            self._verdict.differ(f"Log entry {row.index}: what it was decided by is not as sealed.")

    def _take_decision(self, index: int, event: Event) -> None:
        detail, case = event.detail, event.case
        person = detail.get("asked_about") or event.person
        assert case is not None
        if person is None:
            self._verdict.withheld += 1
            return
        versions = Versions(
            case,
            event.scope_version or 0,
            int(detail["roster_version"]),
            int(detail["exceptions_version"]),
        )
        decider = self._decider(versions)
        self._verdict.replayed += 1
        for problem in _differences(event, f"u:{person}", decider):
            self._verdict.differ(f"Log entry {index} ({event.name}): {problem}")

    def _take_agreement(self, index: int, event: Event) -> None:
        """Hold what was signed, or came into force, to what is stored."""
        case, version = event.case, int(event.detail["version"])
        assert case is not None
        sealer = self._sealer(case)
        row = agreements.find_agreement(self._tx, case, version)
        if sealer is None or row is None:
            raise Tampered
        details = sealer.open_agreement(version, row.terms)
        digest = agreement_digest(str(case), version, details.terms, details.policy)
        signed = [
            sealer.open_signature(version, signature.person_id, signature.details)
            for signature in agreements.signatures_of(self._tx, case, [version])
            if event.tag is Tag.AGREEMENT_IN_FORCE or signature.person_id == event.person
        ]
        self._verdict.agreements += 1
        if event.detail["digest"] != digest or not all(_signs(s, digest) for s in signed):
            self._verdict.differ(
                f"Log entry {index} ({event.name}): what was signed is not the stored version."
            )

    def _built(self, versions: Versions) -> Replayed:
        """Build what decided at a moment from sealed rows alone."""
        sealer = self._sealer(versions.case)
        if sealer is None:
            raise Tampered
        policy = self._policy(sealer, versions.scope)
        roster = roster_at(self._tx, sealer, versions.roster)
        ledger = ledger_at(self._tx, sealer, versions.exceptions)
        grants = [grant.row(policy.case) for grant in ledger.exceptions().grants]
        people = [roster_row(participant) for participant in roster]
        return Replayed(
            policy.sha256, stock_enforcer([*policy.rows, *grants], people).enforce_ex, ledger
        )

    def _policy(self, sealer: Sealer, version: int) -> Policy:
        if version == 0:
            row = cases.find_case(self._tx, sealer.case)
            if row is None:
                raise Tampered
            details = sealer.open_case(row.details)
            return baseline(str(sealer.case), details.sides, details.classes)
        agreement = agreements.find_agreement(self._tx, sealer.case, version)
        if agreement is None:
            raise Tampered
        return sealer.open_policy(version, agreement.terms)

    def _found_sealer(self, case: CaseId) -> Sealer | None:
        wrapped = keys.wrapped_key(self._tx, case, "case")
        if wrapped is None:
            return None
        return Sealer(case, self._vault.keyring.open_case_key(case, wrapped))


_OF_AGREEMENTS = frozenset({Tag.AGREEMENT_SIGN, Tag.AGREEMENT_IN_FORCE})


def _signs(signature: SignatureDetails, digest: str) -> bool:
    """Tell whether a signature is one under the agreement of this digest, by the signer's key."""
    try:
        PersonalKey.parse(signature.public_key).verify(digest, signature.signature)
    except KeyRefused:
        return False
    return signature.digest == digest


def _differences(event: Event, person: str, decider: Replayed) -> Iterator[str]:
    """Say in what a decision comes out otherwise than it is on record."""
    detail = event.detail
    allowed, row = decider.ask(*_question(event, person))
    clause = row[-1] if row else None
    if detail["policy"] != decider.policy_sha256:
        yield "it was decided by another policy than the one that is stored."
    if allowed != (detail["decided"] == "permit"):
        yield f"it is {'allowed' if allowed else 'denied'} when it is decided again."
    elif clause != event.clause:
        yield "another clause decides when it is decided again."
    if not allowed and event.outcome is not Outcome.REFUSED:
        yield "it was done, though it is denied."
    document = detail.get("document")
    if document is not None and detail["label"] != decider.ledger.label_of(_id(document)):
        yield "the document did not bear the label that it was decided by."


def _id(text: str | int) -> DocumentId:
    return DocumentId(UUID(str(text)))


def _question(event: Event, person: str) -> tuple[Any, ...]:
    """Return the tuple that was asked, column by column of the model's request."""
    detail = event.detail
    assert event.view is not None
    return (
        person,
        str(event.case),
        detail["class"],
        detail["origin"],
        detail["provenance"],
        detail["label"],
        str(View.parse(event.view).value),
        event.purpose,
        event.phase,
        instant(datetime.fromisoformat(str(detail["decided_at"]))),
    )
