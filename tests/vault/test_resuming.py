"""An upload goes on after every kind of break, in any process, and never lies."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from tests.builders import Case, House
from tests.conftest import Place
from tests.contracts.failing_store import FailingStore, Fault
from tests.vault.uploading import (
    CONTENT,
    TAIL,
    announced,
    begin,
    is_whole,
    nothing_is_left,
    offset_of,
    send,
)
from vault.digests import RunningDigests
from vault.errors import Conflict, Invalid, NotFound, Tampered, TooLarge, Unavailable
from vault.ids import UploadId, new_id
from vault.intake import unfinished, uploads
from vault.intake.arrivals import OffsetDiffers, Piece, TooShort
from vault.intake.resuming import begin_with, receive
from vault.intake.uploads import Busy
from vault.sealing.parts import PART_SIZE
from vault.storage.port import WriteMissing
from vault.storage.s3 import S3Store


class Cut(Exception):
    """The sender went away."""


@pytest.fixture
def case(house: House) -> Case:
    case = house.case("party:claimant", "party:respondent")
    case.agree()
    return case


@pytest.fixture
def failing(house: House, store: S3Store) -> tuple[FailingStore, House]:
    double = FailingStore(store)
    return double, House(replace(house.vault, store=double), house.clock)


def test_another_process_goes_on_and_knows_the_digest_of_the_whole(
    house: House, case: Case
) -> None:
    upload = begin(house, case)
    assert send(house, case, upload, 0, CONTENT[:PART_SIZE]).offset == PART_SIZE
    elsewhere = House(replace(house.vault, digests=RunningDigests()), house.clock)
    is_whole(house, case, send(elsewhere, case, upload, PART_SIZE))


def test_a_sender_that_goes_away_leaves_whole_parts_and_nothing_else(
    house: House, case: Case
) -> None:
    upload = begin(house, case)

    def content() -> Iterator[bytes]:
        yield CONTENT[: PART_SIZE + PART_SIZE // 2]
        raise Cut

    with pytest.raises(Cut):
        receive(house.vault, case["party:claimant"], upload, Piece(offset=0, content=content()))
    assert offset_of(house, case, upload) == PART_SIZE
    with pytest.raises(OffsetDiffers):
        send(house, case, upload, PART_SIZE + PART_SIZE // 2)
    house.check()
    is_whole(house, case, send(house, case, upload, PART_SIZE))


@pytest.mark.parametrize("call", ["begin", "put_parts", "complete", "write manifest"])
@pytest.mark.parametrize("fault", ["lost", "kept"])
def test_a_store_that_fails_at_any_step_lets_the_upload_go_on(
    failing: tuple[FailingStore, House], call: str, fault: Fault
) -> None:
    store, house = failing
    case = house.case("party:claimant", "party:respondent")
    upload = begin(house, case)
    store.faults[call] = fault
    with pytest.raises(Unavailable, match="planned"):
        send(house, case, upload, 0)
    store.faults.clear()
    house.check()
    at = offset_of(house, case, upload)
    assert at == (TAIL if call in ("complete", "write manifest") else 0)
    is_whole(house, case, send(house, case, upload, at))


def test_a_last_part_sent_again_must_be_the_one_that_was_stored(
    failing: tuple[FailingStore, House],
) -> None:
    store, house = failing
    case = house.case("party:claimant", "party:respondent")
    upload = begin(house, case)
    store.faults["complete"] = "kept"
    with pytest.raises(Unavailable):
        send(house, case, upload, 0)
    store.faults.clear()
    with pytest.raises(Invalid):
        send(house, case, upload, TAIL, os.urandom(len(CONTENT) - TAIL))
    assert nothing_is_left(house)
    assert case.listed("party:claimant") == {}
    house.check()


def test_an_upload_the_store_has_given_up_ends(house: House, case: Case) -> None:
    upload = begin(house, case)
    send(house, case, upload, 0, CONTENT[:PART_SIZE])
    with house.vault.database.transaction() as tx:
        name = tx.value("SELECT case_id || '/' || rendition_id FROM resumable_uploads")
    house.vault.store.abandon(name)
    with pytest.raises(WriteMissing):
        send(house, case, upload, PART_SIZE)
    assert nothing_is_left(house)
    house.check()


def test_first_bytes_that_are_refused_leave_no_upload(house: House, case: Case) -> None:
    def content() -> Iterator[bytes]:
        yield CONTENT[:PART_SIZE]
        raise Cut

    for bad in (Piece(offset=0, content=content()), Piece(offset=0, content=[CONTENT, b"x"])):
        with pytest.raises((Cut, TooLarge)):
            begin_with(house.vault, case["party:claimant"], case.case_id, announced(), bad)
        assert nothing_is_left(house)
    short = Piece(offset=0, content=[b"short"])
    begun = begin_with(house.vault, case["party:claimant"], case.case_id, announced(), short)
    assert offset_of(house, case, begun.upload_id) == 0
    house.check()


def test_nothing_follows_an_announced_emptiness(house: House, case: Case) -> None:
    said, piece = announced(0), Piece(offset=0, content=[b"x"])
    with pytest.raises(TooLarge):
        begin_with(house.vault, case["party:claimant"], case.case_id, said, piece)
    assert nothing_is_left(house)


def test_an_upload_that_was_ended_while_the_store_was_away_stays_ended(
    failing: tuple[FailingStore, House],
) -> None:
    store, house = failing
    case = house.case("party:claimant", "party:respondent")
    upload = begin(house, case)
    send(house, case, upload, 0, CONTENT[:PART_SIZE])
    store.faults["abandon"] = "lost"
    uploads.terminate(house.vault, case["party:claimant"], upload)
    with pytest.raises(NotFound):
        offset_of(house, case, upload)
    with pytest.raises(NotFound):
        send(house, case, upload, PART_SIZE)
    store.faults.clear()
    unfinished.sweep(house.vault, house.clock() + timedelta(hours=1))
    assert nothing_is_left(house)
    house.check()


def test_two_writers_take_turns(house: House, case: Case) -> None:
    upload = begin(house, case)

    def content() -> Iterator[bytes]:
        yield CONTENT[:PART_SIZE]
        with pytest.raises(Busy):
            send(house, case, upload, 0)
        with pytest.raises(Busy):
            uploads.terminate(house.vault, case["party:claimant"], upload)
        house.clock.forward(days=2)
        assert unfinished.sweep(house.vault, house.clock()) == 0
        yield CONTENT[PART_SIZE:]

    done = receive(house.vault, case["party:claimant"], upload, Piece(offset=0, content=content()))
    is_whole(house, case, done)


def test_a_writer_that_loses_its_hold_records_nothing_more(
    house: House, case: Case, place: Place
) -> None:
    upload = begin(house, case)

    def content() -> Iterator[bytes]:
        yield CONTENT[:PART_SIZE]
        with psycopg.connect(place.superuser_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            )
        yield CONTENT[PART_SIZE:]

    with pytest.raises(Unavailable):
        receive(house.vault, case["party:claimant"], upload, Piece(offset=0, content=content()))
    is_whole(house, case, send(house, case, upload, offset_of(house, case, upload)))


def test_an_upload_ends_at_its_instant_and_each_part_puts_it_off(house: House, case: Case) -> None:
    upload, idle = begin(house, case), begin(house, case)
    house.clock.forward(hours=23)
    send(house, case, upload, 0, CONTENT[:PART_SIZE])
    house.clock.forward(minutes=59, seconds=59)
    assert offset_of(house, case, idle) == 0
    assert unfinished.sweep(house.vault, house.clock() - timedelta(days=1)) == 0
    house.clock.forward(seconds=1)
    with pytest.raises(NotFound):
        offset_of(house, case, idle)
    with pytest.raises(NotFound):
        send(house, case, idle, 0)
    assert unfinished.sweep(house.vault, house.clock() - timedelta(days=1)) == 1
    is_whole(house, case, send(house, case, upload, PART_SIZE))
    house.clock.forward(days=1)
    assert unfinished.sweep(house.vault, house.clock()) == 0
    with pytest.raises(NotFound):
        offset_of(house, case, upload)
    assert case.listed("party:claimant") == {"T": "full"}
    house.check()


def test_a_clock_that_jumps_ahead_in_the_middle_takes_no_live_upload(
    house: House, case: Case
) -> None:
    upload = begin(house, case)

    def content() -> Iterator[bytes]:
        yield CONTENT[: PART_SIZE + 1]
        house.clock.forward(days=400)
        yield CONTENT[PART_SIZE + 1 :]

    done = receive(house.vault, case["party:claimant"], upload, Piece(offset=0, content=content()))
    is_whole(house, case, done)


def test_less_than_a_part_is_refused_unless_it_is_the_end(house: House, case: Case) -> None:
    upload = begin(house, case)
    with pytest.raises(TooShort):
        send(house, case, upload, 0, CONTENT[: PART_SIZE - 1])
    assert send(house, case, upload, 0, CONTENT[:TAIL]).offset == TAIL
    with pytest.raises(TooShort):
        send(house, case, upload, TAIL, CONTENT[TAIL:-1])
    is_whole(house, case, send(house, case, upload, TAIL))


def test_a_changed_row_of_an_upload_does_not_open(house: House, case: Case, place: Place) -> None:
    for statement in (
        "UPDATE resumable_uploads SET size_bytes = size_bytes + 1",
        "UPDATE resumable_uploads SET part_size = part_size * 2",
        "UPDATE resumable_uploads SET document_id = gen_random_uuid()",
    ):
        upload = begin(house, case)
        with psycopg.connect(place.superuser_url, autocommit=True) as connection:
            connection.execute(statement)
        with pytest.raises(Tampered):
            offset_of(house, case, upload)
        with pytest.raises(Tampered):
            send(house, case, upload, 0)


def test_a_part_row_of_another_attempt_makes_the_upload_fail_and_not_lie(
    house: House, case: Case, place: Place
) -> None:
    upload = begin(house, case)
    send(house, case, upload, 0, CONTENT[:PART_SIZE])
    with psycopg.connect(place.superuser_url, autocommit=True) as connection:
        connection.execute("UPDATE upload_parts SET header = decode(repeat('00', 56), 'hex')")
    elsewhere = House(replace(house.vault, digests=RunningDigests()), house.clock)
    with pytest.raises(WriteMissing):
        send(elsewhere, case, upload, PART_SIZE)
    assert case.listed("party:claimant") == {}
    assert nothing_is_left(house)
    house.check()


def test_an_unknown_upload_is_none(house: House, case: Case) -> None:
    for attempt in (
        lambda: offset_of(house, case, UploadId(new_id())),
        lambda: send(house, case, UploadId(new_id()), 0),
        lambda: uploads.terminate(house.vault, case["party:claimant"], UploadId(new_id())),
    ):
        with pytest.raises(NotFound):
            attempt()
    house.check()


def test_what_was_completed_is_not_completed_again(house: House, case: Case) -> None:
    upload = begin(house, case, 3)
    done = send(house, case, upload, 0, b"abc")
    assert send(house, case, upload, 3, b"").deposited == done.deposited
    with pytest.raises(Conflict):
        send(house, case, upload, 0, b"abc")
    with pytest.raises(Conflict):
        uploads.terminate(house.vault, case["party:claimant"], upload)
    house.check()
