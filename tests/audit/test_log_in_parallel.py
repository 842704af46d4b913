"""Many callers, several workers and changes between them make one tree without gaps."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from tests.audit.conftest import Verifier
from tests.audit.samples import KEYS, OF_THE_OPERATOR, RELEASE, sealed
from tests.conftest import Place
from vault.audit.log import Log
from vault.audit.signing import SigningKey
from vault.audit.slots import leaf_of, seal_event
from vault.database.connection import Database
from vault.database.log import all_entries

EACH = 25
CHANGES = 40


def test_two_workers_and_changes_share_one_tree(
    place: Place, key: SigningKey, database: Database, verify: Verifier
) -> None:
    logs = [Log(place.database_url, key) for _ in range(2)]
    nobody = seal_event(OF_THE_OPERATOR, KEYS)

    def read(worker: int) -> list[tuple[int, bytes]]:
        log, found = logs[worker % 2], list[tuple[int, bytes]]()
        for number in range(EACH):
            event = nobody if number % 5 == 0 else sealed(number)
            receipt = log.record(event)
            assert receipt.leaf == event.leaf
            found.append((receipt.index, event.leaf))
            if number % 10 == 0:
                assert log.head().size > receipt.index
        return found

    def change(worker: int) -> list[tuple[int, bytes]]:
        found = list[tuple[int, bytes]]()
        for number in range(CHANGES):
            event = seal_event(replace(RELEASE, detail={"change": number}), KEYS)
            # Every fourth change is given up.
            with suppress(ZeroDivisionError):
                with database.transaction() as tx:
                    index = logs[worker].append(tx, event)
                    assert 1 / (number % 4) > 0
                found.append((index, event.leaf))
        return found

    with ThreadPoolExecutor(18) as pool:
        done = [
            *(pool.submit(read, n) for n in range(16)),
            *(pool.submit(change, n) for n in (0, 1)),
        ]
        told = dict(pair for work in done for pair in work.result())
    for log in logs:
        log.close()
    with database.snapshot() as tx:
        stored = {row.index: leaf_of(row.commitments) for row in all_entries(tx)}
    assert len(stored) == 16 * EACH + 2 * CHANGES * 3 // 4
    assert list(stored) == list(range(len(stored)))
    assert told == stored
    assert verify().problems == ()


def test_a_worker_that_begins_later_goes_on_where_the_others_are(
    place: Place, key: SigningKey, verify: Verifier
) -> None:
    for begun in range(4):
        log = Log(place.database_url, key)
        assert [log.record(sealed()).index for _ in range(3)] == list(
            range(begun * 3, begun * 3 + 3)
        )
        log.close()
    assert (verify().size, verify().problems) == (12, ())
