"""When the store, the database or the log is away nothing is released, lost or half done."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from policies.terms import View
from tests.builders import Case, House
from tests.conftest import Place
from tests.contracts.failing_store import FailingStore, Fault
from tests.vault.uploading import announced
from vault.disclosure import documents, listing
from vault.errors import Unavailable
from vault.intake import deposits, unfinished
from vault.storage.s3 import S3Store


@pytest.fixture
def failing(house: House, store: S3Store) -> tuple[FailingStore, House]:
    double = FailingStore(store)
    return double, House(replace(house.vault, store=double), house.clock)


@pytest.mark.parametrize("fault", ["lost", "kept"])
@pytest.mark.parametrize("abandon", [None, "lost", "kept"])
def test_a_deposit_whose_write_fails_is_not_there_and_can_be_made_again(
    failing: tuple[FailingStore, House], fault: Fault, abandon: Fault | None
) -> None:
    store, house = failing
    case = house.case("party:claimant", "party:respondent")
    store.faults["put"] = fault
    if abandon is not None:
        store.faults["abandon"] = abandon
    with pytest.raises(Unavailable):
        case.deposit("party:claimant")
    store.faults.clear()
    assert case.listed("party:claimant") == {}
    house.check()
    house.clock.forward(days=2)
    unfinished.sweep(house.vault, house.clock())
    assert list(store.names()) == []
    case.deposit("party:claimant")
    assert case.listed("party:claimant") == {"Clinic chart": "full"}
    house.check()


def test_a_release_whose_read_fails_is_on_record_and_refused(
    failing: tuple[FailingStore, House],
) -> None:
    store, house = failing
    case = house.case("party:claimant", "party:respondent")
    document = case.deposit("party:claimant").document_id
    store.faults["read"] = "lost"
    with pytest.raises(Unavailable):
        case.read("party:claimant", document, View.FULL)
    store.faults.clear()
    assert case.read("party:claimant", document, View.FULL) == b"chart of 3 March"
    house.check()


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent")


def test_nothing_is_released_while_the_record_cannot_be_written(
    house: House, case: Case, place: Place
) -> None:
    document = case.deposit("party:claimant").document_id
    with psycopg.connect(place.superuser_url) as connection:
        connection.execute("SELECT 1 FROM log_head FOR UPDATE")
        with pytest.raises(Unavailable):
            documents.release(house.vault, case["party:claimant"], document, View.FULL)
        with pytest.raises(Unavailable):
            listing.list_documents(house.vault, case["party:claimant"], case.case_id)
    assert case.read("party:claimant", document, View.FULL) == b"chart of 3 March"
    house.check()


def test_connections_that_the_database_drops_are_made_anew(
    house: House, case: Case, place: Place
) -> None:
    document = case.deposit("party:claimant").document_id
    with psycopg.connect(place.superuser_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    for _ in range(3):
        try:
            content = case.read("party:claimant", document, View.FULL)
        except Unavailable:
            continue
        assert content == b"chart of 3 March"
        break
    else:
        pytest.fail("the vault does not come back")
    house.check()


def test_an_upload_whose_bytes_still_come_is_not_swept(house: House) -> None:
    case = house.case("party:claimant", "party:respondent")

    def content() -> Iterator[bytes]:
        for _ in range(30):
            house.clock.forward(hours=1)
            yield b"slow"
            assert unfinished.sweep(house.vault, house.clock() - timedelta(hours=1)) == 0

    deposits.deposit(
        house.vault,
        case["party:claimant"],
        case.case_id,
        content(),
        lambda: announced().description,
    )
    assert case.listed("party:claimant") == {"T": "full"}
    house.check()
