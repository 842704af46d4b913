"""Who sat, and what was granted, at an earlier moment is put together from the rows of then."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from policies.policy import PolicyRefused
from vault.database import cases, exceptions
from vault.errors import Tampered
from vault.scope import Ledger, Line

if TYPE_CHECKING:
    from vault.database.connection import Transaction
    from vault.details import ParticipantDetails, Sealer
    from vault.ids import ParticipantId


def roster_at(tx: Transaction, sealer: Sealer, version: int) -> list[ParticipantDetails]:
    """Return the roster after its first `version` changes: seats taken, ended or prolonged.

    Raises:
        Tampered: A row is not what was sealed, or there are fewer.
    """
    changes: list[tuple[int, cases.ParticipantRow | cases.SeatChangeRow]] = [
        (row.log_index, row)
        for rows in (cases.participants_of(tx, sealer.case), cases.seat_changes_of(tx, sealer.case))
        for row in rows
    ]
    if len(changes) < version:
        raise Tampered
    changes.sort(key=lambda change: change[0])
    roster: dict[ParticipantId, ParticipantDetails] = {}
    for _, row in changes[:version]:
        if isinstance(row, cases.ParticipantRow):
            seat = sealer.open_participant(row.participant_id, row.person_id, row.details)
        else:
            seat = _changed(roster, sealer, row)
        roster[row.participant_id] = seat
    return list(roster.values())


def ledger_at(tx: Transaction, sealer: Sealer, version: int) -> Ledger:
    """Return the first `version` exceptions of a case.

    Raises:
        Tampered: One is not what was sealed, or there are fewer.
    """
    rows = exceptions.exceptions_of(tx, sealer.case)[:version]
    if [row.number for row in rows] != list(range(1, version + 1)):
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


def _changed(
    roster: dict[ParticipantId, ParticipantDetails], sealer: Sealer, row: cases.SeatChangeRow
) -> ParticipantDetails:
    change = sealer.open(row.change_id, "seat-change", row.details)
    before = roster.get(row.participant_id)
    if before is None or change["participant"] != str(row.participant_id):
        raise Tampered
    until = change["seated_until"]
    return replace(
        before,
        seated_until=datetime.fromisoformat(until) if until else None,
        stepped_down=change["stepped_down"],
    )
