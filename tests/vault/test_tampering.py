"""Whoever can write to the bucket or the database can make the vault refuse; not make it lie."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import LiteralString

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from api.identity.tokens import NotIdentified, identify, issue_token
from policies.terms import View
from tests.builders import House, terms
from tests.conftest import Place
from tests.vault.test_scope_in_force import everything_to
from vault.content import object_name
from vault.disclosure import documents, listing
from vault.errors import NotPermitted, Tampered, VaultError
from vault.ids import RenditionId
from vault.inspection import trail
from vault.inspection.verification import check_vault
from vault.negotiation import agreements
from vault.proceedings import people
from vault.storage.s3 import S3Store

MIB = 1 << 20
LARGE = bytes(range(256)) * (17 * MIB // 256)


def overwrite(store: S3Store, name: str, content: bytes) -> None:
    """Replace an object, as somebody with access to the bucket can."""
    store.abandon(name)
    store.put(name, [content])


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "first byte": lambda b: bytes([b[0] ^ 1]) + b[1:],
    "a byte in the middle": lambda b: b[: 9 * MIB] + bytes([b[9 * MIB] ^ 1]) + b[9 * MIB + 1 :],
    "last byte": lambda b: b[:-1] + bytes([b[-1] ^ 1]),
    "cut": lambda b: b[:-1],
    "cut by a chunk": lambda b: b[:-16400],
    "extended": lambda b: b + b"\0",
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_object_never_yields_a_false_byte(
    house: House, store: S3Store, kind: str
) -> None:
    case = house.case("party:claimant", "party:respondent")
    deposited = case.deposit("party:claimant", LARGE)
    name = object_name(case.case_id, deposited.rendition_id)
    sealed = b"".join(store.read(name))
    overwrite(store, name, DAMAGE[kind](sealed))
    came_out = bytearray()

    def read() -> None:
        released = documents.release(
            house.vault, case["party:claimant"], deposited.document_id, View.FULL
        )
        for chunk in released.chunks:
            came_out.extend(chunk)

    with pytest.raises(Tampered):
        read()
    assert LARGE.startswith(came_out)
    problems = check_vault(house.vault, content=True).problems
    assert len(problems) == 1
    assert str(deposited.rendition_id) in problems[0]


def test_a_missing_object_is_reported_and_refused(house: House, store: S3Store) -> None:
    case = house.case("party:claimant", "party:respondent")
    deposited = case.deposit("party:claimant")
    store.abandon(object_name(case.case_id, deposited.rendition_id))
    with pytest.raises(Tampered):
        case.read("party:claimant", deposited.document_id, View.FULL)
    assert len(check_vault(house.vault, content=True).problems) == 1


def test_another_documents_object_is_refused(house: House, store: S3Store) -> None:
    case = house.case("party:claimant", "party:respondent")
    mine = case.deposit("party:claimant", b"a" * 100)
    theirs = case.deposit("party:respondent", b"b" * 100)
    other = b"".join(store.read(object_name(case.case_id, theirs.rendition_id)))
    overwrite(store, object_name(case.case_id, mine.rendition_id), other)
    with pytest.raises(Tampered):
        case.read("party:claimant", mine.document_id, View.FULL)


def test_an_object_nobody_deposited_is_reported(house: House, store: S3Store) -> None:
    case = house.case("party:claimant", "party:respondent")
    store.put(object_name(case.case_id, RenditionId(case.case_id)), [b"planted"])
    assert len(check_vault(house.vault, content=True).problems) == 1


def run_as_administrator(place: Place, statement: LiteralString, *values: object) -> None:
    """Do what a database administrator can, triggers off."""
    with psycopg.connect(place.superuser_url) as connection:
        connection.execute("SET session_replication_role = replica")
        assert connection.execute(statement, values).rowcount > 0


def test_a_caucus_paper_relabelled_in_the_database_is_refused_and_reported(
    house: House, place: Place
) -> None:
    case = house.case("party:claimant", "party:respondent")
    paper = case.deposit("party:claimant", document_class="caucus").document_id
    case.agree(everything_to("side:respondent"))
    run_as_administrator(
        place, "UPDATE documents SET class = 'medical' WHERE document_id = %s", paper
    )
    for attempt in (
        lambda: case.listed("party:respondent"),
        lambda: case.read("party:respondent", paper, View.FULL),
    ):
        with pytest.raises(Tampered):
            attempt()
    assert check_vault(house.vault, content=True).problems


def test_a_seat_copied_to_another_person_in_the_database_is_refused_and_reported(
    house: House, place: Place
) -> None:
    case = house.case("party:claimant", "party:respondent")
    stranger = house.person()
    run_as_administrator(
        place,
        "INSERT INTO participants SELECT gen_random_uuid(), case_id, %s, details, seated_at,"
        " log_index FROM participants WHERE person_id = %s",
        stranger.person,
        case["party:claimant"].person,
    )
    with pytest.raises(Tampered):
        listing.list_documents(house.vault, stranger, case.case_id)
    assert check_vault(house.vault, content=True).problems


def test_an_unsigned_draft_put_in_force_in_the_database_is_without_effect(
    house: House, place: Place
) -> None:
    case = house.case("party:claimant", "party:respondent")
    document = case.deposit("party:claimant").document_id
    agreements.propose(
        house.vault, case["mediator"], case.case_id, terms(everything_to("side:respondent"))
    )
    run_as_administrator(
        place, "UPDATE agreements SET in_force_at = now() WHERE case_id = %s", case.case_id
    )
    with pytest.raises(NotPermitted):
        case.read("party:respondent", document, View.FULL)


def test_a_forged_signature_does_not_count(house: House, place: Place) -> None:
    case = house.case("party:claimant", "party:respondent")
    draft = case.propose("mediator")
    case.sign("party:respondent", draft)
    run_as_administrator(
        place,
        "INSERT INTO signatures SELECT case_id, version, %s, details, signed_at, log_index"
        " FROM signatures WHERE person_id = %s",
        case["party:claimant"].person,
        case["party:respondent"].person,
    )
    with pytest.raises(Tampered):
        case.sign("party:respondent", draft)
    assert check_vault(house.vault, content=True).problems


def test_a_token_made_in_the_database_stands_for_nobody(house: House, place: Place) -> None:
    person = house.person()
    known = issue_token(house.vault, person.person, timedelta(days=1))
    forged = hashlib.sha256(b"forged").digest()
    run_as_administrator(
        place,
        "INSERT INTO tokens SELECT %s, person_id, details, issued_at FROM tokens"
        " WHERE person_id = %s",
        forged,
        person.person,
    )
    assert people.bearer(house.vault, forged, None) is None
    assert identify(house.vault, f"Bearer {known}", None).person == person.person
    other = house.person(opens_cases=True)
    run_as_administrator(
        place,
        "UPDATE persons SET details = (SELECT details FROM persons WHERE person_id = %s)"
        " WHERE person_id = %s",
        other.person,
        person.person,
    )
    with pytest.raises(NotIdentified):
        identify(house.vault, f"Bearer {known}", None)


def test_an_earlier_state_put_back_in_the_database_is_reported(house: House, place: Place) -> None:
    case = house.case("party:claimant", "party:respondent")
    case.agree()
    with psycopg.connect(place.superuser_url) as connection:
        earlier = connection.execute("SELECT state FROM cases").fetchone()
    assert earlier is not None
    case.agree(everything_to("side:respondent"))
    run_as_administrator(place, "UPDATE cases SET state = %s", earlier[0])
    assert check_vault(house.vault, content=True).problems == (
        f"Case {case.case_id}: its state is not the one on record.",
    )


def test_a_seat_removed_in_the_database_lets_nothing_come_into_force(
    house: House, place: Place
) -> None:
    case = house.case("party:claimant", "party:respondent")
    draft = case.propose("mediator")
    house.key(case["party:claimant"])
    run_as_administrator(
        place, "DELETE FROM participants WHERE person_id = %s", case["party:respondent"].person
    )
    with pytest.raises(Tampered):
        case.sign("party:claimant", draft)
    assert check_vault(house.vault, content=True).problems


REMOVALS: dict[str, LiteralString] = {
    "documents": "DELETE FROM documents WHERE case_id = %s",
    "participants": "DELETE FROM participants WHERE case_id = %s AND person_id <> case_id",
    "agreements": "DELETE FROM agreements WHERE case_id = %s",
    "log entries": "DELETE FROM log_entries WHERE index = ("
    " SELECT max(index) FROM log_entries WHERE case_id = %s)",
}


@pytest.mark.parametrize("what", REMOVALS)
def test_a_removed_row_is_reported(house: House, place: Place, what: str) -> None:
    case = house.case("party:claimant", "party:respondent")
    case.deposit("party:claimant")
    agreements.propose(house.vault, case["mediator"], case.case_id, terms())
    run_as_administrator(place, REMOVALS[what], case.case_id)
    assert check_vault(house.vault, content=True).problems


def test_an_entry_edited_by_an_administrator_is_reported(house: House, place: Place) -> None:
    case = house.case("party:claimant", "party:respondent")
    run_as_administrator(
        place,
        "UPDATE log_entries SET slots = set_byte(slots, 40, (get_byte(slots, 40) + 1) %% 256)"
        " WHERE case_id = %s",
        case.case_id,
    )
    assert check_vault(house.vault, content=True).problems


def test_what_the_database_holds_names_nobody_and_nothing(house: House, place: Place) -> None:
    case = house.case("party:claimant", "party:respondent")
    case.deposit("party:claimant", b"the very words of the record", title="Apology of Dr. Brandt")
    case.agree([{**everything_to("mediator")[0], "text": "Words of the parties"}])
    with psycopg.connect(place.superuser_url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        dump = b""
        for (table,) in tables:
            with connection.cursor().copy(
                SQL("COPY {} TO STDOUT (FORMAT binary)").format(Identifier(table))
            ) as rows:
                dump += b"".join(bytes(row) for row in rows)
    for word in (b"Apology", b"Brandt", b"Mira", b"Somebody", b"Delayed", b"Words of", b"very"):
        assert word not in dump


def test_a_release_that_finds_damage_is_on_record_as_such(house: House, store: S3Store) -> None:
    case = house.case("party:claimant", "party:respondent")
    deposited = case.deposit("party:claimant")
    name = object_name(case.case_id, deposited.rendition_id)
    sealed = b"".join(store.read(name))
    overwrite(store, name, DAMAGE["last byte"](sealed))
    with pytest.raises(VaultError):
        case.read("party:claimant", deposited.document_id, View.FULL)
    seen = trail.read_events(house.vault, case["mediator"], case.case_id).entries
    assert [e.event.name for e in seen][-1] == "document:delivery:tampered"
