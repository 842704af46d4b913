"""Whatever breaks, nothing is acknowledged that is not on record."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Thread

import pytest

from tests.audit.conftest import HEAD_ROW, WHOLE_TABLE, Hands, Verifier
from tests.audit.samples import sealed
from tests.audit.wire import Wire
from tests.conftest import Place
from vault.audit.log import AuditReceipt, Log
from vault.audit.signing import SigningKey
from vault.audit.slots import leaf_of
from vault.database.connection import Database
from vault.database.log import all_entries
from vault.errors import Unavailable

DEADLINE_S = 0.4
# Threads must get a turn between the deadline and the answer.
GRACE_S = 0.6


def leaves(database: Database) -> dict[int, bytes]:
    with database.snapshot() as tx:
        return {row.index: leaf_of(row.commitments) for row in all_entries(tx)}


def refusal_of(act: Callable[[], object]) -> tuple[str, float]:
    """Return how something was refused, and after how many seconds."""
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        act()
    return str(caught.value), time.monotonic() - began


@pytest.mark.parametrize("lock", [WHOLE_TABLE, HEAD_ROW])
def test_a_caller_is_refused_at_the_deadline_and_served_when_the_lock_is_gone(
    place: Place, key: SigningKey, hands: Hands, verify: Verifier, lock: str
) -> None:
    log = Log(place.database_url, key, deadline_s=DEADLINE_S)
    log.record(sealed())
    with hands.holding(lock):
        for _ in range(2):
            assert refusal_of(lambda: log.record(sealed()))[1] < DEADLINE_S + GRACE_S
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(refusal_of, lambda: log.record(sealed())) for _ in range(8)]
            assert all(refusal.result()[1] < DEADLINE_S + GRACE_S for refusal in asked)
        time.sleep(DEADLINE_S)
    assert log.record(sealed()).index == 1
    log.close()
    assert (verify().size, verify().problems) == (2, ())


def test_the_deadline_is_two_seconds_unless_it_is_set(
    place: Place, key: SigningKey, hands: Hands
) -> None:
    log = Log(place.database_url, key)
    log.record(sealed())
    with hands.holding(WHOLE_TABLE):
        assert 1.7 < refusal_of(lambda: log.record(sealed()))[1] < 2.0 + GRACE_S
    log.close()


def test_one_caller_too_many_is_refused_at_once(
    place: Place, key: SigningKey, hands: Hands, verify: Verifier
) -> None:
    log = Log(place.database_url, key, queue_limit=3)
    log.record(sealed())
    with ThreadPoolExecutor(5) as pool:
        with hands.holding(WHOLE_TABLE):
            # One commits by itself, one is with the writer, three wait.
            accepted = list[Future[AuditReceipt]]()
            for _ in range(5):
                accepted.append(pool.submit(log.record, sealed()))
                time.sleep(0.1)
            text, after_s = refusal_of(lambda: log.record(sealed()))
            assert "Too much waits" in text
            assert after_s < 0.1
        assert sorted(receipt.result().index for receipt in accepted) == [1, 2, 3, 4, 5]
    log.close()
    assert verify().problems == ()


def test_no_acknowledged_event_is_missing_after_connections_were_killed_under_load(
    place: Place, key: SigningKey, hands: Hands, database: Database, verify: Verifier
) -> None:
    log, over = Log(place.database_url, key), Event()

    def load() -> tuple[list[AuditReceipt], int]:
        acknowledged, refused = list[AuditReceipt](), 0
        while not over.is_set():
            try:
                acknowledged.append(log.record(sealed()))
            except Unavailable:
                refused += 1
        return acknowledged, refused

    with ThreadPoolExecutor(12) as pool:
        workers = [pool.submit(load) for _ in range(12)]
        killed = 0
        for _ in range(10):
            time.sleep(0.15)
            killed += hands.kill()
        over.set()
    log.close()
    acknowledged = [receipt for worker in workers for receipt in worker.result()[0]]
    refused = sum(worker.result()[1] for worker in workers)
    stored = leaves(database)
    assert killed > 0
    assert refused > 0
    assert len({receipt.index for receipt in acknowledged}) == len(acknowledged) > 100
    assert all(stored[receipt.index] == receipt.leaf for receipt in acknowledged)
    # What was stored and refused stays: accesses by which nothing was released.
    assert 0 <= len(stored) - len(acknowledged) <= refused
    assert verify().problems == ()


def test_a_connection_that_broke_while_nobody_used_it_costs_one_refusal(
    log: Log, hands: Hands, verify: Verifier
) -> None:
    log.record(sealed())
    assert hands.kill() == 1
    with pytest.raises(Unavailable):
        log.record(sealed())
    assert log.record(sealed()).index == 1
    assert verify().problems == ()


@pytest.mark.parametrize("alone", [True, False])
def test_a_commit_whose_answer_is_lost_is_refused_and_stays_on_record(
    place: Place, key: SigningKey, hands: Hands, verify: Verifier, *, alone: bool
) -> None:
    with Wire(place.database_url) as wire:
        log = Log(wire.url, key, deadline_s=DEADLINE_S)
        log.record(sealed())
        if not alone:
            # The head is elsewhere than this log saw it: the writer thread locks it and commits.
            other = Log(place.database_url, key)
            other.record(sealed())
            other.close()
        stored = verify().size
        wire.answers_lost.set()
        assert refusal_of(lambda: log.record(sealed()))[1] < DEADLINE_S + GRACE_S
        wire.answers_lost.clear()
        assert verify().size == stored + alone
        assert log.record(sealed()).index == stored + alone
        log.close()
    assert verify().problems == ()


def test_a_caller_refused_for_the_time_it_took_is_not_recorded_afterwards(
    place: Place, key: SigningKey, verify: Verifier
) -> None:
    """The wire is dead, with the writer on it; those behind it are refused and forgotten."""
    with Wire(place.database_url) as wire:
        log = Log(wire.url, key, deadline_s=DEADLINE_S)
        wire.open.clear()
        with ThreadPoolExecutor(4) as pool:
            first = pool.submit(refusal_of, lambda: log.record(sealed()))
            time.sleep(0.1)
            behind = [pool.submit(refusal_of, lambda: log.record(sealed())) for _ in range(3)]
            for refusal in (first, *behind):
                text, after_s = refusal.result()
                assert "in time" in text
                assert after_s < DEADLINE_S + GRACE_S
        wire.open.set()
        log.close()
    assert verify().size <= 1


def test_without_a_server_every_call_is_refused(key: SigningKey) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"postgresql://subrosa_app@127.0.0.1:{listener.getsockname()[1]}/subrosa"
    log = Log(nobody, key, deadline_s=DEADLINE_S)
    for refused in (lambda: log.record(sealed()), log.head, log.checkpoint):
        with pytest.raises(Unavailable):
            refused()
    log.close()


FORGOTTEN = {
    "entries and head": (
        "DELETE FROM log_entries WHERE index >= 1",
        "UPDATE log_head SET (size, range) = (SELECT size, range FROM kept)",
    ),
    "the head alone": ("UPDATE log_head SET (size, range) = (SELECT size, range FROM kept)",),
    "everything": ("DELETE FROM log_entries", "UPDATE log_head SET size = 0, range = ''"),
}


@pytest.mark.parametrize("what", FORGOTTEN)
def test_a_database_that_went_back_in_time_stops_the_log_for_good(
    log: Log, hands: Hands, database: Database, what: str
) -> None:
    log.record(sealed())
    hands.run("CREATE TABLE kept AS SELECT size, range FROM log_head")
    log.record(sealed())
    hands.run(*FORGOTTEN[what])
    for _ in range(2):
        with pytest.raises(Unavailable, match="back in time"):
            log.record(sealed())
    with pytest.raises(Unavailable, match="back in time"):
        log.checkpoint()
    with pytest.raises(Unavailable, match="back in time"), database.transaction() as tx:
        log.append(tx, sealed())


@pytest.mark.parametrize("first", ["append", "checkpoint"])
def test_whoever_first_sees_that_the_database_went_back_in_time_stops_the_log(
    log: Log, hands: Hands, database: Database, first: str
) -> None:
    log.record(sealed())
    hands.run(*FORGOTTEN["everything"])

    def append() -> None:
        with database.transaction() as tx:
            log.append(tx, sealed())

    act = {"append": append, "checkpoint": log.checkpoint}[first]
    with pytest.raises(Unavailable, match="back in time"):
        act()
    with pytest.raises(Unavailable, match="back in time"):
        log.record(sealed())


def test_a_head_of_the_same_size_with_other_hashes_stops_the_log(log: Log, hands: Hands) -> None:
    log.record(sealed())
    hands.run("UPDATE log_head SET range = decode(repeat('ab', 32), 'hex')")
    for _ in range(2):
        with pytest.raises(Unavailable, match="back in time"):
            log.record(sealed())


@pytest.mark.parametrize(
    "damage",
    ["UPDATE log_head SET size = 3", "UPDATE log_head SET range = ''", "DELETE FROM log_head"],
)
def test_a_damaged_head_stops_the_log(
    log: Log, hands: Hands, database: Database, damage: str
) -> None:
    log.record(sealed())
    hands.run(damage)
    with pytest.raises(Unavailable, match="damaged"):
        log.head()
    with pytest.raises(Unavailable, match="damaged"), database.transaction() as tx:
        log.append(tx, sealed())


def test_an_entry_that_lies_where_the_next_should_go_is_never_overwritten(
    log: Log, hands: Hands, database: Database
) -> None:
    log.record(sealed())
    hands.run("INSERT INTO log_entries SELECT 1, NULL, NULL, commitments, '' FROM log_entries")
    with pytest.raises(Unavailable):
        log.record(sealed())
    with pytest.raises(Unavailable), database.transaction() as tx:
        log.append(tx, sealed())
    with pytest.raises(Unavailable):
        log.record(sealed())
    assert len(leaves(database)) == 2


def test_a_head_that_cannot_be_moved_refuses_every_entry(
    log: Log, hands: Hands, database: Database
) -> None:
    log.record(sealed())
    hands.run(
        "CREATE FUNCTION ignore() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        "CREATE TRIGGER ignore BEFORE UPDATE ON log_head FOR EACH ROW EXECUTE FUNCTION ignore()",
    )
    with pytest.raises(Unavailable, match="does not move"):
        log.record(sealed())
    with pytest.raises(Unavailable, match="does not move"), database.transaction() as tx:
        log.append(tx, sealed())
    assert len(leaves(database)) == 1


def test_a_change_that_waits_too_long_for_the_head_is_refused(
    log: Log, hands: Hands, database: Database, verify: Verifier
) -> None:
    def change() -> None:
        with database.transaction() as tx:
            tx.execute("SET LOCAL statement_timeout = 200")
            log.append(tx, sealed())

    with hands.holding(HEAD_ROW), pytest.raises(Unavailable):
        change()
    with database.transaction() as tx:
        assert log.append(tx, sealed()) == 0
    assert verify().problems == ()


def test_a_log_that_is_closed_while_the_server_is_silent_ends_all_the_same(
    place: Place, key: SigningKey
) -> None:
    with Wire(place.database_url) as wire:
        log = Log(wire.url, key, deadline_s=0.1)
        wire.open.clear()
        with pytest.raises(Unavailable):
            log.record(sealed())
        closing = Thread(target=log.close)
        closing.start()
        closing.join(2)
        assert not closing.is_alive()
