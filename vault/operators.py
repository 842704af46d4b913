"""What the operator does is on record like everything else, sealed under the keys of its object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from vault.access import NOWHERE, slot_keys
from vault.audit.events import Event, Outcome
from vault.audit.slots import seal_event
from vault.sealing.fields import FieldContext, open_field, seal_field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from vault.audit.events import Tag
    from vault.audit.slots import SealedEvent
    from vault.core import Vault
    from vault.database.connection import Transaction
    from vault.ids import CaseId


def operator_event(
    vault: Vault,
    tx: Transaction,
    tag: Tag,
    detail: Mapping[str, str | int],
    *,
    case: CaseId | None = None,
    outcome: Outcome = Outcome.GRANTED,
) -> SealedEvent:
    """Seal an event of which the operator is the actor, ready for the log.

    Args:
        vault: The collaborators.
        tx: Where the case's key is looked up.
        tag: What is being done.
        detail: What the tag's line in docs/audit-log.md says.
        case: Whose trail it belongs to; of an erased case nothing can be sealed any more, so that
            the entry is the vault's own.
        outcome: How it ended.
    """
    keys = slot_keys(vault, tx, case, None)
    event = Event(
        tag=tag,
        outcome=outcome,
        at=vault.clock(),
        case=case if keys.case else None,
        person=None,
        seat=None,
        purpose=None,
        phase=None,
        view=None,
        scope_version=None,
        clause=None,
        address=None,
        detail=detail,
    )
    return seal_event(event, keys)


def seal_own(vault: Vault, row: UUID, field: str, value: dict[str, Any]) -> bytes:
    """Seal under the vault's own key what a row says that belongs to no case."""
    text = json.dumps(value, sort_keys=True).encode()
    return seal_field(vault.operations_key, FieldContext(NOWHERE, row, field), text)


def open_own(vault: Vault, row: UUID, field: str, sealed: bytes) -> dict[str, Any]:
    """Open what such a row says; Tampered if this vault did not seal it so."""
    opened = open_field(vault.operations_key, FieldContext(NOWHERE, row, field), sealed)
    return cast("dict[str, Any]", json.loads(opened))
