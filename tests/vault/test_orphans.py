"""What nothing refers to is removed in the end; what a live upload or a document has, never."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from queue import Queue
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.contracts.failing_store import FailingStore
from tests.contracts.memory_store import MemoryStore
from tests.vault.erasing import ORDER
from tests.vault.uploading import CONTENT, TAIL, begin, send
from vault.database.connection import Database
from vault.disposition import erasure
from vault.errors import Unavailable, VaultError
from vault.ids import CaseId, RenditionId, new_id
from vault.inspection.verification import check_vault
from vault.intake import unfinished
from vault.storage.names import case_key_name, manifest_name, object_name, read_name
from vault.upkeep.orphans import sweep_orphans

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.builders import Case, House
    from tests.conftest import Place
    from vault.core import Vault
    from vault.storage.port import Buffer
    from vault.storage.s3 import S3Store

NONE = timedelta(0)
DAY = timedelta(days=1)


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent")


def orphan(case: Case) -> str:
    return object_name(case.case_id, RenditionId(new_id()))


# --- on the real store


def test_an_orphan_is_removed_with_its_manifest_and_nothing_else_is(
    house: House, case: Case, store: S3Store
) -> None:
    deposited = case.deposit("party:claimant")
    known = object_name(case.case_id, deposited.rendition_id)
    manifest = manifest_name(case.case_id, deposited.rendition_id)
    key = case_key_name(case.case_id)
    lost = orphan(case)
    for name in (lost, f"{lost}.manifest"):
        store.put(name, [b"x"])
    found = sweep_orphans(house.vault, NONE)
    assert found.removed == [lost, f"{lost}.manifest"]
    assert (found.waiting, found.unknown) == ([], [])
    assert set(store.names()) == {known, manifest, key}


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "a/b/c",
        "{case}/nothing",
        "{case}/{lost}.pages",
        "{case}/{upper}",
        "{case}/{lost}/1",
        "{other}/key",
    ],
)
def test_what_is_none_of_ours_is_named_and_stays(
    house: House, case: Case, store: S3Store, name: str
) -> None:
    lost = new_id()
    name = name.format(case=case.case_id, lost=lost, upper=str(lost).upper(), other=new_id())
    store.put(name, [b"x"])
    found = sweep_orphans(house.vault, NONE)
    assert (found.removed, found.unknown) == ([], [name])
    assert list(store.names()) == [name]


def test_the_key_of_an_erased_case_that_was_put_back_is_removed(
    house: House, case: Case, store: S3Store, owner: Database
) -> None:
    erasure.erase_case(house.vault, owner, case.case_id, ORDER)
    store.put(case_key_name(case.case_id), [b"x"])
    assert sweep_orphans(house.vault, NONE).removed == [case_key_name(case.case_id)]


def test_an_upload_that_is_given_up_takes_no_key_of_a_case_that_was_not_erased(
    house: House, case: Case, store: S3Store, place: Place
) -> None:
    """Where the row of the key is lost, the bucket has the last copy."""
    case.deposit("party:claimant")
    note_an_upload(place, case)
    with psycopg.connect(place.superuser_url) as connection:
        query = "DELETE FROM keys WHERE holder_id = %s"
        assert connection.execute(query, (case.case_id,)).rowcount == 1
    assert unfinished.sweep(house.vault, house.clock() + DAY) == 1
    assert case_key_name(case.case_id) in store.names()


def note_an_upload(place: Place, case: Case) -> None:
    """Leave the note of an upload whose process was killed."""
    with psycopg.connect(place.superuser_url) as connection:
        connection.execute(
            "INSERT INTO uploads (rendition_id, case_id, person_id, started_at)"
            " SELECT gen_random_uuid(), case_id, person_id, '2026-03-02T09:00Z'"
            " FROM participants WHERE case_id = %s LIMIT 1",
            (case.case_id,),
        )


def test_a_write_that_nothing_refers_to_is_named_and_ended(
    house: House, case: Case, store: S3Store
) -> None:
    """Its parts are paid for, and no list of objects shows them."""
    begin_upload(house, case)
    lost = orphan(case)
    list(store.put_parts(lost, store.begin(lost), [b"x"]))
    problem = f"Object {lost}: a write of it has not ended, and no upload refers to it."
    assert check_vault(house.vault, content=True).problems == (problem,)
    assert sweep_orphans(house.vault, DAY).waiting == [lost]
    assert sweep_orphans(house.vault, NONE).removed == [lost]
    house.check()


def begin_upload(house: House, case: Case) -> None:
    """Leave a resumable upload after its first part, alive."""
    send(house, case, begin(house, case), 0, CONTENT[:TAIL])


def test_a_name_is_as_old_as_the_youngest_that_bears_it(house: House, case: Case) -> None:
    store = MemoryStore()
    vault = replace(house.vault, store=store)
    lost = orphan(case)
    store.begin(lost)
    store.forward(2 * DAY)
    store.put(lost, [b"x"])
    for _ in range(2):
        assert sweep_orphans(vault, DAY).waiting == [lost]
        house.clock.forward(days=2)
    store.forward(DAY)
    assert sweep_orphans(vault, DAY).removed == [lost]
    assert (store.kept, store.under_way) == ({}, {})


@pytest.mark.parametrize("what", ["document", "case"])
@pytest.mark.parametrize("stopped_at", ["objects", "destroy", "destroy under"])
def test_what_an_erasure_has_still_to_remove_is_left_to_it(
    house: House, case: Case, store: S3Store, owner: Database, what: str, stopped_at: str
) -> None:
    deposited = case.deposit("party:claimant")
    failing = FailingStore(store, faults={stopped_at: "lost"})
    away = replace(house.vault, store=failing)

    def erase(vault: Vault) -> erasure.Erased:
        if what == "document":
            return erasure.erase_document(vault, owner, deposited.document_id, ORDER)
        return erasure.erase_case(vault, owner, case.case_id, ORDER)

    with pytest.raises(Unavailable):
        erase(away)
    there = set(store.names())
    assert sweep_orphans(house.vault, NONE).removed == []
    assert set(store.names()) == there
    listed = [line.split(" ")[0] for line in erase(house.vault).inventory.splitlines()]
    name = object_name(case.case_id, deposited.rendition_id)
    expected = {name, f"{name}.manifest"}
    assert set(listed) == expected | ({case_key_name(case.case_id)} if what == "case" else set())
    # What is met of the case from now on is an orphan like any other.
    lost = orphan(case)
    store.put(lost, [b"x"])
    assert sweep_orphans(house.vault, NONE).removed == [lost]


def test_a_dry_run_says_so_and_changes_nothing(house: House, case: Case, store: S3Store) -> None:
    lost = orphan(case)
    store.put(lost, [b"x"])
    assert sweep_orphans(house.vault, NONE, dry_run=True).removed == [lost]
    assert sweep_orphans(house.vault, DAY, dry_run=True).waiting == [lost]
    assert list(store.names()) == [lost]
    house.clock.forward(days=3)
    # The dry run has not noted it either: it is met for the first time now.
    assert sweep_orphans(house.vault, timedelta(microseconds=1)).waiting == [lost]


def test_neither_clock_alone_ends_the_grace(house: House, case: Case) -> None:
    store = MemoryStore()
    vault = replace(house.vault, store=store)
    lost = orphan(case)
    store.put(lost, [b"x"])
    assert sweep_orphans(vault, DAY).waiting == [lost]
    house.clock.forward(days=400)
    assert sweep_orphans(vault, DAY).waiting == [lost]
    house.clock.forward(days=-400)
    store.forward(400 * DAY)
    assert sweep_orphans(vault, DAY).waiting == [lost]
    house.clock.forward(days=1)
    assert sweep_orphans(vault, DAY).removed == [lost]


def test_a_write_that_lasted_after_it_was_given_up_is_swept(house: House, case: Case) -> None:
    store = MemoryStore()
    failing = FailingStore(store, faults={"put": "kept", "abandon": "kept"})
    patient = replace(case, house=replace(house, vault=replace(house.vault, store=failing)))
    with pytest.raises(Unavailable):
        patient.deposit("party:claimant")
    failing.faults.clear()
    name = orphan(case)
    store.put(name, [b"a straggler of another attempt"])
    unfinished.sweep(patient.house.vault, house.clock() + DAY)
    assert sweep_orphans(patient.house.vault, NONE).removed == [name]
    assert list(store.names()) == []


# --- every interleaving


@dataclass
class Upload:
    """A deposit in a thread of its own, which stops before and after each object it writes.

    Attributes:
        written: The names of what it has written so far: its object, the case's key if it was the
            first, and its manifest.
    """

    case: Case
    store: MemoryStore
    arrived: Queue[str] = field(default_factory=Queue[str])
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    written: set[str] = field(default_factory=set[str])
    at: str = ""

    def start(self) -> None:
        vault = replace(self.case.house.vault, store=Gate(self.store, upload=self))
        mine = replace(self.case, house=replace(self.case.house, vault=vault))

        def run() -> None:
            try:
                mine.deposit("party:claimant")
                self.arrived.put("completed")
            except VaultError:
                self.arrived.put("refused")

        threading.Thread(target=run, daemon=True).start()
        self.at = self.arrived.get()

    def stop(self, at: str) -> None:
        self.arrived.put(at)
        self.go.acquire()

    def advance(self) -> None:
        if self.is_running():
            self.go.release()
            self.at = self.arrived.get()

    def is_running(self) -> bool:
        return self.at in ("before", "after")


@dataclass
class Gate(FailingStore):
    """Lets an upload's thread go on only when it is told to."""

    upload: Upload = field(kw_only=True)

    def put(self, name: str, parts: Iterable[Buffer]) -> int:
        self.upload.stop("before")
        length = self.real.put(name, parts)
        self.upload.written.add(name)
        self.upload.stop("after")
        return length

    def replace(self, name: str, body: bytes) -> None:
        self.upload.stop("before")
        self.real.replace(name, body)
        self.upload.written.add(name)
        self.upload.stop("after")


