"""Exceptions and seats over HTTP and by command line, as callers meet them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from typer.testing import CliRunner

from api.__main__ import app
from tests.api.conftest import Server
from tests.api.excepting import EXCEPTING
from tests.builders import Case, House
from tests.vault.asking import deposited, participant
from vault.core import Subject
from vault.ids import DocumentId

WANTED: dict[str, Any] = {
    "to": "insurer:respondent",
    "view": "full",
    "purposes": ["claims"],
    "until": "2027-01-15T00:00:00Z",
    "reason": "The insurer settles on it.",
}


@pytest.fixture
def letter(case: Case) -> DocumentId:
    return deposited(case, "party:claimant")


@pytest.fixture
def claimant(server: Server, case: Case) -> Iterator[httpx2.Client]:
    with server.as_(case["party:claimant"]) as http:
        yield http


def get(server: Server, subject: Subject, path: str) -> httpx2.Response:
    with server.as_(subject) as http:
        return http.get(path)


def test_a_grant_from_request_to_withdrawal(
    server: Server, case: Case, letter: DocumentId, claimant: httpx2.Client, house: House
) -> None:
    content = f"/v1/documents/{letter}/content?view=full"
    asked = claimant.post(f"/v1/documents/{letter}/requests", json=WANTED)
    assert asked.status_code == 201
    assert asked.json()["awaited"] == [str(case["party:respondent"].person)]
    assert get(server, case["insurer:respondent"], content).status_code == 403
    with server.as_(case["party:respondent"]) as http:
        (told,) = http.get(f"/v1/cases/{case.case_id}/exceptions").json()["requests"]
        assert (told["request"], told["until"]) == (asked.json()["request"], WANTED["until"])
        assert "title" not in json.dumps(told)
        answered = http.post(
            f"/v1/requests/{told['request']}/answers", json={"answer": "consent"}
        ).json()
        assert (answered["status"], len(answered["answers"])) == ("granted", 2)
    assert get(server, case["insurer:respondent"], content).content == b"Dear Sir"
    (made,) = get(
        server, case["insurer:respondent"], f"/v1/cases/{case.case_id}/exceptions"
    ).json()["grants"]
    assert (made["clause"], made["to"]) == ("GRANT-1", "insurer:respondent")
    assert claimant.delete(f"/v1/cases/{case.case_id}/grants/1").status_code == 204
    assert claimant.delete(f"/v1/cases/{case.case_id}/grants/1").status_code == 409
    assert get(server, case["insurer:respondent"], content).status_code == 403
    house.check()


def test_a_floor_in_the_way_is_named(case: Case, claimant: httpx2.Client) -> None:
    paper = deposited(case, "party:claimant", document_class="caucus")
    refused = claimant.post(f"/v1/documents/{paper}/requests", json=WANTED)
    assert (refused.status_code, refused.json()["clause"]) == (403, "FLOOR-1")


def test_a_claw_back_names_who_opened_it_and_tells_them(
    server: Server, case: Case, claimant: httpx2.Client, house: House
) -> None:
    chart = case.deposit("party:claimant").document_id
    content = f"/v1/documents/{chart}/content?view=full"
    assert get(server, case["mediator"], content).status_code == 200
    (reader,) = claimant.post(f"/v1/documents/{chart}/claw-back").json()["readers"]
    assert (reader["name"], reader["clause"]) == ("Mira Okafor", "1.1")
    assert claimant.get(f"/v1/documents/{chart}/readers").json()["readers"] == [reader]
    refused = get(server, case["mediator"], content)
    assert (refused.status_code, refused.json().get("clause")) == (403, None)
    notices = get(server, case["mediator"], f"/v1/cases/{case.case_id}/notices").json()["notices"]
    assert [(n["kind"], n["document"]) for n in notices] == [("claw-back", str(chart))]
    assert "Return or destroy" in notices[0]["text"]
    assert "chart" not in json.dumps(notices).lower()
    lifted = claimant.delete(f"/v1/documents/{chart}/claw-back")
    assert lifted.status_code == 204
    assert get(server, case["mediator"], content).status_code == 200
    house.check()


def test_a_phase_is_previewed_before_it_is_entered(case: Case, claimant: httpx2.Client) -> None:
    case.deposit("party:claimant")
    preview = claimant.get(f"/v1/cases/{case.case_id}/phases/mediation").json()
    assert (preview["from"], preview["to"]) == ("exchange", "mediation")
    (effect,) = preview["effects"]
    assert effect["seat"] == "party:respondent"
    assert (effect["before"], effect["after"], effect["documents"]) == ("redacted", "full", 1)
    assert claimant.get(f"/v1/cases/{case.case_id}/phases/endgame").status_code == 422


def test_whoever_stepped_down_gets_the_bytes_that_a_stranger_gets(
    server: Server, case: Case, letter: DocumentId, house: House
) -> None:
    leaving, whose = case["party:respondent"], participant(case, "party:respondent")
    with server.as_(leaving) as http:
        down = http.post(f"/v1/cases/{case.case_id}/participants/{whose}/step-down")
        assert down.status_code == 204
        assert http.get("/v1/cases").json() == {"cases": []}
    paths = {path for method, path in EXCEPTING if method == "GET" and "{request}" not in path} | {
        "/v1/cases/{case}",
        "/v1/cases/{case}/documents",
        "/v1/documents/{document}",
    }
    with server.as_(leaving) as gone, server.as_(house.person()) as stranger:
        for path in paths:
            url = path.format(case=case.case_id, document=letter, phase="closed")
            nowhere = path.format(case=uuid4(), document=uuid4(), phase="closed")
            answers = [http.get(u) for http in (gone, stranger) for u in (url, nowhere)]
            assert {a.status_code for a in answers} == {404}
            assert len({a.content for a in answers}) == 1
    house.check()


BAD: dict[str, dict[str, Any]] = {
    "no recipient": {"to": ""},
    "another recipient": {"to": "everybody"},
    "no view": {"view": "all"},
    "no purpose": {"purposes": []},
    "another purpose": {"purposes": ["leisure"]},
    "an end without a zone": {"until": "2027-01-15T00:00:00"},
    "an end that has passed": {"until": "2020-01-15T00:00:00Z"},
    "a fraction of a second": {"until": "2027-01-15T00:00:00.5Z"},
    "a beginning after the end": {"from": "2028-01-15T00:00:00Z"},
    "an instant beyond the calendar": {"until": "9999-12-31T23:59:59-12:00"},
    "two lines of reason": {"reason": "one\ntwo"},
    "no reason": {"reason": " "},
    "a word turned round": {"reason": "a\u202eb"},
    "another route": {"route": "force"},
    "an attestation without its route": {"attestation": True},
    "a yes that is text": {"attestation": "yes"},
    "a member nobody knows": {"secret": "SENT"},
}


@pytest.mark.parametrize("why", BAD)
def test_a_bad_request_is_refused_and_not_repeated(
    claimant: httpx2.Client, case: Case, letter: DocumentId, house: House, why: str
) -> None:
    refused = claimant.post(f"/v1/documents/{letter}/requests", json={**WANTED, **BAD[why]})
    assert refused.status_code == 422, refused.text
    for word in ("SENT", "everybody", "leisure"):
        assert word not in refused.text
    exceptions = claimant.get(f"/v1/cases/{case.case_id}/exceptions").json()
    assert exceptions == {"requests": [], "grants": [], "clawed_back": []}
    house.check()


@pytest.mark.parametrize(
    "body",
    [{}, {"seated_until": "soon"}, {"seated_until": "2030-01-01T00:00:00.25Z"}, {"seat": "x"}],
)
def test_a_bad_end_of_a_seat_is_refused(server: Server, case: Case, body: dict[str, Any]) -> None:
    whose = participant(case, "auditor")
    with server.as_(case["mediator"]) as http:
        refused = http.put(f"/v1/cases/{case.case_id}/participants/{whose}", json=body)
    assert refused.status_code == 422


def test_the_commands_do_the_same(
    server: Server, case: Case, letter: DocumentId, house: House
) -> None:
    def subrosa(seat: str, *words: object) -> Any:
        told = {"SUBROSA_URL": server.url, "SUBROSA_TOKEN": server.token(case[seat])}
        done = CliRunner().invoke(app, [str(word) for word in words], env=told)
        assert done.exit_code == 0, (done.output, done.exception)
        return json.loads(done.output) if done.output else None

    asked = subrosa(
        *("party:claimant", "document", "grant", letter, "--to", "insurer:respondent"),
        *("--purpose", "claims", "--reason", "To settle", "--until", "2027-01-15T00:00:00Z"),
    )
    assert asked["status"] == "open"
    answered = subrosa("party:respondent", "request", "answer", asked["request"], "consent")
    assert answered["status"] == "granted"
    assert subrosa("party:claimant", "document", "readers", letter) == {"readers": []}
    assert subrosa("party:claimant", "document", "claw-back", letter) == {"readers": []}
    listed = subrosa("party:claimant", "request", "list", case.case_id)
    assert listed["clawed_back"] == [str(letter)]
    assert subrosa("party:claimant", "case", "notices", case.case_id)["notices"]
    assert not subrosa("party:respondent", "case", "notices", case.case_id)["notices"]
    subrosa("party:claimant", "document", "lift", letter)
    subrosa("party:claimant", "document", "claw-back", letter)
    lifted = subrosa("party:claimant", "document", "lift", letter, "--reason", "Settled")
    assert lifted["status"] == "granted"
    subrosa("party:claimant", "request", "withdraw", case.case_id, 1)
    assert subrosa("auditor", "case", "preview", case.case_id, "closed")["to"] == "closed"
    auditor = participant(case, "auditor")
    ended = subrosa("mediator", "case", "seat-until", case.case_id, auditor, "2030-01-01T00:00:00Z")
    assert ended["seated_until"] == "2030-01-01T00:00:00Z"
    subrosa("auditor", "case", "step-down", case.case_id, auditor)
    house.check()
