from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policies.instants import NEVER, Instant
from policies.roster import RosterRefused, RosterRow, check_roster
from policies.terms import Seat
from tests.policies.samples import ROSTER, person, seated

JANUARY, MARCH, MAY = (f"2026-0{month}-01T00:00:00Z" for month in (1, 3, 5))


@pytest.mark.parametrize(
    "name",
    [
        "mediator",
        "side:claimant",
        "u:",
        "u:mira",
        "u:stranger",
        "00000000-0000-4000-8000-000000000000",
        "u:00000000-0000-4000-8000-000000000000\n",
        "u:00000000-0000-4000-8000-00000000000A",
        "u:00000000000040008000000000000000",
        "",
    ],
)
def test_a_person_cannot_be_named_like_a_group(name: str) -> None:
    with pytest.raises(RosterRefused):
        RosterRow(name, Seat.parse("expert"), Instant(JANUARY), NEVER)


@pytest.mark.parametrize(
    ("nbf", "exp"),
    [(MARCH, JANUARY), ("9999", "9999"), ("0000", "0000"), ("2026", NEVER), (JANUARY, "")],
)
def test_a_seat_is_held_between_two_instants(nbf: str, exp: str) -> None:
    with pytest.raises(RosterRefused):
        seated(1, "expert", nbf, exp)


def test_a_row_is_made_of_moments_cut_to_the_second() -> None:
    begins = datetime(2026, 1, 5, 9, 0, 0, 700_000, UTC)
    row = RosterRow.of(person(1), Seat.parse("expert"), begins, begins.replace(second=1))
    assert (row.nbf, row.exp) == ("2026-01-05T09:00:00Z", "2026-01-05T09:00:01Z")
    assert RosterRow.of(person(1), Seat.parse("expert"), begins, None).exp == NEVER


def test_a_seat_that_begins_and_ends_within_a_second_is_empty_and_not_an_error() -> None:
    begins = datetime(2026, 1, 5, 9, 0, 0, 100_000, UTC)
    ends = begins.replace(microsecond=900_000)
    row = RosterRow.of(person(1), Seat.parse("mediator"), begins, ends)
    assert row.nbf == row.exp
    assert check_roster([row, seated(1, "party:claimant")])


def test_a_roster_of_one_seat_each_is_kept_as_it_is() -> None:
    assert check_roster(iter(ROSTER)) == ROSTER


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mediator", "party:claimant"),
        ("mediator", "counsel:respondent"),
        ("mediator", "expert"),
        ("mediator", "auditor"),
        ("party:claimant", "party:respondent"),
        ("party:claimant", "counsel:respondent"),
        ("expert", "party:claimant"),
        ("expert", "insurer"),
        ("insurer:respondent", "party:respondent"),
        ("insurer:respondent", "counsel:respondent"),
        ("insurer:respondent", "insurer:claimant"),
        ("insurer", "party:claimant"),
        ("regulator", "party:claimant"),
        ("auditor", "party:claimant"),
    ],
)
def test_seats_that_do_not_go_together_are_refused_while_they_overlap(one: str, other: str) -> None:
    with pytest.raises(RosterRefused):
        check_roster([seated(1, one, JANUARY, MAY), seated(1, other, MARCH)])
    with pytest.raises(RosterRefused):
        check_roster([seated(1, other), seated(1, one, JANUARY, MAY)])
    following = [seated(1, one, JANUARY, MARCH), seated(1, other, MARCH)]
    assert check_roster(following) == tuple(following)
    assert check_roster([seated(1, one), seated(2, other)])


def test_party_and_counsel_of_one_side_go_together_and_so_does_a_seat_with_itself() -> None:
    assert check_roster([seated(1, "party:claimant"), seated(1, "counsel:claimant")])
    assert check_roster([seated(1, "expert", JANUARY, MAY), seated(1, "expert", MARCH)])
