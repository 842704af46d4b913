"""Whatever comes in, the answer is a clear problem, nothing is lost, and nothing leaks."""

import json
from collections.abc import Iterator
from typing import Any, cast

import httpx2
import pytest

from tests.api.conftest import Server
from tests.builders import CLAUSES, Case, House, terms
from vault.ids import new_id

SECRET = "offer-we-accept-2-1-million"
HEADERS = {
    "Subrosa-Class": "medical",
    "Subrosa-Title": "Chart",
    "Subrosa-Provenance": "pre-existing",
    "Content-Type": "text/plain",
}


def is_problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    """Check that an answer is a problem of this status and repeats nothing that was sent."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


@pytest.fixture
def claimant(server: Server, case: Case) -> Iterator[httpx2.Client]:
    with server.as_(case["party:claimant"]) as http:
        yield http


# Who is asking.


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "bearer x", f"Bearer {SECRET}", f"Basic {SECRET}", b"Bearer \xe4\xff"],
)
def test_a_wrong_token_is_refused_and_every_one_alike(
    server: Server, authorization: str | bytes | None
) -> None:
    headers = [] if authorization is None else [("Authorization", authorization)]
    body = is_problem(httpx2.get(f"{server.url}/v1/cases", headers=cast("Any", headers)), 401)
    assert body["type"] == "urn:subrosa:problem:not-identified"


def test_a_token_ends_at_its_hour_and_when_it_is_revoked(server: Server, house: House) -> None:
    person = house.person()
    with server.as_(person) as http:
        assert http.get("/v1/cases").status_code == 200
        house.clock.forward(hours=1)
        is_problem(http.get("/v1/cases"), 401)


def test_a_foreign_case_and_no_case_answer_alike(server: Server, case: Case, house: House) -> None:
    document = case.deposit("party:claimant").document_id
    with server.as_(house.case()["party:claimant"]) as http:
        for path, absent in (
            (f"/v1/cases/{case.case_id}", f"/v1/cases/{new_id()}"),
            (f"/v1/cases/{case.case_id}/documents", "/v1/cases/none/documents"),
            (f"/v1/cases/{case.case_id}/documents/count", "/v1/cases/none/documents/count"),
            (f"/v1/cases/{case.case_id}/documents/export", "/v1/cases/none/documents/export"),
            (f"/v1/cases/{case.case_id}/view-as/{new_id()}", "/v1/cases/none/view-as/none"),
            (f"/v1/cases/{case.case_id}/events", f"/v1/cases/{new_id()}/events"),
            (f"/v1/cases/{case.case_id}/agreements/1", f"/v1/cases/{new_id()}/agreements/1"),
            (f"/v1/documents/{document}", f"/v1/documents/{new_id()}"),
            (f"/v1/documents/{document}/content?view=full", "/v1/documents/x/content?view=full"),
        ):
            foreign, missing = http.get(path), http.get(absent)
            is_problem(foreign, 404)
            assert foreign.content == missing.content
            assert foreign.headers.keys() == missing.headers.keys()


# Agreements.

BAD_TERMS: dict[str, Any] = {
    "an unknown class": terms([{**CLAUSES[1], "classes": [SECRET]}]),
    "a misspelt effect": terms([{**CLAUSES[1], "effect": "Deny"}]),
    "a comma in an id": terms([{**CLAUSES[1], "id": "1,2"}]),
    "a newline in an id": terms([{**CLAUSES[1], "id": "1\n2"}]),
    "a newline in a side": terms(sides=("claimant", "resp\nondent")),
    "two thousand clauses": terms([{**CLAUSES[1], "id": f"c{n}"} for n in range(2000)]),
    "no clauses": terms([]),
    "a floor of one's own": terms([{**CLAUSES[1], "id": "FLOOR-9"}]),
    "an unknown member": {**terms(), SECRET: 1},
    "a number": 7,
    "null": None,
    "a list": [SECRET],
    "a text": SECRET,
}


@pytest.mark.parametrize("what", BAD_TERMS)
def test_bad_terms_are_refused_with_a_pointer(
    claimant: httpx2.Client, case: Case, what: str
) -> None:
    answer = claimant.post(f"/v1/cases/{case.case_id}/agreements", json=BAD_TERMS[what])
    assert is_problem(answer, 422)["errors"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"language": NaN}', b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused(
    claimant: httpx2.Client, case: Case, body: bytes
) -> None:
    answer = claimant.post(
        f"/v1/cases/{case.case_id}/agreements",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    is_problem(answer, 400 if body.startswith(b"[") else 422)


def test_a_json_body_beyond_the_limit_is_refused(claimant: httpx2.Client, case: Case) -> None:
    answer = claimant.post(
        f"/v1/cases/{case.case_id}/agreements",
        content=b'"' + b"x" * (2 << 20) + b'"',
        headers={"Content-Type": "application/json"},
    )
    is_problem(answer, 413)


@pytest.mark.parametrize(
    "body",
    [
        {"title": SECRET, "sides": ["claimant"], "name": "M"},
        {"title": SECRET, "sides": ["claimant", "claimant"], "name": "M"},
        {"title": SECRET, "sides": ["claimant", "Respondent!"], "name": "M"},
        {"title": "a\x07b", "sides": ["a", "b"], "name": "M"},
        {"title": "abc\u202efdp.exe", "sides": ["a", "b"], "name": "M"},
        {"title": "x" * 300, "sides": ["a", "b"], "name": "M"},
        {"title": "   ", "sides": ["a", "b"], "name": "M"},
        {"title": "T", "sides": ["a", "b"]},
        {"title": "T", "sides": ["a", "b"], "name": 7},
        {"title": "T", "sides": ["a", "b"], "name": "M", SECRET: True},
    ],
)
def test_a_bad_new_case_is_refused(server: Server, house: House, body: dict[str, Any]) -> None:
    with server.as_(house.person(opens_cases=True)) as http:
        is_problem(http.post("/v1/cases", json=body), 422)
        assert http.get("/v1/cases").json() == {"cases": []}


@pytest.mark.parametrize(
    "seat", ["king", "party", "party:someone", "mediator:claimant", "", "expert\n"]
)
def test_a_seat_that_is_none_is_refused(
    server: Server, case: Case, house: House, seat: str
) -> None:
    body = {"person": str(house.person().person), "seat": seat, "name": "N"}
    with server.as_(case["mediator"]) as http:
        is_problem(http.post(f"/v1/cases/{case.case_id}/participants", json=body), 422)


# Deposits as a raw body.


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Subrosa-Class", SECRET),
        ("Subrosa-Class", ""),
        ("Subrosa-Provenance", SECRET),
        ("Subrosa-Title", "a%07b"),
        ("Subrosa-Title", "a%E2%80%AEb"),
        ("Subrosa-Title", "%FF%FE"),
        ("Subrosa-Title", ""),
        ("Subrosa-Joint", "perhaps"),
        ("Content-Type", "text"),
        ("Repr-Digest", SECRET),
        ("Repr-Digest", "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"),
    ],
)
def test_a_bad_header_is_refused_and_nothing_is_kept(
    claimant: httpx2.Client, case: Case, house: House, header: str, value: str
) -> None:
    path = f"/v1/cases/{case.case_id}/documents"
    is_problem(claimant.post(path, content=b"x", headers={**HEADERS, header: value}), 422)
    assert claimant.get(path).json()["documents"] == []
    house.check()


def test_a_seat_that_does_not_deposit_is_refused_before_the_body_is_read(
    server: Server, case: Case, house: House
) -> None:
    with server.as_(case["auditor"]) as http:
        path = f"/v1/cases/{case.case_id}/documents"
        is_problem(http.post(path, content=b"x", headers=HEADERS), 403)
    house.check()


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename*=UTF-8''%C3%84rztin%20%26%20Co.pdf", "Ärztin & Co.pdf"),
        ('attachment; filename="chart.pdf"', "chart.pdf"),
        ("attachment", None),
    ],
)
def test_a_file_keeps_its_name(
    claimant: httpx2.Client, case: Case, disposition: str, name: str | None
) -> None:
    headers = {**HEADERS, "Content-Disposition": disposition}
    answer = claimant.post(f"/v1/cases/{case.case_id}/documents", content=b"x", headers=headers)
    document = claimant.get(f"/v1/documents/{answer.json()['document']}").json()
    assert document["renditions"][0]["file_name"] == name


@pytest.mark.parametrize(
    "disposition",
    [
        "attachment; filename*=UTF-8''a%0Ab",
        "attachment; filename*=UTF-8''a%E2%80%AEb",
        b'attachment; filename="\xff"',
    ],
)
def test_a_bad_file_name_is_refused(
    claimant: httpx2.Client, case: Case, disposition: str | bytes
) -> None:
    sent = [*HEADERS.items(), ("Content-Disposition", disposition)]
    path = f"/v1/cases/{case.case_id}/documents"
    is_problem(claimant.post(path, content=b"x", headers=cast("Any", sent)), 422)


# Deposits as a form.

BOUNDARY = "b"


def part(disposition: str, content: bytes = b"v", more: str = "") -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n{more}\r\n"
    return head.encode("latin-1") + content + b"\r\n"


FIELDS = b"".join(
    part(f'form-data; name="{name}"', value)
    for name, value in ((("class"), b"medical"), ("title", b"T"), ("provenance", b"pre-existing"))
)
FILE = part('form-data; name="file"; filename="f.txt"', b"content")
END = f"--{BOUNDARY}--\r\n".encode()

FORMS: dict[str, tuple[int, bytes]] = {
    "no file": (422, FIELDS + END),
    "two files": (422, FIELDS + FILE + FILE + END),
    "a field twice": (422, FIELDS + FIELDS + FILE + END),
    "no class": (422, FILE + END),
    "ten thousand headers": (
        422,
        part('form-data; name="file"; filename="f"', more="X-A: b\r\n" * 10_000) + END,
    ),
    "a header without end": (422, b"--b\r\nContent-Disposition: " + b"x" * 100_000),
    "a field without end": (422, FIELDS + part('form-data; name="n"', b"x" * 100_000) + FILE + END),
    "forty fields": (
        422,
        b"".join(part(f'form-data; name="n{n}"') for n in range(40)) + FILE + END,
    ),
    "no name": (422, part("form-data") + END),
    "not form-data": (422, part('attachment; filename="x"') + END),
    "a field that is not UTF-8": (422, part('form-data; name="n"', b"\xff") + FILE + END),
    "a name with a control character": (
        422,
        FIELDS + part('form-data; name="file"; filename="a\x07b"', b"c") + END,
    ),
    "another boundary": (422, FIELDS.replace(b"--b", b"--c") + END),
    "no end": (400, FIELDS + FILE),
    "nothing": (400, b""),
}


@pytest.mark.parametrize("what", FORMS)
def test_a_bad_form_is_refused_and_nothing_is_kept(
    claimant: httpx2.Client, case: Case, house: House, what: str
) -> None:
    status, body = FORMS[what]
    path = f"/v1/cases/{case.case_id}/documents"
    answer = claimant.post(
        path,
        content=body,
        headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    )
    is_problem(answer, status)
    assert claimant.get(path).json()["documents"] == []
    house.check()


@pytest.mark.parametrize("value", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_form_without_a_boundary_is_refused(
    claimant: httpx2.Client, case: Case, value: str
) -> None:
    answer = claimant.post(
        f"/v1/cases/{case.case_id}/documents",
        content=FIELDS + FILE + END,
        headers={"Content-Type": value},
    )
    is_problem(answer, 422)


@pytest.mark.parametrize("order", [FIELDS + FILE, FILE + FIELDS])
def test_a_good_form_is_taken_whatever_the_order_of_its_fields(
    claimant: httpx2.Client, case: Case, house: House, order: bytes
) -> None:
    path = f"/v1/cases/{case.case_id}/documents"
    answer = claimant.post(
        path,
        content=order + END,
        headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    )
    assert answer.status_code == 201, answer.text
    document = answer.json()["document"]
    content = claimant.get(f"/v1/documents/{document}/content", params={"view": "full"})
    assert content.content == b"content"
    assert content.headers["content-disposition"] == "attachment; filename*=UTF-8''f.txt"
    house.check()


# Lists and paths.


@pytest.mark.parametrize(
    "query",
    [
        {"after": SECRET},
        {"after": "bm90IGpzb24="},
        {"after": "WzEsMl0="},
        {"limit": "0"},
        {"limit": "100000"},
        {"limit": SECRET},
        {"purpose": SECRET},
    ],
)
def test_a_bad_query_is_refused(claimant: httpx2.Client, case: Case, query: dict[str, str]) -> None:
    path = f"/v1/cases/{case.case_id}/documents"
    is_problem(claimant.get(path, params=query), 422)


def test_an_unknown_path_or_method_is_a_problem_too(claimant: httpx2.Client) -> None:
    is_problem(claimant.get(f"/v1/{SECRET}"), 404)
    is_problem(claimant.delete("/v1/cases"), 405)


def test_content_is_asked_for_at_a_view_of_the_vocabulary(
    claimant: httpx2.Client, case: Case
) -> None:
    document = case.deposit("party:claimant").document_id
    path = f"/v1/documents/{document}/content"
    is_problem(claimant.get(path), 422)
    is_problem(claimant.get(path, params={"view": "metadata"}), 422)
    is_problem(claimant.get(path, params={"view": "redacted"}), 409)


def test_no_answer_is_kept_by_a_cache(claimant: httpx2.Client, case: Case) -> None:
    document = case.deposit("party:claimant").document_id
    for path in (
        "/v1/cases",
        f"/v1/documents/{document}",
        f"/v1/documents/{document}/content?view=full",
        "/v1/nothing",
    ):
        assert claimant.get(path).headers["cache-control"] == "no-store"


def test_the_description_of_the_api_is_complete(server: Server) -> None:
    described = httpx2.get(f"{server.url}/openapi.json").json()
    text = json.dumps(described)
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation.get("summary"), (method, path)
            assert {"200", "201", "204"} & operation["responses"].keys()
            if path.startswith("/v1") and method != "options":
                assert "application/problem+json" in json.dumps(operation["responses"]["401"])
    assert "HTTPValidationError" not in text
    for name in ("Problem", "DocumentOut", "DepositedOut", "AgreementOut"):
        assert name in described["components"]["schemas"]
