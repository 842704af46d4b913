"""The main job by command line: each command is one HTTP request with the caller's own token."""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import httpx2
import typer

from api.commands.options import Data
from api.composition import announced_url
from api.settings import read_settings

cases = typer.Typer(help="Cases: open, list, show, move.", no_args_is_help=True)
agreements = typer.Typer(help="Agreements: propose, show, sign.", no_args_is_help=True)
documents = typer.Typer(help="Documents: deposit, list, open.", no_args_is_help=True)

Token = Annotated[
    str,
    typer.Option("--token", envvar="SUBROSA_TOKEN", help="Your bearer token.", show_default=False),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="SUBROSA_URL",
        help="Where the vault is; the one serving from --data if left out.",
    ),
]
CaseArgument = Annotated[UUID, typer.Argument(metavar="CASE")]
DocumentArgument = Annotated[UUID, typer.Argument(metavar="DOCUMENT")]

# Between two bytes, not for a whole transfer: large documents take what they take.
_SILENCE_S = 120


class Refused(Exception):
    """The vault said no; `str()` is its problem in a line."""


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
    with _vault(token, url, data) as http:
        _show(http.post("/v1/cases", json={"title": title, "sides": side, "name": name}))


@cases.command("list")
def list_cases(token: Token, url: Url = None, data: Data = None) -> None:
    """List your cases."""
    with _vault(token, url, data) as http:
        _show(http.get("/v1/cases"))


@cases.command("show")
def show_case(token: Token, case: CaseArgument, url: Url = None, data: Data = None) -> None:
    """Show a case and who is seated in it."""
    with _vault(token, url, data) as http:
        _show(http.get(f"/v1/cases/{case}"))


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
    with _vault(token, url, data) as http:
        _show(http.post(f"/v1/cases/{case}/participants", json=body))


@cases.command("phase")
def phase(
    token: Token,
    case: CaseArgument,
    phase_: Annotated[str, typer.Argument(metavar="PHASE")],
    url: Url = None,
    data: Data = None,
) -> None:
    """Move a case to a phase; the mediator does this."""
    with _vault(token, url, data) as http:
        _show(http.put(f"/v1/cases/{case}/phase", json={"phase": phase_}))


@cases.command("trail")
def trail(
    token: Token,
    case: CaseArgument,
    after: Annotated[int, typer.Option(help="Log index to go on after.")] = -1,
    url: Url = None,
    data: Data = None,
) -> None:
    """Show who did what in a case, as far as your seat may know it."""
    with _vault(token, url, data) as http:
        _show(http.get(f"/v1/cases/{case}/events", params={"after": after}))


@agreements.command("propose")
def propose(
    token: Token,
    case: CaseArgument,
    terms: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    url: Url = None,
    data: Data = None,
) -> None:
    """Propose an agreement from a JSON file (docs/scope-language.md)."""
    with _vault(token, url, data) as http:
        _show(
            http.post(
                f"/v1/cases/{case}/agreements",
                content=terms.read_bytes(),
                headers={"Content-Type": "application/json"},
            )
        )


@agreements.command("show")
def show_agreement(
    token: Token,
    case: CaseArgument,
    version: Annotated[int | None, typer.Argument()] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Show one version of the agreement, or all of them."""
    path = f"/v1/cases/{case}/agreements" + ("" if version is None else f"/{version}")
    with _vault(token, url, data) as http:
        _show(http.get(path))


@agreements.command("sign")
def sign(
    token: Token,
    case: CaseArgument,
    version: Annotated[int, typer.Argument()],
    digest: Annotated[str, typer.Argument(help="As you read it with `agreement show`.")],
    url: Url = None,
    data: Data = None,
) -> None:
    """Sign the exact version you have read."""
    with _vault(token, url, data) as http:
        path = f"/v1/cases/{case}/agreements/{version}/signatures"
        _show(http.post(path, json={"digest": digest}))


@documents.command("deposit")
def deposit(
    token: Token,
    case: CaseArgument,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    class_: Annotated[str, typer.Option("--class", help="A class of the vocabulary.")],
    provenance: Annotated[str, typer.Option(help="pre-existing or made-for-mediation.")],
    title: Annotated[str | None, typer.Option(help="The file's name if left out.")] = None,
    media_type: Annotated[str, typer.Option("--type")] = "application/octet-stream",
    joint: Annotated[bool, typer.Option("--joint", help="Of all sides; mediator only.")] = False,
    url: Url = None,
    data: Data = None,
) -> None:
    """Deposit a document and print its receipt."""
    headers = {
        **_of_file(file, media_type),
        "Subrosa-Class": class_,
        "Subrosa-Title": quote(title or file.name, safe=""),
        "Subrosa-Provenance": provenance,
        "Subrosa-Joint": "true" if joint else "false",
    }
    with _vault(token, url, data) as http, file.open("rb") as content:
        _show(http.post(f"/v1/cases/{case}/documents", content=content, headers=headers))


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
    headers = _of_file(file, media_type)
    with _vault(token, url, data) as http, file.open("rb") as content:
        _show(http.post(f"/v1/documents/{document}/renditions", content=content, headers=headers))


@documents.command("list")
def list_documents(
    token: Token,
    case: CaseArgument,
    purpose: Annotated[str | None, typer.Option()] = None,
    after: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """List the documents of a case as far as your seat may know them."""
    params = {name: value for name, value in {"purpose": purpose, "after": after}.items() if value}
    with _vault(token, url, data) as http:
        _show(http.get(f"/v1/cases/{case}/documents", params=params))


@documents.command("show")
def show_document(
    token: Token, document: DocumentArgument, url: Url = None, data: Data = None
) -> None:
    """Show what your seat may know of a document, without its content."""
    with _vault(token, url, data) as http:
        _show(http.get(f"/v1/documents/{document}"))


@documents.command("open")
def open_document(
    token: Token,
    document: DocumentArgument,
    view: Annotated[str, typer.Option(help="full or redacted.")] = "full",
    out: Annotated[Path | None, typer.Option(help="File to write; standard output if not.")] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Open a document at a view; the access is on record before the first byte."""
    with (
        _vault(token, url, data) as http,
        http.stream("GET", f"/v1/documents/{document}/content", params={"view": view}) as answer,
    ):
        if answer.is_error:
            answer.read()
            _show(answer)
        with out.open("wb") if out else sys.stdout.buffer as target:
            for chunk in answer.iter_bytes():
                target.write(chunk)


@contextmanager
def _vault(token: str, url: str | None, data: Path | None) -> Generator[httpx2.Client]:
    base = url or announced_url(read_settings(data=data))
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=base, headers=headers, timeout=_SILENCE_S) as http:
        try:
            yield http
        except httpx2.TransportError as error:
            raise Refused(f"No vault answers at {base}.") from error


def _of_file(file: Path, media_type: str) -> dict[str, str]:
    return {
        "Content-Type": media_type,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
    }


def _show(answer: httpx2.Response) -> None:
    """Print the answer as JSON, or raise the problem."""
    if answer.is_success:
        if answer.content:
            typer.echo(json.dumps(answer.json(), indent=2, ensure_ascii=False))
        return
    problem: dict[str, Any] = answer.json()
    clause = f" (clause {problem['clause']})" if problem.get("clause") else ""
    where = "".join(f" [{fault['pointer']}]" for fault in problem.get("errors", ()))
    raise Refused(f"{answer.status_code} {problem['title']}: {problem['detail']}{clause}{where}")
