"""What was erased or revoked leaves the memory of every worker, asked for again or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

import pytest

from api.repeating import repeating
from tests.vault.erasing import ORDER, agreed_case
from vault.database import keys
from vault.database.connection import Database
from vault.disposition.erasure import erase_case
from vault.keyring.keyring import Keyring
from vault.proceedings.cases import read_case
from vault.proceedings.people import admit_token, revoke_tokens
from vault.proceedings.seat_changes import change_end
from vault.upkeep.forgetting import forget_keys

if TYPE_CHECKING:
    from uuid import UUID

    from tests.builders import Case, House
    from tests.conftest import Place
    from vault.core import Vault
    from vault.keyring.root import FileRootKey


class Seconds:
    """What a keyring takes for the time."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def case(house: House) -> Case:
    return agreed_case(house)


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def worker(house: House, root_key: FileRootKey, seconds: Seconds) -> Vault:
    """Another process that serves the same vault."""
    return replace(house.vault, keyring=Keyring(root_key, seconds))


def warm(worker: Vault, case: Case) -> None:
    """Let a worker open the case's key, and its party's."""
    person = case["party:claimant"].person
    with worker.database.snapshot() as tx:
        of_case = keys.wrapped_key(tx, case.case_id, "case")
        of_person = keys.wrapped_key(tx, person, "person")
    assert of_case is not None
    assert of_person is not None
    worker.keyring.open_case_key(case.case_id, of_case)
    worker.keyring.open_person_key(person, of_person)
    assert worker.keyring.holders() == {case.case_id, person}


def test_a_key_leaves_memory_after_its_minute_though_no_other_is_opened(
    worker: Vault, case: Case, seconds: Seconds
) -> None:
    warm(worker, case)
    seconds.now = 59.9
    forget_keys(worker)
    assert len(worker.keyring.holders()) == 2
    seconds.now = 60.0
    forget_keys(worker)
    assert worker.keyring.holders() == set()


def test_the_key_of_an_erased_case_leaves_the_memory_of_other_workers(
    house: House, worker: Vault, case: Case, owner: Database
) -> None:
    warm(worker, case)
    erase_case(house.vault, owner, case.case_id, ORDER)
    forget_keys(worker)
    assert worker.keyring.holders() == {case["party:claimant"].person}


def test_a_revoked_token_takes_its_persons_key_out_of_memory(
    house: House, worker: Vault, case: Case
) -> None:
    person = case["party:claimant"].person
    admit_token(house.vault, person, b"d" * 32, house.clock() + timedelta(days=1))
    warm(worker, case)
    revoke_tokens(house.vault, person)
    forget_keys(worker)
    assert worker.keyring.holders() == {case.case_id}


def test_a_seat_that_was_ended_takes_its_cases_key_out_of_memory(
    house: House, worker: Vault, case: Case
) -> None:
    _, roster = read_case(house.vault, case["mediator"], case.case_id)
    ended = next(one for one in roster if str(one.seat) == "auditor")
    warm(worker, case)
    change_end(house.vault, case["mediator"], case.case_id, ended.participant_id, house.clock())
    forget_keys(worker)
    assert worker.keyring.holders() == {case["party:claimant"].person}


def test_without_a_database_the_minute_stands(
    worker: Vault, case: Case, seconds: Seconds, place: Place
) -> None:
    warm(worker, case)
    away = Database(place.database_url, pool_size=1)
    away.close()
    worker = replace(worker, database=away)
    forget_keys(worker)
    assert len(worker.keyring.holders()) == 2
    seconds.now = 60.0
    forget_keys(worker)
    assert worker.keyring.holders() == set()


def test_an_open_vault_forgets_by_itself(
    house: House, case: Case, owner: Database, root_key: FileRootKey
) -> None:
    forgotten = Event()

    class Watched(Keyring):
        def forget(self, holder: UUID) -> None:
            super().forget(holder)
            if holder == case.case_id:
                forgotten.set()

    worker = replace(house.vault, keyring=Watched(root_key))
    warm(worker, case)
    with repeating("forgetting", 0.01, lambda _: forget_keys(worker)):
        erase_case(house.vault, owner, case.case_id, ORDER)
        assert forgotten.wait(20)
