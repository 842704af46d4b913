"""`subrosa open-file` opens a sealed document that was exported, without a vault or a network."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.restore import NotWritten
from api.commands.writing import write_verified
from vault.errors import Tampered
from vault.sealing.exported import (
    LONGEST_KEY_FILE_BYTES,
    ExportedKey,
    KeyFileRefused,
    open_exported,
)
from vault.sealing.manifests import LONGEST_BYTES


def open_file(
    sealed: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="The object, as it was exported.")
    ],
    key: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Its key file.")],
    out: Annotated[Path, typer.Option(help="File to write; there must be none of this name.")],
    manifest: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Its manifest: pins each part's header."),
    ] = None,
) -> None:
    """Open an exported document offline; exit with 1, and write nothing, if it was changed."""
    try:
        exported = ExportedKey.parse(_short(key, LONGEST_KEY_FILE_BYTES).decode("ascii"))
        pinned = None if manifest is None else _short(manifest, LONGEST_BYTES)
        with sealed.open("rb") as file:
            write_verified(out, open_exported(file, exported, pinned))
    except UnicodeDecodeError as error:
        raise KeyFileRefused from error
    except Tampered as refusal:
        typer.echo("It does NOT open: these files do not belong together, or one was changed.")
        raise typer.Exit(1) from refusal
    except OSError as error:
        raise NotWritten(error) from error
    typer.echo(f"Opened {exported.layout.size_bytes} bytes, SHA-256 {exported.sha256}.")


def _short(path: Path, longest: int) -> bytes:
    """Read a file that has at most so many bytes, and one byte more of any other."""
    with path.open("rb") as file:
        return file.read(longest + 1)
