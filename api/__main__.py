"""The `subrosa` command: what cannot be done is said in one sentence, without a traceback."""

import sys

import typer

from api.commands import (
    agreements,
    audit,
    calling,
    client,
    demo,
    erasing,
    exceptions,
    lists,
    open_file,
    operate,
    receipts,
    restore,
    scanning,
    serve,
)
from api.core_dumps import forbid_core_dumps
from api.demo.journey import ExtraMissing
from api.demo.people import Stopped
from api.embedded.services import EmbeddedRefused
from api.identity.signing import KeyFileRefused
from api.settings import SettingsRefused
from vault.database.migrate import OriginDiffers, VaultTooOld
from vault.errors import VaultError
from vault.keyring.port import RootKeyRefused
from vault.sealing import exported
from vault.storage.features import StoreLacks

app = typer.Typer(
    name="subrosa",
    help="A confidentiality-scoped document vault for mediation.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback with local values could show what is sealed.
    pretty_exceptions_enable=False,
)
for command in (
    serve.up,
    demo.demo,
    operate.migrate,
    operate.token,
    operate.check,
    operate.sweep,
    restore.restore_from_bucket,
    open_file.open_file,
    erasing.scrub,
    scanning.scan,
):
    app.command()(command)
app.add_typer(operate.keys, name="key")
app.add_typer(audit.commands, name="audit")
app.add_typer(receipts.receipts, name="receipt")
app.add_typer(erasing.hold, name="hold")
app.add_typer(erasing.erase, name="erase")
app.add_typer(erasing.erasure, name="erasure")
app.add_typer(client.cases, name="case")
app.add_typer(agreements.agreements, name="agreement")
app.add_typer(agreements.signing_keys, name="signing-key")
app.add_typer(client.documents, name="document")
app.add_typer(exceptions.requests, name="request")
app.add_typer(lists.scope, name="scope")

_SENTENCES = (
    SettingsRefused,
    EmbeddedRefused,
    RootKeyRefused,
    OriginDiffers,
    VaultTooOld,
    serve.PortTaken,
    serve.ServingEnded,
    calling.Refused,
    restore.NotWritten,
    exported.KeyFileRefused,
    StoreLacks,
    KeyFileRefused,
    Stopped,
    ExtraMissing,
    VaultError,
)


def main() -> None:
    """Run one command."""
    forbid_core_dumps()
    try:
        app()
    except _SENTENCES as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
