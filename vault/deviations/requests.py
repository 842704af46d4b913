"""Whoever asks for an exception is answered by those whom the law lets answer, and by nobody else.

The privilege of what was said in a mediation is the parties', and the mediator's and a nonparty
participant's for what is theirs (Uniform Mediation Act, sections 4 and 5): a grant takes the
consent of all of them. That a claw-back is lifted concerns only those whom the document belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from policies.instants import Instant, instant
from policies.terms import Role, View
from vault.database import exceptions
from vault.deviations.ledger import holders
from vault.errors import Tampered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from vault.database.connection import Transaction
    from vault.details import ParticipantDetails, Sealer
    from vault.deviations.ledger import Considered
    from vault.ids import DocumentId, PersonId
    from vault.scope import Ledger


class RequestKind(StrEnum):
    """What is asked for."""

    GRANT = "grant"
    LIFT = "lift"


class Route(StrEnum):
    """Who decides: everybody whose consent the law asks for, or the depositor's side alone."""

    CONSENT = "consent"
    UPLOADER = "uploader"


class Status(StrEnum):
    """How a request stands."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a grant would open.

    Attributes:
        to: A group of seats, or a person of the roster as the engine names one.
        purposes: In alphabetical order.
    """

    to: str
    view: View
    purposes: tuple[str, ...]
    nbf: Instant
    exp: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one person answered."""

    person: PersonId
    consents: bool
    answered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Somebody asks for an exception for one document.

    Attributes:
        wanted: What a grant would open; None for a lift.
        reason: Why, in the words of whoever asks.
        attestation: The depositor attests that the document reveals nothing said or done in the
            mediation (California Evidence Code 1122(a)(2)).
        ledger: How many exceptions the case had when it was asked.
        answers: In the order in which they came.
    """

    request_id: UUID
    document_id: DocumentId
    ledger: int
    kind: RequestKind
    route: Route
    wanted: Wanted | None
    reason: str
    attestation: bool
    requested_by: PersonId
    requested_at: datetime
    answers: tuple[Answer, ...] = ()

    def required(self, origin: str, seated: Sequence[ParticipantDetails]) -> frozenset[PersonId]:
        """Return those whose consent it takes, of those who are seated now."""
        theirs = holders(origin, seated)
        if self.kind is RequestKind.LIFT:
            return theirs
        return theirs | {p.person for p in seated if p.seat.role is Role.PARTY}

    def consented(self, person: PersonId) -> bool:
        """Tell whether a person has consented."""
        return any(answer.person == person and answer.consents for answer in self.answers)

    def status(self, ledger: Ledger, now: Instant) -> Status:
        """Return how the request stands at an instant.

        What was consented to in one state of a document is not consented to in another: a
        claw-back, and its end, close every request that was made before.
        """
        if any(line.request == str(self.request_id) for line in ledger.lines):
            return Status.GRANTED
        if any(not answer.consents for answer in self.answers):
            return Status.REFUSED
        if self.wanted is not None and self.wanted.exp <= now:
            return Status.LAPSED
        if ledger.was_turned(self.document_id, since=self.ledger):
            return Status.LAPSED
        return Status.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, and how it stands.

    Attributes:
        to: The group, or the participant's id, to whom a grant would go; None for a lift.
        awaited: Those who have not answered it.
    """

    request: Request
    status: Status
    to: str | None
    awaited: frozenset[PersonId] = frozenset()


def required_by(considered: Considered, request: Request) -> frozenset[PersonId]:
    """Return those whose consent a request takes, of those who are seated now."""
    if request.route is Route.UPLOADER:
        return frozenset()
    return request.required(considered.marking.origin, considered.sitting())


def may_read(considered: Considered, request: Request) -> bool:
    """Tell whether the subject may read a request: it concerns them, or they know the document."""
    concerned = {*required_by(considered, request), request.requested_by}
    return considered.person in concerned or considered.may_know()


def how_it_stands(considered: Considered, request: Request) -> Asked:
    """Return a request with how it stands now."""
    status = request.status(considered.ledger, instant(considered.standing.at))
    to = request.wanted and considered.recipient(request.wanted.to)
    if status is not Status.OPEN:
        return Asked(request=request, status=status, to=to)
    given = {answer.person for answer in request.answers}
    awaited = required_by(considered, request) - given
    return Asked(request=request, status=status, to=to, awaited=awaited)


def seal_request(sealer: Sealer, request: Request) -> bytes:
    """Seal what is asked, of which document, by whom and why."""
    wanted = request.wanted
    value: dict[str, Any] = {
        "document": str(request.document_id),
        "ledger": request.ledger,
        "kind": request.kind.value,
        "route": request.route.value,
        "reason": request.reason,
        "attestation": request.attestation,
        "requested_by": str(request.requested_by),
        "wanted": wanted
        and {
            "to": wanted.to,
            "view": str(wanted.view),
            "purposes": list(wanted.purposes),
            "nbf": wanted.nbf,
            "exp": wanted.exp,
        },
    }
    return sealer.seal(request.request_id, "request", value)


def open_request(tx: Transaction, sealer: Sealer, row: exceptions.RequestRow) -> Request:
    """Open a request with its answers.

    Raises:
        Tampered: It was sealed for another document or asker, or an answer is not what was sealed.
    """
    value = sealer.open(row.request_id, "request", row.details)
    if (value["document"], value["requested_by"]) != (str(row.document_id), str(row.requested_by)):
        raise Tampered
    wanted = value["wanted"]
    return Request(
        request_id=row.request_id,
        document_id=row.document_id,
        ledger=value["ledger"],
        kind=RequestKind(value["kind"]),
        route=Route(value["route"]),
        wanted=wanted
        and Wanted(
            to=wanted["to"],
            view=View.parse(wanted["view"]),
            purposes=tuple(wanted["purposes"]),
            nbf=Instant(wanted["nbf"]),
            exp=Instant(wanted["exp"]),
        ),
        reason=value["reason"],
        attestation=value["attestation"],
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        answers=tuple(
            Answer(
                person=answer.person_id,
                consents=sealer.open(answer.person_id, f"answer/{row.request_id}", answer.details)[
                    "consents"
                ],
                answered_at=answer.answered_at,
            )
            for answer in exceptions.answers_to(tx, row.request_id)
        ),
    )


def seal_answer(sealer: Sealer, request_id: UUID, person: PersonId, *, consents: bool) -> bytes:
    """Seal one person's answer to one request: it counts for no other person and request."""
    return sealer.seal(person, f"answer/{request_id}", {"consents": consents})
