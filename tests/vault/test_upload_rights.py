"""What ends a right ends the upload that goes by it, in its middle too, on record."""

from collections.abc import Callable, Iterator

import pytest

from tests.builders import Case, House
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
from vault.errors import NotFound, NotPermitted, Unread, VaultError
from vault.inspection import trail
from vault.intake import unfinished, uploads
from vault.intake.arrivals import Piece
from vault.intake.resuming import receive
from vault.proceedings import seat_changes
from vault.sealing.parts import PART_SIZE


@pytest.fixture
def case(house: House) -> Case:
    case = house.case("party:claimant", "party:respondent")
    case.agree()
    return case


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
