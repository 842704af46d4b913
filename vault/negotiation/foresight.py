"""Nobody signs blind: what a version would change is shown before, for seats and for documents.

What is said of documents is said of those alone that the reader may know of. Which others there
are, and how many, is nobody's to learn from a draft of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from policies.atoms import TooIntricate, everything
from policies.comparison import differences
from policies.instants import instant
from policies.terms import Terms
from policies.whatif import Side, affected, changes, sentence
from vault.access import stand
from vault.audit.events import Outcome, Tag
from vault.database import lists
from vault.disclosure.documents import open_document
from vault.disclosure.selection import EVERYTHING, select
from vault.errors import Conflict, NotFound
from vault.negotiation.readings import How
from vault.negotiation.showing import show
from vault.negotiation.versions import open_version
from vault.scope import open_roster, roster_row, seated_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from policies.comparison import Comparison
    from policies.compiler import Policy
    from policies.exceptions import Exceptions
    from policies.vocabulary import Marking
    from policies.whatif import Change
    from vault.access import Seated, Standing
    from vault.core import Subject, Vault
    from vault.database.connection import Transaction
    from vault.ids import CaseId, DocumentId, PersonId
    from vault.negotiation.versions import Agreement

MOST_TITLES = 50
MOST_CHANGES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two versions laid side by side; version 0 is the baseline, which has no clause."""

    version: int
    against: int
    comparison: Comparison


def compare(
    vault: Vault, subject: Subject, case_id: CaseId, version: int, against: int | None = None
) -> Compared:
    """Say what one version says otherwise than another, clause by clause; on record.

    Args:
        vault: The collaborators.
        subject: Anyone seated in the case.
        case_id: The case.
        version: A version in whatever state.
        against: The other; 0 is the baseline, None the version in force.

    Raises:
        NotFound: No such case, one of the versions is not there, or the subject holds no seat.
    """
    found: list[Agreement | None] = []
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        if seated := standing.seated:
            against = seated.state.scope_version if against is None else against
            asked = [version, against] if against else [version]
            found = [open_version(tx, seated, number, standing.at) for number in asked]
    detail = {"version": version, "against": against or 0}
    seated = standing.must_sit(Tag.AGREEMENT_COMPARE, {"version": version})
    shown = [agreement for agreement in found if agreement is not None]
    if len(shown) < len(found):
        standing.record(Tag.AGREEMENT_COMPARE, Outcome.REFUSED, detail=detail)
        raise NotFound
    show(vault, subject, case_id, shown, How.DELIVERED)
    standing.record(Tag.AGREEMENT_COMPARE, detail=detail)
    baseline = Terms(seated.details.sides, (), classes=seated.details.classes)
    new, *others = [agreement.terms for agreement in shown]
    return Compared(
        version=version,
        against=against or 0,
        comparison=differences(others[0] if others else baseline, new),
    )


@dataclass(frozen=True, slots=True)
class Touched:
    """Documents that a seat would see more or less of, as far as the reader may know of them.

    Attributes:
        count: How many; exact.
        titles: Of the oldest of them, at most `MOST_TITLES`.
    """

    count: int
    titles: tuple[tuple[DocumentId, str], ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One view of some markings gained or lost, and the sentence that says so."""

    change: Change
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a version would change for one person of the roster.

    Attributes:
        changes: Every view of a marking gained or lost, with the clause and from when until when;
            what is over by now is left out, and so is what comes after the first `MOST_CHANGES`.
        unlisted: How many were left out for their number.
        gained: Documents of which some view would be gained, for some purpose in some phase.
        lost: Likewise of which one would be lost; a document may be in both.
    """

    person: PersonId
    seat: str
    organisation: str | None
    changes: tuple[Said, ...]
    unlisted: int
    gained: Touched
    lost: Touched


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What would be otherwise if a version were in force instead of the one that is."""

    version: int
    against: int
    outlooks: tuple[Outlook, ...]


def what_if(vault: Vault, subject: Subject, case_id: CaseId, version: int) -> WhatIf:
    """Say what a version would change against the one in force, for everybody seated; on record.

    The exceptions of the case count on both sides, as far as the reader may know of the documents
    they were made for: they would stay as they are.

    Args:
        vault: The collaborators.
        subject: Anyone seated in the case.
        case_id: The case.
        version: A version in whatever state.

    Raises:
        NotFound: No such case or version, or the subject holds no seat in the case.
        Conflict: There is more to be asked than can be looked through.
    """
    found, told, against = None, None, 0
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
        if seated := standing.seated:
            against = seated.state.scope_version
            found = open_version(tx, seated, version, standing.at)
            told = found and tuple(_outlooks(_Known.of(tx, standing, seated), found.policy))
    detail = {"version": version, "against": against}
    standing.must_sit(Tag.AGREEMENT_WHAT_IF, {"version": version})
    if found is None or told is None:
        standing.record(Tag.AGREEMENT_WHAT_IF, Outcome.REFUSED, detail=detail)
        raise NotFound
    show(vault, subject, case_id, (found,), How.DELIVERED)
    standing.record(Tag.AGREEMENT_WHAT_IF, detail=detail)
    return WhatIf(version=version, against=against, outlooks=told)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the reader may know of now: markings, how many documents bear each, and grants."""

    tx: Transaction
    seated: Seated
    at: datetime
    counts: dict[Marking, int]

    @classmethod
    def of(cls, tx: Transaction, standing: Standing, seated: Seated) -> Self:
        """Ask for the markings that a list shows to the reader, and count."""
        visible = list(select(tx, standing, seated, None, EVERYTHING))
        return cls(tx, seated, standing.at, dict(lists.counts_by_marking(tx, seated.case, visible)))

    def exceptions(self) -> Exceptions:
        """Return the exceptions of the case but for grants of documents unknown to the reader."""
        labels = {marking.label for marking in self.counts}
        return self.seated.scope.exceptions.among(labels)

    def touched(self, changes: Sequence[Change]) -> Touched:
        """Return the documents that some changes are about."""
        markings = [marking for marking in self.counts if affected(changes, marking)]
        starts = [lists.Start(marking, None) for marking in markings]
        rows = lists.documents_by_marking(
            self.tx, self.seated.case, starts, order="oldest", limit=MOST_TITLES
        )
        return Touched(
            sum(self.counts[marking] for marking in markings),
            tuple((row.document_id, open_document(self.seated, row).title) for row in rows),
        )


def _outlooks(known: _Known, policy: Policy) -> Iterator[Outlook]:
    seated, exceptions, now = known.seated, known.exceptions(), instant(known.at)
    old, new = Side(seated.scope.policy, exceptions), Side(policy, exceptions)
    space = everything(policy, [grant.label for grant in exceptions.grants])
    for _, person in seated_now(open_roster(known.tx, seated.sealer, seated.state), known.at):
        try:
            every = changes(old, new, [roster_row(person)])
        except TooIntricate as error:
            raise Conflict(str(error)) from error
        ahead = tuple(change for change in every if now < change.interval.exp)
        yield Outlook(
            person=person.person,
            seat=str(person.seat),
            organisation=person.organisation_id,
            changes=tuple(Said(c, sentence(c, space)) for c in ahead[:MOST_CHANGES]),
            unlisted=max(0, len(ahead) - MOST_CHANGES),
            gained=known.touched([change for change in ahead if change.gains]),
            lost=known.touched([change for change in ahead if not change.gains]),
        )
