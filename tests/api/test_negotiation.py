"""A negotiation over HTTP, from the first draft to the last signature by a key of one's own."""

import base64
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Server
from tests.api.test_bad_input import SECRET, is_problem
from tests.builders import CLAUSES, Case, House, terms


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent", "counsel:respondent", "expert")


def test_a_negotiation_from_the_first_draft_to_the_last_signature(
    server: Server, case: Case, house: House
) -> None:
    case.deposit("party:claimant", title="Chart")
    path = f"/v1/cases/{case.case_id}/agreements"
    with (
        server.as_(case["party:claimant"]) as patient,
        server.as_(case["party:respondent"]) as clinic,
    ):
        first: dict[str, Any] = patient.post(path, json=terms()).json()
        assert (first["state"], first["base"], first["amends"]) == ("draft", 0, None)

        foreseen = clinic.get(f"{path}/1/what-if").json()
        assert (foreseen["version"], foreseen["against"]) == (1, 0)
        mine = next(s for s in foreseen["seats"] if s["seat"] == "party:respondent")
        assert mine["gained"] == {"count": 0, "documents": []}
        assert {change["effect"] for change in mine["changes"]} == {"gained"}
        assert "may not know of" in foreseen["note"]
        hers = patient.get(f"{path}/1/what-if").json()["seats"]
        gained = next(s for s in hers if s["seat"] == "party:respondent")["gained"]
        assert [d["title"] for d in gained["documents"]] == ["Chart"]

        said = clinic.post(f"{path}/1/comments", json={"text": "Images too?", "clause": "2.2"})
        assert said.status_code == 201
        assert patient.get(f"{path}/1/comments").json()["comments"] == [said.json()]

        wider = [*CLAUSES[:2], {**CLAUSES[2], "classes": ["medical", "imaging"]}]
        second = patient.post(path, json=terms(wider), params={"amends": 1}).json()
        found = clinic.get(f"{path}/2/diff", params={"against": 1}).json()
        changed = next(c for c in found["clauses"] if c["kind"] == "changed")
        assert (changed["clause"], changed["members"]) == ("2.2", ["classes"])
        assert "imaging" in changed["after"]
        assert clinic.get(f"{path}/1").json()["withdrawal"]["amended_by"] == 2

        for http, seat in ((patient, "party:claimant"), (clinic, "party:respondent")):
            signature = house.signature(case[seat], second["digest"])
            body = {"digest": second["digest"], "signature": signature}
            signed = http.post(f"{path}/2/signatures", json=body).json()
        assert (signed["state"], signed["awaited"]) == ("in-force", [])
        read = {n["person"]: n["read_at"] for n in signed["notice"]}
        assert read[str(case["party:respondent"].person)] is not None
        assert read[str(case["expert"].person)] is None
        is_problem(clinic.post(f"{path}/1/signatures", json=body), 409)
    with server.as_(case["expert"]) as expert:
        headers = {
            "Subrosa-Class": "expert-report",
            "Subrosa-Title": "Report",
            "Subrosa-Provenance": "made-for-mediation",
        }
        deposits = f"/v1/cases/{case.case_id}/documents"
        refused = is_problem(expert.post(deposits, content=b"x", headers=headers), 409)
        assert refused["detail"].startswith("Read version 2 of the agreement first")
        expert.get(f"{path}/2")
        assert expert.post(deposits, content=b"x", headers=headers).status_code == 201
    house.check()


BAD_SIGNATURES: dict[str, dict[str, Any]] = {
    "no signature": {"digest": "0" * 64},
    "no digest": {"signature": "A" * 86 + "=="},
    "a short signature": {"digest": "0" * 64, "signature": "AAAA"},
    "no base64": {"digest": "0" * 64, "signature": SECRET},
    "a digest in capitals": {"digest": "A" * 64, "signature": "A" * 86 + "=="},
    "a member too many": {"digest": "0" * 64, "signature": "A" * 86 + "==", SECRET: 1},
    "a number": {"digest": 7, "signature": 7},
}


