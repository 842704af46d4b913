"""No order of uploads, erasures, sweeps and clocks loses an object, keeps an orphan, or lies."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from queue import Queue
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, settings
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
from tests.vault.uploading import CONTENT, announced
from vault.disposition import erasure, holds
from vault.errors import Conflict, Unavailable, VaultError
from vault.ids import CaseId, RenditionId, new_id
from vault.intake import unfinished, uploads
from vault.intake.arrivals import Piece
from vault.intake.resuming import receive
from vault.sealing.parts import PART_SIZE
from vault.storage.names import case_key_name, object_name
from vault.upkeep.orphans import sweep_orphans

if TYPE_CHECKING:
    from uuid import UUID

    from tests.builders import Case, House
    from vault.database.connection import Database
    from vault.ids import UploadId
    from vault.intake.accession import Deposited
    from vault.storage.port import Buffer

NONE = timedelta(0)
DAY = timedelta(days=1)
# One that stops holds a connection to the database.
MOST_RESUMABLE = 6
# The most is to the end of any upload.
STEPS = st.sampled_from([1, 3, 20])


@dataclass
class Upload:
    """A deposit in a thread of its own, which stops before and after each call to the store.

    Attributes:
        written: The names that it has written so far: its object, the case's key if it was the
            first, and its manifest.
        writes: Those of its writes that have not ended, by the store's ids.
        upload_id: Of one that lives across requests.
        may_be_removed: A sweep of uploads was let to give it up.
        may_be_refused: Its time has run out by the clock, or its seat's has not begun.
    """

    case: Case
    store: MemoryStore
    begun_at: datetime
    content: bytes | None = None
    arrived: Queue[str] = field(default_factory=Queue[str])
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    written: set[str] = field(default_factory=set[str])
    writes: set[str] = field(default_factory=set[str])
    upload_id: UploadId | None = None
    deposited: Deposited | None = None
    may_be_removed: bool = False
    may_be_refused: bool = False
    at: str = ""

    def start(self) -> None:
        vault = replace(self.case.house.vault, store=Gate(self.store, upload=self))
        mine = replace(self.case, house=replace(self.case.house, vault=vault))

        def run() -> None:
            try:
                if self.content is None:
                    self.deposited = mine.deposit("party:claimant")
                else:
                    self.deposited = self.resumed(mine, self.content)
                self.arrived.put("completed")
            except VaultError:
                self.arrived.put("refused")

        threading.Thread(target=run, daemon=True).start()
        self.at = self.arrived.get()

    def resumed(self, case: Case, content: bytes) -> Deposited | None:
        """Bring content part by part, each in a request of its own."""
        vault, subject = case.house.vault, case["party:claimant"]
        begun = uploads.begin(vault, subject, case.case_id, announced(len(content)))
        self.upload_id, done = begun.upload_id, None
        for offset in range(0, len(content), PART_SIZE):
            piece = Piece(offset=offset, content=[content[offset : offset + PART_SIZE]])
            done = receive(vault, subject, begun.upload_id, piece).deposited
        return done

    def stop(self, at: str) -> None:
        self.arrived.put(at)
        self.go.acquire()

    def advance(self) -> None:
        if self.is_running():
            self.go.release()
            self.at = self.arrived.get()
            if self.at == "refused":
                assert self.may_be_removed or self.may_be_refused

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

    def begin(self, name: str) -> str:
        self.upload.stop("before")
        write = self.real.begin(name)
        self.upload.writes.add(write)
        self.upload.stop("after")
        return write

    def put_parts(
        self, name: str, write: str, parts: Iterable[Buffer], first: int = 0
    ) -> Iterator[str]:
        self.upload.stop("before")
        yield from self.real.put_parts(name, write, parts, first)
        self.upload.stop("after")

    def complete(self, name: str, write: str, tags: Sequence[str], length: int) -> None:
        self.upload.stop("before")
        self.real.complete(name, write, tags, length)
        self.upload.writes.discard(write)
        self.upload.written.add(name)
        self.upload.stop("after")


@dataclass
class Kept:
    """A document, and what is being done to it besides."""

    document: Deposited
    names: set[str]
    hold: UUID | None = None
    erasing: bool = False


class Sweeping(RuleBasedStateMachine):
    """Uploads, crashes, erasures, holds, sweeps and clocks, one step at a time in any order.

    An upload that is never told to go on again is a process that was killed, or froze; one that
    goes on after a sweep has given it up is one that thawed.
    """

    def __init__(self, house: House, case: Case, owner: Database) -> None:
        super().__init__()
        self.house, self.store, self.owner = house, MemoryStore(), owner
        self.began_at = house.clock()
        self.vault = replace(house.vault, store=self.store)
        self.case = replace(case, house=replace(house, vault=self.vault))
        self.uploads: list[Upload] = []
        self.documents: list[Kept] = []
        self.erased: list[Kept] = []
        self.none_of_ours: set[str] = set()

    @rule(steps=STEPS)
    def begin(self, steps: int) -> None:
        self.start(None, steps)

    @precondition(lambda self: sum(u.upload_id is not None for u in self.uploads) < MOST_RESUMABLE)
    @rule(large=st.booleans(), steps=STEPS)
    def begin_resumable(self, large: bool, steps: int) -> None:
        self.start(CONTENT[: PART_SIZE + 9] if large else CONTENT[:9], steps)

    def start(self, content: bytes | None, steps: int) -> None:
        upload = Upload(self.case, self.store, self.house.clock(), content)
        upload.start()
        self.uploads.append(upload)
        for _ in range(steps):
            self.step(upload)

    @precondition(lambda self: self.uploads)
    @rule(data=st.data(), steps=STEPS)
    def advance(self, data: st.DataObject, steps: int) -> None:
        upload = data.draw(st.sampled_from(self.uploads))
        for _ in range(steps):
            self.step(upload)

    def step(self, upload: Upload) -> None:
        """Let an upload come to its next stop, or to its end."""
        early = self.house.clock() < self.began_at
        upload.may_be_refused |= early or upload in self.expired()
        before = upload.is_running()
        upload.advance()
        if before and upload.at == "completed":
            assert upload.deposited is not None
            names = upload.written - {case_key_name(self.case.case_id)}
            self.documents.append(Kept(upload.deposited, names))

    def expired(self) -> list[Upload]:
        """Return the uploads across requests whose time is over."""
        with self.vault.database.transaction() as tx:
            query = "SELECT upload_id FROM resumable_uploads WHERE expires_at <= %s"
            over = set(tx.values(query, (self.house.clock(),)))
        return [upload for upload in self.uploads if upload.upload_id in over]

    @rule(hours=st.integers(0, 48))
    def sweep_uploads(self, hours: int) -> None:
        silent_since = self.house.clock() - timedelta(hours=hours)
        for upload in self.expired():
            upload.may_be_removed = True
        for upload in self.uploads:
            if upload.content is None and upload.begun_at < silent_since:
                upload.may_be_removed = True
        unfinished.sweep(self.vault, silent_since)

    @rule(grace=st.sampled_from([NONE, timedelta(hours=1), DAY]), data=st.data())
    def sweep(self, grace: timedelta, data: st.DataObject) -> None:
        # Between the list and the look-up.
        meanwhile: list[Callable[[], None]] = [
            *(lambda u=upload: self.step(u) for upload in self.uploads),
            *(lambda k=kept: self.begin_erasing(k) for kept in self.documents),
        ]
        if meanwhile and data.draw(st.booleans()):
            self.store.after_listing = data.draw(st.sampled_from(meanwhile))
        sweep_orphans(self.vault, grace)

    @precondition(lambda self: self.documents)
    @rule(data=st.data(), stopped_at=st.sampled_from(["objects", "destroy", "destroy under", ""]))
    def erase(self, data: st.DataObject, stopped_at: str) -> None:
        self.begin_erasing(data.draw(st.sampled_from(self.documents)), stopped_at)

    def begin_erasing(self, kept: Kept, stopped_at: str = "objects") -> None:
        """Erase a document, or be killed on the way; what is held is refused."""
        failing = FailingStore(self.store, faults={stopped_at: "lost"})
        vault = replace(self.vault, store=failing)
        document = kept.document.document_id
        if kept.hold is not None and not kept.erasing:
            with pytest.raises(Conflict):
                erasure.erase_document(vault, self.owner, document, ORDER)
            return
        kept.erasing = True
        try:
            done = erasure.erase_document(vault, self.owner, document, ORDER)
        except Unavailable:
            return
        listed = {line.split(" ")[0] for line in done.inventory.splitlines()}
        assert listed == kept.names, "all of it is certified, whoever swept meanwhile"
        self.documents.remove(kept)
        self.erased.append(kept)

    @precondition(lambda self: any(not kept.erasing for kept in self.documents))
    @rule(data=st.data())
    def hold_or_lift(self, data: st.DataObject) -> None:
        kept = data.draw(st.sampled_from([kept for kept in self.documents if not kept.erasing]))
        if kept.hold is None:
            held = holds.place_on_document(self.vault, kept.document.document_id, "Subpoena")
            kept.hold = held.hold_id
        else:
            holds.lift(self.vault, kept.hold)
            kept.hold = None

    @rule(body=st.binary(min_size=1, max_size=9), kind=st.sampled_from(["", ".manifest", "write"]))
    def straggle(self, body: bytes, kind: str) -> None:
        name = object_name(self.case.case_id, RenditionId(new_id()))
        if kind == "write":
            list(self.store.put_parts(name, self.store.begin(name), [body]))
        else:
            self.store.put(f"{name}{kind}", [body])

    @rule(name=st.sampled_from(["x", "x/y", "{id}", "{id}/key", "{id}/{id}.bak"]))
    def bring_something_else(self, name: str) -> None:
        name = name.format(id=CaseId(new_id()))
        assume(self.store.length(name) is None)
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
        assert self.case_key() <= names
        for kept in self.documents:
            assert kept.erasing or kept.names <= names
        for upload in self.uploads:
            if upload.is_running() and not upload.may_be_removed:
                assert upload.written <= names
                assert upload.writes <= set(self.store.under_way)

    @invariant()
    def what_is_erased_is_gone(self) -> None:
        for kept in self.erased:
            assert not kept.names & set(self.store.kept)

    def case_key(self) -> set[str]:
        """Return the name of the case's key once somebody has written it: the case lives."""
        written = set[str]().union(*(upload.written for upload in self.uploads))
        return written & {case_key_name(self.case.case_id)}

    def teardown(self) -> None:
        for upload in self.uploads:
            while upload.is_running():
                self.step(upload)
        for kept in list(self.documents):
            if kept.erasing:
                self.begin_erasing(kept, "")
        for _ in range(2):
            unfinished.sweep(self.vault, self.house.clock() + timedelta(days=400))
            sweep_orphans(self.vault, DAY)
            self.house.clock.forward(days=400)
            self.store.forward(DAY)
        names = set[str]().union(*(kept.names for kept in self.documents))
        assert set(self.store.kept) == names | self.case_key() | self.none_of_ours
        assert self.store.under_way == {}
        self.house.clock.now = self.began_at


def test_no_order_of_events_loses_an_object_or_keeps_an_orphan(
    house: House, case: Case, owner: Database
) -> None:
    class Here(Sweeping):
        def __init__(self) -> None:
            super().__init__(house, case, owner)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent")
