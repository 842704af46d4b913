"""What a search finds is what an evaluation permits, page by page, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import httpx2
import pytest

from policies.terms import View
from tests.api.conftest import Server
from tests.api.gateway import Json, ask, asked, document, person
from tests.api.test_bad_input import SECRET, is_problem
from tests.builders import Case, House
from vault.ids import DocumentId, new_id
from vault.inspection import trail
from vault.proceedings import seats


@pytest.fixture
def case(house: House) -> Case:
    case = house.case(
        "party:claimant", "counsel:claimant", "party:respondent", "counsel:respondent", "auditor"
    )
    case.agree()
    case.phase("exchange")
    return case


@pytest.fixture
def chart(case: Case) -> DocumentId:
    return case.deposit("party:claimant").document_id


@pytest.fixture
def http(server: Server, case: Case) -> Iterator[httpx2.Client]:
    """The gateway of the respondent."""
    with server.as_(case["party:respondent"]) as http:
        yield http


def deposited_later(case: Case) -> DocumentId:
    case.house.clock.forward(minutes=1)
    return case.deposit("party:claimant").document_id


def searched(http: httpx2.Client, what: str, body: Json, limit: int = 2) -> list[Json]:
    """Search page by page to the end."""
    found: list[Json] = []
    page: Json = {"limit": limit}
    while True:
        answer = ask(http, f"search/{what}", {**body, "page": page})
        assert answer["page"]["count"] == len(answer["results"]) <= limit
        found += answer["results"]
        if not answer["page"]["next_token"]:
            return found
        page = {"token": answer["page"]["next_token"]}


def test_a_search_of_documents_finds_those_that_are_permitted_and_no_other(
    server: Server, house: House, case: Case
) -> None:
    papers = [
        case.deposit(side, document_class=kind).document_id
        for kind in ("medical", "imaging", "caucus", "apology")
        for side in ("party:claimant", "party:respondent")
    ]
    for caller, seat, view in product(("mediator", "party:claimant", "auditor"), case.people, View):
        with server.as_(case[caller]) as http:
            body = asked(case[seat], str(view), "ignored")
            found = {each["id"] for each in searched(http, "resource", body)}
            permitted = {
                str(paper)
                for paper in papers
                if ask(http, "evaluation", asked(case[seat], str(view), paper))["decision"]
            }
            assert found == permitted, (caller, seat, view)


def test_a_search_of_documents_goes_through_all_cases_of_the_caller(
    server: Server, house: House, case: Case
) -> None:
    me = case["party:claimant"]
    mine = [deposited_later(case) for _ in range(3)]
    other = house.case("party:respondent")
    seats.seat(
        house.vault,
        other["mediator"],
        other.case_id,
        seats.NewParticipant(person=me.person, seat="party:claimant", name="The same"),
    )
    other.people["party:claimant"] = me
    mine += [deposited_later(other) for _ in range(2)]
    newest_first = [*mine[3:], *mine[:3]]
    with server.as_(me) as http:
        found = searched(http, "resource", asked(me, "full", ""), 1)
        assert [each["id"] for each in found] == [str(paper) for paper in newest_first]
        assert {each["type"] for each in found} == {"document"}
        for resource, count in (
            ({"type": "document", "properties": {"case": str(case.case_id)}}, 3),
            ({"type": "document", "properties": {"case": str(other.case_id)}}, 2),
            ({"type": "document", "properties": {"case": SECRET}}, 0),
            ({"type": "account"}, 0),
        ):
            body = {**asked(me, "full", ""), "resource": resource}
            assert len(searched(http, "resource", body)) == count


def test_a_search_of_people_finds_those_for_whom_the_caller_answers(
    server: Server, case: Case, chart: DocumentId
) -> None:
    expected = {
        "mediator": {"mediator", "party:claimant", "counsel:claimant"},
        "party:claimant": {"party:claimant", "counsel:claimant"},
        "counsel:claimant": {"counsel:claimant"},
        "party:respondent": set[str](),
    }
    for caller, answered in expected.items():
        with server.as_(case[caller]) as http:
            body = {**asked(case[caller], "full", chart), "subject": {"type": "person"}}
            found = searched(http, "subject", body, 1)
            assert {each["id"] for each in found} == {str(case[s].person) for s in answered}
            for each in found:
                again = {**body, "subject": each}
                assert ask(http, "evaluation", again)["decision"] is True


def test_a_search_of_actions_finds_the_views_one_has(
    http: httpx2.Client, case: Case, chart: DocumentId
) -> None:
    me = case["party:respondent"]
    caucus = case.deposit("party:claimant", document_class="caucus").document_id
    for paper, names in ((chart, ["metadata", "redacted"]), (caucus, []), (new_id(), [])):
        body = {"subject": person(me), "resource": document(paper)}
        assert [each["name"] for each in searched(http, "action", body, 1)] == names


def test_a_token_belongs_to_one_search(http: httpx2.Client, case: Case, chart: DocumentId) -> None:
    me = case["party:respondent"]
    case.deposit("party:claimant")
    body = asked(me, "metadata", "")
    first = ask(http, "search/resource", {**body, "page": {"limit": 1}})
    token = first["page"]["next_token"]
    assert token
    for other in (
        {**asked(me, "redacted", ""), "page": {"token": token}},
        {**body, "page": {"token": token, "limit": 2}},
        {**body, "context": {"purpose": "claims"}, "page": {"token": token}},
    ):
        is_problem(http.post("/access/v1/search/resource", json=other), 400)
    same = ask(http, "search/resource", {**body, "page": {"token": token, "limit": 1}})
    assert len(same["results"]) == 1


def test_a_search_is_on_record(http: httpx2.Client, house: House, case: Case) -> None:
    me = case["party:respondent"]
    case.deposit("party:claimant")
    ask(http, "search/resource", asked(me, "metadata", ""))
    seen = trail.read_events(house.vault, case["mediator"], case.case_id, limit=500).entries
    (event,) = (e.event for e in seen if e.event.tag == "scope:search")
    assert event.detail == {"asked_about": str(me.person), "listed": 1}
    house.check()
