"""No id, side, organisation or group can pass for another, to a reader or to the engine."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.instants import ALWAYS, NEVER
from policies.roster import RosterRefused, RosterRow
from policies.terms import Seat, parse_terms
from policies.vocabulary import TermsRefused
from tests.policies.samples import agreement, clause, person, terms

LOOKALIKES = [
    "FLOOR-1",
    "floor-2",
    "fLoOr",
    "FLOORBOARD",
    "OWN",
    "own.1",
    "GRANT-1",
    "Granted",
    # Digits that look like letters.
    "FL00R-1",
    "F1OOR-1",
    "0WN",
    "6RANT-1",
    "GR4N7-1",
    # Cyrillic, Greek, Cherokee and mathematical letters; a ligature; fullwidth letters and digits.
    "FL\u041e\u041eR-1",
    "\u041eWN",
    "FL\u039f\u039fR-1",
    "\u13d2RANT-1",
    "\U0001d405LOOR-1",
    "\ufb02oor-1",
    "\uff26\uff2c\uff2f\uff2f\uff32-1",
    "FLOOR-\uff11",
    "3.\uff11",
    "3.\u0661",
    # What is not seen: zero-width space, joiner, soft hyphen, byte order mark, variation, marks.
    "\u200bFLOOR-1",
    "FL\u200bOOR-1",
    "F\u200dLOOR-1",
    "FLOOR\u00ad-1",
    "\ufeffFLOOR-1",
    "3.1\ufe0f",
    "FLOO\u0301R-1",
    "\u202eFLOOR-1",
    # Another hyphen, and space or a line beside it.
    "FLOOR\u2010-1",
    "3\u20111",
    " FLOOR-1",
    "3.1 ",
    "3.1\nFLOOR-1",
    "-",
    "",
]


@pytest.mark.parametrize("name", LOOKALIKES, ids=ascii)
def test_an_id_that_looks_like_a_floor_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(TermsRefused) as caught:
        terms(clause(name, "party"))
    assert caught.value.pointer == "/clauses/0/id"
    assert not name or name not in str(caught.value)


@given(
    st.text(st.sampled_from("FLORfloОοＯ０1-.\u200b\u00ad") | st.characters(), max_size=8)
    | st.sampled_from(LOOKALIKES)
)
def test_whatever_id_is_taken_reads_as_it_is_stored_and_as_no_floor(name: str) -> None:
    try:
        taken = terms(clause(name, "party")).clauses[0].id
    except TermsRefused:
        return
    assert taken == name == unicodedata.normalize("NFKC", name)
    assert name.isascii()
    assert not name.casefold().startswith(("floor", "own", "grant"))


@pytest.mark.parametrize("word", ["claim\u0430nt", "claimant\u200b", "\uff43laimant", "Claimant"])
def test_a_side_or_organisation_that_looks_like_another_is_refused(word: str) -> None:
    for value in (
        agreement(clause("1", "party"), sides=("claimant", word)),
        agreement(clause("1", f"side:{word}")),
        {**agreement(clause("1", "party")), "organisations": ["claimant", word]},
        agreement(clause("1", "party", origins=[word])),
    ):
        with pytest.raises(TermsRefused):
            parse_terms(value)


# Roles.


@pytest.mark.parametrize("group", ["mediator", "side:claimant", "organisation:party", "party"])
def test_a_group_is_in_no_group_so_that_no_circle_can_be_written(group: str) -> None:
    with pytest.raises(RosterRefused):
        RosterRow(group, Seat.parse("mediator"), ALWAYS, NEVER)
    with pytest.raises(RosterRefused):
        RosterRow(person(1), Seat.parse("mediator"), ALWAYS, NEVER, f"organisation:{group}")
    with pytest.raises(TermsRefused):
        parse_terms({**agreement(clause("1", "party")), "organisations": [f"organisation:{group}"]})


@pytest.mark.parametrize("side", ["mediator", "party", "joint", "side", "organisation", "u:1", "*"])
def test_a_side_cannot_be_called_like_a_group_or_an_origin(side: str) -> None:
    with pytest.raises(TermsRefused):
        parse_terms(agreement(clause("1", "party"), sides=("claimant", side)))
