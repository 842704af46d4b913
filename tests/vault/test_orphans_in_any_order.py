"""No order of uploads, crashes, erasures and sweeps loses an object or keeps an orphan."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from queue import Queue
from typing import TYPE_CHECKING

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
from vault.errors import VaultError
from vault.ids import CaseId, RenditionId, new_id
from vault.intake import unfinished
from vault.storage.names import case_key_name, object_name, read_name
from vault.upkeep.orphans import sweep_orphans

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.builders import Case, House
    from vault.storage.port import Buffer

NONE = timedelta(0)
DAY = timedelta(days=1)


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent")


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
