"""Lists over HTTP: pages, counts, exports that no spreadsheet runs, and what goes with a permit."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import Any

import httpx2
import pytest

from tests.api.conftest import Server
from tests.api.test_bad_input import SECRET, is_problem
from tests.builders import CLAUSES, Case, House
from vault.inspection import trail


@pytest.fixture
def path(case: Case) -> str:
    return f"/v1/cases/{case.case_id}/documents"


def csv_of(answer: httpx2.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(StringIO(answer.text, newline="")))


def test_the_list_the_count_and_both_exports_agree(server: Server, case: Case, path: str) -> None:
    for number, kind in enumerate(("medical", "billing", "medical", "apology", "caucus")):
        case.deposit("party:claimant", document_class=kind, title=f"paper {number}")
    for seat in case.people:
        with server.as_(case[seat]) as http:
            listed = http.get(path).json()["documents"]
            count = http.get(f"{path}/count").json()
            lines = http.get(f"{path}/export", params={"format": "jsonl"}).text.splitlines()
            rows = csv_of(http.get(f"{path}/export", params={"format": "csv"}))
        assert [json.loads(line) for line in lines] == listed
        assert [row["document"] for row in rows] == [each["document"] for each in listed]
        assert count["total"] == len(listed)
        for name, member in (("by_class", "class"), ("by_origin", "origin"), ("by_view", "view")):
            expected: dict[str, int] = {}
            for each in listed:
                expected[each[member]] = expected.get(each[member], 0) + 1
            assert count[name] == expected
        assert sum(tally["count"] for tally in count["tallies"]) == len(listed)
    case.house.check()


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK(x),"quoted"\nnot', "'=1", "plain, with"]


def test_no_cell_of_an_export_is_a_formula(server: Server, house: House) -> None:
    case = house.case("party:claimant", "party:respondent")
    titles = [title.replace("\n", " ") for title in FORMULAS]
    for title in titles:
        case.deposit("party:claimant", title=title)
        house.clock.forward(minutes=1)
    with server.as_(case["party:claimant"]) as http:
        answer = http.get(f"/v1/cases/{case.case_id}/documents/export")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="documents.csv"'
    rows = csv_of(answer)
    shown = [row["title"] for row in rows]
    assert shown == [f"'{t}" if t.startswith(("=", "+", "-", "@")) else t for t in titles]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    assert {row["file_name"] for row in rows} == {"chart.txt"}


def test_pages_follow_one_another_in_every_order(server: Server, case: Case, path: str) -> None:
    for number in range(7):
        case.deposit("party:claimant", title=f"paper {number % 3}")
        case.house.clock.forward(minutes=1)
    with server.as_(case["party:claimant"]) as http:
        for order in ("oldest", "newest", "class", "title"):
            asked: dict[str, Any] = {"order": order, "limit": 3}
            shown: list[str] = []
            following: str | None = ""
            while following is not None:
                page = http.get(
                    path, params={**asked, **({"after": following} if following else {})}
                )
                body = page.json()
                shown += [each["document"] for each in body["documents"]]
                following = body["next"]
            assert len(shown) == len(set(shown)) == 7
            whole = http.get(path, params={"order": order}).json()["documents"]
            assert shown == [each["document"] for each in whole]


@pytest.mark.parametrize(
    "bad",
    [
        {"order": SECRET},
        {"class": SECRET},
        {"origin": SECRET},
        {"provenance": SECRET},
        {"purpose": SECRET},
        {"search": ""},
        {"search": "x" * 201},
        {"uncovered": SECRET},
        {"after": SECRET},
        {"limit": 0},
        {"limit": 201},
    ],
)
def test_a_bad_question_is_refused(
    server: Server, case: Case, path: str, bad: dict[str, Any]
) -> None:
    with server.as_(case["party:claimant"]) as http:
        is_problem(http.get(path, params=bad), 422)
        if bad.keys() <= {"class", "origin", "provenance", "purpose", "uncovered"}:
            is_problem(http.get(f"{path}/count", params=bad), 422)
            is_problem(http.get(f"{path}/export", params=bad), 422)
        is_problem(http.get(f"{path}/export", params={"format": SECRET}), 422)


def test_a_search_is_not_put_on_record_in_words(server: Server, case: Case, path: str) -> None:
    case.deposit("party:claimant")
    with server.as_(case["party:claimant"]) as http:
        assert len(http.get(path, params={"search": "clinic"}).json()["documents"]) == 1
    seen = trail.read_events(case.house.vault, case["mediator"], case.case_id, limit=500).entries
    (event,) = (entry.event for entry in seen if entry.event.tag == "document:list")
    assert event.detail == {"listed": 1}


def test_an_obligation_is_said_with_the_document_and_with_its_content(
    server: Server, house: House
) -> None:
    case = house.case("party:claimant", "party:respondent")
    case.agree([{**CLAUSES[2], "classes": ["substance-use-record"], "phases": "*"}])
    record = case.deposit("party:claimant", document_class="substance-use-record").document_id
    content = f"/v1/documents/{record}/content?view=full"
    with server.as_(case["party:respondent"]) as http:
        described = http.get(f"/v1/documents/{record}").json()
        assert described["obligations"] == ["42-cfr-part-2-notice"]
        assert http.get(content).headers["subrosa-obligations"] == "42-cfr-part-2-notice"
    with server.as_(case["party:claimant"]) as http:
        assert http.get(f"/v1/documents/{record}").json()["obligations"] == []
        assert "subrosa-obligations" not in http.get(content).headers


def test_a_refusal_is_explained_to_whoever_may_know_of_the_document(
    server: Server, case: Case
) -> None:
    known = case.deposit("party:claimant").document_id
    hidden = case.deposit("party:claimant", document_class="apology").document_id
    with server.as_(case["party:respondent"]) as http:
        told = is_problem(http.get(f"/v1/documents/{known}/content?view=full"), 403)
        assert {"view": "full", "phase": "mediation", "clause": "2.2"} in told["would_allow"]
        assert told["explanation"]
        for path in (f"/v1/documents/{hidden}/content?view=full", f"/v1/documents/{hidden}"):
            untold = is_problem(http.get(path), 403)
            assert untold.keys() == {"type", "title", "status", "detail", "scope_version"}


def test_a_supposition_is_explained_over_http(server: Server, case: Case) -> None:
    path = f"/v1/cases/{case.case_id}/explanations"
    kind = {"class": "medical", "origin": "claimant", "provenance": "pre-existing", "view": "full"}
    with server.as_(case["party:respondent"]) as http:
        denied = http.post(path, json=kind).json()
        assert denied["allowed"] is False
        assert denied["would_allow"]
        assert http.post(path, json={**kind, "phase": "mediation"}).json()["clause"] == "2.2"
        for bad in (
            {**kind, "class": SECRET},
            {**kind, "phase": SECRET},
            {**kind, "purpose": SECRET},
            {**kind, "view": SECRET},
            {**kind, "at": SECRET},
            {**kind, "at": "2026-04-01T00:00:00"},
            {**kind, "at": "0001-01-01T00:00:00+14:00"},
            {**kind, SECRET: 1},
            {},
            None,
        ):
            is_problem(http.post(path, json=bad), 422)
