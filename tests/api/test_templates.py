"""Whoever is identified gets an agreement for a known instrument, to propose as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from policies import templates
from tests.api.conftest import Server
from tests.api.test_bad_input import SECRET, is_problem
from tests.api.test_program import subrosa
from tests.builders import Case, House

SIDES = (("side", "claimant"), ("side", "respondent"))
PROVIDER = ("provider", "respondent")
Query = tuple[tuple[str, str], ...]


def asked(name: str) -> Query:
    return (*SIDES, PROVIDER) if templates.describe(name).parameters else SIDES


@pytest.fixture
def anybody(server: Server, house: House) -> Iterator[httpx2.Client]:
    """Somebody with a token and no seat anywhere."""
    with server.as_(house.person()) as http:
        yield http


def test_every_template_is_listed_with_its_instrument(anybody: httpx2.Client) -> None:
    listed = anybody.get("/v1/scope/templates").json()["templates"]
    assert [one["name"] for one in listed] == list(templates.names())
    assert all(one["title"] and one["instrument"] and one["jurisdiction"] for one in listed)
    assert {one["name"]: set(one["parameters"]) for one in listed if one["parameters"]} == {
        "malpractice": {"provider"}
    }


@pytest.mark.parametrize("name", templates.names())
def test_a_template_is_proposed_as_it_comes_and_means_what_was_shown(
    server: Server, house: House, name: str
) -> None:
    case = house.case("party:claimant", "party:respondent")
    with server.as_(case["party:claimant"]) as http:
        made: dict[str, Any] = http.get(f"/v1/scope/templates/{name}", params=asked(name)).json()
        draft = http.post(f"/v1/cases/{case.case_id}/agreements", json=made["terms"])
    assert draft.status_code == 201, draft.text
    assert draft.json()["terms"] == made["terms"]
    assert draft.json()["sentences"] == made["sentences"]
    assert made["sentences"].keys() == {clause["id"] for clause in made["terms"]["clauses"]}
    assert made["template"]["name"] == name
    assert len(made["notes"]) == len(templates.describe(name).notes)
    house.check()


def test_a_template_in_force_decides(server: Server, house: House) -> None:
    case = house.case("party:claimant", "party:respondent", "insurer:respondent")
    with server.as_(case["party:claimant"]) as http:
        made = http.get("/v1/scope/templates/malpractice", params=(*SIDES, PROVIDER)).json()
    case.agree(made["terms"]["clauses"])
    case.deposit("party:claimant", document_class="billing", title="Hospital bill")
    assert case.listed("insurer:respondent") == {}
    case.phase("exchange")
    assert case.listed("insurer:respondent") == {"Hospital bill": "redacted"}
    case.phase("settlement")
    assert case.listed("insurer:respondent") == {"Hospital bill": "full"}


@pytest.mark.parametrize("name", ["none", "CEDR-model-2020", f"{SECRET}", "..%2F..%2Fmodel.conf"])
def test_an_unknown_template_is_not_there(anybody: httpx2.Client, name: str) -> None:
    is_problem(anybody.get(f"/v1/scope/templates/{name}", params=SIDES), 404)


@pytest.mark.parametrize(
    ("name", "query", "pointer"),
    [
        ("cedr-model-2020", (), "/side"),
        ("cedr-model-2020", (("side", "claimant"),), "/side"),
        ("cedr-model-2020", (*SIDES, ("side", "claimant")), "/side"),
        ("cedr-model-2020", tuple(("side", f"s{n}") for n in range(17)), "/side"),
        ("cedr-model-2020", (*SIDES, ("side", SECRET.upper())), "/side/2"),
        ("cedr-model-2020", (("side", "{side}"), *SIDES), "/side/0"),
        ("cedr-model-2020", (*SIDES, PROVIDER), "/provider"),
        ("malpractice", SIDES, "/provider"),
        ("malpractice", (*SIDES, PROVIDER, PROVIDER), "/provider"),
        ("malpractice", (*SIDES, PROVIDER, ("provider", SECRET)), "/provider/1"),
    ],
)
def test_sides_that_cannot_be_are_refused_with_a_pointer(
    anybody: httpx2.Client, name: str, query: Query, pointer: str
) -> None:
    body = is_problem(anybody.get(f"/v1/scope/templates/{name}", params=query), 422)
    assert [fault["pointer"] for fault in body["errors"]] == [pointer]


def test_templates_are_for_those_identified(server: Server, case: Case) -> None:
    for path in ("/v1/scope/templates", "/v1/scope/templates/malpractice?side=a&side=b"):
        is_problem(httpx2.get(server.url + path), 401)


def test_the_command_writes_what_propose_takes(
    server: Server, house: House, tmp_path: Path
) -> None:
    case = house.case("party:claimant", "party:respondent")
    speak = ("--url", server.url, "--token", server.token(case["party:claimant"]))
    words = ("agreement", "template", "malpractice", "--side", "claimant", "--side", "respondent")
    listed = json.loads(subrosa(tmp_path, "agreement", "template", *speak).stdout)
    assert len(listed["templates"]) == len(templates.names())
    refused = subrosa(tmp_path, *words, *speak, status=1)
    assert refused.stderr.startswith("422 ")
    assert "[/provider]" in refused.stderr
    whole = json.loads(subrosa(tmp_path, *words, "--provider", "respondent", *speak).stdout)
    assert whole["notes"]
    written = tmp_path / "terms.json"
    written.write_text(
        subrosa(tmp_path, *words, "--provider", "respondent", "--terms", *speak).stdout
    )
    assert json.loads(written.read_text()) == whole["terms"]
    propose = ("agreement", "propose", str(case.case_id), str(written))
    draft = json.loads(subrosa(tmp_path, *propose, *speak).stdout)
    assert draft["sentences"] == whole["sentences"]
