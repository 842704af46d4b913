"""What no row refers to leaves the store in the end, and what a live upload writes never does.

An upload's row is there before its first byte, and turns into a rendition's row in one transaction.
Names are listed first and looked up after, in one statement over both: whatever a live upload or a
document has in the list is found. A name is used once, so that what has no row never gets one. The
grace is for what this cannot know of: a database that was restored to an earlier moment. What an
erasure under way has still to remove, list and certify is left to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from vault.database import documents, erasures, upkeep
from vault.storage.names import read_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from vault.core import Vault
    from vault.storage.port import Listed, ObjectStore

_AT_ONCE = 500


@dataclass(slots=True, kw_only=True)
class Orphans:
    """What a sweep found that no row refers to, by name.

    Attributes:
        removed: Removed now; or what would have been.
        waiting: Within their grace, locked by the store, or in a case of which something is being
            erased.
        unknown: Not named as the vault names objects, or a case's key: never removed.
    """

    removed: list[str] = field(default_factory=list[str])
    waiting: list[str] = field(default_factory=list[str])
    unknown: list[str] = field(default_factory=list[str])


def sweep_orphans(vault: Vault, grace: timedelta, *, dry_run: bool = False) -> Orphans:
    """Remove what no rendition and no upload refers to, once its grace is over.

    An object, or a write that has not ended. Its grace is over when it is older than that by the
    store's own clock, and was first met by a sweep at least as long ago by ours: neither clock
    alone, set wrong, ends it.

    Args:
        vault: The collaborators.
        grace: For how long an orphan is kept; 0 removes it at once.
        dry_run: Remove nothing, and note nothing.
    """
    orphans, found = Orphans(), _found(vault.store)
    while batch := list(islice(found, _AT_ONCE)):
        _sort(vault, batch, grace, orphans, dry_run=dry_run)
    if not dry_run:
        with vault.database.transaction() as tx:
            upkeep.forget_orphans(tx, but=orphans.waiting)
    return orphans


def _found(store: ObjectStore) -> Iterator[Listed]:
    """Yield what the bucket has, each name once, as old as the youngest that bears it.

    Writes are listed first: what ends in between is found among the objects.
    """
    writes: dict[str, Listed] = {}
    for write in store.writes():
        writes[write.name] = _younger(write, writes.get(write.name, write))
    for listed in store.objects():
        yield _younger(listed, writes.pop(listed.name, listed))
    yield from writes.values()


def _younger(one: Listed, other: Listed) -> Listed:
    return min(one, other, key=lambda listed: listed.age)


def _sort(
    vault: Vault, batch: list[Listed], grace: timedelta, orphans: Orphans, *, dry_run: bool
) -> None:
    met, unknown, erasing = _unaccounted(vault, batch)
    orphans.unknown += unknown
    old = {listed.name for listed in met if listed.age >= grace} - erasing
    names, now = [listed.name for listed in met], vault.clock()
    with vault.database.transaction() as tx:
        if not dry_run:
            upkeep.note_orphans(tx, names, now)
        over = old & (upkeep.met_before(tx, names, now - grace) if grace else set(names))
    for name in names:
        # What the store has locked it hides: no later sweep meets it.
        if name not in over or (not dry_run and vault.store.destroy(name)):
            orphans.waiting.append(name)
        else:
            orphans.removed.append(name)


def _unaccounted(vault: Vault, batch: list[Listed]) -> tuple[list[Listed], list[str], set[str]]:
    """Return what nothing refers to, what is none of ours, and what an erasure may yet remove.

    The key of a case that the database does not know may be the last copy there is, if the
    database was restored: it is named, and goes only if the case was erased.
    """
    names = {listed.name: read_name(listed.name) for listed in batch}
    renditions = [n.rendition for n in names.values() if n and n.rendition is not None]
    of_cases = list({n.case for n in names.values() if n})
    with vault.database.snapshot() as tx:
        known = documents.accounted_for(tx, renditions)
        cases, erased = erasures.cases_among(tx, of_cases)
        under_way = erasures.cases_in_erasure(tx, of_cases)
    met: list[Listed] = []
    unknown: list[str] = []
    for listed in batch:
        name = names[listed.name]
        if name is None:
            unknown.append(listed.name)
        elif name.rendition is not None:
            met += [] if name.rendition in known else [listed]
        elif name.case in erased:
            met.append(listed)
        elif name.case not in cases:
            unknown.append(listed.name)
    erasing = {listed for listed, name in names.items() if name and name.case in under_way}
    return met, unknown, erasing
