"""Scrubs, holds, erasures and sweeps as an operator does them, by command line."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from tests.api.test_program import HEADERS, opened_case, subrosa, up


@pytest.fixture
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("d") / "v"


def bucket(data: Path) -> Any:
    """Return the embedded bucket, as whoever runs the store reaches it."""
    told = json.loads((data / "services.json").read_text())["s3"]
    return boto3.resource(  # pyright: ignore[reportUnknownMemberType] -- untyped overloads
        "s3",
        endpoint_url=told["endpoint"],
        region_name=told["region"],
        aws_access_key_id=told["access_key"],
        aws_secret_access_key=told["secret_key"],
    ).Bucket(told["bucket"])


def test_an_operator_scrubs_holds_erases_and_sweeps(data: Path, tmp_path: Path) -> None:
    with up(data) as url:
        http, case = opened_case(data, url)
        path = f"/v1/cases/{case}/documents"
        one, two = (
            http.post(path, content=body, headers=HEADERS).json()["document"]
            for body in (b"one", b"two")
        )
        said = subrosa(data, "scrub", "--rate", "5", "--case", case).stdout
        assert said == "2 renditions, 6 bytes read in this pass: 0 not whole.\n"

        hold = subrosa(data, "hold", "place", "--document", one, "--reason", "Subpoena").stdout
        order = ["--reason", "Closed", "--by", "A. Clerk", "--out", str(tmp_path)]
        refused = subrosa(data, "erase", "document", one, *order, status=1).stderr
        assert refused.count("\n") == 1
        assert "hold" in refused
        assert "Subpoena" in subrosa(data, "hold", "list").stdout
        subrosa(data, "hold", "lift", hold.strip())
        assert "Certificate" in subrosa(data, "erase", "document", one, *order).stdout
        assert http.get(f"/v1/documents/{one}").status_code == 404
        assert http.get(f"/v1/documents/{two}").status_code == 200

        assert "Certificate" in subrosa(data, "erase", "case", case, *order).stdout
        assert http.get(path).status_code == 404
        assert subrosa(data, "erase", "case", case, *order, status=1).stderr.count("\n") == 1
        shown = subrosa(data, "erasure", "show", one, "--out", str(tmp_path)).stdout
        assert "agree" in subrosa(data, "check").stdout

        lost = f"{uuid4()}/{uuid4()}"
        bucket(data).put_object(Key=lost, Body=b"x")
        bucket(data).put_object(Key="notes.txt", Body=b"x")
        dry = subrosa(data, "sweep", "--orphans", "--grace", "0", "--dry-run").stdout
        assert f"{lost}: would be removed\n" in dry
        assert "waits" in subrosa(data, "sweep", "--orphans").stdout
        swept = subrosa(data, "sweep", "--orphans", "--grace", "0").stdout
        assert f"{lost}: removed\n" in swept
        assert "notes.txt: is none of ours, and stays\n" in swept
        key = subrosa(data, "audit", "keys").stdout.split()[2]
    http.close()
    verified(data, tmp_path, re.findall(r"\S+\.certificate", shown)[0], key)


def verified(data: Path, tmp_path: Path, certificate: str, key: str) -> None:
    """Verify a certificate with no vault running, and some that were tampered with."""
    verify = ["erasure", "verify", "--key", key]
    inventory = certificate.replace(".certificate", ".inventory")
    said = subrosa(data, *verify, certificate, "--inventory", inventory).stdout
    assert "The certificate verifies: document" in said
    assert "Not reached: the wrapped key in backups" in said
    text = Path(certificate).read_text("utf-8")
    forged = tmp_path / "forged"
    # A document is its content and its manifest.
    assert "\nobjects 2\n" in text
    for content in (
        text.replace("A. Clerk", "B. Clerk").encode(),
        text.replace("objects 2", "objects 9").encode(),
        b"\xff\xfe",
        b"",
    ):
        forged.write_bytes(content)
        assert "NOT" in subrosa(data, *verify, str(forged), status=1).stdout
    forged.write_bytes(b"other 1 x\n")
    refused = subrosa(data, *verify, certificate, "--inventory", str(forged), status=1)
    assert "inventory" in refused.stdout
    wrong = ["erasure", "verify", "--key", "no-key", certificate]
    assert "NOT" in subrosa(data, *wrong, status=1).stdout


@pytest.mark.parametrize(
    "words",
    [
        ["hold", "place", "--reason", "x"],
        ["hold", "place", "--reason", "x", "--case", str(uuid4()), "--document", str(uuid4())],
        ["erase", "case", "no-id", "--reason", "x"],
        ["erase", "document", str(uuid4())],
        ["scrub", "--rate", "0"],
        ["sweep", "--grace", "-1"],
    ],
)
def test_a_command_that_makes_no_sense_is_refused_before_anything_starts(
    data: Path, words: list[str]
) -> None:
    subrosa(data, *words, status=2)
    assert not data.exists()
