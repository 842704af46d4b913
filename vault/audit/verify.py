"""Anybody with the rows can recompute the log, and hold it to whatever checkpoint they kept.

Source: docs/audit-log.md, section 9.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from vault.audit.notes import Checkpoint, NoteRefused, open_note
from vault.audit.slots import leaf_of, open_slots
from vault.audit.tlog import CompactRange
from vault.database.log import all_entries, read_head
from vault.errors import Tampered

if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.audit.notes import VerifyKey
    from vault.audit.slots import SlotKeys
    from vault.database.connection import Database, Transaction
    from vault.database.log import EntryRow, HeadRow
    from vault.ids import CaseId, PersonId

    KeysOf = Callable[[Transaction, CaseId | None, PersonId | None], SlotKeys]

# In a log rewritten as a whole every entry is at fault.
_FAULTS_LISTED = 100

# Looking keys up anew for each entry takes longer than all of the rest.
_KEYS_AT_HAND = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class LogVerdict:
    """What was recomputed, and what does not agree.

    Attributes:
        size: Entries that are there.
        root: The root over them.
        withheld: Entries of which something stays closed, since its key is gone.
        problems: Sentences with indexes and nothing else; none means that the log verifies.
    """

    size: int
    root: bytes
    withheld: int
    problems: tuple[str, ...]


def verify_log(
    database: Database, key: VerifyKey, keys_of: KeysOf, *, against: str | None = None
) -> LogVerdict:
    """Recompute the log from its rows, in one snapshot and in constant memory.

    Holds that the entries are dense, that each slot that opens is what its commitment says and
    belongs to the case and person of its row, that the head is that of the entries and, with
    `against`, that the log still begins with the entries that checkpoint was over.

    Args:
        database: Where the rows are.
        key: The public half of the key that signs the log's checkpoints.
        keys_of: Returns the keys of an entry's case and person, None for what is gone; may raise
            Tampered.
        against: A checkpoint kept from before.

    Returns:
        A verdict, whatever is found.

    Raises:
        Unavailable: The database does not answer.
    """
    count = _Count(None if against is None else _kept(against, key))
    with database.snapshot() as tx:
        head = read_head(tx)
        keys_at = lru_cache(_KEYS_AT_HAND)(partial(keys_of, tx))
        for entry in all_entries(tx):
            count.take(entry, keys_at)
    count.end(head)
    return LogVerdict(
        size=count.tree.size,
        root=count.tree.root(),
        withheld=count.withheld,
        problems=tuple(count.problems),
    )


def _kept(against: str, key: VerifyKey) -> Checkpoint | str:
    """Return the checkpoint that a note bears, or what is wrong with the note."""
    try:
        kept = Checkpoint.parse(open_note(against, key))
    except NoteRefused as refusal:
        return f"The checkpoint given is refused: {refusal}"
    return kept if kept.origin == key.name else "The checkpoint given is of another log."


@dataclass(slots=True)
class _Count:
    """What has been found so far, entry by entry."""

    kept: Checkpoint | str | None
    tree: CompactRange = field(default_factory=CompactRange)
    upcoming: int = 0
    withheld: int = 0
    faulty: int = 0
    problems: list[str] = field(default_factory=list[str])

    def take(
        self, entry: EntryRow, keys_at: Callable[[CaseId | None, PersonId | None], SlotKeys]
    ) -> None:
        """Take the next entry into account."""
        self._compare_with_kept()
        if entry.index != self.upcoming:
            self._note_entries(f"Entries {self.upcoming} to {entry.index - 1} are missing.")
        self.upcoming = entry.index + 1
        try:
            opened = open_slots(entry, keys_at(entry.case_id, entry.person_id))
            self.withheld += bool(opened.withheld)
        except Tampered:
            self._note_entries(f"Entry {entry.index} does not open to what it commits to.")
        self.tree = self.tree.extended((leaf_of(entry.commitments),))

    def end(self, head: HeadRow | None) -> None:
        """Hold what was counted to the head, and to the checkpoint if it was over all of it."""
        self._compare_with_kept()
        if isinstance(self.kept, str):
            self.problems.append(self.kept)
        elif self.kept is not None and self.kept.size > self.tree.size:
            self.problems.append(
                f"The checkpoint was over {self.kept.size} entries; {self.tree.size} are there."
            )
        if head is None:
            self.problems.append("The log has no head.")
        elif head.size != self.tree.size:
            self.problems.append(f"The head says {head.size} entries; {self.tree.size} are there.")
        elif head.range != self.tree.to_bytes():
            self.problems.append("The hashes in the head are not those of the entries.")

    def _compare_with_kept(self) -> None:
        """Compare roots at the very size that the checkpoint was over."""
        if (
            isinstance(self.kept, Checkpoint)
            and self.kept.size == self.tree.size
            and self.kept.root != self.tree.root()
        ):
            self.problems.append(
                f"The first {self.kept.size} entries are not those of the checkpoint: the log was "
                "rewritten."
            )

    def _note_entries(self, problem: str) -> None:
        """List a fault of entries, up to a number: faults of the log as a whole come after."""
        self.faulty += 1
        if self.faulty <= _FAULTS_LISTED:
            self.problems.append(problem)
        elif self.faulty == _FAULTS_LISTED + 1:
            self.problems.append("More entries are at fault; they are not listed.")
