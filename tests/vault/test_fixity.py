"""A scrub reads everything, at its pace, from where it was; and names what is not whole."""

import logging
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from api.embedded.seaweed import running_seaweed
from tests.builders import Case, House
from tests.conftest import Place
from tests.contracts.failing_store import FailingStore
from tests.vault.erasing import ORDER, last_event
from tests.vault.test_tampering import DAMAGE, overwrite, run_as_administrator
from vault.access import open_entry
from vault.content import object_name
from vault.database import log
from vault.database.connection import Database
from vault.deviations import clawback
from vault.disposition import erasure
from vault.errors import Conflict, KeyDestroyed, Tampered, Unavailable, VaultError
from vault.ids import CaseId, RenditionId
from vault.inspection.verification import check_vault
from vault.intake.accession import Deposited
from vault.keyring.keyring import Keyring
from vault.keyring.root import FileRootKey
from vault.sealing.keys import CaseKey
from vault.storage.names import case_key_name, manifest_name
from vault.storage.s3 import S3Store
from vault.upkeep import fixity
from vault.upkeep.fixity import Finding, Pace, Scrubbed
from vault.upkeep.wholeness import Fault

MIB = 1 << 20


@dataclass
class Time:
    """Passes when somebody sleeps, and when it is told to."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list[float])

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def at_once() -> Pace:
    time = Time()
    return Pace(1e12, time.clock, time.sleep)


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent")


def of_each_kind(case: Case, count: int) -> list[Deposited]:
    return [case.deposit("party:claimant", bytes([n]) * 100) for n in range(count)]


def test_a_scrub_of_what_is_whole_finds_nothing_and_is_on_record(house: House, case: Case) -> None:
    of_each_kind(case, 3)
    done = fixity.scrub(house.vault, at_once())
    assert (done.renditions, done.bytes, done.findings, done.here) == (3, 300, 0, ())
    event = last_event(house)
    assert event.name == "vault:scrub:completed"
    assert event.detail == {"renditions": 3, "bytes": 300, "findings": 0}
    house.check()


@pytest.mark.parametrize("kind", [*DAMAGE, "missing", "another's"])
def test_what_is_not_whole_is_named_on_record_and_alerted_by_ids_alone(
    house: House, case: Case, store: S3Store, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    whole, other = of_each_kind(case, 2)
    hurt = case.deposit("party:claimant", bytes(range(256)) * (17 * MIB // 256), title="Hidden")
    name = object_name(case.case_id, hurt.rendition_id)
    sealed = b"".join(store.read(name))
    if kind == "missing":
        store.abandon(name)
    elif kind == "another's":
        neighbour = object_name(case.case_id, other.rendition_id)
        overwrite(store, name, b"".join(store.read(neighbour)))
    else:
        overwrite(store, name, DAMAGE[kind](sealed))
    with caplog.at_level(logging.ERROR, "subrosa.alerts"):
        done = fixity.scrub(house.vault, at_once())
    what = Fault.MISSING if kind == "missing" else Fault.DAMAGED
    finding = Finding(case_id=case.case_id, rendition_id=hurt.rendition_id, what=what)
    assert (done.findings, done.here) == (1, (finding,))
    alerts = [r for r in caplog.records if r.name == "subrosa.alerts"]
    assert [r.levelno for r in alerts] == [logging.ERROR]
    assert str(hurt.rendition_id) in alerts[0].getMessage()
    assert "Hidden" not in alerts[0].getMessage()
    with house.vault.database.snapshot() as tx:
        events = [open_entry(house.vault, tx, row).event for row in log.all_entries(tx)]
    scrubbed = [e for e in events if e and e.name == "rendition:scrub:tampered"]
    assert [e.detail for e in scrubbed] == [
        {
            "document": str(hurt.document_id),
            "rendition": str(hurt.rendition_id),
            "found": what,
        }
    ]
    assert str(whole.rendition_id) not in str(done.here)


class Stopped(BaseException):
    """The process is gone."""


@dataclass
class StoppingStore(FailingStore):
    """Notes what is looked at, and dies at the nth object."""

    left: int = 0
    looked_at: set[str] = field(default_factory=set[str])

    def length(self, name: str) -> int | None:
        if name not in self.looked_at:
            self.left -= 1
            if self.left == 0:
                raise Stopped
            self.looked_at.add(name)
        return self.real.length(name)


@pytest.mark.parametrize("stopped_at", range(1, 6))
def test_a_scrub_that_was_killed_goes_on_where_it_was(
    house: House, case: Case, store: S3Store, stopped_at: int
) -> None:
    deposited = of_each_kind(case, 5)
    hurt = min(deposited, key=lambda d: d.rendition_id)
    store.abandon(object_name(case.case_id, hurt.rendition_id))
    counting = StoppingStore(store, left=stopped_at)
    vault = replace(house.vault, store=counting)
    with pytest.raises(Stopped):
        fixity.scrub(vault, at_once())
    before, counting.looked_at = counting.looked_at, set()
    done = fixity.scrub(vault, at_once())
    assert (len(before), len(counting.looked_at)) == (stopped_at - 1, 6 - stopped_at)
    assert not before & counting.looked_at
    assert (done.renditions, done.bytes, done.findings) == (5, 500, 1)
    again = fixity.scrub(vault, at_once())
    assert again.renditions == 5


def test_a_store_that_is_away_is_no_finding(house: House, case: Case, store: S3Store) -> None:
    of_each_kind(case, 2)
    failing = FailingStore(store, faults={"read": "lost", "ping": "lost"})
    vault = replace(house.vault, store=failing)
    with pytest.raises(Unavailable):
        fixity.scrub(vault, at_once())
    failing.faults.clear()
    assert fixity.scrub(vault, at_once()).findings == 0


def first_of(deposited: list[Deposited]) -> Deposited:
    """Return the one that a pass comes to first."""
    return min(deposited, key=lambda one: one.rendition_id)


def found(done: Scrubbed) -> list[tuple[RenditionId, str]]:
    return [(one.rendition_id, one.what) for one in done.here]


def test_an_object_that_the_store_does_not_give_out_is_named_and_the_rest_is_read(
    house: House, case: Case, store: S3Store
) -> None:
    deposited = of_each_kind(case, 3)
    rotten = first_of(deposited).rendition_id
    failing = FailingStore(store, withheld={object_name(case.case_id, rotten)})
    vault = replace(house.vault, store=failing)
    for _ in range(2):
        done = fixity.scrub(vault, at_once())
        assert (done.renditions, found(done)) == (3, [(rotten, Fault.UNREADABLE)])
    assert house.vault.alerts.raised == 2
    assert check_vault(vault, content=True).problems == (
        f"Rendition {rotten}: the store answers, but does not give out its object.",
    )


def test_one_bit_that_has_turned_below_the_store_is_found_and_wedges_no_scrub(
    house: House, tmp_path: Path
) -> None:
    with (
        running_seaweed(tmp_path / "weed") as settings,
        closing(S3Store(replace(settings, attempts=1))) as below,
    ):
        below.prepare()
        vault = replace(house.vault, store=below)
        case = replace(house, vault=vault).case("party:claimant", "party:respondent")
        deposited = of_each_kind(case, 3)
        rotten = first_of(deposited).rendition_id
        turn_one_bit(tmp_path, b"".join(below.read(object_name(case.case_id, rotten))))
        done = fixity.scrub(vault, at_once())
    assert (done.renditions, found(done)) == (3, [(rotten, Fault.UNREADABLE)])


def turn_one_bit(folder: Path, content: bytes) -> None:
    """Let what is kept of some content rot on the disk."""
    hit = 0
    for volume in folder.rglob("*.dat"):
        kept = bytearray(volume.read_bytes())
        at = kept.find(content)
        if at >= 0:
            kept[at + len(content) // 2] ^= 1
            volume.write_bytes(kept)
            hit += 1
    assert hit == 1


@pytest.mark.parametrize("kind", ["missing", "withheld", "another's", "cut"])
def test_a_manifest_that_is_not_whole_is_a_finding(
    house: House, case: Case, store: S3Store, kind: str
) -> None:
    hurt, other = of_each_kind(case, 2)
    name = manifest_name(case.case_id, hurt.rendition_id)
    failing = FailingStore(store)
    match kind:
        case "missing":
            store.abandon(name)
        case "withheld":
            failing.withheld.add(name)
        case "cut":
            store.replace(name, b"".join(store.read(name))[:-1])
        case _:
            neighbour = manifest_name(case.case_id, other.rendition_id)
            store.replace(name, b"".join(store.read(neighbour)))
    done = fixity.scrub(replace(house.vault, store=failing), at_once())
    what = Fault.MANIFEST_MISSING if kind == "missing" else Fault.MANIFEST_DAMAGED
    assert found(done) == [(hurt.rendition_id, what)]


@pytest.mark.parametrize("kind", ["missing", "withheld", "another's"])
def test_a_case_whose_key_is_not_in_the_bucket_is_one_finding(
    house: House, case: Case, store: S3Store, kind: str
) -> None:
    deposited = of_each_kind(case, 3)
    other = house.case("party:claimant", "party:respondent")
    of_each_kind(other, 1)
    name = case_key_name(case.case_id)
    failing = FailingStore(store)
    match kind:
        case "missing":
            store.abandon(name)
        case "withheld":
            failing.withheld.add(name)
        case _:
            store.replace(name, b"".join(store.read(case_key_name(other.case_id))))
    vault = replace(house.vault, store=failing)
    assert found(fixity.scrub(vault, at_once())) == [
        (first_of(deposited).rendition_id, Fault.CASE_KEY)
    ]


def test_a_key_that_a_rotation_is_moving_is_no_finding(
    house: House, case: Case, store: S3Store
) -> None:
    of_each_kind(case, 1)
    name = case_key_name(case.case_id)
    new = b"".join(store.read(name))
    store.replace(name, b"the one before")
    time = Time(slept=Rotating(store, name, new))
    assert fixity.scrub(house.vault, Pace(1e12, time.clock, time.sleep)).findings == 0
    assert sum(time.slept) >= 1


class Rotating(list[float]):
    """While somebody waits, a rotation comes to the bucket."""

    def __init__(self, store: S3Store, name: str, key: bytes) -> None:
        super().__init__()
        self.move = lambda: store.replace(name, key)

    def append(self, seconds: float, /) -> None:
        super().append(seconds)
        self.move()


class OneKeyDestroyed(Keyring):
    """A keyring whose provider has destroyed the key of one case."""

    def __init__(self, root: FileRootKey, gone: CaseId, refusal: type[VaultError]) -> None:
        super().__init__(root)
        self.gone, self.refusal = gone, refusal

    def open_case_key(self, case: CaseId, wrapped: bytes) -> CaseKey:
        if case == self.gone:
            raise self.refusal
        return super().open_case_key(case, wrapped)


@pytest.mark.parametrize("refusal", [KeyDestroyed, Tampered])
def test_a_case_whose_key_does_not_open_is_named_and_the_rest_is_read(
    house: House, case: Case, root_key: FileRootKey, refusal: type[VaultError]
) -> None:
    both = [case, house.case("party:claimant", "party:respondent")]
    deposited = {one.case_id: one.deposit("party:claimant").rendition_id for one in both}
    gone = min(deposited, key=lambda case_id: deposited[case_id])
    vault = replace(house.vault, keyring=OneKeyDestroyed(root_key, gone, refusal))
    done = fixity.scrub(vault, at_once())
    assert (done.renditions, found(done)) == (2, [(deposited[gone], Fault.KEY)])


def test_a_case_whose_key_is_gone_from_its_row_is_named(
    house: House, case: Case, place: Place
) -> None:
    deposited = case.deposit("party:claimant")
    run_as_administrator(place, "DELETE FROM keys WHERE kind = 'case'")
    assert found(fixity.scrub(house.vault, at_once())) == [(deposited.rendition_id, Fault.KEY)]


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_relabelled_while_it_is_read_is_read_again(
    house: House, case: Case, store: S3Store, whole: bool
) -> None:
    case.agree()
    deposited = case.deposit("party:claimant")
    name = object_name(case.case_id, deposited.rendition_id)

    class RelabellingStore(FailingStore):
        def length(self, name: str) -> int | None:
            if not self.written:
                self.written.add(name)
                clawback.claw_back(house.vault, case["party:claimant"], deposited.document_id)
                # As if it had been compared with a row that was half of each.
                return 1
            return self.real.length(name)

    if not whole:
        store.abandon(name)
    done = fixity.scrub(replace(house.vault, store=RelabellingStore(store)), at_once())
    assert found(done) == ([] if whole else [(deposited.rendition_id, Fault.MISSING)])


def test_a_scrub_of_one_case_reads_that_case_alone(house: House, case: Case) -> None:
    of_each_kind(case, 2)
    other = house.case("party:claimant", "party:respondent")
    of_each_kind(other, 3)
    assert fixity.scrub(house.vault, at_once(), other.case_id).renditions == 3
    assert last_event(house).case == other.case_id
    assert fixity.scrub(house.vault, at_once()).renditions == 5


def test_what_is_erased_while_it_is_read_is_no_finding(
    house: House, case: Case, store: S3Store, owner: Database
) -> None:
    document = case.deposit("party:claimant").document_id

    class ErasingStore(FailingStore):
        def length(self, name: str) -> int | None:
            if not self.written:
                self.written.add(name)
                erasure.erase_document(house.vault, owner, document, ORDER)
            return self.real.length(name)

    vault = replace(house.vault, store=ErasingStore(store))
    assert fixity.scrub(vault, at_once()).findings == 0
    house.check()


def test_two_scrubs_of_the_same_do_not_run_at_once(
    house: House, case: Case, store: S3Store
) -> None:
    case.deposit("party:claimant")
    told: list[str] = []

    class ScrubbingStore(FailingStore):
        def length(self, name: str) -> int | None:
            with pytest.raises(Conflict) as refused:
                fixity.scrub(house.vault, at_once())
            told.append(str(refused.value))
            return self.real.length(name)

    fixity.scrub(replace(house.vault, store=ScrubbingStore(store)), at_once())
    assert set(told) == {"A scrub of this is under way."}
