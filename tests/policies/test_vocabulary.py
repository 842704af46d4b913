from __future__ import annotations

import pytest

from policies.vocabulary import (
    Role,
    Seat,
    TermsRefused,
    View,
    check_sides,
    groups_of,
    origins_of,
)


def test_views_are_ordered_and_named() -> None:
    assert View.METADATA < View.REDACTED < View.FULL
    assert [str(view) for view in View] == ["metadata", "redacted", "full"]
    assert [View.parse(str(view)) for view in View] == list(View)


@pytest.mark.parametrize("text", ["", "FULL", "Full", "3", "none", "full "])
def test_an_unknown_view_is_refused(text: str) -> None:
    with pytest.raises(TermsRefused):
        View.parse(text)


@pytest.mark.parametrize(
    ("text", "groups", "origin"),
    [
        ("party:claimant", {"party:claimant", "party", "side:claimant"}, "claimant"),
        ("counsel:claimant", {"counsel:claimant", "counsel", "side:claimant"}, "claimant"),
        ("insurer:respondent", {"insurer:respondent", "insurer"}, None),
        ("insurer", {"insurer"}, None),
        ("mediator", {"mediator"}, "mediator"),
        ("expert", {"expert"}, "expert"),
        ("regulator", {"regulator"}, None),
        ("auditor", {"auditor"}, None),
    ],
)
def test_a_seat_has_its_text_its_groups_and_its_origin(
    text: str, groups: set[str], origin: str | None
) -> None:
    seat = Seat.parse(text)
    assert str(seat) == text
    assert seat.groups() == groups
    assert seat.origin() == origin
    assert groups <= groups_of(["claimant", "respondent"])
    assert origin is None or origin in origins_of(["claimant", "respondent"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "party",
        "counsel",
        "party:",
        "insurer:",
        "mediator:claimant",
        "mediator:",
        "expert:claimant",
        "auditor:claimant",
        "side:claimant",
        "Party:claimant",
        "party:Claimant",
        "party:joint",
        "party:side",
        "party:mediator",
        "party:claimant:counsel",
        "party: claimant",
        "party:claimant\n",
        "party:claimant,mediator",
        "owner",
        "u:claimant",
        "*",
    ],
)
def test_what_is_no_seat_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(TermsRefused) as refusal:
        Seat.parse(text)
    assert len(text) < 5 or text not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_seat_cannot_be_made_around_the_parser() -> None:
    with pytest.raises(TermsRefused):
        Seat(Role.PARTY, None)


def test_a_case_has_two_to_sixteen_distinct_sides() -> None:
    sixteen = [f"s{number}" for number in range(16)]
    assert check_sides(["a", "b"]) == ("a", "b")
    assert check_sides(sixteen) == tuple(sixteen)
    for sides in ([], ["a"], [*sixteen, "s16"], ["a", "b", "a"]):
        with pytest.raises(TermsRefused) as refusal:
            check_sides(sides)
        assert refusal.value.pointer == "/sides"


@pytest.mark.parametrize(
    "side",
    ["", "A", "1a", "-a", "a b", "a,b", "a|b", "!a", "*", "a\n", "é", "a" * 33, "joint", "side"]
    + [role.value for role in Role],
)
def test_a_side_is_a_plain_id_and_no_word_of_the_language(side: str) -> None:
    with pytest.raises(TermsRefused) as refusal:
        check_sides(["claimant", side])
    assert refusal.value.pointer == "/sides/1"
