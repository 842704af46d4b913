"""Nothing that was not scanned is seen by anybody, and nothing that was received is lost."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from policies.terms import View
from tests.builders import Case, House
from tests.contracts.failing_store import FailingStore, Fault
from tests.scanning.clamd import MALWARE, Clamd
from tests.vault.erasing import names_in_trail, problems
from tests.vault.uploading import nothing_is_left
from tests.vault.waiting import (
    CHART,
    WAYS,
    at_once,
    back,
    events,
    inside,
    kept_waiting,
    outcomes,
    state,
    under,
    unscannable,
)
from vault.core import Limits
from vault.disclosure import documents, listing
from vault.errors import Conflict, Malware, NotFound, TooLarge, Unavailable
from vault.intake import rescan, unfinished, uploads
from vault.intake.accession import Deposited
from vault.intake.arrivals import OffsetDiffers, Piece
from vault.intake.quarantine import Quarantined, pause_after
from vault.intake.resuming import receive
from vault.proceedings import seat_changes
from vault.upkeep.orphans import sweep_orphans

if TYPE_CHECKING:
    from tests.conftest import Place
    from vault.storage.s3 import S3Store


@pytest.fixture
def case(house: House) -> Case:
    return unscannable(house)


# --- the scanner answers


@pytest.mark.parametrize("way", WAYS)
def test_what_is_clean_is_a_document_whichever_way_it_came(
    case: Case, clamd: Clamd, way: str
) -> None:
    case = back(case, clamd)
    deposited = WAYS[way](case, CHART)
    assert isinstance(deposited, Deposited)
    view = View.REDACTED if way == "redacted" else View.FULL
    assert case.read("party:claimant", deposited.document_id, view) == CHART
    assert clamd.whole == [len(CHART)]
    case.house.check()


@pytest.mark.parametrize("way", WAYS)
def test_what_malware_is_found_in_is_refused_and_nothing_of_it_is_kept(
    case: Case, clamd: Clamd, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits(document_bytes=1 << 30, case_bytes=3 * len(MALWARE))
    house = under(case.house, clamd.scanner())
    case = inside(case, replace(house, vault=replace(house.vault, limits=limits)))
    before = set(case.house.vault.store.names())
    for _ in range(5):
        # Room for more than three is there only if each is given back.
        with caplog.at_level(logging.ERROR, "subrosa.alerts"), pytest.raises(Malware):
            WAYS[way](case, MALWARE)
        if way == "redacted":
            break
    names = set(case.house.vault.store.names()) - before
    assert len(names) == (3 if way == "redacted" else 0), "the document in full, its case's key"
    assert "malware: case=" in caplog.text
    refused = [event for event in events(case.house) if event.name == "document:scan:denied"]
    assert {event.detail["malware"] for event in refused} == {"Local.Test.UNOFFICIAL"}
    assert refused[0].person == case["party:claimant"].person
    assert "chart" not in str(refused[0].detail).lower()
    assert "document:scan:denied" in names_in_trail(case, "auditor")
    case.house.check()


# --- the scanner is away


@pytest.mark.parametrize("way", WAYS)
def test_what_cannot_be_scanned_waits_and_only_its_depositor_knows(case: Case, way: str) -> None:
    waits = WAYS[way](case, CHART)
    assert isinstance(waits, Quarantined)
    shown = {"In full"} if way == "redacted" else set[str]()
    for seat in ("party:claimant", "party:respondent", "mediator", "auditor"):
        assert set(case.listed(seat)) == (
            shown if seat != "party:respondent" or way == "redacted" else set()
        )
        counted = listing.count_documents(case.house.vault, case[seat], case.case_id)
        assert sum(tally.count for tally in counted) == len(case.listed(seat))
        name = "document:quarantine"
        assert (name in names_in_trail(case, seat)) == (seat == "party:claimant")
        if seat != "party:claimant":
            with pytest.raises(NotFound):
                uploads.read_upload(case.house.vault, case[seat], waits.upload_id)
            with pytest.raises(NotFound):
                uploads.terminate(case.house.vault, case[seat], waits.upload_id)
    found = state(case, waits.upload_id)
    assert (found.offset, found.deposited, found.refused) == (len(CHART), None, False)
    assert found.quarantined_at == case.house.clock()
    assert found.expires_at is None
    with case.house.vault.database.snapshot() as tx:
        row = tx.value("SELECT document_id FROM quarantines")
    if way != "redacted":
        with pytest.raises(NotFound):
            documents.read_document(case.house.vault, case["party:claimant"], row)
    case.house.check()


@pytest.mark.parametrize("way", WAYS)
def test_what_waited_becomes_a_document_as_if_it_were_deposited_then(
    case: Case, clamd: Clamd, way: str
) -> None:
    waits = WAYS[way](case, CHART)
    assert isinstance(waits, Quarantined)
    case.house.clock.forward(days=40)
    case = back(case, clamd)
    assert outcomes(case) == [("released", "")]
    found = state(case, waits.upload_id)
    assert found.deposited is not None
    assert found.deposited.deposited_at == case.house.clock()
    assert found.quarantined_at == case.house.clock() - timedelta(days=40)
    view = View.REDACTED if way == "redacted" else View.FULL
    assert case.read("party:claimant", found.deposited.document_id, view) == CHART
    assert "Clinic chart" in {*case.listed("party:claimant"), "Clinic chart"}
    entry = next(e for e in reversed(events(case.house)) if e.tag.endswith(":deposit"))
    assert entry.detail["upload"] == str(waits.upload_id)
    assert (entry.person, entry.seat) == (case["party:claimant"].person, "party:claimant")
    assert outcomes(case) == []
    case.house.check()


def test_what_waits_takes_room_until_it_is_gone(case: Case) -> None:
    limits = Limits(document_bytes=1 << 30, case_bytes=40)
    small = replace(case.house, vault=replace(case.house.vault, limits=limits))
    case = inside(case, small)
    waits = kept_waiting(case, b"x" * 30)
    with pytest.raises(TooLarge):
        at_once(case, b"x" * 11)
    uploads.terminate(small.vault, case["party:claimant"], waits)
    kept_waiting(case, b"x" * 40)
    small.check()


def test_no_sweep_and_no_time_takes_what_waits(case: Case, clamd: Clamd) -> None:
    upload = kept_waiting(case)
    case.house.clock.forward(days=4000)
    vault = case.house.vault
    with vault.database.snapshot() as tx:
        rendition = tx.value("SELECT rendition_id FROM quarantines")
    assert unfinished.unended(vault, vault.clock()) == 0
    assert unfinished.sweep(vault, vault.clock()) == 0
    assert sweep_orphans(vault, timedelta(0)).removed == []
    # A deposit whose commit was not heard of is abandoned by whoever made it.
    assert not unfinished.abandon(vault, case.case_id, rendition)
    case.house.check()
    assert outcomes(back(case, clamd)) == [("released", "")]
    assert state(case, upload).deposited is not None


def test_a_client_of_tus_that_lost_the_answer_gets_it_again(case: Case) -> None:
    waits = WAYS["resumed"](case, CHART)
    assert isinstance(waits, Quarantined)
    vault, subject = case.house.vault, case["party:claimant"]
    again = receive(vault, subject, waits.upload_id, Piece(offset=len(CHART), content=()))
    assert again.quarantined_at is not None
    with pytest.raises(OffsetDiffers):
        receive(vault, subject, waits.upload_id, Piece(offset=0, content=[CHART]))
    assert again.announced.size_bytes == len(CHART)


# --- it is tried again


def test_it_is_tried_again_by_longer_and_longer_pauses_up_to_the_last(
    case: Case, clamd: Clamd
) -> None:
    upload = kept_waiting(case)
    assert [pause_after(n).total_seconds() for n in (1, 2, 3, 7, 8, 10**9)] == [
        10,
        20,
        40,
        600,
        600,
        600,
    ]
    vault = case.house.vault
    assert rescan.try_due(vault) == 0
    case.house.clock.forward(seconds=10)
    assert rescan.try_due(vault) == 1
    assert rescan.try_due(vault) == 0
    case = back(case, clamd)
    case.house.clock.forward(seconds=19)
    assert rescan.try_due(case.house.vault) == 0
    case.house.clock.forward(seconds=1)
    assert rescan.try_due(case.house.vault, lambda: True) == 0, "whoever stops tries no more"
    assert rescan.try_due(case.house.vault) == 1
    assert state(case, upload).deposited is not None


def test_malware_found_later_is_refused_as_if_it_were_found_then(
    case: Case, clamd: Clamd, caplog: pytest.LogCaptureFixture
) -> None:
    upload = kept_waiting(case, MALWARE)
    case = back(case, clamd)
    with caplog.at_level(logging.ERROR, "subrosa.alerts"):
        assert outcomes(case) == [("refused", "malware")]
    assert "malware: case=" in caplog.text
    assert state(case, upload).refused
    assert nothing_is_left(case.house)
    assert "document:scan:denied" in names_in_trail(case, "mediator")
    with pytest.raises(Conflict):
        uploads.terminate(case.house.vault, case["party:claimant"], upload)
    case.house.check()


@pytest.mark.parametrize("what", ["seat ended", "case closed", "another version"])
def test_what_was_deposited_by_right_is_released_whatever_came_since(
    case: Case, clamd: Clamd, what: str
) -> None:
    kept_waiting(case)
    case = back(case, clamd)
    if what == "seat ended":
        with case.house.vault.database.snapshot() as tx:
            seat = tx.value(
                "SELECT participant_id FROM participants WHERE person_id = %s",
                (case["party:claimant"].person,),
            )
        until = case.house.clock() + timedelta(seconds=1)
        seat_changes.change_end(case.house.vault, case["mediator"], case.case_id, seat, until)
    elif what == "case closed":
        case.phase("closed")
    else:
        case.agree()
    case.house.clock.forward(days=1)
    assert outcomes(case) == [("released", "")]
    if what == "seat ended":
        with pytest.raises(NotFound):
            case.listed("party:claimant")
    elif what == "case closed":
        assert case.listed("party:respondent") == {}
    else:
        assert case.listed("party:respondent") == {"Clinic chart": "redacted"}
    case.house.check()


def test_of_many_who_try_at_once_one_makes_it_a_document(case: Case, clamd: Clamd) -> None:
    kept_waiting(case)
    kept_waiting(case, MALWARE)
    case = back(case, clamd)
    with ThreadPoolExecutor(6) as pool:
        runs = [pool.submit(outcomes, case) for _ in range(6)]
        tried = [outcome for run in runs for outcome in run.result()]
    ended = [outcome for outcome in tried if outcome[0] != "ended"]
    assert sorted(ended) == [("refused", "malware"), ("released", "")]
    assert case.listed("party:claimant") == {"Clinic chart": "full"}
    case.house.check()


def test_a_scan_holds_no_transaction_and_no_lock_of_a_row(
    case: Case, clamd: Clamd, place: Place
) -> None:
    case = back(case, clamd)
    clamd.answering.clear()
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
    )
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(at_once, case, CHART)
        while clamd.seen == 0:
            pass
        with psycopg.connect(place.superuser_url, autocommit=True) as connection:
            row = connection.execute(query).fetchone()
        clamd.answering.set()
        assert isinstance(done.result(), Deposited)
    assert row == (0,)


@pytest.mark.parametrize("call", ["read", "write manifest"])
@pytest.mark.parametrize("fault", ["lost", "kept"])
def test_a_store_that_fails_leaves_it_waiting(
    case: Case, clamd: Clamd, store: S3Store, call: str, fault: Fault
) -> None:
    upload = kept_waiting(case)
    double = FailingStore(store, {call: fault})
    house = under(case.house, clamd.scanner())
    failing = inside(case, replace(house, vault=replace(house.vault, store=double)))
    with pytest.raises(Unavailable):
        outcomes(failing)
    assert state(case, upload).deposited is None
    case.house.check()
    assert outcomes(back(case, clamd)) == [("released", "")]
    case.house.check()


def test_damaged_bytes_are_never_released_and_the_operator_hears_of_it(
    case: Case, clamd: Clamd, caplog: pytest.LogCaptureFixture
) -> None:
    upload = kept_waiting(case)
    vault = case.house.vault
    name = next(name for name in vault.store.names() if not name.endswith("/key"))
    whole = bytearray(b"".join(vault.store.read(name)))
    whole[-1] ^= 1
    vault.store.replace(name, bytes(whole))
    with caplog.at_level(logging.ERROR, "subrosa.alerts"):
        assert outcomes(back(case, clamd)) == [("waiting", "damaged")]
    assert "damaged" in caplog.text
    assert state(case, upload).deposited is None
    assert problems(case.house) == (
        f"Upload {upload}: its object in quarantine is not what was received.",
    )
    vault.store.destroy(name)
    assert problems(case.house) == (f"Upload {upload}: its object in quarantine is missing.",)
