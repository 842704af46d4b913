"""Every way to sit in a case is listed once, and is what a roster makes of it."""

from __future__ import annotations

from policies.compiler import compile_terms
from policies.engine import Scope
from policies.instants import Instant
from policies.seatings import Seating, seatings
from policies.terms import Marking, Role, Seat, View
from policies.vocabulary import groups_of
from tests.policies.samples import CASE, NOW, SIDES, clause, terms


def test_every_seat_there_can_be_is_listed_for_each_organisation_and_for_none() -> None:
    found = seatings(SIDES, ["ward"])
    assert len(found) == len(set(found)) == 2 * (5 + 2 + 2 * 3)
    listed = {(seating.seats, seating.organisation) for seating in found}
    every = [Seat(role, None) for role in Role if role not in {Role.PARTY, Role.COUNSEL}]
    every += [
        Seat(role, side) for role in (Role.PARTY, Role.COUNSEL, Role.INSURER) for side in SIDES
    ]
    assert all(((seat,), named) in listed for seat in every for named in (None, "ward"))
    assert ((Seat(Role.PARTY, "claimant"), Seat(Role.COUNSEL, "claimant")), None) in listed


def test_together_they_belong_to_every_group() -> None:
    groups = [seating.groups() for seating in seatings(SIDES, ["ward"])]
    assert frozenset[str]().union(*groups) == groups_of(SIDES, ["ward"])


def test_whoever_sits_so_is_alone_on_a_roster() -> None:
    for seating in seatings(SIDES, ["ward"]):
        assert {row.person for row in seating.roster} == {seating.person}
        assert {row.seat for row in seating.roster} == set(seating.seats)


def test_a_seating_knows_its_side_and_what_is_its_own() -> None:
    party = Seating((Seat(Role.PARTY, "claimant"), Seat(Role.COUNSEL, "claimant")))
    insurer, expert = (
        Seating((Seat(Role.INSURER, "claimant"),)),
        Seating((Seat(Role.EXPERT, None),)),
    )
    assert (party.side, party.own) == ("claimant", {"claimant"})
    assert (insurer.side, insurer.own) == (None, set())
    assert (expert.side, expert.own) == (None, {"expert"})
    assert expert.is_one_of(Role.AUDITOR, Role.EXPERT)
    assert not expert.is_one_of(Role.AUDITOR)


def test_a_seating_is_said_in_words() -> None:
    seat = (Seat(Role.INSURER, "claimant"),)
    assert str(Seating(())) == "somebody without a seat"
    assert str(Seating(seat)) == "the insurer of claimant"
    assert str(Seating(seat, "ward")) == "the insurer of claimant, for ward,"
    ended = Seating(seat, until=Instant("2026-03-01T00:00:00Z"))
    assert str(ended) == "the insurer of claimant, whose seat has ended,"


def test_a_seat_that_ended_shows_nothing_from_that_second_on() -> None:
    policy = compile_terms(CASE, terms(clause("1", "expert")))
    seating = Seating((Seat(Role.EXPERT, None),), until=NOW)
    scope = Scope(policy, seating.roster, 0)
    chart = Marking("medical", "claimant", "pre-existing", "-")
    asked = (seating.person, chart, View.FULL, "opinion", "intake")
    assert scope.ask(*asked, Instant("2026-03-05T11:59:59Z")) == (True, "1")
    assert scope.ask(*asked, NOW) == (False, None)
