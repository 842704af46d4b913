"""A receipt is verified by whoever holds it, without the vault and without a network."""

from pathlib import Path
from typing import Annotated

import typer

from vault.audit.events import instant_text
from vault.audit.notes import NoteRefused, VerifyKey
from vault.audit.receipts import verify_receipt

receipts = typer.Typer(help="Receipts of deposits.", no_args_is_help=True)


@receipts.command()
def verify(
    path: Annotated[
        Path, typer.Argument(metavar="RECEIPT", exists=True, dir_okay=False, help="As deposited.")
    ],
    key: Annotated[str, typer.Option(help="The vault's key for receipts, from `audit keys`.")],
) -> None:
    """Verify a receipt by the vault's public key, offline; exit with 1 if it is false."""
    try:
        found = verify_receipt(path.read_text(encoding="utf-8"), VerifyKey.parse(key))
    except (NoteRefused, UnicodeDecodeError) as refusal:
        typer.echo("The receipt does NOT verify: it was changed, or another key signed it.")
        raise typer.Exit(1) from refusal
    typer.echo("The receipt verifies. The vault says that it received")
    for name, value in (
        ("case", found.case),
        ("document", found.document),
        ("view", found.view),
        ("sha256", found.sha256),
        ("size", f"{found.size_bytes} bytes"),
        ("time", instant_text(found.deposited_at)),
        ("log entry", found.log_index),
    ):
        typer.echo(f"  {name:10}{value}")
