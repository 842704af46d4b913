"""What the operator does so that what is kept stays whole, and what is erased is gone for good."""

import time
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.commands.options import Data
from api.composition import open_vault
from api.settings import Settings, read_settings
from vault.audit.certificates import Certificate, verify_certificate
from vault.audit.notes import NoteRefused, VerifyKey
from vault.disposition import erasure as erasures
from vault.disposition import holds
from vault.disposition.erasure import Erased
from vault.disposition.plans import Order, inventory_digest
from vault.ids import CaseId, DocumentId
from vault.upkeep.fixity import Pace
from vault.upkeep.fixity import scrub as run_scrub

hold = typer.Typer(help="Holds: what is under one is not erased.", no_args_is_help=True)
erase = typer.Typer(
    help="Erase for good, with a certificate; run it again to finish what was interrupted.",
    no_args_is_help=True,
)
erasure = typer.Typer(help="Certificates of erasure.", no_args_is_help=True)

_MIB = 1 << 20

_Reason = Annotated[str, typer.Option(help="Why; one line, which stands in the certificate.")]
_By = Annotated[str, typer.Option(help="Who orders it, as the certificate names them.")]
_Out = Annotated[
    Path,
    typer.Option(help="Directory for certificate and inventory.", exists=True, file_okay=False),
]


def scrub(
    data: Data = None,
    rate: Annotated[float, typer.Option(min=0.001, help="MiB a second at most.")] = 20.0,
    case: Annotated[UUID | None, typer.Option(help="Only documents of this case.")] = None,
) -> None:
    """Read every stored document and authenticate it; exit with 1 if anything is not whole.

    A pass that was interrupted goes on where it was.
    """
    with open_vault(read_settings(data=data)) as vault:
        pace = Pace(rate * _MIB, time.monotonic, time.sleep)
        done = run_scrub(vault, pace, None if case is None else CaseId(case))
    for found in done.here:
        typer.echo(f"Rendition {found.rendition_id} of case {found.case_id}: {found.what}")
    typer.echo(
        f"{done.renditions} renditions, {done.bytes} bytes read in this pass:"
        f" {done.findings} not whole."
    )
    if done.findings:
        raise typer.Exit(1)


@hold.command("place")
def place(
    reason: Annotated[str, typer.Option(help="Why; one line, sealed.")],
    data: Data = None,
    case: Annotated[UUID | None, typer.Option(help="Hold this case, documents and all.")] = None,
    document: Annotated[UUID | None, typer.Option(help="Hold this document.")] = None,
) -> None:
    """Keep a case or a document from being erased; prints the hold's id."""
    if (case is None) == (document is None):
        raise typer.BadParameter("Give either --case or --document.")
    with open_vault(read_settings(data=data)) as vault:
        if document is not None:
            placed = holds.place_on_document(vault, DocumentId(document), reason)
        else:
            assert case is not None
            placed = holds.place_on_case(vault, CaseId(case), reason)
    typer.echo(str(placed.hold_id))


@hold.command("lift")
def lift(hold_id: Annotated[UUID, typer.Argument(metavar="HOLD")], data: Data = None) -> None:
    """End a hold."""
    with open_vault(read_settings(data=data)) as vault:
        holds.lift(vault, hold_id)
    typer.echo("Lifted.")


@hold.command("list")
def list_holds(data: Data = None) -> None:
    """List every hold: its id, what is held, since when, until when, and why."""
    with open_vault(read_settings(data=data)) as vault:
        found = holds.list_holds(vault)
    for placed in found:
        what = f"document {placed.document_id}" if placed.document_id else f"case {placed.case_id}"
        until = f" until {placed.lifted_at:%Y-%m-%d}" if placed.lifted_at else ""
        since = f"since {placed.placed_at:%Y-%m-%d}{until}"
        typer.echo(f"{placed.hold_id}  {what}  {since}  {placed.reason}")


@erase.command("document")
def erase_document(
    document: Annotated[UUID, typer.Argument(metavar="DOCUMENT")],
    reason: _Reason,
    by: _By = "the operator",
    out: _Out = Path(),
    data: Data = None,
) -> None:
    """Erase one document in all its versions."""
    settings = read_settings(data=data)
    with open_vault(settings) as vault:
        order = _order(settings, by, reason)
        _write(out, erasures.erase_document(vault, DocumentId(document), order))


@erase.command("case")
def erase_case(
    case: Annotated[UUID, typer.Argument(metavar="CASE")],
    reason: _Reason,
    by: _By = "the operator",
    out: _Out = Path(),
    data: Data = None,
) -> None:
    """Erase a case with all that was ever deposited, agreed or said in it."""
    settings = read_settings(data=data)
    with open_vault(settings) as vault:
        order = _order(settings, by, reason)
        _write(out, erasures.erase_case(vault, CaseId(case), order))


@erasure.command("show")
def show(
    erased: Annotated[UUID, typer.Argument(help="The document or case that was erased.")],
    out: _Out = Path(),
    data: Data = None,
) -> None:
    """Write the certificate of an erasure once more."""
    with open_vault(read_settings(data=data)) as vault:
        _write(out, erasures.find_erased(vault, erased))


@erasure.command("verify")
def verify(
    path: Annotated[
        Path, typer.Argument(metavar="CERTIFICATE", exists=True, dir_okay=False, help="As written.")
    ],
    key: Annotated[str, typer.Option(help="The vault's key for erasures, from `audit keys`.")],
    inventory: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The inventory that goes with it."),
    ] = None,
) -> None:
    """Verify a certificate of erasure without the vault; exit with 1 if it is false."""
    try:
        said = verify_certificate(path.read_text(encoding="utf-8"), VerifyKey.parse(key))
    except (NoteRefused, UnicodeDecodeError) as refusal:
        typer.echo(f"The certificate does NOT verify: {_said_of(refusal)}")
        raise typer.Exit(1) from refusal
    if inventory is not None and inventory_digest(inventory.read_bytes()) != said.inventory_sha256:
        typer.echo("The inventory is NOT the one that the certificate is about.")
        raise typer.Exit(1)
    _explain(said)


def _said_of(refusal: Exception) -> str:
    return str(refusal) if isinstance(refusal, NoteRefused) else "This is not text."


def _order(settings: Settings, by: str, reason: str) -> Order:
    days = settings.backup_retention_days
    return Order(ordered_by=by, reason=reason, backup_retention_days=days)


def _write(out: Path, done: Erased) -> None:
    certificate = out / f"{done.erasure_id}.certificate"
    certificate.write_text(done.certificate, encoding="utf-8")
    inventory = out / f"{done.erasure_id}.inventory"
    inventory.write_text(done.inventory, encoding="utf-8")
    typer.echo(f"Erased. Certificate: {certificate}; inventory: {inventory}.")


def _explain(said: Certificate) -> None:
    what = f"case {said.case}" if said.document is None else f"document {said.document}"
    typer.echo(f"The certificate verifies: {what} was erased by cryptographic erase,")
    typer.echo(f"ordered {said.ordered_at:%Y-%m-%d} by {said.ordered_by}: {said.reason}")
    typer.echo(f"{said.objects} objects removed; order on record in log entry {said.log_index}.")
    for refusal in said.refused:
        typer.echo(f"Tried: {refusal}.")
    for what_not in said.unreached:
        typer.echo(f"Not reached: {what_not}.")
    typer.echo(f"Database backups from before end {said.backups_until:%Y-%m-%d}.")
