"""A caller is told what the scan says; what waits outlives the vault, and the vault lets it in."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import httpx2
import pytest
from typer.testing import CliRunner

from api.__main__ import app
from api.commands.serve import listening, serving
from api.commands.stopping import Stopping
from api.repeating import repeating
from api.settings import read_settings
from tests.api.conftest import Server
from tests.api.test_bad_input import HEADERS, is_problem
from tests.api.test_program import COMMAND, opened_case, up
from tests.api.test_program import HEADERS as IMAGING
from tests.api.test_tus import TUS, begin, creation, send
from tests.scanning.clamd import MALWARE, Clamd
from vault.intake import rescan
from vault.proceedings import people

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.builders import Case, House
    from tests.conftest import Clock
    from vault.core import Vault

CHART = b"chart of 3 March"


@pytest.fixture
def scanned(vault: Vault, clamd: Clamd, tmp_path: Path) -> Iterator[Server]:
    """A served vault whose scanner is that one."""
    settings = replace(read_settings({}, data=tmp_path), port=0)
    vault = replace(vault, scanner=clamd.scanner())
    with listening(settings) as listener, serving(vault, settings, listener, Stopping()) as url:
        yield Server(url, vault)


def raw(http: httpx2.Client, case: Case, content: bytes) -> httpx2.Response:
    return http.post(f"/v1/cases/{case.case_id}/documents", content=content, headers=HEADERS)


def form(http: httpx2.Client, case: Case, content: bytes) -> httpx2.Response:
    fields = {"class": "medical", "provenance": "pre-existing"}
    files = {"file": ("chart.pdf", content)}
    return http.post(f"/v1/cases/{case.case_id}/documents", data=fields, files=files)


def redacted(http: httpx2.Client, case: Case, content: bytes) -> httpx2.Response:
    document = case.deposit("party:claimant", title="In full").document_id
    return http.post(f"/v1/documents/{document}/renditions", content=content)


BODIES = (raw, form, redacted)


@pytest.mark.parametrize("way", BODIES)
def test_a_clean_document_is_created_as_ever(
    scanned: Server, case: Case, way: Callable[..., httpx2.Response]
) -> None:
    with scanned.as_(case["party:claimant"]) as http:
        answer = way(http, case, CHART)
    assert answer.status_code == 201
    assert answer.json()["receipt"].startswith("subrosa-receipt/v1\n")


@pytest.mark.parametrize("way", BODIES)
def test_malware_is_refused_by_a_problem_of_its_own(
    scanned: Server, case: Case, house: House, way: Callable[..., httpx2.Response]
) -> None:
    with scanned.as_(case["party:claimant"]) as http:
        body = is_problem(way(http, case, MALWARE), 422)
    assert body["type"] == "urn:subrosa:problem:malware"
    assert "Local.Test" not in json.dumps(body)
    house.check()


@pytest.mark.parametrize("way", BODIES)
def test_what_cannot_be_scanned_is_accepted_and_its_depositor_can_ask_for_it(
    scanned: Server,
    case: Case,
    house: House,
    clamd: Clamd,
    way: Callable[..., httpx2.Response],
) -> None:
    clamd.mood = "hanging up"
    with scanned.as_(case["party:claimant"]) as http:
        answer = way(http, case, CHART)
        assert answer.status_code == 202, answer.text
        said = answer.json()
        assert said["state"] == "quarantined"
        assert "received and safe" in said["detail"]
        path = answer.headers["location"]
        assert path == f"/v1/uploads/{said['upload']}"
        found = http.get(path).json()
        assert (found["state"], found["deposited"], found["expires_at"]) == (
            "quarantined",
            None,
            None,
        )
        head = http.head(path, headers=TUS)
        assert head.headers["subrosa-quarantine"] == "waiting"
        assert head.headers["upload-offset"] == head.headers["upload-length"] == str(len(CHART))
    for seat in ("party:respondent", "mediator", "auditor"):
        with scanned.as_(case[seat]) as other:
            is_problem(other.get(path), 404)
            is_problem(other.delete(path, headers=TUS), 404)
    house.check()
    with scanned.as_(case["party:claimant"]) as http:
        assert http.delete(path, headers=TUS).status_code == 204
        assert http.get(path).json()["state"] == "refused"
    house.check()


def test_a_client_of_tus_is_told_in_a_header(
    scanned: Server, case: Case, house: House, clamd: Clamd
) -> None:
    clamd.mood = "hanging up"
    with scanned.as_(case["party:claimant"]) as http:
        path = begin(http, case, len(CHART))
        answer = send(http, path, 0, CHART)
        assert answer.status_code == 204
        assert answer.headers["subrosa-quarantine"] == "waiting"
        assert "upload-expires" not in answer.headers
        assert http.head(path, headers=TUS).headers["upload-metadata"]
        assert http.get(path).json()["state"] == "quarantined"
        clamd.mood = "honest"
        is_problem(send(http, begin(http, case, len(MALWARE)), 0, MALWARE), 422)
        both = {**creation(len(MALWARE)), "Content-Type": "application/offset+octet-stream"}
        answer = http.post(f"/v1/cases/{case.case_id}/uploads", content=MALWARE, headers=both)
        assert is_problem(answer, 422)["type"] == "urn:subrosa:problem:malware"
    house.check()


def test_a_folder_goes_in_by_command_line_and_what_waits_is_counted(
    scanned: Server, case: Case, clamd: Clamd, tmp_path: Path
) -> None:
    clamd.mood = "hanging up"
    folder, receipts = tmp_path / "in", tmp_path / "receipts.jsonl"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.bin").write_bytes(b"%d" % number)
    words = ["document", "deposit", str(case.case_id), str(folder), "--class", "imaging"]
    words += ["--provenance", "pre-existing", "--receipts", str(receipts), "--url", scanned.url]
    words += ["--token", scanned.token(case["party:claimant"])]
    first, second = (json.loads(CliRunner().invoke(app, words).stdout) for _ in range(2))
    assert (first["quarantined"], first["deposited"], first["failed"]) == (3, 0, 0)
    assert (second["there_before"], second["quarantined"]) == (3, 0)


def test_the_running_vault_lets_it_in_when_the_scanner_is_back(
    scanned: Server, case: Case, house: House, clamd: Clamd, clock: Clock
) -> None:
    clamd.mood = "hanging up"
    subject = case["party:claimant"]
    with (
        scanned.as_(subject) as http,
        repeating("rescan", 0.02, partial(rescan.try_due, scanned.vault)),
    ):
        path = raw(http, case, CHART).headers["location"]
        other = raw(http, case, MALWARE).headers["location"]
        clamd.mood = "honest"
        # Whoever deposited may be gone by then.
        people.revoke_tokens(scanned.vault, subject.person)
        is_problem(http.get(path), 401)
        clock.forward(seconds=10)
        deadline = time.monotonic() + 20
        while "Chart" not in case.listed("party:claimant") and time.monotonic() < deadline:
            time.sleep(0.02)
    with scanned.as_(subject) as http:
        found = http.get(path).json()
        assert found["state"] == "deposited"
        assert found["deposited"]["receipt"].startswith("subrosa-receipt/v1\n")
        assert http.get(other).json()["state"] in ("refused", "quarantined")
    house.check()


def scan(data: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [*COMMAND, "scan", "--data", str(data), *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def test_what_waits_outlives_every_kill_and_is_let_in_once(
    tmp_path_factory: pytest.TempPathFactory, clamd: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path_factory.mktemp("d") / "v"
    assert clamd.address.host == "127.0.0.1"
    monkeypatch.setenv("SUBROSA_CLAMD", f"tcp://127.0.0.1:{clamd.address.port}")
    clamd.mood = "hanging up"
    with up(data, end=signal.SIGKILL) as url:
        http, case = opened_case(data, url)
        documents = f"/v1/cases/{case}/documents"
        answer = http.post(documents, content=CHART, headers=IMAGING)
        assert answer.status_code == 202, answer.text
        path = answer.headers["location"]
        listed = scan(data, "--dry-run")
        assert (listed[0], "waiting (away)" in listed[1]) == (1, True)
    clamd.mood = "honest"
    clamd.answering.clear()
    seen = clamd.seen
    with up(data, end=signal.SIGKILL):
        # Killed while the scanner has it in its hands.
        deadline = time.monotonic() + 60
        while clamd.seen == seen and time.monotonic() < deadline:
            time.sleep(0.05)
        assert clamd.seen > seen
    clamd.answering.set()
    with up(data) as url:
        status, said = scan(data)
        assert status == 0, said
        http.base_url = url
        found = http.get(path).json()
        assert found["state"] == "deposited", said
        listed_now = http.get(documents).json()["documents"]
        assert [document["title"] for document in listed_now] == ["Imaging"]
        checked = subprocess.run(
            [*COMMAND, "check", "--data", str(data)], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout
    http.close()


def test_the_operator_lets_one_in_unscanned_by_its_id(
    tmp_path_factory: pytest.TempPathFactory, clamd: Clamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path_factory.mktemp("d") / "v"
    monkeypatch.setenv("SUBROSA_CLAMD", f"tcp://127.0.0.1:{clamd.address.port}")
    clamd.mood = "failing"
    with up(data) as url:
        http, case = opened_case(data, url)
        answer = http.post(f"/v1/cases/{case}/documents", content=CHART, headers=IMAGING)
        upload = answer.json()["upload"]
        assert "waiting (refused)" in scan(data)[1]
        status, said = scan(data, "--accept", upload)
        assert (status, "released" in said) == (0, True)
        assert http.get(f"/v1/uploads/{upload}").json()["state"] == "deposited"
        assert scan(data, "--accept", upload)[0] == 1
    http.close()
