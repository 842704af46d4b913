"""A range is released as a whole document is: decided, on record, and true or nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, LiteralString

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.terms import View
from tests.builders import Case, House
from tests.conftest import Place
from tests.contracts.failing_store import FailingStore
from tests.vault.test_tampering import overwrite, run_as_administrator
from vault.content import object_name
from vault.deviations import clawback
from vault.disclosure import documents
from vault.disclosure.deliveries import Choice, Stored
from vault.errors import Conflict, Invalid, NotPermitted, Tampered, Unavailable
from vault.inspection import trail
from vault.inspection.replay import replay
from vault.sealing.cobblestone import HEADER_SIZE, SEALED_CHUNK_SIZE
from vault.sealing.opening import ByteRange
from vault.sealing.parts import PART_SIZE, sealed_length
from vault.storage.s3 import S3Store

if TYPE_CHECKING:
    from vault.audit.events import Event
    from vault.ids import DocumentId
    from vault.intake.accession import Deposited

CHUNK = 16 << 10
LARGE = bytes(range(251)) * (2 * PART_SIZE // 251 + 9)
SIZE = len(LARGE)
PART = sealed_length(PART_SIZE)


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent")


@pytest.fixture
def large(case: Case) -> Deposited:
    return case.deposit("party:claimant", LARGE)


def some(start: int, end: int) -> Choice:
    return lambda _stored: ByteRange(start, end)


def read(case: Case, document: DocumentId, choose: Choice) -> bytes:
    vault, subject = case.house.vault, case["party:claimant"]
    released = documents.release(vault, subject, document, View.FULL, choose=choose)
    return b"".join(released.chunks)


def newest(case: Case, count: int) -> list[Event]:
    seen = trail.read_events(case.house.vault, case["mediator"], case.case_id, limit=500).entries
    return [entry.event for entry in seen][-count:]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_range_is_what_was_deposited(case: Case, large: Deposited, data: st.DataObject) -> None:
    start = data.draw(st.one_of(st.integers(0, SIZE - 1), st.integers(PART_SIZE - 2, PART_SIZE)))
    end = min(SIZE, start + data.draw(st.one_of(st.integers(1, 70_000), st.integers(1, SIZE))))
    assert read(case, large.document_id, some(start, end)) == LARGE[start:end]


def test_what_was_asked_for_and_what_was_delivered_is_on_record(
    case: Case, large: Deposited
) -> None:
    document = large.document_id
    read(case, document, some(5, 25))
    released, delivered = newest(case, 2)
    assert released.name == "document:release"
    assert released.detail["asked"] == "range"
    assert (released.detail["start"], released.detail["end"]) == (5, 25)
    assert delivered.name == "document:delivery:completed"
    assert delivered.detail["bytes"] == 20
    assert (delivered.detail["start"], delivered.detail["end"]) == (5, 25)
    read(case, document, lambda stored: ByteRange(0, stored.size_bytes))
    for event in newest(case, 2):
        assert event.detail["asked"] == "whole"
        assert "start" not in event.detail
    verdict = replay(case.house.vault)
    assert not verdict.differing
    case.house.check()


def test_a_reader_who_leaves_in_mid_range_is_recorded_with_what_they_had(
    case: Case, large: Deposited
) -> None:
    vault, subject = case.house.vault, case["party:claimant"]
    released = documents.release(
        vault, subject, large.document_id, View.FULL, choose=some(100, SIZE)
    )
    first = next(released.chunks)
    next(released.chunks)
    released.chunks.close()
    (delivery,) = newest(case, 1)
    assert delivery.name == "document:delivery:aborted"
    assert delivery.detail["bytes"] == len(first)


def test_asking_for_nothing_is_on_record_and_is_no_opening(case: Case) -> None:
    case.agree()
    document = case.deposit("party:claimant").document_id
    seen: list[Stored] = []

    def nothing(stored: Stored) -> None:
        seen.append(stored)

    released = documents.release(
        case.house.vault, case["mediator"], document, View.FULL, choose=nothing
    )
    assert list(released.chunks) == []
    assert seen == [released.stored]
    (event,) = newest(case, 1)
    assert (event.name, event.detail["asked"]) == ("document:release", "nothing")
    read_by = clawback.read_openings(case.house.vault, case["party:claimant"], document)
    assert read_by == ()
    case.read("mediator", document, View.FULL)
    read_by = clawback.read_openings(case.house.vault, case["party:claimant"], document)
    assert len(read_by) == 1
    case.house.check()


def test_a_choice_that_is_refused_is_on_record_with_the_decision(
    case: Case, large: Deposited
) -> None:
    def refuse(stored: Stored) -> ByteRange:
        raise Invalid("range", "no such bytes")

    with pytest.raises(Invalid):
        read(case, large.document_id, refuse)
    (event,) = newest(case, 1)
    assert (event.name, event.detail["decided"]) == ("document:release:denied", "permit")


def test_nobody_is_asked_what_they_want_of_what_they_may_not_read(case: Case) -> None:
    case.agree()
    case.phase("exchange")
    document = case.deposit("party:claimant").document_id

    def choose(stored: Stored) -> ByteRange:
        raise AssertionError

    for view, refusal in ((View.FULL, NotPermitted), (View.REDACTED, Conflict)):
        with pytest.raises(refusal):
            documents.release(
                case.house.vault, case["party:respondent"], document, view, choose=choose
            )


def flip(place: int) -> Callable[[bytes], bytes]:
    return lambda whole: whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]


# A range from within the first part to within the third: it reads every chunk between.
WIDE = ByteRange(PART_SIZE - 3 * CHUNK, 2 * PART_SIZE + 5)
FIRST_READ = HEADER_SIZE + (PART_SIZE // CHUNK - 3) * SEALED_CHUNK_SIZE

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "the first chunk that is read": flip(FIRST_READ),
    "the tag of a part's empty last chunk": flip(PART - 1),
    "the salt of a header": flip(PART),
    "the commitment of a header": flip(PART + 30),
    "a chunk of a whole part": flip(PART + (1 << 20)),
    "the last chunk that is read": flip(2 * PART + HEADER_SIZE + 3),
    "cut by a byte": lambda whole: whole[:-1],
    "cut by a chunk": lambda whole: whole[:-SEALED_CHUNK_SIZE],
    "cut to two parts": lambda whole: whole[: 2 * PART],
    "extended by a byte": lambda whole: whole + b"\0",
    "extended by a part": lambda whole: whole[: 2 * PART] + whole[PART:],
    "parts swapped": lambda whole: whole[PART : 2 * PART] + whole[:PART] + whole[2 * PART :],
    "nothing but zeros": lambda whole: bytes(len(whole)),
    "cut to a byte": lambda whole: whole[:1],
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_changed_object_yields_no_false_byte_of_a_range_and_alerts(
    case: Case, large: Deposited, store: S3Store, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = object_name(case.case_id, large.rendition_id)
    overwrite(store, name, DAMAGE[what](b"".join(store.read(name))))
    is_refused(case, large, some(WIDE.start, WIDE.end), LARGE[WIDE.start : WIDE.end], caplog)


@pytest.mark.parametrize("wanted", [ByteRange(0, SIZE), ByteRange(70_000, 70_010)], ids=str)
@pytest.mark.parametrize("what", ["foreign object", "foreign header", "no object"])
def test_what_belongs_elsewhere_is_not_released(
    case: Case,
    large: Deposited,
    store: S3Store,
    place: Place,
    what: str,
    wanted: ByteRange,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = case.deposit("party:respondent", LARGE[::-1])
    name = object_name(case.case_id, large.rendition_id)
    if what == "foreign object":
        sealed = b"".join(store.read(object_name(case.case_id, other.rendition_id)))
        overwrite(store, name, sealed)
    elif what == "no object":
        store.abandon(name)
    else:
        run_as_administrator(
            place,
            "UPDATE renditions SET headers = (SELECT headers FROM renditions"
            " WHERE rendition_id = %s) WHERE rendition_id = %s",
            other.rendition_id,
            large.rendition_id,
        )
    is_refused(case, large, some(wanted.start, wanted.end), b"", caplog)


ROWS: tuple[LiteralString, ...] = (
    "UPDATE renditions SET size_bytes = size_bytes - 1",
    "UPDATE renditions SET size_bytes = 40",
    "UPDATE renditions SET part_size = part_size * 2",
)


@pytest.mark.parametrize("statement", ROWS)
def test_a_row_with_another_size_releases_nothing_and_alerts(
    case: Case,
    large: Deposited,
    place: Place,
    statement: LiteralString,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run_as_administrator(place, statement)
    is_refused(case, large, some(3, 9), b"", caplog)


def is_refused(
    case: Case,
    deposited: Deposited,
    choose: Choice,
    truth: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Check that only a prefix of the truth came out, that it is on record, and that it alerts."""
    came_out = bytearray()

    def attempt() -> None:
        released = documents.release(
            case.house.vault,
            case["party:claimant"],
            deposited.document_id,
            View.FULL,
            choose=choose,
        )
        for chunk in released.chunks:
            came_out.extend(chunk)

    with caplog.at_level(logging.ERROR, "subrosa.alerts"), pytest.raises(Tampered):
        attempt()
    assert truth.startswith(came_out)
    assert len(came_out) < max(1, len(truth))
    (event,) = newest(case, 1)
    assert event.name in {"document:delivery:tampered", "document:release:tampered"}
    assert int(event.detail.get("bytes", 0)) <= len(came_out)
    assert case.house.vault.alerts.raised == 1
    (alert,) = [r for r in caplog.records if r.name == "subrosa.alerts"]
    assert alert.levelno == logging.ERROR
    said = alert.getMessage()
    for known in (case.case_id, deposited.document_id, deposited.rendition_id):
        assert str(known) in said
    for owned in ("Clinic", "chart", "Somebody", "Okafor"):
        assert owned not in said


def test_nothing_alerts_where_the_store_is_merely_away(
    case: Case, large: Deposited, store: S3Store
) -> None:
    failing = FailingStore(store, faults={"read": "lost"})
    away = replace(case, house=replace(case.house, vault=replace(case.house.vault, store=failing)))
    with pytest.raises(Unavailable):
        read(away, large.document_id, some(3, 9))
    assert case.house.vault.alerts.raised == 0
