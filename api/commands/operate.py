"""What the operator does: keys, tokens, migrations, checks. None of it shows content or names."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.commands.options import Data
from api.composition import open_vault, owners_database
from api.identity.tokens import issue_token
from api.settings import read_owner, read_settings
from vault.database.migrate import migrate as run_migrations
from vault.ids import CaseId, PersonId
from vault.inspection.verification import check_vault
from vault.intake.unfinished import sweep as sweep_uploads
from vault.intake.unfinished import unended
from vault.keyring.root import FileRootKey
from vault.proceedings import people
from vault.upkeep import rotation
from vault.upkeep.inventory import mend_bucket
from vault.upkeep.orphans import Orphans, sweep_orphans

keys = typer.Typer(help="Root keys.", no_args_is_help=True)


@keys.command("new")
def new_key(path: Annotated[Path, typer.Argument(help="File to make; it must not exist.")]) -> None:
    """Make a root key file: 32 random bytes that only you can read."""
    FileRootKey.create(path)
    typer.echo(f"Made {path}, readable by you alone. Keep a sealed copy off this machine.")


@keys.command("rotate")
def rotate_keys(
    data: Data = None,
    case: Annotated[
        UUID | None,
        typer.Option(help="Give this case a new wrapping key of its own in the provider instead."),
    ] = None,
) -> None:
    """Wrap every key anew under the root key in use now; run it again if it was interrupted."""
    settings = read_settings(data=data)
    with open_vault(settings) as vault, owners_database(settings) as owner:
        if case is not None:
            rotation.rotate_case(vault, owner, CaseId(case))
            typer.echo(f"The key of case {case} is wrapped under a new key of its own.")
            return
        done = rotation.rotate_root(vault, owner)
    typer.echo(f"{done.wrapped} keys wrapped anew, {done.current} were so already.")
    for holder in done.refused:
        typer.echo(f"The key of {holder} does not open; it was left as it is.")
    if done.refused:
        raise typer.Exit(1)


def migrate() -> None:
    """Bring a real database's schema up to date, under the owner's role; run before `up`."""
    owner_url, log_origin = read_owner()
    run_migrations(owner_url, log_origin=log_origin)
    typer.echo("The schema is up to date.")


def token(
    data: Data = None,
    person: Annotated[
        UUID | None, typer.Option(help="Whom the token stands for; a new person if left out.")
    ] = None,
    opens_cases: Annotated[
        bool, typer.Option("--opens-cases", help="Let the new person open cases as a mediator.")
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days until it expires.")] = 30,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Revoke every token of the person instead.")
    ] = False,
) -> None:
    """Make a bearer token and show it once; a new person comes with it unless one is named."""
    if revoke and person is None:
        raise typer.BadParameter("--revoke needs --person.")
    if opens_cases and person is not None:
        raise typer.BadParameter("--opens-cases is for a new person.")
    with open_vault(read_settings(data=data)) as vault:
        if revoke and person is not None:
            count = people.revoke_tokens(vault, PersonId(person))
            typer.echo(f"Revoked {count} token{'' if count == 1 else 's'}.")
            return
        whom = people.enrol(vault, opens_cases=opens_cases) if person is None else PersonId(person)
        made = issue_token(vault, whom, timedelta(days=days))
        typer.echo(json.dumps({"person": str(whom), "token": made}))


def sweep(
    data: Data = None,
    hours: Annotated[
        int, typer.Option(min=1, help="Only uploads of which nothing has come for so long.")
    ] = 24,
    orphans: Annotated[
        bool, typer.Option("--orphans", help="Also remove objects that nothing refers to.")
    ] = False,
    grace: Annotated[
        int,
        typer.Option(min=0, help="Hours for which an object that nothing refers to is kept."),
    ] = 168,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed; remove nothing.")
    ] = False,
) -> None:
    """Remove what uploads that never ended left in the store.

    An object that nothing refers to is removed by the second run that meets it, a grace later.
    """
    with open_vault(read_settings(data=data)) as vault:
        silent_since = vault.clock() - timedelta(hours=hours)
        if dry_run:
            count = unended(vault, silent_since)
            typer.echo(f"{count} unfinished upload{'' if count == 1 else 's'} would be ended.")
        else:
            count = sweep_uploads(vault, silent_since)
            typer.echo(
                f"Removed what {count} unfinished upload{'' if count == 1 else 's'} left behind."
            )
        if orphans:
            _show_orphans(sweep_orphans(vault, timedelta(hours=grace), dry_run=dry_run), dry_run)


def _show_orphans(found: Orphans, dry_run: bool) -> None:  # noqa: FBT001 -- passed on as typed
    """Print the name of every object that nothing refers to, and what became of it."""
    for word, names in (
        ("would be removed" if dry_run else "removed", found.removed),
        ("waits for its grace to end", found.waiting),
        ("is none of ours, and stays", found.unknown),
    ):
        for name in names:
            typer.echo(f"{name}: {word}")


def check(
    data: Data = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Compare lengths; do not open the content.")
    ] = False,
    mend: Annotated[
        bool,
        typer.Option("--mend", help="First write manifests and case keys that the bucket lacks."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare rows, objects and log on a live vault; exit with 1 if anything does not agree.

    The bucket is first tried for every feature that the vault needs of it.
    """
    with open_vault(read_settings(data=data), probing=True) as vault:
        if mend:
            count = mend_bucket(vault)
            typer.echo(f"Wrote {count} object{'' if count == 1 else 's'} anew.", err=as_json)
        verdict = check_vault(vault, content=not quick)
    if as_json:
        typer.echo(json.dumps(verdict.to_json(), indent=2))
    else:
        for problem in verdict.problems:
            typer.echo(problem)
        typer.echo(verdict.summary())
    if verdict.problems:
        raise typer.Exit(1)
