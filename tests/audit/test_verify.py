"""Whoever kept one checkpoint finds out whatever was done to the entries it was over."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests.audit.conftest import Hands, Verifier, sample_keys
from tests.audit.samples import KEYS, OPERATIONS, RELEASE, checkpoint_key, flipped, sealed
from tests.conftest import LOG_ORIGIN, Place
from vault.audit.log import Log
from vault.audit.notes import Checkpoint
from vault.audit.signing import SigningKey
from vault.audit.slots import SlotKeys, leaf_of, seal_event
from vault.audit.tlog import EMPTY_ROOT, CompactRange
from vault.audit.verify import LogVerdict, verify_log
from vault.database.connection import Database, Transaction
from vault.errors import Tampered
from vault.ids import CaseId, PersonId
from vault.sealing.keys import CaseKey

KEPT_AT = 5
SIZE = 7
REWRITTEN = f"The first {KEPT_AT} entries are not those of the checkpoint: the log was rewritten."
OTHER_HASHES = "The hashes in the head are not those of the entries."


@dataclass(frozen=True)
class Kept:
    """A log of seven entries, and the checkpoint somebody kept when there were five."""

    note: str
    leaves: list[bytes]


@pytest.fixture
def kept(log: Log) -> Kept:
    events = [sealed(number) for number in range(SIZE)]
    for event in events[:KEPT_AT]:
        log.record(event)
    note = log.checkpoint()
    for event in events[KEPT_AT:]:
        log.record(event)
    return Kept(note, [event.leaf for event in events])


def test_an_untouched_log_verifies_against_every_checkpoint_it_ever_signed(
    log: Log, verify: Verifier
) -> None:
    notes = [log.checkpoint()]
    for _ in range(9):
        log.record(sealed())
        notes.append(log.checkpoint())
    head = log.head()
    for note in notes:
        assert verify(note) == LogVerdict(size=9, root=head.root, withheld=0, problems=())


def test_an_empty_log_verifies(verify: Verifier) -> None:
    assert verify() == LogVerdict(size=0, root=EMPTY_ROOT, withheld=0, problems=())


class Administrator(Hands):
    """Somebody with a superuser's rights, and a copy of this program to compute hashes with."""

    def edit(self, index: int, column: str, change: Callable[[bytes], bytes]) -> None:
        with self.connected() as connection:
            read = SQL("SELECT {} FROM log_entries WHERE index = %s").format(Identifier(column))
            row = connection.execute(read, (index,)).fetchone()
            assert row is not None
            write = SQL("UPDATE log_entries SET {} = %s WHERE index = %s")
            connection.execute(write.format(Identifier(column)), (change(row[0]), index))

    def replace_by_another_event(self, index: int) -> None:
        """With the keys too: everything that the row says is in order."""
        event = sealed(999)
        self.edit(index, "commitments", lambda _: event.commitments)
        self.edit(index, "slots", lambda _: event.slots)

    def mend_head(self) -> None:
        """Make the head that of whatever entries there are now."""
        with self.connected() as connection:
            rows = connection.execute("SELECT commitments FROM log_entries ORDER BY index")
            tree = CompactRange().extended(leaf_of(row[0]) for row in rows)
            connection.execute(
                "UPDATE log_head SET size = %s, range = %s", (tree.size, tree.to_bytes())
            )

    def connected(self) -> psycopg.Connection:
        connection = psycopg.connect(self.place.superuser_url, autocommit=True)
        connection.execute("SET session_replication_role = replica")
        return connection


@pytest.fixture
def administrator(place: Place) -> Administrator:
    return Administrator(place)


def edit_a_slot(administrator: Administrator) -> None:
    administrator.edit(2, "slots", lambda slots: flipped(slots, 20))


def edit_a_commitment(administrator: Administrator) -> None:
    administrator.edit(2, "commitments", lambda commitments: flipped(commitments, 0))


def forge_an_entry(administrator: Administrator) -> None:
    administrator.replace_by_another_event(2)


def delete_the_last(administrator: Administrator) -> None:
    administrator.run("DELETE FROM log_entries WHERE index >= 4")


def delete_one_within(administrator: Administrator) -> None:
    administrator.run("DELETE FROM log_entries WHERE index = 2")


