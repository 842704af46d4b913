"""Requests and answers in a few words, for the tests of exceptions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from policies.terms import View
from tests.builders import CLAUSES, terms
from vault.deviations import exceptions
from vault.deviations.exceptions import NewRequest
from vault.deviations.grants import NewGrant
from vault.deviations.register import list_exceptions
from vault.deviations.requests import Asked, Route
from vault.intake import deposits
from vault.intake.accession import Deposited
from vault.intake.descriptions import Bytes, Description
from vault.negotiation import agreements
from vault.proceedings.cases import read_case

if TYPE_CHECKING:
    from tests.builders import Case
    from vault.ids import DocumentId, ParticipantId

SEATS = (
    "party:claimant",
    "party:respondent",
    "counsel:claimant",
    "insurer:respondent",
    "expert",
    "auditor",
)


def deposited(
    case: Case,
    seat: str,
    *,
    document_class: str = "correspondence",
    provenance: str = "pre-existing",
    joint: bool = False,
) -> DocumentId:
    """Deposit a document that no clause of the sample agreement opens to the other side."""
    said = Description(
        document_class=document_class,
        title=f"Letter from {seat}",
        provenance=provenance,
        content=Bytes(file_name="letter.txt", media_type="text/plain"),
        joint=joint,
    )
    done = deposits.deposit(case.house.vault, case[seat], case.case_id, [b"Dear Sir"], lambda: said)
    assert isinstance(done, Deposited)
    return done.document_id


def agreed(case: Case, uploader_grants: str) -> None:
    """Put the sample agreement in force with a rule for the uploader's route."""
    draft = agreements.propose(
        case.house.vault,
        case["mediator"],
        case.case_id,
        {**terms(CLAUSES), "uploader_grants": uploader_grants},
    )
    for seat in ("party:claimant", "party:respondent"):
        case.sign(seat, draft)
    for seat in case.people:
        case.read_agreement(seat, draft.version)


def ask(  # noqa: PLR0913 — a test names only what matters in it
    case: Case,
    seat: str,
    document: DocumentId,
    to: str = "insurer:respondent",
    *,
    view: View = View.FULL,
    purposes: tuple[str, ...] = ("claims",),
    starts: datetime | None = None,
    ends: datetime | None = None,
    route: Route = Route.CONSENT,
    attestation: bool = False,
) -> Asked:
    """Ask for a document to be granted."""
    grant = NewGrant(to=to, view=view, purposes=purposes, granted_from=starts, granted_until=ends)
    new = NewRequest(
        grant=grant, reason="The insurer settles on it.", route=route, attestation=attestation
    )
    return exceptions.ask(case.house.vault, case[seat], document, new)


def answer(case: Case, seat: str, asked: Asked, *, consents: bool = True) -> Asked:
    """Answer a request."""
    return exceptions.answer(
        case.house.vault, case[seat], asked.request.request_id, consents=consents
    )


def grant(
    case: Case,
    document: DocumentId,
    to: str = "insurer:respondent",
    *,
    view: View = View.FULL,
    purposes: tuple[str, ...] = ("claims",),
    starts: datetime | None = None,
    ends: datetime | None = None,
) -> int:
    """Have a document granted by the consent of both parties; return the grant's number."""
    asked = ask(
        case, "party:claimant", document, to, view=view, purposes=purposes, starts=starts, ends=ends
    )
    answer(case, "party:respondent", asked)
    register = list_exceptions(case.house.vault, case["party:claimant"], case.case_id)
    return register.grants[-1].grant.number


def participant(case: Case, seat: str) -> ParticipantId:
    """Return the id of whoever sits there."""
    _, roster = read_case(case.house.vault, case["mediator"], case.case_id)
    return next(p.participant_id for p in roster if p.person == case[seat].person)