class Sweeping(RuleBasedStateMachine):
    """Uploads, crashes, sweeps and clocks, one step at a time in any order.

    An upload that is never told to go on again is a process that was killed, or froze; one that
    goes on after a sweep has given it up is one that thawed.
    """

    def __init__(self, house: House, case: Case) -> None:
        super().__init__()
        self.house, self.store = house, MemoryStore()
        self.began_at = house.clock()
        self.vault = replace(house.vault, store=self.store)
        self.case = replace(case, house=replace(house, vault=self.vault))
        self.uploads: list[Upload] = []
        self.none_of_ours: set[str] = set()

    @rule()
    def begin(self) -> None:
        upload = Upload(self.case, self.store)
        upload.start()
        self.uploads.append(upload)

    @precondition(lambda self: self.uploads)
    @rule(data=st.data())
    def advance(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.uploads)).advance()

    @rule(hours=st.integers(0, 48))
    def sweep_uploads(self, hours: int) -> None:
        unfinished.sweep(self.vault, self.house.clock() - timedelta(hours=hours))

    @rule(grace=st.sampled_from([NONE, timedelta(hours=1), DAY]), data=st.data())
    def sweep(self, grace: timedelta, data: st.DataObject) -> None:
        if self.uploads and data.draw(st.booleans()):
            # Between the list and the look-up.
            self.store.after_listing = data.draw(st.sampled_from(self.uploads)).advance
        sweep_orphans(self.vault, grace)

    @rule(body=st.binary(min_size=1, max_size=9), manifest=st.booleans())
    def straggle(self, body: bytes, manifest: bool) -> None:
        name = object_name(self.case.case_id, RenditionId(new_id()))
        self.store.put(f"{name}.manifest" if manifest else name, [body])

    @rule(name=st.sampled_from(["x", "x/y", "{id}", "{id}/key", "{id}/{id}.bak"]))
    def bring_something_else(self, name: str) -> None:
        name = name.format(id=CaseId(new_id()))
        if self.store.length(name) is None:
            self.store.put(name, [b"x"])
            self.none_of_ours.add(name)

    @rule(hours=st.integers(-100, 100))
    def step_clock(self, hours: int) -> None:
        self.house.clock.forward(hours=hours)

    @rule(hours=st.integers(0, 100))
    def step_clock_of_the_store(self, hours: int) -> None:
        self.store.forward(timedelta(hours=hours))

    @invariant()
    def what_lives_is_there(self) -> None:
        names = set(self.store.kept)
        assert self.none_of_ours <= names
        assert self.completed() <= names
        under_way = [u.written for u in self.uploads if u.is_running()]
        assert self.alive(set[str]().union(*under_way)) <= names
        assert self.case_key() <= names

    def completed(self) -> set[str]:
        """Return the names of what the uploads that became documents have written."""
        written = [upload.written for upload in self.uploads if upload.at == "completed"]
        return set[str]().union(*written)

    def case_key(self) -> set[str]:
        """Return the name of the case's key once somebody has written it: the case lives."""
        written = set[str]().union(*(upload.written for upload in self.uploads))
        return written & {case_key_name(self.case.case_id)}

    def alive(self, names: set[str]) -> set[str]:
        """Return those of the names whose uploads were not given up by the sweep of uploads."""
        with self.vault.database.transaction() as tx:
            query = "SELECT rendition_id FROM uploads WHERE NOT given_up"
            alive = set(tx.values(query))
        return {name for name in names if (read := read_name(name)) and read.rendition in alive}

    def teardown(self) -> None:
        for upload in self.uploads:
            while upload.is_running():
                upload.advance()
        for _ in range(2):
            unfinished.sweep(self.vault, self.house.clock() + timedelta(days=400))
            sweep_orphans(self.vault, DAY)
            self.house.clock.forward(days=400)
            self.store.forward(DAY)
        assert set(self.store.kept) == self.completed() | self.case_key() | self.none_of_ours
        self.house.clock.now = self.began_at


def test_no_order_of_events_loses_an_object_or_keeps_an_orphan(house: House, case: Case) -> None:
    class Here(Sweeping):
        def __init__(self) -> None:
            super().__init__(house, case)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
