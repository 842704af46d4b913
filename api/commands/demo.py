"""`subrosa demo` does the main job on a sample case over HTTP and shows who sees what."""

import json
import sys
from datetime import timedelta
from functools import partial
from typing import Annotated

import typer
from rich.console import Console

from api.commands.options import Data
from api.commands.serve import listening, serving, with_address
from api.commands.stopping import Stopping
from api.composition import open_vault
from api.demo.journey import run
from api.demo.outcome import Outcome
from api.demo.people import People
from api.demo.table import print_outcome, print_ways_in
from api.identity.tokens import issue_token
from api.settings import read_settings
from vault.core import Vault
from vault.inspection.verification import check_vault
from vault.proceedings import people

_TOKENS_LIVE = timedelta(days=7)
_NARROWEST = 100


def demo(
    data: Data = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.")] = None,
    once: Annotated[
        bool, typer.Option("--once", help="End when the case is done; 1 if anything is off.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of tables, and end.")
    ] = False,
) -> None:
    """Do the main job on a sample case, show who sees what and by which clause, and serve it."""
    ends = once or as_json
    settings = with_address(read_settings(data=data), None, 0 if ends and port is None else port)
    stopping = Stopping()
    stopping.heed_signals()
    with (
        listening(settings) as listener,
        open_vault(settings, alone=True) as vault,
        serving(vault, settings, listener, stopping) as url,
    ):
        progress = Console(stderr=True, highlight=False)
        cast = People.enrolled(partial(_enrol, vault))

        def say(step: str) -> None:
            stopping.unwind()
            progress.print(step)

        outcome = _verified(vault, run(url, cast, say))
        if as_json:
            typer.echo(json.dumps(outcome.to_json(), indent=2))
        else:
            # Narrower, the matrix of seats would lose words; a terminal wraps what does not fit.
            console = Console(highlight=False, width=max(_NARROWEST, Console().width))
            print_outcome(outcome, console)
            if not ends:
                print_ways_in(outcome, cast, url, console)
                typer.echo(f"Serving at {url} — data in {settings.data}; Ctrl-C stops it.")
        if not ends:
            stopping.wait()
    if outcome.off:
        sys.exit(1)


def _enrol(vault: Vault, *, opens_cases: bool) -> tuple[str, str]:
    person = people.enrol(vault, opens_cases=opens_cases)
    return str(person), issue_token(vault, person, _TOKENS_LIVE)


def _verified(vault: Vault, outcome: Outcome) -> Outcome:
    """Compare rows, objects and log after the run, as `subrosa check` does."""
    verdict = check_vault(vault, content=True)
    return outcome.with_log(verdict.entries, verdict.root.hex(), verified=not verdict.problems)
