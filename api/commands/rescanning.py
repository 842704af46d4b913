"""A vault that serves shows what waits to the scanner again, and stops doing so when it stops."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from vault.errors import VaultError
from vault.intake import rescan

if TYPE_CHECKING:
    from collections.abc import Generator

    from vault.core import Vault

_LOGGER = logging.getLogger("subrosa.rescan")

# How often it is looked whether something is due; what is due is put off longer by each try.
_LOOK_S = 5.0
_PATIENCE_S = 5.0


@contextmanager
def rescanning(vault: Vault, *, look_s: float = _LOOK_S) -> Generator[None]:
    """Try again what is due, in a thread, for as long as the block runs; nothing without a scanner.

    The end of the block waits a moment for the scan under way, and then goes on without it: what
    was not finished is tried again by whoever starts next, as after a kill.
    """
    if vault.scanner is None:
        yield
        return
    stop = Event()
    # A frozen scanner can hold the thread for minutes; the process must still end.
    thread = Thread(target=_rescan, args=(vault, stop, look_s), name="rescan", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_PATIENCE_S)


def _rescan(vault: Vault, stop: Event, look_s: float) -> None:
    while not stop.wait(look_s):
        try:
            rescan.try_due(vault, stop.is_set)
        except VaultError as error:
            # Whatever it was, it is tried again; its name is all that may be written down.
            _LOGGER.warning("what waits could not be tried: %s", type(error).__name__)
