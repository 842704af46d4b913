"""No case and no person takes more room than was given, whatever way the bytes come."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest

from tests.builders import Case, House
from tests.vault.uploading import announced, begin, nothing_is_left, send
from vault.core import Limits
from vault.errors import TooLarge
from vault.intake import deposits, unfinished, uploads
from vault.intake.descriptions import Bytes


@pytest.fixture
def case(house: House) -> Case:
    case = house.case("party:claimant", "party:respondent")
    case.agree()
    return case


def bounded(
    house: House, *, case_bytes: int | None = None, person_bytes: int | None = None
) -> House:
    limits = Limits(document_bytes=1 << 30, case_bytes=case_bytes, person_bytes=person_bytes)
    return House(replace(house.vault, limits=limits), house.clock, house.keys)


@pytest.mark.parametrize(("of_case", "of_person"), [(100, None), (None, 100), (100, 100)])
def test_a_quota_counts_what_is_stored_and_what_was_announced(
    house: House, case: Case, of_case: int | None, of_person: int | None
) -> None:
    small = bounded(house, case_bytes=of_case, person_bytes=of_person)
    inside = replace(case, house=small)
    inside.deposit("party:claimant", b"x" * 40)
    upload = begin(small, case, 50)
    with pytest.raises(TooLarge):
        begin(small, case, 11)
    with pytest.raises(TooLarge):
        inside.deposit("party:claimant", b"x" * 11)
    inside.deposit("party:claimant", b"x" * 10)
    uploads.terminate(small.vault, case["party:claimant"], upload)
    later = begin(small, case, 50)
    assert send(small, case, later, 0, b"x" * 50).deposited is not None
    with pytest.raises(TooLarge):
        begin(small, case, 1)
    house.check()


def test_quotas_are_of_one_case_and_of_one_person(house: House, case: Case) -> None:
    small = bounded(house, case_bytes=100, person_bytes=60)
    replace(case, house=small).deposit("party:claimant", b"x" * 60)
    with pytest.raises(TooLarge):
        begin(small, case, 1)
    inside = replace(case, house=small)
    inside.deposit("party:respondent", b"x" * 40)
    with pytest.raises(TooLarge):
        inside.deposit("party:respondent", b"x")
    other = small.case("party:claimant")
    other.deposit("party:claimant", b"x" * 60)
    house.check()


def test_an_upload_that_has_expired_takes_room_until_it_is_swept(house: House, case: Case) -> None:
    small = bounded(house, case_bytes=100)
    begin(small, case, 100)
    with pytest.raises(TooLarge):
        begin(small, case, 1)
    house.clock.forward(days=1)
    with pytest.raises(TooLarge):
        begin(small, case, 1)
    unfinished.sweep(small.vault, house.clock())
    begin(small, case, 100)
    house.check()


def test_whoever_asks_for_room_does_not_wait_for_an_erasure(house: House, case: Case) -> None:
    small = replace(case, house=bounded(house, case_bytes=100, person_bytes=100))
    with (
        house.vault.database.alone(case.case_id) as erasing,
        house.vault.database.alone(case["party:claimant"].person) as other,
    ):
        assert erasing is not None
        assert other is not None
        small.deposit("party:claimant", b"x")


def test_content_of_unknown_length_takes_no_more_than_is_left(house: House, case: Case) -> None:
    small = bounded(house, case_bytes=100)
    subject = case["party:claimant"]
    pieces = [b"x" * 60, b"x" * 41]
    with pytest.raises(TooLarge):
        deposits.deposit(
            small.vault, subject, case.case_id, pieces, lambda: announced().description
        )
    assert nothing_is_left(house)
    document = case.deposit("party:claimant", b"x" * 60).document_id
    with pytest.raises(TooLarge):
        deposits.deposit_redacted(small.vault, subject, document, [b"x" * 41], Bytes)
    deposits.deposit_redacted(small.vault, subject, document, [b"x" * 40], Bytes)
    house.check()


def test_two_at_once_do_not_take_the_same_room(house: House, case: Case) -> None:
    small = replace(case, house=bounded(house, case_bytes=100, person_bytes=100))

    def bring(_: int) -> bool:
        with suppress(TooLarge):
            return bool(small.deposit("party:claimant", b"x" * 30))
        return False

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(bring, range(6))) == 3
    house.check()