@pytest.mark.parametrize("what", BAD_SIGNATURES)
def test_a_body_that_is_no_signature_is_refused(server: Server, case: Case, what: str) -> None:
    case.propose("mediator")
    with server.as_(case["party:claimant"]) as http:
        path = f"/v1/cases/{case.case_id}/agreements/1/signatures"
        is_problem(http.post(path, json=BAD_SIGNATURES[what]), 422)


@pytest.mark.parametrize(
    "key", [None, 7, "", SECRET, "A" * 43 + "=", base64.b64encode(b"\x02" + bytes(31)).decode()]
)
def test_a_body_that_is_no_key_is_refused(server: Server, house: House, key: object) -> None:
    with server.as_(house.person()) as http:
        is_problem(http.post("/v1/signing-keys", json={"public_key": key}), 422)
        assert http.get("/v1/signing-keys").json() == {"keys": []}


@pytest.mark.parametrize(
    "path",
    [
        "1/diff?against=-1",
        "1/diff?against=x",
        "0/diff",
        "1/comments?limit=0",
        "1/comments?after=-2",
        "99999999999/what-if",
    ],
)
def test_a_bad_path_or_query_is_refused(server: Server, case: Case, path: str) -> None:
    case.propose("mediator")
    with server.as_(case["party:claimant"]) as http:
        is_problem(http.get(f"/v1/cases/{case.case_id}/agreements/{path}"), 422)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": 7},
        {"text": f"\u202e{SECRET}"},
        {"text": "x" * 5000},
        {"text": "A word", "clause": "9.9"},
        {"text": "A word", "clause": SECRET * 2},
        {"text": "A word", SECRET: 1},
    ],
)
def test_a_bad_comment_is_refused(server: Server, case: Case, body: dict[str, Any]) -> None:
    case.propose("mediator")
    with server.as_(case["party:claimant"]) as http:
        path = f"/v1/cases/{case.case_id}/agreements/1/comments"
        is_problem(http.post(path, json=body), 422)
        assert http.get(path).json() == {"comments": [], "next": None}


def test_a_draft_that_breaks_a_floor_is_answered_with_a_pointer_and_a_counter_example(
    server: Server, case: Case
) -> None:
    bars = {**CLAUSES[3], "to": "regulator", "effect": "deny", "purposes": "*"}
    with server.as_(case["mediator"]) as http:
        answer = http.post(f"/v1/cases/{case.case_id}/agreements", json=terms([CLAUSES[0], bars]))
    (fault,) = is_problem(answer, 422)["errors"]
    assert fault["pointer"] == "/clauses/1"
    assert "FLOOR-5" in fault["detail"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")
def test_a_party_signs_with_openssl_alone(server: Server, case: Case, tmp_path: Path) -> None:
    def openssl(*words: str) -> bytes:
        return subprocess.run(
            ["openssl", *words], cwd=tmp_path, capture_output=True, check=True
        ).stdout

    draft = case.propose("mediator")
    openssl("genpkey", "-algorithm", "ed25519", "-out", "key.pem")
    public = openssl("pkey", "-in", "key.pem", "-pubout", "-outform", "DER")[-32:]
    (tmp_path / "signed.txt").write_text(f"subrosa-agreement-signature/1\n{draft.digest}\n")
    made = openssl("pkeyutl", "-sign", "-rawin", "-inkey", "key.pem", "-in", "signed.txt")
    with server.as_(case["party:claimant"]) as http:
        key = {"public_key": base64.b64encode(public).decode()}
        assert http.post("/v1/signing-keys", json=key).status_code == 201
        body = {"digest": draft.digest, "signature": base64.b64encode(made).decode()}
        signed = http.post(f"/v1/cases/{case.case_id}/agreements/1/signatures", json=body).json()
    assert signed["signatures"][0]["person"] == str(case["party:claimant"].person)
