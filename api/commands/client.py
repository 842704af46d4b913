"""Cases and documents by command line."""

import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.commands.batch import Batch, content_disposition, files_in
from api.commands.calling import CaseArgument, Refused, Token, Url, calling, show
from api.commands.downloading import whole
from api.commands.options import Data
from api.commands.writing import write_verified

cases = typer.Typer(help="Cases: open, list, show, move.", no_args_is_help=True)
documents = typer.Typer(help="Documents: deposit, list, open.", no_args_is_help=True)

DocumentArgument = Annotated[UUID, typer.Argument(metavar="DOCUMENT")]


@cases.command("open")
def open_case(
    token: Token,
    title: Annotated[str, typer.Option(help="What the case is called; sealed.")],
    name: Annotated[str, typer.Option(help="Your name as the mediator; sealed.")],
    side: Annotated[list[str], typer.Option(help="Id of a side; give one for each.")],
    url: Url = None,
    data: Data = None,
) -> None:
    """Open a case and take the mediator's seat in it."""
    with calling(token, url, data) as http:
        show(http.post("/v1/cases", json={"title": title, "sides": side, "name": name}))


@cases.command("list")
def list_cases(token: Token, url: Url = None, data: Data = None) -> None:
    """List your cases."""
    with calling(token, url, data) as http:
        show(http.get("/v1/cases"))


@cases.command("show")
def show_case(token: Token, case: CaseArgument, url: Url = None, data: Data = None) -> None:
    """Show a case and who is seated in it."""
    with calling(token, url, data) as http:
        show(http.get(f"/v1/cases/{case}"))


@cases.command("seat")
def seat(
    token: Token,
    case: CaseArgument,
    person: Annotated[UUID, typer.Option(help="The person's id.")],
    seat_: Annotated[str, typer.Option("--seat", help="For example party:claimant or expert.")],
    name: Annotated[str, typer.Option(help="The person's name; sealed.")],
    organisation: Annotated[str | None, typer.Option(help="Sealed too.")] = None,
    until: Annotated[str | None, typer.Option(help="First instant without it, RFC 3339.")] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Seat a person in a case; the mediator does this."""
    body = {"person": str(person), "seat": seat_, "name": name}
    body |= {"organisation": organisation} if organisation else {}
    body |= {"seated_until": until} if until else {}
    with calling(token, url, data) as http:
        show(http.post(f"/v1/cases/{case}/participants", json=body))


@cases.command("phase")
def phase(
    token: Token,
    case: CaseArgument,
    phase_: Annotated[str, typer.Argument(metavar="PHASE")],
    url: Url = None,
    data: Data = None,
) -> None:
    """Move a case to a phase; the mediator does this."""
    with calling(token, url, data) as http:
        show(http.put(f"/v1/cases/{case}/phase", json={"phase": phase_}))


@cases.command("trail")
def trail(
    token: Token,
    case: CaseArgument,
    after: Annotated[int, typer.Option(help="Log index to go on after.")] = -1,
    url: Url = None,
    data: Data = None,
) -> None:
    """Show who did what in a case, as far as your seat may know it."""
    with calling(token, url, data) as http:
        show(http.get(f"/v1/cases/{case}/events", params={"after": after}))


@documents.command("deposit")
def deposit(
    token: Token,
    case: CaseArgument,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", exists=True, help="Files, or folders of them."),
    ],
    class_: Annotated[str, typer.Option("--class", help="A class of the vocabulary.")],
    provenance: Annotated[str, typer.Option(help="pre-existing or made-for-mediation.")],
    title: Annotated[str | None, typer.Option(help="The file's name if left out.")] = None,
    media_type: Annotated[str, typer.Option("--type")] = "application/octet-stream",
    joint: Annotated[bool, typer.Option("--joint", help="Of all sides; mediator only.")] = False,
    receipts: Annotated[
        Path | None,
        typer.Option(
            help="File to keep receipts in, a line each; what is in it is not sent again."
        ),
    ] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Deposit a document and print its receipt; or many, eight at a time, and print a summary."""
    said = {
        "Content-Type": media_type,
        "Subrosa-Class": class_,
        "Subrosa-Provenance": provenance,
        "Subrosa-Joint": "true" if joint else "false",
    }
    batch = Batch(case, said, title)
    with calling(token, url, data) as http:
        if len(paths) == 1 and paths[0].is_file() and receipts is None:
            show(batch.send(http, paths[0]))
            return
        if title is not None:
            raise typer.BadParameter("--title is for one file; each of many has its own name.")
        outcome = batch.send_all(http, files_in(paths), receipts)
    typer.echo(outcome.summary())
    for line in outcome.failures:
        typer.echo(line, err=True)
    if outcome.failures:
        raise typer.Exit(1)


@documents.command("redact")
def redact(
    token: Token,
    document: DocumentArgument,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    media_type: Annotated[str, typer.Option("--type")] = "application/octet-stream",
    url: Url = None,
    data: Data = None,
) -> None:
    """Deposit the redacted version of a document of your side."""
    headers = {"Content-Type": media_type, "Content-Disposition": content_disposition(file)}
    with calling(token, url, data) as http, file.open("rb") as content:
        show(http.post(f"/v1/documents/{document}/renditions", content=content, headers=headers))


@documents.command("show")
def show_document(
    token: Token, document: DocumentArgument, url: Url = None, data: Data = None
) -> None:
    """Show what your seat may know of a document, without its content."""
    with calling(token, url, data) as http:
        show(http.get(f"/v1/documents/{document}"))


@documents.command("open")
def open_document(
    token: Token,
    document: DocumentArgument,
    view: Annotated[str, typer.Option(help="full or redacted.")] = "full",
    out: Annotated[
        Path | None, typer.Option(help="New file to write; standard output if not.")
    ] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Open a document at a view; the access is on record before the first byte."""
    with (
        calling(token, url, data) as http,
        http.stream("GET", f"/v1/documents/{document}/content", params={"view": view}) as answer,
    ):
        if answer.is_error:
            answer.read()
            show(answer)
        if out is None:
            for piece in whole(answer):
                sys.stdout.buffer.write(piece)
            return
        try:
            write_verified(out, whole(answer))
        except FileExistsError as error:
            raise Refused(f"There is a file of this name already: {out}") from error