def delete_one_and_renumber(administrator: Administrator) -> None:
    administrator.run(
        "DELETE FROM log_entries WHERE index = 2",
        "UPDATE log_entries SET index = index + 1000 WHERE index > 2",
        "UPDATE log_entries SET index = index - 1001 WHERE index > 1000",
    )


def swap_two(administrator: Administrator) -> None:
    administrator.run(
        "UPDATE log_entries SET index = 99 WHERE index = 1",
        "UPDATE log_entries SET index = 1 WHERE index = 2",
        "UPDATE log_entries SET index = 2 WHERE index = 99",
    )


def insert_one(administrator: Administrator) -> None:
    administrator.run(
        "UPDATE log_entries SET index = index + 1000 WHERE index > 2",
        "UPDATE log_entries SET index = index - 999 WHERE index > 1000",
        "INSERT INTO log_entries SELECT 3, case_id, person_id, commitments, slots"
        " FROM log_entries WHERE index = 2",
    )


def empty_it(administrator: Administrator) -> None:
    administrator.run("TRUNCATE log_entries CASCADE")


def move_to_another_case(administrator: Administrator) -> None:
    administrator.run("UPDATE log_entries SET case_id = gen_random_uuid() WHERE index = 2")


Attack = Callable[[Administrator], None]

# Without a checkpoint that was kept elsewhere, a log rewritten as a whole looks like any other.
SEEN_ONCE_MENDED: dict[Attack, tuple[str, ...]] = {
    forge_an_entry: (),
    delete_the_last: (),
    delete_one_and_renumber: (),
    swap_two: (),
    insert_one: (),
    empty_it: (),
    edit_a_commitment: ("Entry 2 does not open to what it commits to.",),
    delete_one_within: ("Entries 2 to 2 are missing.",),
}


@pytest.mark.parametrize("attack", SEEN_ONCE_MENDED, ids=lambda attack: attack.__name__)
def test_one_old_checkpoint_finds_out_a_rewritten_log(
    kept: Kept, administrator: Administrator, verify: Verifier, attack: Attack
) -> None:
    attack(administrator)
    assert verify().problems != ()
    administrator.mend_head()
    verdict = verify()
    assert verdict.problems == SEEN_ONCE_MENDED[attack]
    found = verify(kept.note).problems
    if verdict.size < KEPT_AT:
        told = f"The checkpoint was over {KEPT_AT} entries; {verdict.size} are there."
        assert found == (*verdict.problems, told)
    else:
        assert found == (*verdict.problems, REWRITTEN)


@pytest.mark.parametrize("attack", [edit_a_slot, move_to_another_case])
def test_an_entry_that_was_changed_outside_the_tree_is_named(
    kept: Kept, administrator: Administrator, verify: Verifier, attack: Attack
) -> None:
    attack(administrator)
    assert verify(kept.note).problems == ("Entry 2 does not open to what it commits to.",)


def test_what_was_rewritten_since_the_checkpoint_is_not_its_business(
    kept: Kept, administrator: Administrator, verify: Verifier
) -> None:
    administrator.replace_by_another_event(KEPT_AT)
    administrator.mend_head()
    assert verify(kept.note).problems == ()


def test_a_gap_is_named_with_both_its_ends(
    kept: Kept, administrator: Administrator, verify: Verifier
) -> None:
    administrator.run("DELETE FROM log_entries WHERE index IN (1, 2, 4)")
    problems = verify(kept.note).problems
    assert problems == (
        "Entries 1 to 2 are missing.",
        "Entries 4 to 4 are missing.",
        "The checkpoint was over 5 entries; 4 are there.",
        "The head says 7 entries; 4 are there.",
    )


def test_an_entry_behind_the_head_is_found(
    kept: Kept, administrator: Administrator, verify: Verifier
) -> None:
    administrator.run(
        "INSERT INTO log_entries SELECT 7, case_id, person_id, commitments, slots"
        " FROM log_entries WHERE index = 0"
    )
    assert verify(kept.note).problems == ("The head says 7 entries; 8 are there.",)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("UPDATE log_head SET range = decode(repeat('ab', 96), 'hex')", OTHER_HASHES),
        ("UPDATE log_head SET range = ''", OTHER_HASHES),
        ("UPDATE log_head SET size = 6", "The head says 6 entries; 7 are there."),
        ("DELETE FROM log_head", "The log has no head."),
    ],
)
def test_a_head_that_is_not_that_of_the_entries_is_found(
    kept: Kept, administrator: Administrator, verify: Verifier, change: str, problem: str
) -> None:
    administrator.run(change)
    assert verify(kept.note).problems == (problem,)


