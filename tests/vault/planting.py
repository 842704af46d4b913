"""Many documents at once, in rows such as a deposit makes, without content and without entries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from policies.exceptions import Grant
from policies.instants import ALWAYS, NEVER, Instant
from policies.terms import PURPOSES, Marking, View
from policies.vocabulary import CLAWED_BACK, groups_of
from vault.access import stand
from vault.database import cases, documents, exceptions
from vault.details import DocumentDetails
from vault.ids import DocumentId, new_id
from vault.scope import Deviation, Line, open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from tests.builders import Case
    from vault.access import Seated
    from vault.database.connection import Transaction

BEGUN = datetime(2026, 1, 5, 9, tzinfo=UTC)
# Stands for "granted to somebody": such a document gets a label and a grant of its own.
GRANTED = "granted"


@dataclass(frozen=True)
class Planted:
    document_id: DocumentId
    marking: Marking
    title: str
    deposited_at: datetime


def plant(case: Case, markings: Iterable[Marking], random: Random) -> list[Planted]:
    """Insert a document of each marking; several share an instant, and titles differ in case.

    Documents that are clawed back or granted have their lines in the ledger of exceptions.
    """
    vault, mediator = case.house.vault, case["mediator"]
    planted: list[Planted] = []
    with vault.database.transaction() as tx:
        seated = stand(vault, tx, mediator, case.case_id).seated
        assert seated is not None
        ledger = open_ledger(tx, seated.sealer, seated.state)
        grants, lines = ledger.next_grant(), list[Line]()
        for marking in markings:
            document, label = DocumentId(new_id()), marking.label
            if marking.label == CLAWED_BACK:
                lines.append(Line(deviation=Deviation.CLAWED_BACK, document=document))
            if marking.label == GRANTED:
                grant = some_grant(random, seated, grants)
                lines.append(Line(deviation=Deviation.GRANTED, document=document, grant=grant))
                label, grants = grant.label, grants + 1
            title = "".join(random.choices("aAbBcÉé ", k=6)).strip() or "x"
            at = BEGUN + timedelta(minutes=random.randint(0, 40))
            labelled = Marking(marking.document_class, marking.origin, marking.provenance, label)
            planted.append(Planted(document, labelled, title, at))
        for one in planted:
            _insert(tx, seated, one)
        for number, line in enumerate(lines, start=len(ledger.lines) + 1):
            _except(tx, seated, number, line)
        state = replace(seated.state, exceptions_version=len(ledger.lines) + len(lines))
        cases.update_state(tx, seated.case, seated.sealer.seal_state(state))
    return planted


def some_grant(random: Random, seated: Seated, number: int) -> Grant:
    return Grant(
        number=number,
        label=f"grant-{number}",
        to=random.choice(sorted(groups_of(seated.details.sides))),
        view=random.choice(list(View)),
        purposes=tuple(sorted(random.sample(PURPOSES, random.randint(1, 3)))),
        nbf=ALWAYS,
        exp=random.choice([NEVER, Instant("2026-02-01T00:00:00Z")]),
    )


def _insert(tx: Transaction, seated: Seated, one: Planted) -> None:
    details = DocumentDetails(title=one.title, marking=one.marking)
    documents.insert_document(
        tx,
        documents.DocumentRow(
            document_id=one.document_id,
            case_id=seated.case,
            document_class=one.marking.document_class,
            origin=one.marking.origin,
            provenance=one.marking.provenance,
            label=one.marking.label,
            details=seated.sealer.seal_document(one.document_id, details),
            deposited_by=seated.participant.person,
            deposited_at=one.deposited_at,
            log_index=0,
        ),
    )


def _except(tx: Transaction, seated: Seated, number: int, line: Line) -> None:
    exceptions.insert_exception(
        tx,
        exceptions.ExceptionRow(
            case_id=seated.case,
            number=number,
            document_id=line.document,
            details=seated.sealer.seal(line.document, f"exception/{number}", line.to_json()),
            made_by=seated.participant.person,
            made_at=BEGUN,
            log_index=0,
        ),
    )
