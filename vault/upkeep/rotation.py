"""Wrapped keys move to another root key, provider or version one by one, and nothing else changes.

No key changes and no document is read: a run that is killed in the middle has moved some keys and
not others, each opens as before, and the next run moves the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vault.access import slot_keys
from vault.audit.events import Event, Outcome, Tag
from vault.audit.slots import seal_event
from vault.database import keys
from vault.errors import KeyDestroyed, NotFound, Tampered, Unavailable
from vault.ids import CaseId
from vault.keyring.port import Place
from vault.manifests import has_case_key, keep_case_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.core import Vault
    from vault.database.connection import Database, Transaction
    from vault.database.keys import KeyRow

_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What a rotation did.

    Attributes:
        wrapped: Keys wrapped anew.
        current: Keys that were wrapped so already.
        refused: Ids of holders whose key does not open, here or before; each stays as it is.
    """

    wrapped: int
    current: int
    refused: tuple[str, ...]


def rotate_root(vault: Vault, owner: Database) -> Rotation:
    """Wrap every key by the provider, root key and version in use now; on record.

    That it began is on record before the first key is moved, and how many were before it returns.
    Runs beside a live vault, which must know the old root key as well.

    Args:
        vault: The collaborators.
        owner: The same database under the role that owns it: the one that serves cannot replace a
            key, and so cannot destroy one.

    Raises:
        Unavailable: A provider does not answer; run it again.
    """
    _record(vault, Outcome.GRANTED, {})
    wrapped, current, refused = 0, 0, list[str]()
    for row in _all_keys(vault):
        try:
            anew = vault.keyring.rewrap(_place(row), row.wrapped)
        except (Tampered, KeyDestroyed):
            refused.append(str(row.holder_id))
            continue
        if anew == row.wrapped:
            current += 1
        else:
            with owner.transaction() as tx:
                wrapped += keys.replace_wrapped(tx, row, anew)
        # Asked of every case, moved now or before: a run may end between row and bucket.
        if row.kind == "case" and has_case_key(vault.store, CaseId(row.holder_id)):
            keep_case_key(vault, CaseId(row.holder_id))
    _record(vault, Outcome.COMPLETED, {"keys": wrapped, "refused": len(refused)})
    return Rotation(wrapped=wrapped, current=current, refused=tuple(refused))


def rotate_case(vault: Vault, owner: Database, case: CaseId) -> None:
    """Wrap a case's key under a new key, or version, of the case's own; on record.

    The case key itself stays: entries of the log are sealed under it, and are never rewritten.

    Args:
        vault: The collaborators.
        owner: As for `rotate_root`.
        case: The case.

    Raises:
        NotFound: No such case, or its key is gone.
        Tampered: Its key does not open.
        Unavailable: The provider does not answer, or somebody else moved the key meanwhile.
    """
    with vault.database.transaction() as tx:
        wrapped = keys.wrapped_key(tx, case, "case")
    if wrapped is None:
        raise NotFound
    anew = vault.keyring.renew_case_key(case, wrapped)
    with owner.transaction() as tx:
        if not keys.replace_wrapped(tx, keys.KeyRow(case, "case", wrapped), anew):
            raise Unavailable("Somebody else is moving this case's key; try again.")
        _append(vault, tx, Outcome.GRANTED, {}, case)
    if has_case_key(vault.store, case):
        keep_case_key(vault, case)


def keys_that_do_not_open(vault: Vault) -> Iterator[str]:
    """Name every wrapped key that its provider does not open where it stands.

    Raises:
        Unavailable: A provider does not answer.
    """
    for row in _all_keys(vault):
        try:
            vault.keyring.verify(_place(row), row.wrapped)
        except Tampered:
            yield f"Key of {row.kind} {row.holder_id}: it does not open."
        except KeyDestroyed:
            yield f"Key of {row.kind} {row.holder_id}: what it was wrapped under is destroyed."


def _all_keys(vault: Vault) -> Iterator[KeyRow]:
    """Yield every wrapped key; no transaction is open meanwhile, since providers are slow."""
    after = None
    while True:
        with vault.database.transaction() as tx:
            page = keys.keys_after(tx, after, _AT_ONCE)
        if not page:
            return
        yield from page
        after = page[-1].holder_id


def _place(row: KeyRow) -> Place:
    return Place(row.kind, None if row.kind == "operations" else row.holder_id)


def _record(vault: Vault, outcome: Outcome, detail: dict[str, str | int]) -> None:
    with vault.database.transaction() as tx:
        _append(vault, tx, outcome, detail, None)


def _append(
    vault: Vault,
    tx: Transaction,
    outcome: Outcome,
    detail: dict[str, str | int],
    case: CaseId | None,
) -> None:
    """Record what the operator did; the provider and the root key's id are no secrets."""
    event = Event(
        tag=Tag.KEY_ROTATE,
        outcome=outcome,
        at=vault.clock(),
        case=case,
        person=None,
        seat=None,
        purpose=None,
        phase=None,
        view=None,
        scope_version=None,
        clause=None,
        address=None,
        detail={"provider": vault.keyring.provider, "key": vault.keyring.key_id, **detail},
    )
    vault.log.append(tx, seal_event(event, slot_keys(vault, tx, case, None)))
