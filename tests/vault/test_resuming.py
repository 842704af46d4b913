"""An upload goes on after every kind of break, and is refused as soon as it may not go on."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from policies.terms import View
from tests.builders import Case, House
from tests.conftest import Place
from tests.contracts.failing_store import FailingStore, Fault
from vault import seat_changes, trail, unfinished, uploads
from vault.arrivals import OffsetDiffers, Piece, TooShort
from vault.core import Limits
from vault.descriptions import Bytes, Description
from vault.digests import RunningDigests
from vault.errors import (
    Conflict,
    Invalid,
    NotFound,
    NotPermitted,
    Tampered,
    TooLarge,
    Unavailable,
    Unread,
    VaultError,
)
from vault.ids import UploadId, new_id
from vault.resuming import receive
from vault.sealing.parts import PART_SIZE
from vault.storage.port import WriteMissing
from vault.storage.s3 import S3Store
from vault.uploads import Announced, Busy, Upload

CONTENT = os.urandom(2 * PART_SIZE + 1000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
TAIL = 2 * PART_SIZE


class Cut(Exception):
    """The sender went away."""


def announced(size: int = len(CONTENT), document_class: str = "medical") -> Announced:
    said = Description(
        document_class=document_class, title="T", provenance="pre-existing", content=Bytes()
    )
    return Announced(description=said, size_bytes=size, metadata="")


def begin(house: House, case: Case, size: int = len(CONTENT)) -> UploadId:
    return uploads.begin(
        house.vault, case["party:claimant"], case.case_id, announced(size)
    ).upload_id


def send(
    house: House, case: Case, upload: UploadId, offset: int, content: bytes | None = None
) -> Upload:
    piece = Piece(offset=offset, content=[CONTENT[offset:] if content is None else content])
    return receive(house.vault, case["party:claimant"], upload, piece)


def offset_of(house: House, case: Case, upload: UploadId) -> int:
    return uploads.read_upload(house.vault, case["party:claimant"], upload).offset


def nothing_is_left(house: House) -> bool:
    with house.vault.database.transaction() as tx:
        rows = tx.values(
            "SELECT rendition_id FROM uploads UNION SELECT rendition_id FROM resumable_uploads"
        )
    return rows == [] and list(house.vault.store.names()) == []


def is_whole(house: House, case: Case, done: Upload) -> None:
    """Assert that an upload has become the document that was sent."""
    assert done.deposited is not None
    assert done.deposited.sha256 == SHA256
    assert case.read("party:claimant", done.deposited.document_id, View.FULL) == CONTENT
    house.check()


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


@pytest.mark.parametrize("call", ["begin", "put_parts", "complete"])
@pytest.mark.parametrize("fault", ["lost", "kept"])
def test_a_store_that_fails_at_any_step_lets_the_upload_go_on(
    failing: tuple[FailingStore, House], call: str, fault: Fault
) -> None:
    store, house = failing
    case = house.case("party:claimant", "party:respondent")
    upload = begin(house, case)
    store.faults[call] = fault
    with pytest.raises(Unavailable):
        send(house, case, upload, 0)
    store.faults.clear()
    house.check()
    at = offset_of(house, case, upload)
    assert at == (TAIL if call == "complete" else 0)
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


def denied(house: House, case: Case) -> list[str]:
    seen = trail.read_events(house.vault, case["mediator"], case.case_id, limit=500).entries
    return [entry.event.name for entry in seen if entry.event.name.endswith(":denied")]


def end_the_seat(case: Case) -> None:
    person = case["party:claimant"].person
    with case.house.vault.database.transaction() as tx:
        participant = tx.value(
            "SELECT participant_id FROM participants WHERE case_id = %s AND person_id = %s",
            (case.case_id, person),
        )
    case.house.clock.forward(seconds=1)
    seat_changes.change_end(
        case.house.vault, case["mediator"], case.case_id, participant, case.house.clock()
    )


def close(case: Case) -> None:
    case.phase("closed")


CHANGES: dict[str, tuple[Callable[[Case], None], type[VaultError]]] = {
    "seat": (end_the_seat, NotFound),
    "closed": (close, NotPermitted),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_ends_a_right_ends_the_upload_at_the_next_piece(
    house: House, case: Case, what: str
) -> None:
    happen, refusal = CHANGES[what]
    upload = begin(house, case)
    send(house, case, upload, 0, CONTENT[:PART_SIZE])
    happen(case)
    with pytest.raises(refusal):
        send(house, case, upload, PART_SIZE)
    assert denied(house, case) == ["upload:continue:denied"]
    house.clock.forward(days=2)
    unfinished.sweep(house.vault, house.clock())
    assert nothing_is_left(house)
    house.check()


@pytest.mark.parametrize("what", CHANGES)
def test_what_ends_a_right_while_the_last_bytes_come_ends_the_upload(
    house: House, case: Case, what: str
) -> None:
    happen, refusal = CHANGES[what]
    upload = begin(house, case)

    def content() -> Iterator[bytes]:
        yield CONTENT[:-1]
        happen(case)
        yield CONTENT[-1:]

    with pytest.raises(refusal):
        receive(house.vault, case["party:claimant"], upload, Piece(offset=0, content=content()))
    assert denied(house, case) == ["document:deposit:denied"]
    assert nothing_is_left(house)
    house.check()


def test_a_version_that_comes_into_force_meanwhile_must_be_read_first(
    house: House, case: Case
) -> None:
    upload = begin(house, case)
    drafted = case.propose("mediator")

    def content() -> Iterator[bytes]:
        yield CONTENT[:-1]
        house.clock.forward(seconds=1)
        for seat in ("party:claimant", "party:respondent"):
            case.sign(seat, drafted)
        yield CONTENT[-1:]

    lawyer = case.seat("counsel:claimant")
    assert lawyer
    begun = uploads.begin
    with pytest.raises(Unread):
        begun(house.vault, lawyer, case.case_id, announced())
    case.read_agreement("counsel:claimant", 1)
    theirs = begun(house.vault, lawyer, case.case_id, announced()).upload_id
    with pytest.raises(Unread):
        receive(house.vault, lawyer, theirs, Piece(offset=0, content=content()))
    piece = Piece(offset=TAIL, content=[CONTENT[TAIL:]])
    with pytest.raises(Unread):
        receive(house.vault, lawyer, theirs, piece)
    assert denied(house, case) == [
        "upload:begin:denied",
        "document:deposit:denied",
        "upload:continue:denied",
    ]
    case.read_agreement("counsel:claimant", 2)
    is_whole(house, case, receive(house.vault, lawyer, theirs, piece))
    assert offset_of(house, case, upload) == 0


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


def test_an_upload_that_has_expired_takes_no_room(house: House, case: Case) -> None:
    small = bounded(house, case_bytes=100)
    begin(small, case, 100)
    with pytest.raises(TooLarge):
        begin(small, case, 1)
    house.clock.forward(days=1)
    begin(small, case, 100)
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
