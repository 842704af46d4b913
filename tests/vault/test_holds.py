"""A hold is placed and lifted on record, and nobody who writes to the database can fake either."""

from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest

from tests.builders import Case, House
from tests.conftest import Place
from tests.vault.erasing import ORDER, agreed_case, names_in_trail, problems
from vault.disposition import erasure, holds
from vault.errors import Conflict, Invalid, NotFound, Tampered
from vault.ids import CaseId, DocumentId


@pytest.fixture
def case(house: House) -> Case:
    return agreed_case(house)


def test_holds_are_listed_with_their_reasons_until_after_they_are_lifted(
    house: House, case: Case
) -> None:
    document = case.deposit("party:claimant").document_id
    one = holds.place_on_document(house.vault, document, "Subpoena")
    two = holds.place_on_case(house.vault, case.case_id, "Audit")
    house.clock.forward(days=1)
    holds.lift(house.vault, one.hold_id)
    listed = holds.list_holds(house.vault)
    assert [(h.hold_id, h.document_id, h.reason) for h in listed] == [
        (one.hold_id, document, "Subpoena"),
        (two.hold_id, None, "Audit"),
    ]
    assert [h.lifted_at is None for h in listed] == [False, True]
    assert names_in_trail(case, "mediator")[-3:] == ["hold:place", "hold:place", "hold:lift"]
    house.check()


def test_a_hold_is_lifted_once_and_holds_nothing_that_is_not_there(
    house: House, case: Case
) -> None:
    hold = holds.place_on_case(house.vault, case.case_id, "Audit")
    holds.lift(house.vault, hold.hold_id)
    with pytest.raises(Conflict):
        holds.lift(house.vault, hold.hold_id)
    with pytest.raises(NotFound):
        holds.lift(house.vault, uuid4())
    with pytest.raises(NotFound):
        holds.place_on_case(house.vault, CaseId(uuid4()), "Audit")
    with pytest.raises(NotFound):
        holds.place_on_document(house.vault, DocumentId(uuid4()), "Audit")
    erasure.erase_case(house.vault, case.case_id, ORDER)
    with pytest.raises(NotFound):
        holds.place_on_case(house.vault, case.case_id, "Too late")
    assert holds.list_holds(house.vault) == []
    house.check()


@pytest.mark.parametrize("reason", ["", " ", "two\nlines", "x" * 501, "a\u202eb"])
def test_a_reason_that_does_not_show_as_what_it_is_is_refused(
    house: House, case: Case, reason: str
) -> None:
    with pytest.raises(Invalid):
        holds.place_on_case(house.vault, case.case_id, reason)
    house.check()


FORGERIES: dict[str, LiteralString] = {
    "lifted": "UPDATE holds SET lifted_at = now(), lifted_index = log_index",
    "moved": "UPDATE holds SET document_id = gen_random_uuid()",
    "changed": "UPDATE holds SET details = set_byte(details, 20, get_byte(details, 20) # 1)",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_hold_changed_by_an_administrator_still_holds_and_is_reported(
    house: House, case: Case, place: Place, forgery: str
) -> None:
    holds.place_on_case(house.vault, case.case_id, "Audit")
    with psycopg.connect(place.superuser_url) as connection:
        assert connection.execute(FORGERIES[forgery]).rowcount == 1
    with pytest.raises(Tampered):
        erasure.erase_case(house.vault, case.case_id, ORDER)
    assert problems(house)


def test_a_hold_removed_by_an_administrator_is_reported(
    house: House, case: Case, place: Place
) -> None:
    holds.place_on_case(house.vault, case.case_id, "Audit")
    with psycopg.connect(place.superuser_url) as connection:
        assert connection.execute("DELETE FROM holds").rowcount == 1
    assert any("hold:place" in problem for problem in problems(house))
