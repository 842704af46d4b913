"""A serving process has an opened key for a minute, of what was erased or revoked no longer.

No right depends on it: each request reads in its own snapshot whether there is a key, a seat, a
token. It is for whoever gets at the memory of the process.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from vault.database import keys
from vault.errors import VaultError
from vault.keyring.cache import LIFETIME_S

if TYPE_CHECKING:
    from vault.core import Vault

PERIOD_S = 5.0

# Whatever is older than a key can be at hand needs no second look.
_BACK = timedelta(seconds=LIFETIME_S + 2 * PERIOD_S)


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
