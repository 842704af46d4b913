"""A participant's command is one HTTP request with a token of their own, answered in JSON."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx2
import typer

from api.composition import announced_url
from api.settings import read_settings

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

# Between two bytes, not for a whole transfer: large documents take what they take.
_SILENCE_S = 120


class Refused(Exception):
    """The vault said no; `str()` is its problem in a line."""


@contextmanager
def calling(token: str, url: str | None, data: Path | None) -> Generator[httpx2.Client]:
    """Speak to the vault with a token, for the length of the block.

    Raises:
        Refused: No vault answers.
    """
    base = url or announced_url(read_settings(data=data))
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=base, headers=headers, timeout=_SILENCE_S) as http:
        try:
            yield http
        except httpx2.TransportError as error:
            raise Refused(f"No vault answers at {base}.") from error


def show(answer: httpx2.Response, *, only: str | None = None) -> None:
    """Print the answer, or only one member of it, as JSON; or raise the problem."""
    if answer.is_success:
        if answer.content:
            value = read_json(answer) if only is None else read_json(answer)[only]
            typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
        return
    raise Refused(problem_in(answer))


def read_json(answer: httpx2.Response) -> Any:  # noqa: ANN401 — whatever the vault says
    """Return what the vault answered; Refused if it is not JSON."""
    try:
        return answer.json()
    except ValueError as error:
        raise Refused("What answers is no vault: its answer is not JSON.") from error


def problem_of(answer: httpx2.Response) -> dict[str, Any] | None:
    """Return the problem document of a refusal; None if it is none."""
    if answer.headers.get("content-type", "") != "application/problem+json":
        return None
    return answer.json()


def problem_in(answer: httpx2.Response) -> str:
    """Return a refusal in a line; also one that is not the vault's, such as a proxy's."""
    problem = problem_of(answer)
    if problem is None:
        return f"{answer.status_code}: something between here and the vault answers, or it is none."
    clause = f" (clause {problem['clause']})" if problem.get("clause") else ""
    where = "".join(f" [{fault['pointer']}]" for fault in problem.get("errors", ()))
    return f"{answer.status_code} {problem['title']}: {problem['detail']}{clause}{where}"
