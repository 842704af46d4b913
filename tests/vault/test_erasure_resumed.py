"""Stopped at any moment, an erasure is finished by ordering it again, with one certificate."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.conftest import LOG_ORIGIN
from tests.contracts.failing_store import FailingStore, Fault
from tests.vault.erasing import ORDER, OwnKeys, agreed_case, problems, said_by, under
from vault.database.connection import Database
from vault.disclosure import documents
from vault.disposition import erasure
from vault.disposition.plans import Order
from vault.errors import Conflict, NotFound, Unavailable
from vault.proceedings import cases
from vault.storage.names import case_key_name

if TYPE_CHECKING:
    from pathlib import Path

    from tests.builders import Case, House
    from tests.conftest import Place
    from vault.core import Vault
    from vault.ids import CaseId, DocumentId
    from vault.keyring.destruction import Destruction
    from vault.keyring.root import FileRootKey
    from vault.storage.port import Kept
    from vault.storage.s3 import S3Store

MOST_MOMENTS = 60


class Killed(BaseException):
    """The process is gone: nothing that handles errors may run."""


@dataclass
class Fuse:
    """Kills whoever passes for the nth time."""

    left: int

    def pass_by(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


@dataclass
class MortalStore(FailingStore):
    """A store at which the process dies before it removes something, or just after."""

    fuse: Fuse = field(default_factory=lambda: Fuse(0))

    def destroy(self, name: str) -> tuple[Kept, ...]:
        self.fuse.pass_by()
        kept = self.real.destroy(name)
        self.fuse.pass_by()
        return kept


@dataclass
class MortalKeys(OwnKeys):
    """Keys of cases' own: the process dies before one is destroyed, or just after."""

    fuse: Fuse = field(default_factory=lambda: Fuse(0))

    def destroy_case_key(self, case: CaseId, wrapped: bytes) -> tuple[Destruction, ...]:
        self.fuse.pass_by()
        done = super().destroy_case_key(case, wrapped)
        self.fuse.pass_by()
        return done


@pytest.fixture
def case(house: House) -> Case:
    return agreed_case(house)


# Content and manifest of each of two renditions; of a case its key as well.
OBJECTS = {"document": 4, "case": 5}


def filled(case: Case) -> DocumentId:
    document = case.deposit("party:claimant").document_id
    case.redact("party:claimant", document)
    return document


def order(
    vault: Vault, case: Case, document: DocumentId, what: str, owner: Database
) -> erasure.Erased:
    if what == "document":
        return erasure.erase_document(vault, owner, document, ORDER)
    return erasure.erase_case(vault, owner, case.case_id, ORDER)


def mortal(house: House, root: FileRootKey, fuse: Fuse) -> Vault:
    """Return a vault whose process dies when the fuse has burnt: at its clock, store or keys."""

    def clock() -> datetime:
        fuse.pass_by()
        return house.clock()

    return replace(
        house.vault,
        clock=clock,
        store=MortalStore(house.vault.store, fuse=fuse),
        keyring=MortalKeys(root, fuse=fuse),
    )


@pytest.mark.parametrize("what", ["document", "case"])
def test_killed_at_every_moment_and_run_again_it_ends_with_one_certificate(
    house: House, root_key: FileRootKey, store: S3Store, owner: Database, what: str
) -> None:
    house = under(house, OwnKeys(root_key))
    for moment in range(1, MOST_MOMENTS):
        case = agreed_case(house)
        document = filled(case)
        fuse = Fuse(moment)
        vault = mortal(house, root_key, fuse)
        try:
            order(vault, case, document, what, owner)
        except Killed:
            pass
        else:
            break
        if order_is_on_record(house, case):
            with pytest.raises(NotFound):
                documents.read_document(house.vault, case["party:claimant"], document)
            assert any("not finished" in problem for problem in problems(house))
        done = order(replace(vault, clock=house.clock), case, document, what, owner)
        assert said_by(house, done).objects == OBJECTS[what]
        left = {name for name in store.names() if name.startswith(str(case.case_id))}
        assert left == ({case_key_name(case.case_id)} if what == "document" else set())
        house.check()
    else:
        pytest.fail("it never came to its end")


def order_is_on_record(house: House, case: Case) -> bool:
    with house.vault.database.transaction() as tx:
        query = "SELECT 1 FROM erasures WHERE case_id = %s"
        return tx.value(query, (case.case_id,)) is not None


@pytest.mark.parametrize("fault", ["lost", "kept"])
@pytest.mark.parametrize("call", ["destroy", "objects", "destroy under"])
@pytest.mark.parametrize("what", ["document", "case"])
def test_a_store_that_fails_in_the_middle_leaves_a_refusal_that_can_be_finished(
    house: House, case: Case, owner: Database, what: str, call: str, fault: Fault
) -> None:
    document = filled(case)
    store = FailingStore(house.vault.store, faults={call: fault})
    vault = replace(house.vault, store=store)
    with pytest.raises(Unavailable):
        order(vault, case, document, what, owner)
    with pytest.raises(NotFound):
        documents.read_document(vault, case["party:claimant"], document)
    store.faults.clear()
    done = order(vault, case, document, what, owner)
    assert said_by(house, done).objects == OBJECTS[what]
    house.check()


@pytest.mark.parametrize("fault", [Unavailable("planned"), Killed()])
def test_a_provider_that_fails_leaves_a_refusal_that_can_be_finished(
    house: House, root_key: FileRootKey, fault: BaseException, owner: Database
) -> None:
    keyring = OwnKeys(root_key)
    case = agreed_case(under(house, keyring))
    keyring.fault = fault
    with pytest.raises(type(fault)):
        erasure.erase_case(case.house.vault, owner, case.case_id, ORDER)
    with pytest.raises(NotFound):
        cases.read_case(case.house.vault, case["mediator"], case.case_id)
    done = erasure.erase_case(case.house.vault, owner, case.case_id, ORDER)
    assert said_by(house, done).key == str(case.case_id)
    case.house.check()


def test_the_order_that_stands_is_the_first(house: House, case: Case, owner: Database) -> None:
    document = filled(case)
    store = FailingStore(house.vault.store, faults={"destroy": "lost"})
    with pytest.raises(Unavailable):
        erasure.erase_document(replace(house.vault, store=store), owner, document, ORDER)
    later = Order(ordered_by="B. Clerk", reason="Other", backup_retention_days=1)
    done = erasure.erase_document(house.vault, owner, document, later)
    assert said_by(house, done).ordered_by == ORDER.ordered_by


def test_killed_by_the_system_an_erasure_is_finished_by_another_process(
    house: House, case: Case, place: Place, tmp_path: Path, owner: Database
) -> None:
    filled(case)
    told = {
        "database_url": place.database_url,
        "owner_url": place.owner_url,
        "s3": asdict(place.s3),
        "log_origin": LOG_ORIGIN,
        "root_key": str(tmp_path / "root.key"),
        "case": str(case.case_id),
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.vault.erasing_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps(told).encode())
        child.stdin.close()
        assert child.stdout.readline() == b"removing\n"
        with pytest.raises(Conflict, match="erasing this now"):
            erasure.erase_case(house.vault, owner, case.case_id, ORDER)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    done = finished(house, case, owner)
    assert said_by(house, done).objects == OBJECTS["case"]
    house.check()


def finished(house: House, case: Case, owner: Database) -> erasure.Erased:
    """Order again until the server has noticed that the one who was at it is gone."""
    while True:
        try:
            return erasure.erase_case(house.vault, owner, case.case_id, ORDER)
        except Conflict:
            time.sleep(0.05)
