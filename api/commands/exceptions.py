"""Requests, grants, claw-backs and the ends of seats by command line."""

from typing import Annotated
from uuid import UUID

import typer

from api.commands.calling import CaseArgument, Token, Url, calling, show
from api.commands.client import DocumentArgument, cases, documents
from api.commands.options import Data

requests = typer.Typer(
    help="Requests for exceptions: list, answer, withdraw what was granted.", no_args_is_help=True
)

ParticipantArgument = Annotated[UUID, typer.Argument(metavar="PARTICIPANT")]
Reason = Annotated[str, typer.Option(help="Why; sealed, and shown to those who answer.")]


@documents.command("grant")
def grant(
    token: Token,
    document: DocumentArgument,
    to: Annotated[str, typer.Option(help="A group such as expert, or a participant's id.")],
    reason: Reason,
    purpose: Annotated[list[str], typer.Option(help="Give one for each.")],
    view: Annotated[str, typer.Option(help="metadata, redacted or full.")] = "full",
    from_: Annotated[str | None, typer.Option("--from", help="First instant, RFC 3339.")] = None,
    until: Annotated[str | None, typer.Option(help="First instant without it.")] = None,
    alone: Annotated[bool, typer.Option("--alone", help="On the uploader's route.")] = False,
    attest: Annotated[
        bool, typer.Option("--attest", help="It reveals nothing said or done in the mediation.")
    ] = False,
    url: Url = None,
    data: Data = None,
) -> None:
    """Ask for a document to be granted beyond scope."""
    body: dict[str, object] = {
        "to": to,
        "reason": reason,
        "purposes": purpose,
        "view": view,
        "from": from_,
        "until": until,
        "route": "uploader" if alone else "consent",
        "attestation": attest,
    }
    with calling(token, url, data) as http:
        show(http.post(f"/v1/documents/{document}/requests", json=body))


@documents.command("claw-back")
def claw_back(token: Token, document: DocumentArgument, url: Url = None, data: Data = None) -> None:
    """Seal a document at once, and show who had opened it."""
    with calling(token, url, data) as http:
        show(http.post(f"/v1/documents/{document}/claw-back"))


@documents.command("lift")
def lift(
    token: Token,
    document: DocumentArgument,
    reason: Annotated[
        str | None, typer.Option(help="Ask those whom it belongs to, for this reason.")
    ] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Lift a claw-back of what you deposited; with a reason, ask for it."""
    path = f"/v1/documents/{document}/claw-back"
    with calling(token, url, data) as http:
        if reason is None:
            show(http.delete(path))
        else:
            show(http.post(f"{path}/requests", json={"reason": reason}))


@documents.command("readers")
def readers(token: Token, document: DocumentArgument, url: Url = None, data: Data = None) -> None:
    """Show who has opened a document of your side."""
    with calling(token, url, data) as http:
        show(http.get(f"/v1/documents/{document}/readers"))


@requests.command("list")
def list_exceptions(token: Token, case: CaseArgument, url: Url = None, data: Data = None) -> None:
    """List the requests, grants and claw-backs that concern you."""
    with calling(token, url, data) as http:
        show(http.get(f"/v1/cases/{case}/exceptions"))


@requests.command("answer")
def answer(
    token: Token,
    request: Annotated[UUID, typer.Argument(metavar="REQUEST")],
    answer_: Annotated[str, typer.Argument(metavar="ANSWER", help="consent or refuse.")],
    url: Url = None,
    data: Data = None,
) -> None:
    """Consent to a request, or refuse and close it; once and for good."""
    with calling(token, url, data) as http:
        show(http.post(f"/v1/requests/{request}/answers", json={"answer": answer_}))


@requests.command("withdraw")
def withdraw(
    token: Token,
    case: CaseArgument,
    grant: Annotated[int, typer.Argument(metavar="GRANT", help="Its number.")],
    url: Url = None,
    data: Data = None,
) -> None:
    """Withdraw a grant that was made."""
    with calling(token, url, data) as http:
        show(http.delete(f"/v1/cases/{case}/grants/{grant}"))


@cases.command("seat-until")
def seat_until(
    token: Token,
    case: CaseArgument,
    participant: ParticipantArgument,
    until: Annotated[
        str | None, typer.Argument(help="First instant without the seat; none if left out.")
    ] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Let a seat end sooner or later; an instant that has passed means now."""
    with calling(token, url, data) as http:
        path = f"/v1/cases/{case}/participants/{participant}"
        show(http.put(path, json={"seated_until": until}))


@cases.command("step-down")
def step_down(
    token: Token,
    case: CaseArgument,
    participant: ParticipantArgument,
    url: Url = None,
    data: Data = None,
) -> None:
    """Give your seat up for a conflict of interest, at once and for good."""
    with calling(token, url, data) as http:
        show(http.post(f"/v1/cases/{case}/participants/{participant}/step-down"))


@cases.command("preview")
def preview(
    token: Token,
    case: CaseArgument,
    phase: Annotated[str, typer.Argument(metavar="PHASE")],
    url: Url = None,
    data: Data = None,
) -> None:
    """Show what each seat would gain or lose if the case entered a phase."""
    with calling(token, url, data) as http:
        show(http.get(f"/v1/cases/{case}/phases/{phase}"))


@cases.command("notices")
def notices(token: Token, case: CaseArgument, url: Url = None, data: Data = None) -> None:
    """Show what you must be told in a case."""
    with calling(token, url, data) as http:
        show(http.get(f"/v1/cases/{case}/notices"))
