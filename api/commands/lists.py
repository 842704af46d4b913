"""By command line: what one may know of, as a list, a count or a file; and what a seat may see."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from api.commands.calling import CaseArgument, Token, Url, calling, show
from api.commands.client import documents
from api.commands.options import Data

scope = typer.Typer(help="The scope in force: explain it, look as another.", no_args_is_help=True)

Purpose = Annotated[str | None, typer.Option(help="Why, on record.")]
Class = Annotated[str | None, typer.Option("--class", help="Only of this class.")]
Origin = Annotated[str | None, typer.Option(help="Only what this side deposited.")]
Provenance = Annotated[str | None, typer.Option(help="Only of this provenance.")]
Search = Annotated[str | None, typer.Option(help="A part of the title or of a file's name.")]
Uncovered = Annotated[
    bool, typer.Option("--uncovered", help="Only what no clause gives to anybody now.")
]


@documents.command("list")
def list_documents(
    token: Token,
    case: CaseArgument,
    purpose: Purpose = None,
    class_: Class = None,
    origin: Origin = None,
    provenance: Provenance = None,
    search: Search = None,
    uncovered: Uncovered = False,
    order: Annotated[str, typer.Option(help="oldest, newest, class or title.")] = "oldest",
    after: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """List the documents of a case as far as your seat may know them."""
    asked = _filters(purpose, class_, origin, provenance, uncovered=uncovered)
    with calling(token, url, data) as http:
        params = _given(**asked, search=search, order=order, after=after)
        show(http.get(f"/v1/cases/{case}/documents", params=params))


@documents.command("count")
def count_documents(
    token: Token,
    case: CaseArgument,
    purpose: Purpose = None,
    class_: Class = None,
    origin: Origin = None,
    provenance: Provenance = None,
    uncovered: Uncovered = False,
    url: Url = None,
    data: Data = None,
) -> None:
    """Count the documents of a case as far as your seat may know them."""
    asked = _filters(purpose, class_, origin, provenance, uncovered=uncovered)
    with calling(token, url, data) as http:
        show(http.get(f"/v1/cases/{case}/documents/count", params=asked))


@documents.command("export")
def export_documents(
    token: Token,
    case: CaseArgument,
    out: Annotated[Path, typer.Argument(help="File to write.", dir_okay=False)],
    format_: Annotated[str, typer.Option("--format", help="csv or jsonl.")] = "csv",
    purpose: Purpose = None,
    class_: Class = None,
    origin: Origin = None,
    provenance: Provenance = None,
    search: Search = None,
    uncovered: Uncovered = False,
    url: Url = None,
    data: Data = None,
) -> None:
    """Write the whole list of a case, as far as your seat may know it, to a file."""
    asked = _filters(purpose, class_, origin, provenance, uncovered=uncovered)
    params = _given(**asked, search=search, format=format_)
    with (
        calling(token, url, data) as http,
        http.stream("GET", f"/v1/cases/{case}/documents/export", params=params) as answer,
    ):
        if answer.is_error:
            answer.read()
            show(answer)
        with out.open("wb") as target:
            for chunk in answer.iter_bytes():
                target.write(chunk)


@scope.command("explain")
def explain(
    token: Token,
    case: CaseArgument,
    class_: Annotated[str, typer.Option("--class", help="A class of the vocabulary.")],
    origin: Annotated[str, typer.Option(help="Whose document.")],
    view: Annotated[str, typer.Option(help="metadata, redacted or full.")] = "full",
    provenance: Annotated[str, typer.Option(help="As it is deposited.")] = "pre-existing",
    purpose: Purpose = None,
    phase: Annotated[str | None, typer.Option(help="The case's own if left out.")] = None,
    at: Annotated[str | None, typer.Option(help="An instant, RFC 3339; now if left out.")] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Explain what your seat would have of a kind of document, and what would change it."""
    kind = {"class": class_, "origin": origin, "provenance": provenance, "view": view}
    with calling(token, url, data) as http:
        body = {**kind, **_given(purpose=purpose, phase=phase, at=at)}
        show(http.post(f"/v1/cases/{case}/explanations", json=body))


@scope.command("view-as")
def view_as(
    token: Token,
    case: CaseArgument,
    participant: Annotated[UUID, typer.Argument(metavar="PARTICIPANT")],
    purpose: Purpose = None,
    after: Annotated[str | None, typer.Option(help="`next` of the page before.")] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Show what a seat you answer for may see, without opening anything; on record."""
    with calling(token, url, data) as http:
        params = _given(purpose=purpose, after=after)
        show(http.get(f"/v1/cases/{case}/view-as/{participant}", params=params))


def _filters(
    purpose: str | None,
    class_: str | None,
    origin: str | None,
    provenance: str | None,
    *,
    uncovered: bool,
) -> dict[str, Any]:
    given = {"purpose": purpose, "class": class_, "origin": origin, "provenance": provenance}
    return _given(**given, uncovered="true" if uncovered else None)


def _given(**values: str | None) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
