"""Options that several commands share mean the same in each."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Data directory of the embedded servers and keys (SUBROSA_DATA; .subrosa).",
        show_default=False,
    ),
]
