"""No version is shown before it is on record that it reached its reader, or was read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vault.access import change
from vault.audit.events import Tag
from vault.database import agreements
from vault.negotiation.readings import How, reading_field, readings_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vault.access import Change
    from vault.core import Subject, Vault
    from vault.ids import CaseId, PersonId
    from vault.negotiation.versions import Agreement


def show(
    vault: Vault, subject: Subject, case_id: CaseId, found: Sequence[Agreement], how: How
) -> tuple[Agreement, ...]:
    """Return some versions for the subject to see, after noting those that had not come to them.

    Only the first time is noted, in a change of its own.

    Args:
        vault: The collaborators.
        subject: Who is about to see them; seated when they were found.
        case_id: The case.
        found: Versions of the case.
        how: Whether they are listed or compared, or one is read by itself.

    Raises:
        NotFound: The subject's seat has ended meanwhile.
        Unavailable: It cannot be noted, and nothing is shown.
    """
    due = [a for a in found if not _has_come(a, subject.person, how)]
    if not due:
        return tuple(found)
    with change(vault, subject, case_id, Tag.AGREEMENT_NOTICE) as act:
        known = readings_of(act.tx, act.seated.sealer, [agreement.version for agreement in due])
        for agreement in due:
            readings = known.get(agreement.version, ())
            if not any(r.person == subject.person and r.how is how for r in readings):
                _note(act, agreement, how)
    return tuple(_noted(a, subject.person, how, act.standing.at) if a in due else a for a in found)


def _has_come(agreement: Agreement, person: PersonId, how: How) -> bool:
    notice = next((notice for notice in agreement.notice if notice.person == person), None)
    if notice is None:
        return False
    return (notice.delivered_at if how is How.DELIVERED else notice.read_at) is not None


def _note(act: Change, agreement: Agreement, how: How) -> None:
    person, version = act.standing.subject.person, agreement.version
    details = {"digest": agreement.digest}
    recorded = act.append({"version": version, "how": how.value, **details})
    agreements.insert_reading(
        act.tx,
        agreements.ReadingRow(
            case_id=agreement.case_id,
            version=version,
            person_id=person,
            how=how.value,
            details=act.seated.sealer.seal(person, reading_field(version, how), details),
            noted_at=act.standing.at,
            log_index=recorded.index,
        ),
    )


def _noted(agreement: Agreement, person: PersonId, how: How, at: datetime) -> Agreement:
    """Return a version as it stands now that it has come to one more person."""
    notice = tuple(
        replace(
            notice,
            delivered_at=notice.delivered_at or at,
            read_at=at if how is How.READ else notice.read_at,
        )
        if notice.person == person
        else notice
        for notice in agreement.notice
    )
    return replace(agreement, notice=notice)
