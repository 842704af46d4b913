"""How far an erasure has come is written by whoever holds it alone, and by nobody who lost it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from vault.database import erasures
from vault.disposition.plans import open_plan, seal_plan
from vault.errors import Conflict

if TYPE_CHECKING:
    from vault.core import Vault
    from vault.database.connection import Writer
    from vault.database.erasures import ErasureRow
    from vault.disposition.plans import Plan


@dataclass(frozen=True, slots=True)
class Progress:
    """An erasure as it was last noted, and the hold under which the next step is noted."""

    vault: Vault
    writer: Writer
    row: ErasureRow
    plan: Plan

    @classmethod
    def of(cls, vault: Vault, writer: Writer, row: ErasureRow) -> Self:
        """Take an erasure up where it is; Tampered if its plan was not sealed for it."""
        return cls(vault, writer, row, open_plan(vault, row))

    def note(self, plan: Plan, *, step: str | None = None, inventory: str | None = None) -> Self:
        """Note what has been done; return when it is durable.

        Raises:
            Conflict: Somebody else has noted another step meanwhile.
            Unavailable: The database does not answer, or the hold is lost.
        """
        row = replace(
            self.row,
            step=self.row.step if step is None else step,
            details=seal_plan(self.vault, self.row.erasure_id, plan),
            inventory=self.row.inventory if inventory is None else inventory,
        )
        with self.writer.transaction() as tx:
            if not erasures.update_erasure(tx, row, after=self.row.step):
                raise Conflict("This erasure is not where it was; order it again to finish it.")
        return replace(self, row=row, plan=plan)
