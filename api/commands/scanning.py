"""What the operator does about deposits that nobody could scan; it shows ids and sizes alone."""

from typing import Annotated
from uuid import UUID

import typer

from api.commands.options import Data
from api.composition import open_vault
from api.settings import read_settings
from vault.ids import UploadId
from vault.intake import rescan
from vault.intake.rescan import Tried


def scan(
    data: Data = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what waits, and why; try nothing.")
    ] = False,
    accept: Annotated[
        UUID | None,
        typer.Option(
            metavar="UPLOAD",
            help="Let this one in unscanned: it is yours to answer for; on record.",
        ),
    ] = None,
) -> None:
    """Scan what waits in quarantine once more; exit with 1 if anything still waits."""
    with open_vault(read_settings(data=data)) as vault:
        if accept is not None:
            tried = [rescan.accept(vault, UploadId(accept))]
        elif dry_run:
            tried = [Tried(row, "waiting", row.why) for row in rescan.waiting(vault)]
        else:
            tried = list(rescan.try_all(vault))
    for one in tried:
        typer.echo(_line(one))
    waits = sum(one.outcome == "waiting" for one in tried)
    typer.echo(f"{waits} deposit{'' if waits == 1 else 's'} in quarantine.")
    if waits:
        raise typer.Exit(1)


def _line(tried: Tried) -> str:
    row = tried.row
    why = f" ({tried.why})" if tried.why else ""
    return (
        f"{row.upload_id}  case {row.case_id}  {row.size_bytes} bytes"
        f"  since {row.quarantined_at:%Y-%m-%d %H:%M}  tries {row.tries}: {tried.outcome}{why}"
    )
