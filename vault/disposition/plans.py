"""What an erasure still has to do is sealed beside it, so that whoever comes next can finish it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from vault.audit.certificates import Certificate
from vault.errors import Invalid
from vault.ids import RenditionId
from vault.operators import open_own, seal_own
from vault.storage.names import may_hold_key
from vault.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.core import Vault
    from vault.database.erasures import ErasureRow
    from vault.storage.port import Kept

_ORDERED_BY_LONGEST: Final = 100
_REASON_LONGEST: Final = 500
_LONGEST_RETENTION_DAYS: Final = 36_500

# JSON has lists for tuples.
_LISTS: Final = ("keys", "renditions", "refused", "locked")

_REMAINS: Final = (
    "ids, sizes and times in rows, and every entry of the log at its place in the tree"
)
_REMAINS_OF_CASE: Final = (
    "in the log's entries, under each person's own key: who did something, and from which address"
)
_REMAINS_OF_DOCUMENT: Final = (
    "under the case's key: what the log says of the document, and what was asked and granted of it"
)
_OWN_UNREACHED: Final = (
    "backups of the provider that hold the case's own key: its snapshots, copies of its key files"
)
_UPLOADS_UNREACHED: Final = (
    "what an upload under way at the order may still write if its worker is killed: a sweep of "
    "orphans removes it"
)
_UNREACHED: Final = (
    "the wrapped key in backups, replicas and write-ahead logs of the database: see backups_until",
    "copies of the bucket outside it, which hold ciphertext and may hold the wrapped key",
    "what was delivered to readers or exported before",
    "the key in memory of workers that had opened it: dropped after a minute, if they still run",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who wants something erased, and why; checked when it is made.

    Attributes:
        ordered_by: As the certificate will name them; one line of at most 100 characters.
        reason: One line of at most 500 characters; it stands in the certificate.
        backup_retention_days: For how long the database's backups are kept.

    Raises:
        Invalid: One of them cannot be accepted.
    """

    ordered_by: str
    reason: str
    backup_retention_days: int

    def __post_init__(self) -> None:
        """Check, and bring each into its kept form."""
        by = one_line("ordered_by", self.ordered_by, longest=_ORDERED_BY_LONGEST)
        reason = one_line("reason", self.reason, longest=_REASON_LONGEST)
        object.__setattr__(self, "ordered_by", by)
        object.__setattr__(self, "reason", reason)
        if not 0 <= self.backup_retention_days <= _LONGEST_RETENTION_DAYS:
            raise Invalid("backup_retention_days", "This is not a number of days.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An order, what is needed to carry it out, and what came of it so far.

    Attributes:
        ordered_by: From the order.
        reason: From the order.
        backup_retention_days: From the order.
        leaf: Hash of the entry that records the order, in hex.
        keys: SHA-256 of each wrapped key, in hex: what a copy elsewhere is recognised by.
        renditions: The renditions of a document; of a case its folder names them.
        wrapped: A case's wrapped key in hex, if its provider has a key of the case's own to
            destroy; gone once that is done.
        provider: Where the key was held.
        key: Its id there, or `keys`.
        own: It was a key of the case's own, destroyed at its provider.
        final_at: From when the provider itself cannot bring it back, where that waits.
        uploads_ended: Somebody was bringing something to it.
        request: What the provider calls the request.
        method: How it was destroyed.
        destroyed_at: When.
        refused: What was tried with the key since, and how it failed.
        locked: Versions that the store refuses to remove, with until when.
    """

    ordered_by: str
    reason: str
    backup_retention_days: int
    leaf: str
    keys: tuple[str, ...]
    renditions: tuple[str, ...] = ()
    wrapped: str | None = None
    provider: str = ""
    key: str = ""
    own: bool = False
    final_at: str | None = None
    uploads_ended: bool = False
    request: str | None = None
    method: str = ""
    destroyed_at: str = ""
    refused: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()

    @property
    def rendition_ids(self) -> list[RenditionId]:
        """The renditions of a document."""
        return [RenditionId(UUID(text)) for text in self.renditions]


def fingerprint(wrapped: bytes) -> str:
    """Return what a wrapped key is recognised by wherever a copy of it turns up."""
    return sha256(wrapped).hexdigest()


def inventory_digest(inventory: bytes) -> str:
    """Return what a certificate names the list of removed objects by."""
    return sha256(inventory).hexdigest()


def seal_plan(vault: Vault, erasure_id: UUID, plan: Plan) -> bytes:
    """Seal a plan for its erasure, under the vault's own key."""
    return seal_own(vault, erasure_id, "erasure", asdict(plan))


def open_plan(vault: Vault, row: ErasureRow) -> Plan:
    """Open the plan of an erasure; Tampered if it was not sealed for it."""
    value = open_own(vault, row.erasure_id, "erasure", row.details)
    lists: dict[str, Any] = {name: tuple(value[name]) for name in _LISTS}
    return Plan(**{**value, **lists})


def as_one_line(text: str) -> str:
    """Return what another program said as one line that can be signed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500] or "-"


def locked_lines(kept: Sequence[Kept]) -> tuple[str, ...]:
    """Say what the store refuses to remove, one line for each kind and date."""
    counts: dict[str, int] = {}
    for left in kept:
        what = "wrapped keys" if may_hold_key(left.name) else "ciphertext"
        until = "no date that it tells" if left.until is None else left.until.date().isoformat()
        line = f"{what} in the store, hidden: versions of objects that are locked until {until}"
        counts[line] = counts.get(line, 0) + 1
    return tuple(f"{line}: {count}" for line, count in sorted(counts.items()))


def certificate_of(row: ErasureRow, plan: Plan, certified_at: datetime) -> Certificate:
    """Put together what the certificate of an erasure says."""
    lengths = [int(line.split(" ")[1]) for line in row.inventory.splitlines()]
    remains = _REMAINS_OF_CASE if row.document_id is None else _REMAINS_OF_DOCUMENT
    return Certificate(
        erasure=row.erasure_id,
        case=row.case_id,
        document=row.document_id,
        method=plan.method,
        provider=plan.provider,
        key=plan.key,
        request=plan.request,
        tool=f"subrosa {version('subrosa')}",
        ordered_by=plan.ordered_by,
        reason=plan.reason,
        ordered_at=row.ordered_at,
        destroyed_at=datetime.fromisoformat(plan.destroyed_at),
        certified_at=certified_at,
        refused=plan.refused,
        objects=len(lengths),
        objects_bytes=sum(lengths),
        inventory_sha256=inventory_digest(row.inventory.encode()),
        remains=(_REMAINS, remains),
        unreached=(*_UNREACHED, *_unreached_too(plan), *plan.locked),
        backups_until=row.ordered_at + timedelta(days=plan.backup_retention_days),
        log_index=row.log_index,
        leaf=bytes.fromhex(plan.leaf),
    )


def _unreached_too(plan: Plan) -> list[str]:
    """Return what this erasure, and not every one, could not reach."""
    lines: list[str] = []
    if plan.own:
        lines.append(_OWN_UNREACHED)
    if plan.final_at is not None:
        lines.append(f"the case's own key, which its provider can bring back until {plan.final_at}")
    if plan.uploads_ended:
        lines.append(_UPLOADS_UNREACHED)
    return lines
