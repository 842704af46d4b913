"""`subrosa restore-from-bucket` writes what a bucket holds into files of the operator alone."""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.commands.options import Data
from api.commands.writing import new_file, write_verified
from api.composition import open_bucket
from api.settings import SettingsRefused, read_bucket
from vault.errors import Tampered
from vault.ids import CaseId
from vault.upkeep.restoring import Refusal, Restorable, restorable

# Of a name that somebody typed, what looks like the kind of file is kept, and nothing else.
_KIND_OF_FILE = re.compile(r"\.[A-Za-z0-9]{1,8}")
_DAMAGED = "Its bytes are not the ones of its manifest."


class NotWritten(Exception):
    """What was opened cannot be kept; `str()` is one sentence for whoever asked for it."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"What to write to cannot be written: {error.strerror}.")


def restore_from_bucket(
    out: Annotated[Path, typer.Option(help="Directory to make; it must not exist, or be empty.")],
    data: Data = None,
    case: Annotated[UUID | None, typer.Option(help="Only this case.")] = None,
    sealed: Annotated[
        bool,
        typer.Option("--sealed", help="Write each sealed, with manifest and data key beside it."),
    ] = False,
) -> None:
    """Write every document of the bucket that verifies; needs the root key and no database.

    Nobody's agreement is asked and nothing goes on record: this is for whoever holds the root key,
    when the database is lost. Exit with 1 if anything could not be opened and verified.
    """
    settings = read_bucket(data=data)
    restored = refused = 0
    try:
        _make_directory(out)
        with open_bucket(settings) as (store, keyring), new_file(out / "index.jsonl", "w") as index:
            for found in restorable(store, keyring, None if case is None else CaseId(case)):
                if isinstance(found, Restorable):
                    line = _restored(found, out, sealed=sealed)
                else:
                    line = _refused(found)
                json.dump(line, index, ensure_ascii=True)
                index.write("\n")
                if "why" in line:
                    refused += 1
                    typer.echo(f"{_shown(str(line['object']))}: {line['why']}", err=True)
                else:
                    restored += 1
    except OSError as error:
        raise NotWritten(error) from error
    typer.echo(
        f"Restored {_counted(restored, 'document')}; "
        f"{_counted(refused, 'object')} could not be verified."
    )
    if refused:
        raise typer.Exit(1)


def _restored(found: Restorable, out: Path, *, sealed: bool) -> dict[str, object]:
    """Write a document if every byte of it verifies, and leave nothing of it if one does not."""
    manifest = found.manifest
    folder = out / str(manifest.context.case)
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{manifest.context.rendition}{_kind_of_file(manifest.file_name)}"
    try:
        if sealed:
            path = folder / f"{manifest.context.rendition}.sealed"
            _write_sealed(path, found)
        else:
            write_verified(path, found.content())
    except Tampered:
        return _refused(Refusal(found.name, _DAMAGED))
    said = {name: value for name, value in manifest.to_json().items() if name != "headers"}
    return {"file": str(path.relative_to(out)), **said}


def _write_sealed(path: Path, found: Restorable) -> None:
    """Write object, manifest and data key, as `subrosa open-file` takes them."""
    for _ in found.content():
        # What does not verify is not handed on as if it did.
        pass
    write_verified(path, found.object())
    write_verified(path.with_suffix(".manifest"), [found.sealed_manifest.encoded()])
    write_verified(path.with_suffix(".key"), [found.exported_key().text().encode()])


def _refused(found: Refusal) -> dict[str, object]:
    return {"object": found.name, "why": found.why}


def _make_directory(out: Path) -> None:
    with suppress(FileExistsError):
        out.mkdir(mode=0o700)
    if not out.is_dir() or any(out.iterdir()):
        raise SettingsRefused("The directory to restore to must not exist, or be empty.")


def _kind_of_file(name: str | None) -> str:
    suffix = "" if name is None else name[name.rfind(".") :]
    return suffix.lower() if _KIND_OF_FILE.fullmatch(suffix) else ""


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _shown(name: str) -> str:
    """Return a name that somebody with access to the bucket chose, fit for a terminal."""
    return name if name.isascii() and name.isprintable() else ascii(name)
