"""What an auditor does with the log on this machine: verify it, and make its decisions again."""

import json
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.commands.options import Data
from api.composition import open_vault
from api.settings import read_settings
from vault.ids import CaseId
from vault.inspection.replay import replay as replay_decisions
from vault.inspection.verification import verify_the_log

commands = typer.Typer(
    help="The log: take a checkpoint, verify everything, decide again.", no_args_is_help=True
)


@commands.command()
def checkpoint(data: Data = None) -> None:
    """Print the log's signed checkpoint; keep it where this vault's operators cannot write."""
    with open_vault(read_settings(data=data)) as vault:
        typer.echo(vault.log.checkpoint(), nl=False)


@commands.command("keys")
def verifier_keys(data: Data = None) -> None:
    """Print the public keys of checkpoints, receipts and erasures (C2SP signed-note)."""
    with open_vault(read_settings(data=data)) as vault:
        typer.echo(vault.checkpoint_verifier.vkey())
        typer.echo(vault.receipt_key.vkey())
        typer.echo(vault.erasure_key.vkey())


@commands.command()
def verify(
    data: Data = None,
    against: Annotated[
        Path | None,
        typer.Option(
            help="A checkpoint kept from before: proves that nothing was rewritten since.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Recompute the whole log from the database; exit with 1 if anything does not agree."""
    note = None if against is None else against.read_text(encoding="utf-8")
    with open_vault(read_settings(data=data)) as vault:
        verdict = verify_the_log(vault, against=note)
    for problem in verdict.problems:
        typer.echo(problem)
    if verdict.problems:
        typer.echo(f"The log does NOT verify: {len(verdict.problems)} problems.")
        raise typer.Exit(1)
    since = "" if note is None else " Nothing was rewritten since that checkpoint."
    typer.echo(f"The log verifies: {verdict.size} entries, root {verdict.root.hex()}.{since}")


@commands.command()
def replay(
    data: Data = None,
    case: Annotated[UUID | None, typer.Option(help="Only entries of this case.")] = None,
    index: Annotated[int | None, typer.Option(min=0, help="Only this entry of the log.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make every decision on record again, by stock Casbin; exit with 1 if one differs."""
    with open_vault(read_settings(data=data)) as vault:
        verdict = replay_decisions(vault, case=None if case is None else CaseId(case), index=index)
    if as_json:
        typer.echo(json.dumps(verdict.to_json(), indent=2))
    else:
        for problem in verdict.problems:
            typer.echo(problem)
        typer.echo(verdict.summary())
    if verdict.differing:
        raise typer.Exit(1)
