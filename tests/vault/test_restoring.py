"""The bucket and the root key give every document back, and nothing that only looks like one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.contracts.failing_store import FailingStore
from tests.vault.erasing import ORDER, OwnKeys, under
from vault.deviations.clawback import claw_back
from vault.disposition import erasure
from vault.errors import NotFound, Tampered, Unavailable
from vault.ids import CaseId, RenditionId, new_id
from vault.inspection.verification import check_vault
from vault.intake import deposits
from vault.intake.descriptions import Bytes, Description
from vault.keyring.keyring import Keyring
from vault.keyring.root import FileRootKey
from vault.manifests import read_case_key, read_manifest
from vault.sealing.manifests import LONGEST_BYTES
from vault.storage.names import case_key_name, manifest_name, object_name
from vault.upkeep.inventory import mend_bucket
from vault.upkeep.restoring import Refusal, restorable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.builders import Case, House
    from vault.database.connection import Database
    from vault.intake.accession import Deposited
    from vault.sealing.manifests import Manifest
    from vault.storage.port import ObjectStore
    from vault.storage.s3 import S3Store

MIB = 1 << 20
LARGE = bytes(range(256)) * (9 * MIB // 256)


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent")


class Listing(FailingStore):
    """A bucket that holds one name more than we can put into one."""

    def __init__(self, real: ObjectStore, name: str) -> None:
        super().__init__(real)
        self._name = name

    def names(self) -> Iterator[str]:
        yield self._name
        yield from self.real.names()


def restored(
    store: S3Store, root_key: FileRootKey, case: CaseId | None = None
) -> tuple[dict[str, tuple[Manifest, bytes]], dict[str, str]]:
    """Restore a bucket: what verified by its title, and what did not by its name."""
    documents, refused = dict[str, tuple["Manifest", bytes]](), dict[str, str]()
    for found in restorable(store, Keyring(root_key), case):
        if isinstance(found, Refusal):
            refused[found.name] = found.why
            continue
        try:
            content = b"".join(found.content())
        except Tampered:
            refused[found.name] = "damaged"
        else:
            documents[found.manifest.title] = found.manifest, content
    return documents, refused


def test_a_case_whose_own_key_is_destroyed_keeps_no_other_case_from_being_restored(
    house: House, store: S3Store, root_key: FileRootKey
) -> None:
    mine = under(house, OwnKeys(root_key)).case("party:claimant", "party:respondent")
    mine.deposit("party:claimant", b"chart", title="Chart")
    destroyed = mine.house.case("party:claimant", "party:respondent")
    destroyed.deposit("party:claimant", b"gone", title="Gone")
    root_key.destroy_case_key(destroyed.case_id)
    # So says a key object that somebody made up, too: of a case that sorts before the others.
    planted = CaseId(UUID(int=1))
    wrapped = read_case_key(store, mine.case_id)
    store.put(case_key_name(planted), [wrapped])
    documents, refused = restored(store, root_key)
    assert documents.keys() == {"Chart"}
    gone = "The provider has no key of this case any more."
    assert {refused[str(case)] for case in (planted, destroyed.case_id)} == {gone}


def test_every_document_is_restored_with_all_that_is_known_of_it(
    house: House, case: Case, store: S3Store, root_key: FileRootKey
) -> None:
    began = house.clock()
    chart = case.deposit("party:claimant", b"chart", title="Chart ✓")
    scan = case.deposit("party:claimant", LARGE, document_class="imaging", title="Scan")
    case.deposit("party:respondent", b"", title="Empty")
    case.redact("party:claimant", chart.document_id, b"ch###")
    other = house.case("party:claimant")
    other.deposit("party:claimant", b"elsewhere", title="Elsewhere")
    house.check()
    found, refused = restored(store, root_key)
    assert refused == {}
    # The redacted version bears the title of its document, and comes in the order of ids.
    assert found.keys() == {"Chart ✓", "Scan", "Empty", "Elsewhere"}
    manifest, content = found["Scan"]
    assert content == LARGE
    assert manifest.sha256 == scan.sha256
    assert manifest.admitted_at == began
    assert (manifest.document_class, manifest.origin) == ("imaging", "claimant")
    assert (manifest.provenance, manifest.label) == ("pre-existing", "-")
    assert (manifest.file_name, manifest.media_type) == ("chart.txt", "text/plain")
    of_chart = [
        item
        for item in restorable(store, Keyring(root_key), case.case_id)
        if not isinstance(item, Refusal) and item.manifest.title == "Chart ✓"
    ]
    assert {(d.manifest.view, b"".join(d.content())) for d in of_chart} == {
        ("full", b"chart"),
        ("redacted", b"ch###"),
    }


def test_one_case_is_restored_alone(
    house: House, case: Case, store: S3Store, root_key: FileRootKey
) -> None:
    case.deposit("party:claimant", b"ours", title="Ours")
    house.case("party:claimant").deposit("party:claimant", b"theirs", title="Theirs")
    store.put("somebody-elses", [b"x"])
    found, refused = restored(store, root_key, case.case_id)
    assert {title: content for title, (_, content) in found.items()} == {"Ours": b"ours"}
    assert refused == {}
    assert restored(store, root_key, CaseId(new_id())) == ({}, {})


def test_another_root_key_restores_nothing_and_says_so(
    case: Case, store: S3Store, tmp_path: Path
) -> None:
    case.deposit("party:claimant")
    found, refused = restored(store, FileRootKey.create(tmp_path / "other.key"))
    assert found == {}
    assert "does not open under this root key" in refused[str(case.case_id)]
    assert len(refused) == 2


class Bucket:
    """Two documents of one case, one of another, and what somebody with the bucket can do."""

    def __init__(self, house: House, store: S3Store) -> None:
        case, other = house.case("party:claimant"), house.case("party:claimant")
        self.store = store
        self.case, self.other = case.case_id, other.case_id
        self.mine = self._names(case, case.deposit("party:claimant", LARGE, title="Mine"))
        self.next = self._names(case, case.deposit("party:claimant", LARGE[::-1], title="Next"))
        self.theirs = self._names(other, other.deposit("party:claimant", LARGE, title="Theirs"))

    @staticmethod
    def _names(case: Case, deposited: Deposited) -> tuple[str, str]:
        ids = case.case_id, deposited.rendition_id
        return object_name(*ids), manifest_name(*ids)

    def read(self, name: str) -> bytes:
        return b"".join(self.store.read(name))

    def write(self, name: str, body: bytes) -> None:
        self.store.abandon(name)
        self.store.put(name, [body])

    def change(self, name: str, at: int) -> None:
        body = bytearray(self.read(name))
        body[at] ^= 1
        self.write(name, bytes(body))

    def cut(self, name: str, to: int) -> None:
        self.write(name, self.read(name)[:to])

    def swap(self, one: str, other: str) -> None:
        first, second = self.read(one), self.read(other)
        self.write(one, second)
        self.write(other, first)


# Each is done to the document `Mine` and must leave it out; `others` are left out with it.
ACTS: dict[str, tuple[Callable[[Bucket], None], set[str]]] = {
    "manifest removed": (lambda b: b.store.abandon(b.mine[1]), set()),
    "manifest emptied": (lambda b: b.write(b.mine[1], b"\x01"), set()),
    "manifest of another version": (lambda b: b.change(b.mine[1], 0), set()),
    "manifest of another document": (lambda b: b.change(b.mine[1], 5), set()),
    "manifest with another wrapped key": (lambda b: b.change(b.mine[1], 40), set()),
    "manifest with another salt": (lambda b: b.change(b.mine[1], 81), set()),
    "manifest with another last byte": (lambda b: b.change(b.mine[1], -1), set()),
    "manifest cut": (lambda b: b.cut(b.mine[1], -1), set()),
    "manifest endless": (lambda b: b.write(b.mine[1], bytes(LONGEST_BYTES + 1)), set()),
    "manifests swapped": (lambda b: b.swap(b.mine[1], b.next[1]), {"Next"}),
    "manifests swapped between cases": (lambda b: b.swap(b.mine[1], b.theirs[1]), {"Theirs"}),
    "manifest of another case": (lambda b: b.write(b.mine[1], b.read(b.theirs[1])), set()),
    "object removed": (lambda b: b.store.abandon(b.mine[0]), set()),
    "object changed in its first part": (lambda b: b.change(b.mine[0], 99), set()),
    "object changed in its last byte": (lambda b: b.change(b.mine[0], -1), set()),
    "object cut": (lambda b: b.cut(b.mine[0], -1), set()),
    "object cut to its first part": (lambda b: b.cut(b.mine[0], 8_396_872), set()),
    "object extended": (lambda b: b.write(b.mine[0], b.read(b.mine[0]) + b"\0"), set()),
    "objects swapped": (lambda b: b.swap(b.mine[0], b.next[0]), {"Next"}),
    "object of another case": (lambda b: b.write(b.mine[0], b.read(b.theirs[0])), set()),
    "key removed": (lambda b: b.store.abandon(case_key_name(b.case)), {"Next"}),
    "key changed": (lambda b: b.change(case_key_name(b.case), -1), {"Next"}),
    "key endless": (lambda b: b.write(case_key_name(b.case), bytes(5000)), {"Next"}),
    "keys swapped": (
        lambda b: b.swap(case_key_name(b.case), case_key_name(b.other)),
        {"Next", "Theirs"},
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_was_changed_is_not_restored_and_is_named(
    house: House, store: S3Store, root_key: FileRootKey, act: str
) -> None:
    bucket = Bucket(house, store)
    do, others = ACTS[act]
    do(bucket)
    found, refused = restored(store, root_key)
    assert found.keys() == {"Mine", "Next", "Theirs"} - {"Mine"} - others
    assert refused
    # The vault itself finds the same, and mends what its rows can make again.
    assert check_vault(house.vault, content=True).problems != ()
    if "object" not in act:
        assert mend_bucket(house.vault) > 0
        house.check()
        assert restored(store, root_key)[0].keys() == {"Mine", "Next", "Theirs"}


@pytest.mark.parametrize("name", ["readme", "../../etc/passwd", "a/b\nc", "ÿ/ÿ"])
def test_a_name_that_is_none_of_ours_is_reported(
    case: Case, store: S3Store, root_key: FileRootKey, name: str
) -> None:
    case.deposit("party:claimant")
    seen = list(restorable(Listing(store, name), Keyring(root_key)))
    assert Refusal(name, "It has no name that this vault gives.") in seen
    assert len(seen) == 2


def test_a_store_that_is_away_is_no_tampered_one(
    case: Case, store: S3Store, root_key: FileRootKey
) -> None:
    case.deposit("party:claimant")
    double = FailingStore(store, faults={"read": "lost"})
    with pytest.raises(Unavailable):
        list(restorable(double, Keyring(root_key)))


def test_a_bucket_is_mended_only_where_it_has_to_be(
    house: House, case: Case, store: S3Store, root_key: FileRootKey
) -> None:
    deposited = case.deposit("party:claimant")
    assert mend_bucket(house.vault) == 0
    before = read_manifest(store, case.case_id, deposited.rendition_id)
    store.abandon(manifest_name(case.case_id, deposited.rendition_id))
    problems = check_vault(house.vault, content=False).problems
    assert problems == (f"Rendition {deposited.rendition_id}: its manifest is missing.",)
    assert mend_bucket(house.vault) == 1
    house.check()
    after = read_manifest(store, case.case_id, deposited.rendition_id)
    assert after.wrapped_key == before.wrapped_key
    assert len(restored(store, root_key)[0]) == 1


def test_a_clawed_back_document_keeps_the_manifest_it_was_deposited_with(
    house: House, case: Case, store: S3Store, root_key: FileRootKey
) -> None:
    deposited = case.deposit("party:claimant", title="Sealed again")
    claw_back(house.vault, case["party:claimant"], deposited.document_id)
    house.check()
    manifest, _ = restored(store, root_key)[0]["Sealed again"]
    assert manifest.label == "-"


def test_a_manifest_that_nobody_answers_for_is_reported(house: House, store: S3Store) -> None:
    case = house.case("party:claimant")
    stray = manifest_name(case.case_id, RenditionId(new_id())), case_key_name(CaseId(new_id()))
    for name in stray:
        store.put(name, [b"planted"])
    problems = check_vault(house.vault, content=True).problems
    assert sorted(problems) == sorted(f"Object {name}: no document refers to it." for name in stray)


@pytest.mark.parametrize("fault", ["lost", "kept"])
@pytest.mark.parametrize("call", ["write manifest", "replace"])
def test_a_deposit_whose_manifest_is_not_durable_is_none(
    house: House, store: S3Store, call: str, fault: str
) -> None:
    double = FailingStore(store, faults={call: "lost" if fault == "lost" else "kept"})
    failing = type(house)(replace(house.vault, store=double), house.clock)
    case = failing.case("party:claimant", "party:respondent")
    with pytest.raises(Unavailable):
        case.deposit("party:claimant")
    assert case.listed("party:claimant") == {}
    assert set(store.names()) <= {case_key_name(case.case_id)}
    house.check()
    double.faults.clear()
    case.deposit("party:claimant")
    house.check()


def test_the_key_of_a_case_erased_meanwhile_does_not_come_back_by_an_upload(
    house: House, case: Case, store: S3Store, owner: Database
) -> None:
    case.deposit("party:claimant")
    key = case_key_name(case.case_id)
    wrapped = read_case_key(store, case.case_id)
    said = Description(
        document_class="medical", title="Late", provenance="pre-existing", content=Bytes()
    )

    def content() -> Iterator[bytes]:
        yield b"begun"
        erasure.erase_case(house.vault, owner, case.case_id, ORDER)
        # What another upload writes a moment late.
        store.put(key, [wrapped])

    with pytest.raises(NotFound):
        deposits.deposit(house.vault, case["party:claimant"], case.case_id, content(), lambda: said)
    assert key not in store.names()
