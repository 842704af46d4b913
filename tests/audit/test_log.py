"""What the log acknowledges is in the tree, and nobody but the log can say so."""

import time
from contextlib import suppress
from threading import Thread
from typing import Any, cast

import psycopg
import pytest

from tests.audit.conftest import WHOLE_TABLE, Hands, Verifier
from tests.audit.samples import CASE, KEYS, OF_THE_OPERATOR, checkpoint_key, sealed
from tests.conftest import LOG_ORIGIN, Place
from vault.audit.log import AuditReceipt, Log
from vault.audit.notes import Checkpoint, open_note
from vault.audit.signing import SigningKey
from vault.audit.slots import open_slots, seal_event
from vault.audit.tlog import EMPTY_ROOT, CompactRange
from vault.database.connection import Database
from vault.database.log import all_entries, entries_of_case
from vault.errors import Unavailable


def numbers(database: Database) -> list[int]:
    """Return the numbers of the events on record, in order."""
    with database.snapshot() as tx:
        opened = [open_slots(row, KEYS).event for row in all_entries(tx)]
    return [int(event.detail["number"]) for event in opened if event]


def given_up(log: Log, database: Database, changes: list[int]) -> list[int]:
    """Return the indexes of changes whose transaction is then rolled back."""
    indexes = list[int]()
    with suppress(ZeroDivisionError), database.transaction() as tx:
        indexes += [log.append(tx, sealed(number)) for number in changes]
        raise ZeroDivisionError
    return indexes


def test_an_event_on_record_has_the_next_index_and_its_own_leaf(
    log: Log, database: Database, verify: Verifier
) -> None:
    events = [sealed(number) for number in range(5)]
    receipts = [log.record(event) for event in events]
    assert [receipt.index for receipt in receipts] == [0, 1, 2, 3, 4]
    assert [receipt.leaf for receipt in receipts] == [event.leaf for event in events]
    assert numbers(database) == [0, 1, 2, 3, 4]
    assert verify().problems == ()


def test_the_head_is_the_tree_over_what_was_recorded(log: Log) -> None:
    assert log.head() == Checkpoint(LOG_ORIGIN, 0, EMPTY_ROOT)
    events = [sealed(number) for number in range(11)]
    for event in events:
        log.record(event)
    tree = CompactRange().extended(event.leaf for event in events)
    assert log.head() == Checkpoint(LOG_ORIGIN, 11, tree.root())


def test_a_checkpoint_is_the_head_signed(log: Log, key: SigningKey) -> None:
    log.record(sealed())
    text = open_note(log.checkpoint(), key.verify_key)
    assert Checkpoint.parse(text) == log.head()


def test_a_receipt_cannot_be_made_by_anybody_else() -> None:
    for pretext in (None, object(), AuditReceipt):
        with pytest.raises(TypeError):
            AuditReceipt(0, bytes(32), cast("Any", pretext))


def test_the_event_of_a_change_exists_if_and_only_if_the_change_does(
    log: Log, database: Database, verify: Verifier
) -> None:
    with database.transaction() as tx:
        assert log.append(tx, sealed(1)) == 0
    assert given_up(log, database, [2]) == [1]
    with database.transaction() as tx:
        assert log.append(tx, sealed(3)) == 1
    assert numbers(database) == [1, 3]
    assert verify().problems == ()


def test_one_transaction_may_record_two_changes(
    log: Log, database: Database, verify: Verifier
) -> None:
    log.record(sealed(0))
    assert given_up(log, database, [7, 8]) == [1, 2]
    with database.transaction() as tx:
        assert [log.append(tx, sealed(1)), log.append(tx, sealed(2))] == [1, 2]
    assert log.record(sealed(3)).index == 3
    assert numbers(database) == [0, 1, 2, 3]
    assert verify().problems == ()


def test_a_head_that_somebody_else_has_moved_is_followed(
    log: Log, database: Database, place: Place, key: SigningKey, verify: Verifier
) -> None:
    other = Log(place.database_url, key)
    indexes = list[int]()
    for _ in range(3):
        indexes += [log.record(sealed()).index, other.record(sealed()).index]
        with database.transaction() as tx:
            indexes.append(log.append(tx, sealed()))
    assert other.head() == log.head()
    other.close()
    assert indexes == list(range(9))
    assert verify().problems == ()


def test_events_of_nobody_are_recorded_like_any_other(
    log: Log, hands: Hands, verify: Verifier
) -> None:
    """Several at once too, so that arrays hold nothing but NULL."""
    event = seal_event(OF_THE_OPERATOR, KEYS)
    log.record(event)
    threads = [Thread(target=log.record, args=(event,)) for _ in range(4)]
    with hands.holding(WHOLE_TABLE):
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert (verify().size, verify().problems) == (5, ())


def test_the_entries_of_a_case_are_found_page_by_page(log: Log, database: Database) -> None:
    with database.transaction() as tx:
        for number in range(600):
            if number % 100 == 50:
                log.append(tx, seal_event(OF_THE_OPERATOR, KEYS))
            log.append(tx, sealed(number))
    with database.snapshot() as tx:
        whole = [row.index for row in entries_of_case(tx, CASE)]
        rest = [row.index for row in entries_of_case(tx, CASE, after=whole[300])]
    assert len(whole) == 600
    assert whole == sorted(set(range(606)) - {50, 151, 252, 353, 454, 555})
    assert rest == whole[301:]


def test_a_closed_log_refuses_and_has_written_what_was_queued(
    place: Place, key: SigningKey, hands: Hands, database: Database
) -> None:
    log = Log(place.database_url, key)
    log.record(sealed(0))
    threads = [Thread(target=log.record, args=(sealed(n),)) for n in range(1, 6)]
    closing = Thread(target=log.close)
    with hands.holding(WHOLE_TABLE):
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        closing.start()
        closing.join(0.05)
        assert closing.is_alive()
    for thread in (*threads, closing):
        thread.join()
    assert sorted(numbers(database)) == [0, 1, 2, 3, 4, 5]
    for refused in (lambda: log.record(sealed()), log.checkpoint):
        with pytest.raises(Unavailable, match="closing"):
            refused()
    log.close()


def test_the_application_can_add_entries_and_not_change_or_remove_them(
    log: Log, place: Place
) -> None:
    log.record(sealed())
    for statement in (
        b"UPDATE log_entries SET slots = ''",
        b"DELETE FROM log_entries",
        b"TRUNCATE log_entries CASCADE",
        b"DELETE FROM log_head",
        b"UPDATE log_head SET origin = 'other'",
    ):
        with (
            psycopg.connect(place.database_url) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


def test_the_owner_is_kept_from_changing_entries_by_accident(log: Log, place: Place) -> None:
    log.record(sealed())
    for statement in (
        b"UPDATE log_entries SET slots = ''",
        b"DELETE FROM log_entries",
        b"TRUNCATE log_entries CASCADE",
    ):
        with (
            psycopg.connect(place.owner_url) as connection,
            pytest.raises(psycopg.errors.RaiseException, match="append-only"),
        ):
            connection.execute(statement)


def test_a_log_of_another_name_records_nothing(place: Place) -> None:
    log = Log(place.database_url, checkpoint_key("other.example/audit"))
    for _ in range(2):
        with pytest.raises(Unavailable, match="another log"):
            log.record(sealed())
    log.close()
