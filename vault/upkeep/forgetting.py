"""A process that runs has an opened key for a minute, and of what was erased or revoked no longer.

No right depends on it: each request reads in its own snapshot whether there is a key, a seat, a
token. It is for whoever gets at the memory of the process.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING

from vault.database import keys
from vault.errors import VaultError
from vault.keyring.cache import LIFETIME_S

if TYPE_CHECKING:
    from collections.abc import Generator

    from vault.core import Vault

PERIOD_S = 5.0

# Whatever is older than a key can be at hand needs no second look.
_BACK = timedelta(seconds=LIFETIME_S + 2 * PERIOD_S)


@contextmanager
def forgetting(vault: Vault, period_s: float = PERIOD_S) -> Generator[None]:
    """Forget keys in the background, for as long as the block runs."""
    ended = Event()

    def run() -> None:
        while not ended.wait(period_s):
            forget_keys(vault)

    thread = Thread(target=run, name="forgetting", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def forget_keys(vault: Vault) -> None:
    """Forget the keys that have had their minute, and those of what was erased or revoked.

    If the database does not answer, the minute stands.
    """
    vault.keyring.drop_outlived()
    held = vault.keyring.holders()
    if not held:
        return
    try:
        with vault.database.snapshot() as tx:
            closed = keys.closed_among(tx, list(held), vault.clock() - _BACK)
    except VaultError:
        return
    for holder in closed:
        vault.keyring.forget(holder)
