"""What waits can end otherwise, and whoever changes its rows lets nothing in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.builders import Case, House
from tests.scanning.clamd import Clamd
from tests.vault.erasing import ORDER, names_in_trail, problems
from tests.vault.uploading import nothing_is_left
from tests.vault.waiting import (
    back,
    events,
    inside,
    kept_waiting,
    outcomes,
    redacted_of,
    state,
    under,
    unscannable,
)
from vault.database.connection import Database
from vault.disposition import erasure
from vault.errors import NotFound
from vault.ids import UploadId, new_id
from vault.intake import rescan, uploads
from vault.intake.quarantine import Quarantined

if TYPE_CHECKING:
    from tests.conftest import Place

TO_SOMEBODY_ELSE = (
    "UPDATE quarantines AS q SET person_id ="
    " (SELECT person_id FROM persons WHERE person_id <> q.person_id LIMIT 1)"
)


@pytest.fixture
def case(house: House) -> Case:
    return unscannable(house)


def test_its_depositor_can_take_it_back(case: Case, clamd: Clamd) -> None:
    upload = kept_waiting(case)
    uploads.terminate(case.house.vault, case["party:claimant"], upload)
    assert nothing_is_left(case.house)
    assert state(case, upload).refused
    assert outcomes(back(case, clamd)) == []
    assert "document:quarantine:aborted" in names_in_trail(case, "party:claimant")
    case.house.check()


def test_a_redacted_version_that_another_overtook_is_refused(case: Case, clamd: Clamd) -> None:
    unscanned = inside(case, under(case.house, None))
    document = unscanned.deposit("party:claimant").document_id
    first, second = redacted_of(case, document, b"1"), redacted_of(case, document, b"2")
    assert isinstance(first, Quarantined)
    assert isinstance(second, Quarantined)
    tried = sorted(outcomes(back(case, clamd)))
    assert tried == [("refused", "overtaken"), ("released", "")]
    states = [state(case, waits.upload_id) for waits in (first, second)]
    assert sorted(found.refused for found in states) == [False, True]
    case.house.check()


def test_the_operator_can_let_in_what_no_scanner_takes_and_the_record_says_so(
    case: Case,
) -> None:
    upload = kept_waiting(case)
    assert rescan.accept(case.house.vault, upload).outcome == "released"
    deposit = next(e for e in reversed(events(case.house)) if e.name == "document:deposit")
    assert deposit.detail["unscanned"] == "away"
    for unknown in (upload, UploadId(new_id())):
        with pytest.raises(NotFound):
            rescan.accept(case.house.vault, unknown)
    case.house.check()


def test_without_a_scanner_what_waits_goes_on_waiting(case: Case) -> None:
    upload = kept_waiting(case)
    assert outcomes(inside(case, under(case.house, None))) == [("waiting", "away")]
    assert state(case, upload).deposited is None


def test_an_erased_case_takes_what_waits_with_it(case: Case, clamd: Clamd, owner: Database) -> None:
    kept_waiting(case)
    erased = erasure.erase_case(case.house.vault, owner, case.case_id, ORDER)
    assert list(case.house.vault.store.names()) == []
    assert erased.inventory.count("\n") == 1
    assert outcomes(back(case, clamd)) == []
    assert nothing_is_left(case.house)
    case.house.check()


def test_an_erased_document_takes_its_waiting_redacted_version_with_it(
    case: Case, clamd: Clamd, owner: Database
) -> None:
    unscanned = inside(case, under(case.house, None))
    document = unscanned.deposit("party:claimant").document_id
    waits = redacted_of(case, document, b"chart of ####")
    assert isinstance(waits, Quarantined)
    erasure.erase_document(case.house.vault, owner, document, ORDER)
    assert all(name.endswith("/key") for name in case.house.vault.store.names())
    assert outcomes(back(case, clamd)) == []
    with pytest.raises(NotFound):
        state(case, waits.upload_id)
    assert nothing_is_left(case.house)
    case.house.check()


def test_what_was_erased_after_it_had_waited_is_gone_whole(
    case: Case, clamd: Clamd, owner: Database
) -> None:
    upload = kept_waiting(case)
    case = back(case, clamd)
    assert outcomes(case) == [("released", "")]
    deposited = state(case, upload).deposited
    assert deposited is not None
    erasure.erase_document(case.house.vault, owner, deposited.document_id, ORDER)
    with pytest.raises(NotFound):
        state(case, upload)
    case.house.check()


# --- rows are changed


@pytest.mark.parametrize(
    "statement",
    [
        TO_SOMEBODY_ELSE,
        "UPDATE quarantines SET size_bytes = size_bytes + 1",
        "UPDATE quarantines SET document_id = gen_random_uuid()",
        "UPDATE quarantines SET headers = decode(repeat('00', 56), 'hex')",
        "UPDATE quarantines SET ended_index = log_index",
        "DELETE FROM quarantines",
        "DELETE FROM uploads",
        "UPDATE uploads SET given_up = true",
        "UPDATE uploads SET declared_bytes = 0",
    ],
)
def test_a_changed_row_is_named_and_lets_nothing_in(
    case: Case, clamd: Clamd, place: Place, statement: str
) -> None:
    kept_waiting(case)
    with psycopg.connect(place.superuser_url, autocommit=True) as connection:
        connection.execute(statement.encode())
    assert problems(case.house) != ()
    case = back(case, clamd)
    if "declared_bytes" not in statement:
        assert ("released", "") not in outcomes(case)
        assert case.listed("party:claimant") == {}
