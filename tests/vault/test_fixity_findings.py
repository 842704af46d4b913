"""Whatever a scrub cannot read as it must is named, and the rest is read all the same."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from api.embedded.seaweed import running_seaweed
from tests.builders import Case, House
from tests.conftest import Place
from tests.contracts.failing_store import FailingStore
from tests.vault.test_fixity import Time, at_once, found, of_each_kind
from tests.vault.test_tampering import run_as_administrator
from vault.content import object_name
from vault.errors import KeyDestroyed, Tampered, VaultError
from vault.ids import CaseId
from vault.inspection.verification import check_vault
from vault.intake.completion import Deposited
from vault.keyring.keyring import Keyring
from vault.keyring.root import FileRootKey
from vault.sealing.keys import CaseKey
from vault.storage.names import case_key_name, manifest_name
from vault.storage.s3 import S3Store
from vault.upkeep import fixity
from vault.upkeep.fixity import Pace
from vault.upkeep.wholeness import Fault


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent")


def first_of(deposited: list[Deposited]) -> Deposited:
    """Return the one that a pass comes to first."""
    return min(deposited, key=lambda one: one.rendition_id)


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
