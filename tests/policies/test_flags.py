"""What should be known before signing is said, and refuses nothing."""

from __future__ import annotations

from typing import Any

import pytest

from policies.flags import flags
from policies.terms import parse_terms
from tests.policies.samples import agreement, clause, terms


@pytest.mark.parametrize(
    "text",
    [
        "The claimant shall not file a complaint with the licensing board.",
        "Neither side will ever, and the patient never, report this to the regulator.",
        "The patient withdraws her complaint to the Medical Board.",
        "Without prejudice, nobody is to cooperate with the authorities.",
        "She refrains from contacting the state's medical council",
        "ｎｏｔ report to the ＢＯＡＲＤ",
        "They will not re\u00adport to the board.",
        "Neither shall co-operate with any licensing authority.",
        "Nothing here prevents settlement. The patient shall not report to the board.",
    ],
)
def test_words_that_promise_not_to_go_to_a_board_are_pointed_out(text: str) -> None:
    (flag,) = flags(terms(clause("1", "party"), clause("2", "party", text=text)))
    assert (flag.clause, flag.pointer) == ("2", "/clauses/1/text")
    assert "void" in flag.sentence
    assert text not in flag.sentence


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The board learns what it supervises.",
        "The parties do not share the chart. The board is told.",
        "Peer review stays within the clinic.",
        "Nothing in this agreement prevents anybody from reporting to the licensing board.",
        "This clause shall not be construed to bar a complaint to the medical board.",
        "No party is prevented from cooperating with the authorities.",
    ],
)
def test_other_words_are_left_alone(text: str) -> None:
    assert flags(terms(clause("1", "party", text=text))) == ()


def test_a_clause_that_gives_what_a_floor_keeps_is_pointed_out() -> None:
    (flag,) = flags(terms(clause("1", "insurer:claimant", classes=["caucus"])))
    assert (flag.pointer, "FLOOR-1" in flag.sentence) == ("/clauses/0/classes", True)
    (flag,) = flags(terms(clause("1", "auditor", "redacted")))
    assert (flag.pointer, "FLOOR-2" in flag.sentence) == ("/clauses/0/view", True)


@pytest.mark.parametrize(
    ("to", "more", "nothing"),
    [
        ("side:respondent", {"origins": ["claimant"]}, True),
        ("side:respondent", {"origins": ["claimant", "respondent"]}, False),
        ("party", {"origins": ["claimant"]}, False),
        ("party", {"origins": ["mediator"]}, True),
        ("auditor", {"view": "full"}, True),
        ("mediator", {}, False),
        ("organisation:ward", {}, False),
        ("expert", {"classes": ["caucus", "medical"]}, False),
    ],
)
def test_whether_a_floor_leaves_anything_of_a_clause_is_asked_for_every_seat(
    to: str, more: dict[str, Any], nothing: bool
) -> None:
    value = agreement({**clause("1", to, classes=["caucus"]), **more})
    found = flags(parse_terms({**value, "organisations": ["ward"]}))
    assert [flag.pointer for flag in found] == ["/clauses/0/classes"] * nothing


def test_a_clause_that_denies_gives_nothing_to_point_out() -> None:
    denied = clause("1", "auditor", "full", effect="deny", classes=["caucus"])
    assert flags(terms(denied)) == ()
    assert flags(terms(clause("1", "auditor", "metadata"))) == ()