def test_the_faults_of_many_entries_do_not_hide_those_of_the_log(
    log: Log, database: Database, administrator: Administrator, verify: Verifier
) -> None:
    with database.transaction() as tx:
        for _ in range(103):
            log.append(tx, sealed())
    note = log.checkpoint()
    administrator.run(
        "UPDATE log_entries SET commitments = decode(repeat('ab', 128), 'hex')",
    )
    problems = verify(note).problems
    assert problems[99] == "Entry 99 does not open to what it commits to."
    assert problems[100:] == (
        "More entries are at fault; they are not listed.",
        "The first 103 entries are not those of the checkpoint: the log was rewritten.",
        OTHER_HASHES,
    )


def refused_notes() -> dict[str, tuple[str, str]]:
    key, other = checkpoint_key(LOG_ORIGIN), checkpoint_key("other.example/audit")
    real = Checkpoint(LOG_ORIGIN, 0, EMPTY_ROOT).text()
    of_another = "The checkpoint given is of another log."
    return {
        "no note": (real, "The checkpoint given is refused: This is not a signed note."),
        "another log's note": (
            other.sign(Checkpoint("other.example/audit", 0, EMPTY_ROOT).text()),
            "The checkpoint given is refused: The note bears no signature by this key.",
        ),
        "a receipt": (
            SigningKey.of(OPERATIONS, LOG_ORIGIN, "receipt").sign(real),
            "The checkpoint given is refused: The note bears no signature by this key.",
        ),
        "another text": (
            key.sign("Well done.\n"),
            "The checkpoint given is refused: This is not a checkpoint.",
        ),
        "another origin": (
            key.sign(Checkpoint("other.example/audit", 0, EMPTY_ROOT).text()),
            of_another,
        ),
    }


@pytest.mark.parametrize("kind", refused_notes())
def test_a_note_that_is_no_checkpoint_of_this_log_is_a_problem(
    kept: Kept, verify: Verifier, kind: str
) -> None:
    note, problem = refused_notes()[kind]
    verdict = verify(note)
    assert (verdict.size, verdict.problems) == (SIZE, (problem,))


def test_what_a_lost_key_withholds_is_counted_and_no_problem(
    log: Log, database: Database, key: SigningKey
) -> None:
    lost_case, lost_person = RELEASE.case, RELEASE.person
    for number in range(4):
        log.record(seal_event(replace(RELEASE, case=None if number % 2 else lost_case), KEYS))

    def keys_of(_: Transaction, case: CaseId | None, person: PersonId | None) -> SlotKeys:
        assert case in (None, lost_case)
        assert person == lost_person
        return replace(KEYS, case=None)

    verdict = verify_log(database, key.verify_key, keys_of, against=log.checkpoint())
    assert (verdict.withheld, verdict.problems) == (2, ())


def test_a_key_that_does_not_open_is_a_problem_of_its_entries(
    log: Log, database: Database, key: SigningKey
) -> None:
    log.record(sealed())

    def unopened(*_: object) -> SlotKeys:
        raise Tampered

    def exchanged(*_: object) -> SlotKeys:
        return replace(KEYS, case=CaseKey.generate())

    for keys_of in (unopened, exchanged):
        verdict = verify_log(database, key.verify_key, keys_of)
        assert verdict.problems == ("Entry 0 does not open to what it commits to.",)


def test_keys_are_looked_up_once_for_entries_that_share_them(
    log: Log, database: Database, key: SigningKey
) -> None:
    lookups = list[CaseId | None]()

    def keys_of(tx: Transaction, case: CaseId | None, person: PersonId | None) -> SlotKeys:
        lookups.append(case)
        return sample_keys(tx, case, person)

    for _ in range(5):
        log.record(sealed())
    assert verify_log(database, key.verify_key, keys_of).problems == ()
    assert lookups == [RELEASE.case]
