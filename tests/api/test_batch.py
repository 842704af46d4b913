"""Many files go in one go by command line: some at a time, none lost, none twice."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.__main__ import app
from tests.api.answering import answering
from tests.api.conftest import Server
from tests.builders import Case, House

WORDS = ["--class", "imaging", "--provenance", "pre-existing"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    (folder / "deeper").mkdir(parents=True)
    for number in range(12):
        (folder / f"{number:02}.bin").write_bytes(b"%d" % number * 100)
    (folder / "deeper" / "Ärztin.bin").write_bytes(b"")
    (folder / "link.bin").symlink_to(folder / "00.bin")
    return folder


def deposit(server: Server, case: Case, *words: object) -> tuple[int, dict[str, int], str]:
    token = server.token(case["party:claimant"])
    command = ["document", "deposit", str(case.case_id), *map(str, words)]
    done = CliRunner().invoke(app, [*command, "--url", server.url, "--token", token])
    said: dict[str, int] = json.loads(done.stdout) if done.stdout else {}
    return done.exit_code, said, done.stderr or str(done.exception)


def test_a_folder_is_deposited_whole_and_a_second_run_sends_only_what_is_new(
    server: Server, case: Case, house: House, folder: Path, tmp_path: Path
) -> None:
    receipts = tmp_path / "receipts.jsonl"
    words = (folder, *WORDS, "--receipts", receipts)
    status, said, _ = deposit(server, case, *words)
    assert (status, said["deposited"], said["there_before"], said["failed"]) == (0, 13, 0, 0)
    assert case.listed("party:claimant").keys() == {
        *(f"{number:02}.bin" for number in range(12)),
        "Ärztin.bin",
    }
    kept = [json.loads(line) for line in receipts.read_text("utf-8").splitlines()]
    assert all(line["receipt"].startswith("subrosa-receipt/v1\n") for line in kept)
    (folder / "new.bin").write_bytes(b"new")
    (folder / "00.bin").write_bytes(b"changed")
    status, said, _ = deposit(server, case, *words)
    assert (status, said["deposited"], said["there_before"]) == (0, 2, 12)
    house.check()


def test_each_file_that_failed_is_named_and_the_others_are_there(
    server: Server, case: Case, house: House, folder: Path
) -> None:
    (folder / "bad\x07name").write_bytes(b"x")
    status, said, errors = deposit(server, case, folder, *WORDS)
    assert (status, said["deposited"], said["failed"]) == (1, 13, 1)
    assert "422" in errors
    house.check()


def test_a_file_of_something_else_is_not_taken_for_receipts(
    server: Server, case: Case, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("not receipts")
    status, _, _ = deposit(server, case, folder, *WORDS, "--receipts", other)
    assert status != 0
    assert other.read_text() == "not receipts"
    assert case.listed("party:claimant") == {}


def test_a_thousand_small_files_go_in_one_go(
    server: Server, case: Case, house: House, tmp_path: Path
) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(1000):
        (many / f"{number:04}.txt").write_bytes(b"%d" % number)
    status, said, _ = deposit(server, case, many, *WORDS)
    assert (status, said["deposited"], said["failed"]) == (0, 1000, 0)
    with server.as_(case["party:claimant"]) as http:
        counted = http.get(f"/v1/cases/{case.case_id}/documents/count").json()
    assert counted["total"] == 1000
    house.check()


def test_receipts_that_cannot_be_kept_are_found_out_before_anything_is_sent(
    server: Server, case: Case, folder: Path, tmp_path: Path
) -> None:
    status, _, errors = deposit(server, case, folder, *WORDS, "--receipts", tmp_path / "no" / "r")
    assert status != 0
    assert "cannot be kept" in errors
    assert case.listed("party:claimant") == {}


def test_a_line_of_receipts_that_was_cut_off_is_dropped(
    server: Server, case: Case, folder: Path, tmp_path: Path
) -> None:
    receipts = tmp_path / "receipts.jsonl"
    words = (folder, *WORDS, "--receipts", receipts)
    deposit(server, case, *words)
    lines = receipts.read_bytes().splitlines(keepends=True)
    receipts.write_bytes(b"".join(lines[:-1]) + lines[-1][:40])
    status, said, _ = deposit(server, case, *words)
    assert (status, said["deposited"], said["there_before"]) == (0, 1, 12)
    assert len([json.loads(line) for line in receipts.read_text("utf-8").splitlines()]) == 13


def test_what_answers_instead_of_the_vault_fails_each_file_by_name(
    folder: Path, case: Case
) -> None:
    with answering(
        b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 4\r\n\r\n<p/>"
    ) as url:
        command = ["document", "deposit", str(case.case_id), str(folder), *WORDS]
        done = CliRunner().invoke(app, [*command, "--url", url, "--token", "t"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["failed"] == 13
    assert done.stderr.count("502") == 13


def test_one_title_is_not_given_to_many(server: Server, case: Case, folder: Path) -> None:
    status, _, _ = deposit(server, case, folder, *WORDS, "--title", "T")
    assert status == 2
    assert case.listed("party:claimant") == {}
