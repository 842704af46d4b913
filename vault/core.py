"""Every operation is given the same few collaborators, frozen together when the vault is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from vault.alerts import Alerts
from vault.digests import RunningDigests

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from policies.scope_cache import ScopeCache
    from vault.audit.log import Log
    from vault.audit.notes import VerifyKey
    from vault.audit.signing import SigningKey
    from vault.audit.slots import OperationsKey
    from vault.database.connection import Database
    from vault.ids import PersonId
    from vault.keyring.keyring import Keyring
    from vault.scanning.port import Scanner
    from vault.storage.port import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the institution bounds deposits by.

    Attributes:
        document_bytes: The largest document accepted.
        case_bytes: What one case holds at most, uploads under way included; None: no bound.
        person_bytes: What one person brings at most, over all cases; None: no bound.
        upload_lifetime: How long an upload that nobody goes on with can be gone on with.
    """

    document_bytes: int
    case_bytes: int | None = None
    person_bytes: int | None = None
    upload_lifetime: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """What an operation works with; nothing here is global and nothing is looked up by name.

    Attributes:
        database: Rows. Trusted to keep what it commits; not trusted to tell the truth about rights
            or the log (rows are sealed, the log is a tree).
        store: Sealed objects. Not trusted at all.
        keyring: The root key's provider and the keys it opens. Trusted with every secret.
        log: The one record of accesses and changes.
        operations_key: Opens the slots of log entries that belong to no case or no person.
        checkpoint_verifier: The public half of the key that signs the log's checkpoints.
        receipt_key: Signs receipts of deposits.
        erasure_key: Signs certificates of erasure.
        scopes: Compiled scopes, by case and the versions of all that they are made from.
        clock: The vault's own clock, aware UTC; never the client's.
        limits: What deposits are bounded by.
        classes: What the institution adds to the vocabulary of classes.
        digests: How far this process has digested the uploads that it receives.
        alerts: What an operator must hear of at once.
        scanner: Shown every document before it becomes visible; None: nothing is scanned.
    """

    database: Database
    store: ObjectStore
    keyring: Keyring
    log: Log
    operations_key: OperationsKey
    checkpoint_verifier: VerifyKey
    receipt_key: SigningKey
    erasure_key: SigningKey
    scopes: ScopeCache
    clock: Callable[[], datetime]
    limits: Limits
    classes: tuple[str, ...] = ()
    digests: RunningDigests = field(default_factory=RunningDigests)
    alerts: Alerts = field(default_factory=Alerts)
    scanner: Scanner | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who is asking, as the outer house has established it. Seats are looked up, never claimed.

    Attributes:
        person: The person.
        opens_cases: The institution lets this person open cases as a mediator.
        address: Network address of the request, for the record; None for the command line.
    """

    person: PersonId
    opens_cases: bool
    address: str | None
