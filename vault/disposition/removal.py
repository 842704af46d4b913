"""Of what is erased the store keeps only what it has locked, and that is hidden and named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vault.database import erasures
from vault.disposition.plans import as_one_line
from vault.errors import Unavailable
from vault.intake.unfinished import abandon
from vault.storage.names import may_hold_key, object_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vault.disposition.progress import Progress
    from vault.ids import RenditionId
    from vault.storage.port import Kept, Listed


def remove_objects(work: Progress) -> tuple[Progress, list[Kept]]:
    """Remove every object until none is left but what the store has locked.

    What is found is noted before it is removed, so that the inventory is complete whenever this is
    interrupted, and names what waits for the malware scan; and looked for again after, since an
    upload under way may have ended meanwhile.
    Versions that no list shows go last.

    Returns:
        The erasure as noted, and the versions that the store keeps.
    """
    locked: set[str] = set()
    while True:
        work, under_way = _uploads(work)
        found = [listed for listed in _objects(work) if listed.name not in locked]
        if not found and not under_way:
            break
        known = set(work.row.inventory.splitlines())
        new = [line for line in map(_inventory_line, found) if line not in known]
        inventory = work.row.inventory + "".join(f"{line}\n" for line in new)
        work = work.note(work.plan, inventory=inventory)
        _end(work, under_way)
        for listed in sorted(found, key=_keys_first):
            if work.vault.store.destroy(listed.name):
                locked.add(listed.name)
    store = work.vault.store
    kept = [left for prefix in _prefixes(work) for left in store.destroy_under(prefix)]
    if work.row.document_id is None:
        # What began before the order may have added a row after it.
        with work.writer.transaction() as tx:
            erasures.delete_rows_of_case(tx, work.row.case_id)
    return work, kept


def removed_of(inventory: str, kept: Sequence[Kept]) -> str:
    """Return the lines of an inventory whose objects are gone in every version."""
    names = {left.name for left in kept}
    lines = inventory.splitlines(keepends=True)
    return "".join(line for line in lines if line.split(" ")[0] not in names)


def _uploads(work: Progress) -> tuple[Progress, list[RenditionId]]:
    """Return the uploads to what is erased; what they wrote, in any version, is to be removed."""
    with work.writer.transaction() as tx:
        under_way = erasures.uploads_to(tx, work.row)
    if not under_way:
        return work, under_way
    renditions = work.plan.renditions
    if work.row.document_id is not None:
        renditions = tuple(dict.fromkeys((*renditions, *map(str, under_way))))
    return work.note(replace(work.plan, renditions=renditions, uploads_ended=True)), under_way


def _end(work: Progress, under_way: list[RenditionId]) -> None:
    for rendition in under_way:
        if not abandon(work.vault, work.row.case_id, rendition):
            raise Unavailable("An upload to this cannot be ended now; try again.")


def _objects(work: Progress) -> Iterator[Listed]:
    """Yield what the store holds of a case, or of the renditions of a document."""
    for prefix in _prefixes(work):
        yield from work.vault.store.objects(prefix)


def _prefixes(work: Progress) -> list[str]:
    """Return what the names of all objects of a case, or of a document, begin with.

    Ids are of one length: what begins with a rendition's name is the rendition's.
    """
    case = work.row.case_id
    if work.row.document_id is None:
        return [f"{case}/"]
    return [object_name(case, rendition) for rendition in work.plan.rendition_ids]


def _keys_first(listed: Listed) -> tuple[bool, str]:
    return (not may_hold_key(listed.name), listed.name)


def _inventory_line(listed: Listed) -> str:
    return f"{listed.name} {listed.length} {as_one_line(listed.tag)}"
