"""Whom a version has reached is on record first, and nobody deposits under terms unread."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.builders import CLAUSES, Case, House
from tests.conftest import Place
from vault.core import Subject
from vault.errors import Conflict, Tampered, Unavailable
from vault.inspection import trail
from vault.intake import deposits
from vault.intake.descriptions import Bytes, Description
from vault.negotiation import agreements, foresight
from vault.negotiation.versions import Notice
from vault.storage.s3 import S3Store

SAID = Description(document_class="medical", title="x", provenance="pre-existing", content=Bytes())


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent", "counsel:claimant")


def notice(case: Case, seat: str, version: int = 1) -> Notice:
    """Return what everybody sees of one person's notice, looked at by the mediator."""
    shown = case.read_agreement("mediator", version).notice
    return next(found for found in shown if found.person == case[seat].person)


def notices(case: Case) -> list[tuple[str, str]]:
    """Return who was noted as having been reached, and how, in the order of the log."""
    who: dict[object, str] = {subject.person: seat for seat, subject in case.people.items()}
    seen = trail.read_events(case.house.vault, case["mediator"], case.case_id).entries
    return [
        (who[e.event.person], str(e.event.detail["how"]))
        for e in seen
        if e.event.name == "agreement:notice"
    ]


def sign_off(case: Case, version: int = 1) -> None:
    """Put a version in force by the parties alone; nobody else has seen it."""
    draft = case.read_agreement("mediator", version)
    for seat in ("party:claimant", "party:respondent"):
        case.sign(seat, draft)


def test_a_list_delivers_a_reading_reads_and_each_is_noted_once(house: House, case: Case) -> None:
    case.propose("party:claimant")
    listed_at = house.clock()
    for _ in range(2):
        agreements.list_agreements(house.vault, case["counsel:claimant"], case.case_id)
    house.clock.forward(hours=1)
    case.read_agreement("counsel:claimant", 1)
    read = case.read_agreement("counsel:claimant", 1)
    mine = next(n for n in read.notice if n.person == case["counsel:claimant"].person)
    assert (mine.delivered_at, mine.read_at) == (listed_at, house.clock())
    assert notices(case) == [("counsel:claimant", "delivered"), ("counsel:claimant", "read")]
    assert notice(case, "party:respondent").delivered_at is None
    house.check()


def test_what_was_read_was_delivered_with_that(house: House, case: Case) -> None:
    case.propose("party:claimant")
    case.read_agreement("party:respondent", 1)
    agreements.list_agreements(house.vault, case["party:respondent"], case.case_id)
    assert notices(case) == [("party:respondent", "read")]
    assert notice(case, "party:respondent").delivered_at == house.clock()


def test_a_comparison_and_a_what_if_deliver(house: House, case: Case) -> None:
    case.propose("mediator")
    case.propose("mediator", CLAUSES[:2])
    foresight.compare(house.vault, case["party:claimant"], case.case_id, 2, 1)
    foresight.what_if(house.vault, case["party:respondent"], case.case_id, 2)
    assert notices(case) == [
        ("party:claimant", "delivered"),
        ("party:claimant", "delivered"),
        ("party:respondent", "delivered"),
    ]
    house.check()


def test_a_signature_is_a_reading(house: House, case: Case) -> None:
    draft = case.propose("mediator")
    case.sign("party:claimant", draft)
    assert notice(case, "party:claimant").read_at == house.clock()
    assert ("party:claimant", "read") not in notices(case)


def test_everybody_seated_is_shown_with_or_without_notice(house: House, case: Case) -> None:
    case.propose("mediator")
    shown = case.read_agreement("party:claimant", 1).notice
    assert {n.person for n in shown} == {subject.person for subject in case.people.values()}


def test_nothing_is_shown_while_the_notice_cannot_be_written(
    house: House, case: Case, place: Place
) -> None:
    case.propose("mediator")
    with psycopg.connect(place.superuser_url) as connection:
        connection.execute("SELECT 1 FROM log_head FOR UPDATE")
        with pytest.raises(Unavailable):
            case.read_agreement("party:claimant", 1)
    assert case.read_agreement("party:claimant", 1).version == 1
    house.check()


def test_whoever_has_not_read_the_version_in_force_deposits_nothing(
    house: House, case: Case, store: S3Store
) -> None:
    case.deposit("counsel:claimant")  # under the baseline there is nothing to read
    case.propose("mediator")
    sign_off(case)
    with pytest.raises(Conflict, match="Read version 1 of the agreement first"):
        case.deposit("counsel:claimant")
    agreements.list_agreements(house.vault, case["counsel:claimant"], case.case_id)
    with pytest.raises(Conflict):  # a list is not a reading
        case.deposit("counsel:claimant")
    case.read_agreement("counsel:claimant", 1)
    case.deposit("counsel:claimant")
    case.deposit("party:respondent")  # who signed has read
    assert len(list(store.names())) == 3
    house.check()


def test_a_redacted_version_is_not_deposited_under_terms_unread(house: House, case: Case) -> None:
    document = case.deposit("counsel:claimant").document_id
    case.propose("mediator")
    sign_off(case)
    with pytest.raises(Conflict, match="Read version 1"):
        case.redact("counsel:claimant", document)
    case.redact("party:claimant", document)
    house.check()


def test_a_version_that_comes_into_force_during_an_upload_ends_it(
    house: House, case: Case, store: S3Store
) -> None:
    case.propose("mediator")

    def content() -> Iterator[bytes]:
        yield b"half"
        sign_off(case)
        yield b"the other half"

    with pytest.raises(Conflict, match="Read version 1"):
        deposits.deposit(
            house.vault, case["counsel:claimant"], case.case_id, content(), lambda: SAID
        )
    assert list(store.names()) == []
    assert case.listed("counsel:claimant") == {}
    house.check()


def test_a_reading_moved_to_another_person_in_the_database_lets_nobody_deposit(
    house: House, case: Case, place: Place
) -> None:
    case.propose("mediator")
    sign_off(case)
    with psycopg.connect(place.superuser_url) as connection:
        connection.execute(
            "UPDATE readings SET person_id = %s WHERE person_id = %s",
            (case["counsel:claimant"].person, case["mediator"].person),
        )
    with pytest.raises(Tampered):
        case.deposit("counsel:claimant")


def test_a_stranger_leaves_no_notice(house: House, case: Case) -> None:
    case.propose("mediator")
    stranger: Subject = house.person()
    with pytest.raises(Exception, match="nothing here"):
        agreements.read_agreement(house.vault, stranger, case.case_id, 1)
    assert notices(case) == []
