"""The standard's own exchanges, with our people and documents in them; and what none may tell."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import httpx2
import pytest

from policies.decisions import Permit
from policies.terms import View
from tests.api.conftest import Server
from tests.api.gateway import Json, ask, asked, document, person
from tests.api.test_bad_input import SECRET, is_problem
from tests.builders import CLAUSES, Case, House
from vault.disclosure.documents import find, sealed_marking
from vault.ids import DocumentId, new_id
from vault.inspection import trail
from vault.proceedings import cases


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


# One evaluation.


def test_a_permit_names_clause_version_and_policy(
    http: httpx2.Client, case: Case, chart: DocumentId
) -> None:
    answer = ask(http, "evaluation", asked(case["party:respondent"], "redacted", chart))
    assert answer["decision"] is True
    context = answer["context"]
    assert (context["clause"], context["scope_version"]) == ("2.1", 1)
    assert len(context["policy"]) == 64
    assert "would_allow" not in context


def test_a_denial_says_what_would_be_allowed_to_whoever_may_know_of_the_document(
    http: httpx2.Client, case: Case, chart: DocumentId
) -> None:
    answer = ask(http, "evaluation", asked(case["party:respondent"], "full", chart))
    assert answer["decision"] is False
    assert {"view": "full", "phase": "mediation", "clause": "2.2"} in answer["context"][
        "would_allow"
    ]
    assert "mediation" in answer["context"]["reason_user"]["en"]


def test_a_hidden_document_is_answered_as_one_that_does_not_exist(
    http: httpx2.Client, case: Case
) -> None:
    caucus = case.deposit("party:claimant", document_class="caucus").document_id
    for paper in (caucus, new_id()):
        answer = ask(http, "evaluation", asked(case["party:respondent"], "full", paper))
        assert answer == {"decision": False}


def test_an_obligation_goes_with_its_permit(server: Server, house: House) -> None:
    case = house.case("party:claimant", "party:respondent")
    case.agree([{**CLAUSES[2], "classes": ["substance-use-record"], "phases": "*"}])
    record = case.deposit("party:claimant", document_class="substance-use-record").document_id
    with server.as_(case["party:respondent"]) as http:
        answer = ask(http, "evaluation", asked(case["party:respondent"], "full", record))
    assert answer["context"]["obligations"] == [{"id": "42-cfr-part-2-notice"}]


def test_the_clock_is_the_vaults_and_unknown_members_say_nothing(
    http: httpx2.Client, case: Case, chart: DocumentId
) -> None:
    plain = asked(case["party:respondent"], "redacted", chart)
    rich: Json = {
        **plain,
        "subject": {**plain["subject"], "properties": {"department": "Sales"}, "x": 1},
        "action": {"name": "redacted", "properties": {"method": "GET"}},
        "context": {"time": "1985-10-26T01:22-07:00", "schema": "x"},
        "another": {"key": []},
    }
    assert ask(http, "evaluation", rich) == ask(http, "evaluation", plain)


def test_a_purpose_is_taken_from_the_context(server: Server, case: Case, chart: DocumentId) -> None:
    who = case["auditor"]
    with server.as_(who) as http:
        for purpose, decision in (
            ("audit", True),
            ("mediation", False),
            (SECRET, False),
            (7, False),
        ):
            body = asked(who, "metadata", chart, context={"purpose": purpose})
            assert ask(http, "evaluation", body)["decision"] is decision
        assert ask(http, "evaluation", asked(who, "metadata", chart))["decision"] is True


def test_a_kind_of_document_is_decided_by_the_agreement_alone(
    http: httpx2.Client, case: Case
) -> None:
    def decided(**properties: object) -> Json:
        kind = {"case": str(case.case_id), "class": "medical", "origin": "claimant"}
        resource = {
            "type": "marking",
            "id": "any",
            "properties": {**kind, "provenance": "pre-existing", **properties},
        }
        body = {**asked(case["party:respondent"], "redacted", ""), "resource": resource}
        return ask(http, "evaluation", body)

    assert decided()["decision"] is True
    assert decided(label="claw-back")["decision"] is False
    assert decided(**{"class": "caucus"})["context"]["clause"] == "FLOOR-1"
    for wrong in ({"class": SECRET}, {"label": "grant-1"}, {"case": str(new_id())}, {"case": 7}):
        assert decided(**wrong) == {"decision": False}


# About whom a caller may ask.


def test_who_answers_for_a_seat_may_ask_about_it(
    server: Server, case: Case, chart: DocumentId
) -> None:
    may = {
        "mediator": {*case.people},
        "party:claimant": {"party:claimant", "counsel:claimant"},
        "counsel:claimant": {"counsel:claimant"},
        "party:respondent": {"party:respondent", "counsel:respondent"},
        "auditor": {"auditor"},
    }
    for caller, answered in may.items():
        with server.as_(case[caller]) as http:
            for seat in case.people:
                answer = ask(http, "evaluation", asked(case[seat], "metadata", chart))
                assert ("context" in answer) == (seat in answered), (caller, seat)


def test_a_participant_is_asked_about_by_either_id(
    server: Server, house: House, case: Case, chart: DocumentId
) -> None:
    _, roster = cases.read_case(house.vault, case["mediator"], case.case_id)
    with server.as_(case["mediator"]) as http:
        for participant in roster:
            by_seat = asked(case["mediator"], "full", chart)
            by_seat["subject"] = {"type": "participant", "id": str(participant.participant_id)}
            by_person = asked(case["mediator"], "full", chart)
            by_person["subject"] = {"type": "person", "id": str(participant.person)}
            assert ask(http, "evaluation", by_seat) == ask(http, "evaluation", by_person)


def test_every_unknown_thing_has_the_same_answer(
    server: Server, house: House, case: Case, chart: DocumentId
) -> None:
    elsewhere = house.case()
    foreign = elsewhere.deposit("party:claimant").document_id
    me = case["party:respondent"]
    questions = [
        asked(me, "full", new_id()),
        asked(me, "full", foreign),
        asked(me, "full", SECRET),
        asked(me, SECRET, chart),
        asked(case["party:claimant"], "full", chart),
        asked(house.person(), "full", chart),
        {**asked(me, "full", chart), "subject": {"type": "person", "id": SECRET}},
        {**asked(me, "full", chart), "subject": {"type": "user", "id": str(me.person)}},
        {**asked(me, "full", chart), "resource": {"type": "account", "id": "123"}},
    ]
    with server.as_(me) as http:
        for question in questions:
            answer = http.post("/access/v1/evaluation", json=question)
            assert answer.content == b'{"decision":false}', question
    with server.as_(house.person()) as http:
        answer = http.post("/access/v1/evaluation", json=asked(me, "full", chart))
        assert answer.content == b'{"decision":false}'
    house.check()


def test_whoever_may_not_know_of_a_document_may_not_ask_what_others_have_of_it(
    server: Server, house: House
) -> None:
    case = house.case("party:claimant", "party:respondent")
    case.agree([clause for clause in CLAUSES if clause["to"] != "mediator"])
    paper = case.deposit("party:claimant", document_class="apology").document_id
    with server.as_(case["mediator"]) as http:
        answer = ask(http, "evaluation", asked(case["party:claimant"], "full", paper))
    assert answer == {"decision": False}


@pytest.mark.parametrize("phase", ["mediation", "settlement", "closed"])
def test_an_evaluation_equals_the_decision(
    server: Server, house: House, case: Case, phase: str
) -> None:
    papers = [
        case.deposit(side, document_class=kind).document_id
        for kind in ("medical", "caucus", "apology")
        for side in ("party:claimant", "party:respondent")
    ]
    case.phase(phase)
    for seat in case.people:
        with server.as_(case[seat]) as http:
            body = {"subject": person(case[seat])}
            several = [
                {"action": {"name": str(view)}, "resource": document(paper)}
                for paper, view in product(papers, View)
            ]
            answers = ask(http, "evaluations", {**body, "evaluations": several})["evaluations"]
        for (paper, view), answer in zip(product(papers, View), answers, strict=True):
            standing, row, _ = find(house.vault, case[seat], paper)
            assert standing.seated is not None
            assert row is not None
            decision = standing.decide(sealed_marking(standing.seated, row), view, None)
            assert answer["decision"] is isinstance(decision, Permit)
            knows = standing.decide(decision.question.marking, View.METADATA, None)
            said = answer.get("context", {}).get("clause")
            assert said == (decision.clause if isinstance(knows, Permit) else None)


# Several at once.

SEMANTICS: list[tuple[str | None, list[bool]]] = [
    (None, [True, False, True]),
    ("execute_all", [True, False, True]),
    ("deny_on_first_deny", [True, False]),
    ("permit_on_first_permit", [True]),
]


@pytest.mark.parametrize(("semantic", "decisions"), SEMANTICS)
def test_evaluations_end_as_their_semantic_says(
    http: httpx2.Client, case: Case, house: House, semantic: str | None, decisions: list[bool]
) -> None:
    papers = [
        case.deposit("party:claimant", document_class=kind).document_id
        for kind in ("medical", "apology", "imaging")
    ]
    body: Json = {
        "subject": person(case["party:respondent"]),
        "action": {"name": "redacted"},
        "evaluations": [{"resource": document(paper)} for paper in papers],
    }
    if semantic is not None:
        body["options"] = {"evaluations_semantic": semantic, "another_option": "value"}
    answer = ask(http, "evaluations", body)
    assert answer.keys() == {"evaluations"}
    assert [each["decision"] for each in answer["evaluations"]] == decisions
    seen = trail.read_events(house.vault, case["mediator"], case.case_id, limit=500).entries
    made = [e.event for e in seen if e.event.tag == "scope:evaluate"]
    assert [event.outcome == "granted" for event in made] == decisions
    house.check()


def test_what_an_evaluation_leaves_out_is_taken_from_the_level_above(
    http: httpx2.Client, case: Case, chart: DocumentId
) -> None:
    me = case["party:respondent"]
    body: Json = {
        **asked(me, "redacted", chart, context={"purpose": "mediation"}),
        "evaluations": [
            {},
            {"action": {"name": "full"}},
            {"context": {"purpose": "claims"}},
            {"context": {}},
            {"subject": person(case["party:claimant"])},
            {"resource": document(new_id())},
        ],
    }
    answers = ask(http, "evaluations", body)["evaluations"]
    assert [each["decision"] for each in answers] == [True, False, False, True, False, False]


@pytest.mark.parametrize("more", [{}, {"evaluations": []}])
def test_without_evaluations_there_is_one(
    http: httpx2.Client, case: Case, chart: DocumentId, more: Json
) -> None:
    body = asked(case["party:respondent"], "redacted", chart)
    assert ask(http, "evaluations", {**body, **more}) == ask(http, "evaluation", body)


# What is no request.

WHOLE: Json = {
    "subject": {"type": "person", "id": "x"},
    "action": {"name": "full"},
    "resource": {"type": "document", "id": "x"},
}


def without(*path: str) -> Json:
    """Return a whole request without one member."""
    body: Json = {name: dict(member) for name, member in WHOLE.items()}
    *way, last = path
    place = body
    for step in way:
        place = place[step]
    del place[last]
    return body


BAD: dict[str, tuple[str, object]] = {
    "no subject": ("evaluation", without("subject")),
    "no action": ("evaluation", without("action")),
    "no resource": ("evaluation", without("resource")),
    "no subject id": ("evaluation", without("subject", "id")),
    "no subject type": ("evaluation", without("subject", "type")),
    "no action name": ("evaluation", without("action", "name")),
    "no resource id": ("evaluation", without("resource", "id")),
    "no resource type": ("evaluation", without("resource", "type")),
    "a number for an id": ("evaluation", {**WHOLE, "subject": {"type": "person", "id": 7}}),
    "a text for a subject": ("evaluation", {**WHOLE, "subject": SECRET}),
    "a text for the context": ("evaluation", {**WHOLE, "context": SECRET}),
    "a list": ("evaluation", [WHOLE]),
    "null": ("evaluation", None),
    "one of several without a resource": (
        "evaluations",
        {**without("resource"), "evaluations": [{"resource": WHOLE["resource"]}, {}]},
    ),
    "an unknown semantic": (
        "evaluations",
        {**WHOLE, "evaluations": [{}], "options": {"evaluations_semantic": SECRET}},
    ),
    "too many": ("evaluations", {**WHOLE, "evaluations": [{}] * 101}),
    "evaluations that are no list": ("evaluations", {**WHOLE, "evaluations": {}}),
    "a search without an action": ("search/subject", without("action")),
    "a search without a resource id": ("search/subject", without("resource", "id")),
    "a search without a subject id": ("search/resource", without("subject", "id")),
    "a search of actions without a resource": ("search/action", without("resource")),
    "a page that is none": ("search/resource", {**WHOLE, "page": SECRET}),
    "a limit below zero": ("search/resource", {**WHOLE, "page": {"limit": -1}}),
    "a token that is none": ("search/resource", {**WHOLE, "page": {"token": SECRET}}),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_request_is_refused_by_400(http: httpx2.Client, what: str) -> None:
    path, body = BAD[what]
    problem = is_problem(http.post(f"/access/v1/{path}", json=body), 400)
    assert problem["errors"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused_by_400(http: httpx2.Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    is_problem(http.post("/access/v1/evaluation", content=body, headers=headers), 400)


def test_the_callers_name_for_a_request_is_on_its_answer(
    server: Server, http: httpx2.Client, case: Case, chart: DocumentId
) -> None:
    name = {"X-Request-ID": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"}
    body = asked(case["party:respondent"], "full", chart)
    answers = [
        http.post("/access/v1/evaluation", json=body, headers=name),
        http.post("/access/v1/evaluation", json={}, headers=name),
        httpx2.post(f"{server.url}/access/v1/evaluation", json=body, headers=name),
    ]
    assert [answer.status_code for answer in answers] == [200, 400, 401]
    for answer in answers:
        assert answer.headers["x-request-id"] == name["X-Request-ID"]
    assert "x-request-id" not in http.post("/access/v1/evaluation", json=body).headers


def test_the_endpoints_are_announced_to_anybody(server: Server) -> None:
    answer = httpx2.get(f"{server.url}/.well-known/authzen-configuration")
    assert answer.json() == {
        "policy_decision_point": server.url,
        "access_evaluation_endpoint": f"{server.url}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{server.url}/access/v1/evaluations",
        "search_subject_endpoint": f"{server.url}/access/v1/search/subject",
        "search_resource_endpoint": f"{server.url}/access/v1/search/resource",
        "search_action_endpoint": f"{server.url}/access/v1/search/action",
    }
