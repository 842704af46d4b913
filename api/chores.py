"""What a serving vault does beside its requests is this list, and nothing else runs on its own."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from api.repeating import repeating
from vault.intake import rescan
from vault.intake.unfinished import sweep
from vault.upkeep.forgetting import PERIOD_S, forget_keys

if TYPE_CHECKING:
    from collections.abc import Generator

    from vault.core import Vault

_SWEEP_EVERY_S: Final = 3600.0
_SILENT_FOR: Final = timedelta(hours=24)
# How often it is looked whether a scan is due; what is due is put off longer by each try.
_RESCAN_EVERY_S: Final = 5.0


@contextmanager
def doing_chores(vault: Vault) -> Generator[None]:
    """Do the chores of a vault for as long as the block runs."""
    with ExitStack() as running:
        running.enter_context(
            repeating("sweep", _SWEEP_EVERY_S, lambda _: sweep(vault, vault.clock() - _SILENT_FOR))
        )
        running.enter_context(repeating("forgetting", PERIOD_S, lambda _: forget_keys(vault)))
        if vault.scanner is not None:
            running.enter_context(
                repeating("rescan", _RESCAN_EVERY_S, partial(rescan.try_due, vault))
            )
        yield
