"""Whoever brings back what was erased is refused, and found."""

import psycopg
import pytest

from policies.terms import View
from tests.builders import Case, House
from tests.conftest import Place
from tests.vault.erasing import ORDER, agreed_case, problems, put_back, tables
from vault.content import object_name
from vault.deviations import clawback
from vault.disposition import erasure
from vault.errors import NotFound, Tampered
from vault.proceedings import cases
from vault.storage.s3 import S3Store


@pytest.fixture
def case(house: House) -> Case:
    return agreed_case(house)


OF_A_DOCUMENT = ("documents", "renditions")


def test_an_erased_document_put_back_by_an_administrator_is_refused_and_reported(
    house: House, case: Case, place: Place
) -> None:
    document = case.deposit("party:claimant").document_id
    backup = tables(place)
    erasure.erase_document(house.vault, document, ORDER)
    put_back(place, backup, *OF_A_DOCUMENT)
    for attempt in (
        lambda: case.read("party:claimant", document, View.FULL),
        lambda: case.listed("party:claimant"),
    ):
        with pytest.raises(Tampered):
            attempt()
    assert any("document:deposit" in problem for problem in problems(house))


def test_forgetting_that_a_document_was_erased_does_not_bring_it_back(
    house: House, case: Case, place: Place
) -> None:
    document = case.deposit("party:claimant").document_id
    backup = tables(place)
    erasure.erase_document(house.vault, document, ORDER)
    put_back(place, backup, *OF_A_DOCUMENT, "erasures")
    with pytest.raises(Tampered):
        case.read("party:claimant", document, View.FULL)
    assert any("document:erase" in problem for problem in problems(house))


@pytest.mark.parametrize(
    "names", [("keys",), ("keys", "cases"), ("keys", "cases", "participants"), ("notices",)]
)
def test_an_erased_case_put_back_by_an_administrator_is_refused_and_reported(
    house: House, case: Case, place: Place, names: tuple[str, ...]
) -> None:
    document = case.deposit("party:claimant").document_id
    clawback.claw_back(house.vault, case["party:claimant"], document)
    backup = tables(place)
    erasure.erase_case(house.vault, case.case_id, ORDER)
    house.check()
    put_back(place, backup, *names)
    with pytest.raises(NotFound):
        cases.read_case(house.vault, case["mediator"], case.case_id)
    found = {problem.rpartition(" ")[2] for problem in problems(house) if "was erased" in problem}
    assert found == {f"{name}." for name in names}


def test_an_object_put_back_is_reported(house: House, case: Case, store: S3Store) -> None:
    deposited = case.deposit("party:claimant")
    name = object_name(case.case_id, deposited.rendition_id)
    sealed = b"".join(store.read(name))
    erasure.erase_document(house.vault, deposited.document_id, ORDER)
    store.put(name, [sealed])
    assert problems(house) == (f"Object {name}: no document refers to it.",)


FORGERIES = {
    "an order that nobody gave": "UPDATE erasures SET log_index = 0",
    "a plan that was not sealed": "UPDATE erasures SET details = '\\x01'",
    "a certificate that nobody signed": "UPDATE erasures SET certificate = 'x'",
    "no erasure at all": "DELETE FROM erasures",
    "another document": "UPDATE erasures SET document_id = gen_random_uuid()",
    "an unfinished one": "UPDATE erasures SET step = 'removed', certificate = NULL,"
    " certified_index = NULL",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_an_erasure_that_is_not_the_one_on_record_is_reported(
    house: House, case: Case, place: Place, forgery: str
) -> None:
    document = case.deposit("party:claimant").document_id
    erasure.erase_document(house.vault, document, ORDER)
    with psycopg.connect(place.superuser_url) as connection:
        assert connection.execute(FORGERIES[forgery].encode()).rowcount == 1
    assert problems(house)


def test_a_document_removed_without_an_erasure_on_record_is_reported(
    house: House, case: Case, place: Place
) -> None:
    deposited = case.deposit("party:claimant")
    case.deposit("party:claimant", title="Other")
    erasure.erase_document(house.vault, deposited.document_id, ORDER)
    with psycopg.connect(place.superuser_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM renditions")
        connection.execute("DELETE FROM documents")
        # An erasure made up to explain it has no entry of its own.
        connection.execute(
            "INSERT INTO erasures SELECT gen_random_uuid(), case_id, gen_random_uuid(), step,"
            " details, inventory, ordered_at, log_index, certificate, certified_index"
            " FROM erasures"
        )
    assert problems(house)
