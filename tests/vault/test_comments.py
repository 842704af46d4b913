"""What is said of a draft is read by everybody seated, as it was written."""

import pytest

from tests.builders import Case, House
from vault.errors import Invalid, NotFound
from vault.negotiation import comments


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent", "counsel:claimant")


def test_everybody_seated_reads_what_was_said_of_a_clause(house: House, case: Case) -> None:
    case.propose("mediator")
    said = comments.comment(
        house.vault, case["party:claimant"], case.case_id, 1, " One.\r\nTwo. ", clause="2.1"
    )
    assert said.text == "One.\nTwo."
    for n in range(3):
        comments.comment(house.vault, case["counsel:claimant"], case.case_id, 1, f"Number {n}")
    page = comments.list_comments(house.vault, case["party:respondent"], case.case_id, 1, limit=2)
    assert [c.clause for c in page.comments] == ["2.1", None]
    assert page.after is not None
    rest = comments.list_comments(
        house.vault, case["party:respondent"], case.case_id, 1, after=page.after
    )
    assert [c.text for c in rest.comments] == ["Number 1", "Number 2"]
    assert rest.after is None
    house.check()


@pytest.mark.parametrize(
    ("text", "clause_id", "pointer"),
    [
        ("A word", "9.9", "/clause"),
        ("", None, "/text"),
        (" \n ", None, "/text"),
        ("x" * 2001, None, "/text"),
        ("bell\x07", None, "/text"),
        ("\u202egnp.exe", None, "/text"),
        ("para\u2029graph", None, "/text"),
        ("lone \ud800", None, "/text"),
    ],
)
def test_a_comment_that_cannot_be_read_as_it_is_or_on_no_clause_is_refused(
    house: House, case: Case, text: str, clause_id: str | None, pointer: str
) -> None:
    case.propose("mediator")
    with pytest.raises(Invalid) as refused:
        comments.comment(house.vault, case["mediator"], case.case_id, 1, text, clause=clause_id)
    assert refused.value.pointer == pointer
    page = comments.list_comments(house.vault, case["mediator"], case.case_id, 1)
    assert page.comments == ()
    house.check()


def test_no_version_has_no_comments(house: House, case: Case) -> None:
    with pytest.raises(NotFound):
        comments.comment(house.vault, case["mediator"], case.case_id, 1, "A word")
    with pytest.raises(NotFound):
        comments.list_comments(house.vault, case["mediator"], case.case_id, 1)
    house.check()
