"""What the tests of erasure share: an order, and ways of bringing back what is gone."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from tests.builders import Case, House
from tests.conftest import Place
from vault.access import open_entry
from vault.audit.certificates import Certificate, verify_certificate
from vault.audit.events import Event
from vault.database import log
from vault.disposition.erasure import Erased
from vault.disposition.plans import Order
from vault.ids import CaseId
from vault.inspection import trail
from vault.inspection.verification import check_vault
from vault.keyring.destruction import Destruction
from vault.keyring.keyring import Keyring
from vault.keyring.root import FileRootKey
from vault.storage.port import ObjectStore

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ORDER = Order(ordered_by="A. Clerk", reason="Settled and closed", backup_retention_days=35)


def tables(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """Read every row of every table but the log's, as a backup would."""
    with psycopg.connect(place.superuser_url) as connection:
        names = [
            name
            for (name,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                " AND tablename NOT LIKE '%yoyo%' AND tablename NOT LIKE 'log_%'"
            )
        ]
        return {
            name: connection.execute(SQL("SELECT * FROM {}").format(Identifier(name))).fetchall()
            for name in names
        }


def put_back(place: Place, backup: dict[str, list[tuple[Any, ...]]], *names: str) -> None:
    """Restore the rows of some tables from a backup, as an administrator can, triggers off."""
    with psycopg.connect(place.superuser_url) as connection:
        connection.execute("SET session_replication_role = replica")
        for name in names:
            connection.execute(SQL("DELETE FROM {}").format(Identifier(name)))
            for row in backup[name]:
                values = SQL(", ").join([SQL("%s")] * len(row))
                connection.execute(
                    SQL("INSERT INTO {} VALUES ({})").format(Identifier(name), values), row
                )


@dataclass
class OwnKeys(Keyring):
    """A keyring that gives each case a key of its own in a file, and fails on demand.

    Attributes:
        fault: Raised when the next key is to be destroyed, before it is.
        said: What the provider is made to say of it, beside the truth.
    """

    root: FileRootKey
    fault: BaseException | None = None
    said: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        super().__init__(self.root, keys_per_case=True)

    def destroy_case_key(self, case: CaseId, wrapped: bytes) -> tuple[Destruction, ...]:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        done = super().destroy_case_key(case, wrapped)
        return tuple(replace(one, **self.said) for one in done)


def under(house: House, keyring: Keyring) -> House:
    """Return the same house with another keyring over the same root key."""
    return replace(house, vault=replace(house.vault, keyring=keyring))


def stored_in(case: Case, store: ObjectStore) -> Case:
    """Return the same case with another store."""
    house = replace(case.house, vault=replace(case.house.vault, store=store))
    return replace(case, house=house)


def agreed_case(house: House) -> Case:
    """Open a case with an agreement in force, in exchange."""
    case = house.case("party:claimant", "party:respondent", "auditor")
    case.agree()
    case.phase("exchange")
    return case


def said_by(house: House, erased: Erased) -> Certificate:
    """Return what a certificate says, verified."""
    return verify_certificate(erased.certificate, house.vault.erasure_key.verify_key)


def names_in_trail(case: Case, seat: str) -> list[str]:
    page = trail.read_events(case.house.vault, case[seat], case.case_id, limit=500)
    return [entry.event.name for entry in page.entries]


def last_event(house: House) -> Event:
    """Return the newest entry of the log that opens."""
    with house.vault.database.snapshot() as tx:
        events = [open_entry(house.vault, tx, row).event for row in log.all_entries(tx)]
    return [event for event in events if event is not None][-1]


def problems(house: House) -> tuple[str, ...]:
    return check_vault(house.vault, content=True).problems
