"""Root keys rotate by wrapping keys anew: nothing else changes, and a killed run does no harm."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from api.composition import compose
from policies.terms import View
from tests.builders import Case, House
from tests.conftest import LOG_ORIGIN, Clock, Place
from vault.access import open_entry
from vault.audit.events import Event, Outcome, Tag
from vault.core import Limits, Vault
from vault.database import log as entries
from vault.database.connection import Database
from vault.errors import KeyDestroyed, NotFound, Tampered, Unavailable
from vault.ids import CaseId
from vault.inspection.trail import read_events
from vault.inspection.verification import check_vault
from vault.keyring.keyring import Keyring
from vault.keyring.root import FileRootKey
from vault.manifests import read_case_key
from vault.storage.names import case_key_name
from vault.storage.s3 import S3Store
from vault.upkeep.rotation import rotate_case, rotate_root

Reopened = Callable[[Keyring], House]


@pytest.fixture
def new_root(tmp_path: Path) -> FileRootKey:
    return FileRootKey.create(tmp_path / "new.key")


@pytest.fixture
def reopened(place: Place, database: Database, store: S3Store, clock: Clock) -> Iterator[Reopened]:
    """Open the same vault again with another keyring."""
    opened: list[Any] = []

    def open_with(keyring: Keyring) -> House:
        composed = compose(
            database_url=place.database_url,
            log_origin=LOG_ORIGIN,
            database=database,
            store=store,
            keyring=keyring,
            clock=clock,
            limits=Limits(document_bytes=1 << 30),
        )
        opened.append(composed)
        return House(composed.__enter__(), clock)

    yield open_with
    for composed in opened:
        composed.__exit__(None, None, None)


def stored_keys(place: Place) -> dict[UUID, bytes]:
    with psycopg.connect(place.owner_url) as connection:
        return dict(connection.execute("SELECT holder_id, wrapped FROM keys").fetchall())


def objects(store: S3Store) -> dict[str, bytes]:
    """Return what the bucket holds, but for the wrapped keys of cases."""
    names = [name for name in store.names() if not name.endswith("/key")]
    return {name: b"".join(store.read(name)) for name in names}


def recorded(vault: Vault) -> list[Event]:
    with vault.database.snapshot() as tx:
        opened = [open_entry(vault, tx, row).event for row in entries.all_entries(tx)]
    return [event for event in opened if event and event.tag is Tag.KEY_ROTATE]


def a_case_with_a_document(house: House) -> tuple[Case, Any]:
    case = house.case()
    return case, case.deposit("party:claimant").document_id


def test_after_a_rotation_the_new_root_key_opens_everything_and_no_object_changed(
    house: House,
    owner: Database,
    place: Place,
    store: S3Store,
    reopened: Reopened,
    root_key: FileRootKey,
    new_root: FileRootKey,
) -> None:
    case, document = a_case_with_a_document(house)
    before, stored = stored_keys(place), objects(store)

    done = rotate_root(reopened(Keyring(new_root, old=root_key)).vault, owner)

    assert (done.wrapped, done.current, done.refused) == (len(before), 0, ())
    assert objects(store) == stored
    assert read_case_key(store, case.case_id) == stored_keys(place)[case.case_id]
    assert not set(before.values()) & set(stored_keys(place).values())
    again = reopened(Keyring(new_root))
    assert Case(again, case.case_id, case.people).read("party:claimant", document, View.FULL) == (
        b"chart of 3 March"
    )
    again.check()
    with pytest.raises(Tampered):
        reopened(Keyring(root_key))


def test_a_second_rotation_changes_nothing(
    house: House,
    owner: Database,
    place: Place,
    reopened: Reopened,
    root_key: FileRootKey,
    new_root: FileRootKey,
) -> None:
    house.case()
    vault = reopened(Keyring(new_root, old=root_key)).vault
    first = rotate_root(vault, owner)
    moved = stored_keys(place)
    second = rotate_root(vault, owner)
    assert (second.wrapped, second.current) == (0, first.wrapped)
    assert stored_keys(place) == moved


def test_a_rotation_is_on_record_when_it_begins_and_when_it_ended(
    house: House, owner: Database, reopened: Reopened, root_key: FileRootKey, new_root: FileRootKey
) -> None:
    house.case()
    again = reopened(Keyring(new_root, old=root_key))
    done = rotate_root(again.vault, owner)
    begun, ended = recorded(again.vault)
    said = {"provider": "file", "key": new_root.key_id}
    assert (begun.outcome, begun.detail) == (Outcome.GRANTED, said)
    assert ended.outcome is Outcome.COMPLETED
    assert ended.detail == {**said, "keys": done.wrapped, "refused": 0}
    again.check()


def test_whoever_works_meanwhile_with_both_keys_notices_nothing(
    house: House, owner: Database, reopened: Reopened, root_key: FileRootKey, new_root: FileRootKey
) -> None:
    case, document = a_case_with_a_document(house)
    working = reopened(Keyring(new_root, old=root_key))
    case = Case(working, case.case_id, case.people)
    assert case.read("party:claimant", document, View.FULL)
    rotate_root(reopened(Keyring(new_root, old=root_key)).vault, owner)
    assert case.read("party:claimant", document, View.FULL) == b"chart of 3 March"
    case.deposit("party:respondent")
    working.check()


def test_a_key_that_does_not_open_is_named_and_left_alone(
    house: House,
    owner: Database,
    place: Place,
    reopened: Reopened,
    root_key: FileRootKey,
    new_root: FileRootKey,
) -> None:
    case = house.case()
    damaged = case["party:claimant"].person
    with psycopg.connect(place.owner_url) as connection:
        connection.execute(
            "UPDATE keys SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)"
            " WHERE holder_id = %s",
            (damaged,),
        )
    before = stored_keys(place)[damaged]
    done = rotate_root(reopened(Keyring(new_root, old=root_key)).vault, owner)
    assert done.refused == (str(damaged),)
    assert stored_keys(place)[damaged] == before


class Killed:
    """Wraps under a root key, and kills its process at the nth key: before that one is stored."""

    name = FileRootKey.name
    number = FileRootKey.number

    def __init__(self, root: FileRootKey, after: int) -> None:
        self._root, self._left = root, after
        self.key_id = root.key_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._root, name)

    def wrap(self, key: bytes, place: Any, *, own: bool) -> bytes:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1
        return self._root.wrap(key, place, own=own)


def _rotate_and_die(place: Place, paths: tuple[Path, Path], after: int) -> None:
    old, new = map(FileRootKey.load, paths)
    dying: Any = Killed(new, after)
    database, store = Database(place.database_url, pool_size=4), S3Store(place.s3, connections=2)
    with compose(
        database_url=place.database_url,
        log_origin=LOG_ORIGIN,
        database=database,
        store=store,
        # One wrap is spent on the operations key, drawn in case there is none.
        keyring=Keyring(dying, old=old),
        clock=Clock(),
        limits=Limits(document_bytes=1 << 30),
    ) as vault:
        rotate_root(vault, Database(place.owner_url, pool_size=2))


@pytest.mark.skipif(sys.platform != "linux", reason="NOT LINUX: processes start otherwise")
@pytest.mark.parametrize("after", [1, 3, 5])
def test_a_rotation_killed_between_keys_leaves_all_open_and_the_next_one_ends_it(
    house: House,
    owner: Database,
    place: Place,
    reopened: Reopened,
    root_key: FileRootKey,
    new_root: FileRootKey,
    tmp_path: Path,
    after: int,
) -> None:
    case, document = a_case_with_a_document(house)
    before = stored_keys(place)
    process = get_context("spawn").Process(
        target=_rotate_and_die,
        args=(
            place,
            (tmp_path / "root.key", tmp_path / "new.key"),
            after,
        ),
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    moved = sum(stored_keys(place)[holder] != wrapped for holder, wrapped in before.items())
    assert moved == after - 1

    both = reopened(Keyring(new_root, old=root_key))
    assert Case(both, case.case_id, case.people).read("party:claimant", document, View.FULL)
    both.check()
    done = rotate_root(both.vault, owner)
    assert (done.wrapped, done.current) == (len(before) - moved, moved)
    after_all = reopened(Keyring(new_root))
    assert Case(after_all, case.case_id, case.people).read("party:claimant", document, View.FULL)
    after_all.check()
    endings = [event.outcome for event in recorded(after_all.vault)]
    assert endings == [Outcome.GRANTED, Outcome.GRANTED, Outcome.COMPLETED]


def test_a_rotation_killed_before_the_bucket_had_the_key_is_ended_by_the_next_one(
    house: House,
    owner: Database,
    place: Place,
    store: S3Store,
    reopened: Reopened,
    root_key: FileRootKey,
    new_root: FileRootKey,
) -> None:
    case, _ = a_case_with_a_document(house)
    before = stored_keys(place)[case.case_id]
    both = reopened(Keyring(new_root, old=root_key))
    rotate_root(both.vault, owner)
    store.replace(case_key_name(case.case_id), before)
    assert any(
        "its key in the bucket" in told for told in check_vault(both.vault, content=False).problems
    )
    assert rotate_root(both.vault, owner).wrapped == 0
    both.check()


def test_a_case_gets_a_key_of_its_own_and_its_mediator_reads_of_it(
    house: House,
    owner: Database,
    place: Place,
    store: S3Store,
    reopened: Reopened,
    root_key: FileRootKey,
) -> None:
    case, document = a_case_with_a_document(house)
    stored = objects(store)
    under_root = stored_keys(place)[case.case_id]
    rotate_case(house.vault, owner, case.case_id)
    once = stored_keys(place)[case.case_id]
    rotate_case(house.vault, owner, case.case_id)
    assert (under_root[2], once[2], stored_keys(place)[case.case_id][2]) == (0, 1, 1)
    assert once != stored_keys(place)[case.case_id]
    assert objects(store) == stored
    again = Case(reopened(Keyring(root_key)), case.case_id, case.people)
    assert again.read("party:claimant", document, View.FULL) == b"chart of 3 March"
    page = read_events(house.vault, case["mediator"], case.case_id, limit=500)
    assert [entry.event.tag for entry in page.entries].count(Tag.KEY_ROTATE) == 2
    house.check()


def test_a_case_that_is_not_there_is_not_rotated(house: House, owner: Database) -> None:
    with pytest.raises(NotFound):
        rotate_case(house.vault, owner, CaseId(UUID(int=9)))


@contextmanager
def backed_up(place: Place) -> Generator[None]:
    """Put the rows of keys back as they were, as a backup does."""
    kept = stored_keys(place)
    yield
    with psycopg.connect(place.owner_url) as connection:
        for holder, wrapped in kept.items():
            connection.execute(
                "UPDATE keys SET wrapped = %s WHERE holder_id = %s", (wrapped, holder)
            )


def test_a_case_whose_own_key_was_destroyed_stays_closed_to_every_backup(
    house: House, place: Place, reopened: Reopened, root_key: FileRootKey
) -> None:
    house = reopened(Keyring(root_key, keys_per_case=True))
    (case, document), (other, kept) = (a_case_with_a_document(house) for _ in range(2))
    with backed_up(place):
        wrapped = stored_keys(place)[case.case_id]
        assert house.vault.keyring.destroy_case_key(case.case_id, wrapped)
    for opened in (house, reopened(Keyring(root_key))):
        again = Case(opened, case.case_id, case.people)
        with pytest.raises(NotFound):
            again.read("party:claimant", document, View.FULL)
        with pytest.raises(KeyDestroyed):
            opened.vault.keyring.open_case_key(case.case_id, wrapped)
        beside = Case(opened, other.case_id, other.people)
        assert beside.read("party:claimant", kept, View.FULL) == b"chart of 3 March"


def test_a_check_names_what_a_destroyed_key_took_with_it(
    house: House, place: Place, reopened: Reopened, root_key: FileRootKey
) -> None:
    house = reopened(Keyring(root_key, keys_per_case=True))
    case, _ = a_case_with_a_document(house)
    house.vault.keyring.destroy_case_key(case.case_id, stored_keys(place)[case.case_id])
    problems = check_vault(house.vault, content=True).problems
    assert f"Key of case {case.case_id}: what it was wrapped under is destroyed." in problems
    assert any("the key of its case is gone" in problem for problem in problems)


def test_a_check_names_a_key_that_does_not_open(house: House, place: Place) -> None:
    person = house.person().person
    with psycopg.connect(place.owner_url) as connection:
        connection.execute(
            "UPDATE keys SET wrapped = set_byte(wrapped, 30, get_byte(wrapped, 30) # 1)"
            " WHERE holder_id = %s",
            (person,),
        )
    problems = check_vault(house.vault, content=False).problems
    assert problems == (f"Key of person {person}: it does not open.",)


def test_two_rotations_of_one_case_do_not_lose_it(
    house: House, owner: Database, root_key: FileRootKey
) -> None:
    case, document = a_case_with_a_document(house)

    class Racing(Keyring):
        def renew_case_key(self, case: Any, wrapped: bytes) -> bytes:
            rotate_case(house.vault, owner, case)
            return super().renew_case_key(case, wrapped)

    with pytest.raises(Unavailable):
        rotate_case(replace(house.vault, keyring=Racing(root_key)), owner, case.case_id)
    assert case.read("party:claimant", document, View.FULL) == b"chart of 3 March"
