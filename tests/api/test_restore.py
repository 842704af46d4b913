"""The database is gone: what the operator gets back, and into which files."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.test_program import HEADERS, opened_case, subrosa, up
from vault.storage.names import manifest_name

if TYPE_CHECKING:
    from tests.builders import House
    from tests.conftest import Place
    from vault.keyring.root import FileRootKey
    from vault.storage.s3 import S3Store

MIB = 1 << 20
LARGE = os.urandom(9 * MIB)


def lines_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "index.jsonl").read_text("ascii").splitlines()]


def test_an_embedded_vault_is_restored_without_its_database(tmp_path: Path) -> None:
    data, out = tmp_path / "v", tmp_path / "out"
    names = ["../../etc/cron.d/x", "scan.DCM", "no kind", "a.tar.gz"]
    with up(data) as url:
        http, case = opened_case(data, url)
        for name in names:
            said = f"attachment; filename*=UTF-8''{name.replace('/', '%2F')}"
            answer = http.post(
                f"/v1/cases/{case}/documents",
                content=LARGE,
                headers={**HEADERS, "Content-Disposition": said},
            )
            assert answer.status_code == 201, answer.text
        http.close()
        # While it is served its own store is not another's.
        assert (
            "is using" in subrosa(data, "restore-from-bucket", "--out", str(out), status=1).stderr
        )
    shutil.rmtree(data / "postgres")
    shutil.rmtree(out)
    said = subrosa(data, "restore-from-bucket", "--out", str(out)).stdout
    assert said == "Restored 4 documents; 0 objects could not be verified.\n"
    lines = lines_of(out)
    assert {line["file_name"] for line in lines} == set(names)
    for line in lines:
        path = out / line["file"]
        assert path.read_bytes() == LARGE
        assert path.parent == out / case
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {Path(line["file"]).suffix for line in lines} == {"", ".dcm", ".gz"}
    assert {line["title"] for line in lines} == {"Imaging"}
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert not (data / "postgres").exists()


@pytest.fixture
def environment(place: Place, tmp_path: Path) -> dict[str, str]:
    """Settings of a real bucket and a root key, and of no database."""
    secret = tmp_path / "secret"
    secret.write_text(place.s3.secret_key)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SUBROSA_")}
    return {
        **kept,
        "SUBROSA_S3_ENDPOINT": place.s3.endpoint or "",
        "SUBROSA_S3_BUCKET": place.s3.bucket,
        "SUBROSA_S3_ACCESS_KEY": place.s3.access_key,
        "SUBROSA_S3_SECRET_KEY_FILE": str(secret),
        "SUBROSA_ROOT_KEY_FILE": str(tmp_path / "root.key"),
    }


def restore(
    environment: dict[str, str], out: Path, *words: str, status: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "api", "restore-from-bucket", "--out", str(out), *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done


def test_what_does_not_verify_is_named_and_leaves_no_file(
    house: House,
    store: S3Store,
    root_key: FileRootKey,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    case = house.case("party:claimant")
    kept = case.deposit("party:claimant", b"kept", title="Kept")
    lost = case.deposit("party:claimant", LARGE, title="Lost")
    name = f"{case.case_id}/{lost.rendition_id}"
    sealed = b"".join(store.read(name))
    store.abandon(name)
    store.put(name, [sealed[:-1] + bytes([sealed[-1] ^ 1])])
    out = tmp_path / "out"
    done = restore(environment, out, status=1)
    assert done.stdout == "Restored 1 document; 1 object could not be verified.\n"
    assert done.stderr == f"{name}: Its bytes are not the ones of its manifest.\n"
    files = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert files == {"index.jsonl", f"{case.case_id}/{kept.rendition_id}.txt"}
    assert {line.get("title", line.get("why")) for line in lines_of(out)} == {
        "Kept",
        "Its bytes are not the ones of its manifest.",
    }
    assert "Lost" not in done.stdout + done.stderr


def test_nothing_is_written_over_or_beside_what_is_there(
    house: House, root_key: FileRootKey, environment: dict[str, str], tmp_path: Path
) -> None:
    house.case("party:claimant").deposit("party:claimant")
    out = tmp_path / "out"
    out.mkdir()
    (out / "index.jsonl").symlink_to(tmp_path / "elsewhere")
    said = restore(environment, out, status=1).stderr
    assert said == "The directory to restore to must not exist, or be empty.\n"
    assert not (tmp_path / "elsewhere").exists()
    said = restore(environment, tmp_path / "secret", status=1).stderr
    assert said == "The directory to restore to must not exist, or be empty.\n"
    said = restore(environment, tmp_path / "no" / "such", status=1).stderr
    assert said == ("What to write to cannot be written: No such file or directory.\n")


def test_a_hostile_name_in_the_bucket_moves_no_terminal(
    store: S3Store, root_key: FileRootKey, environment: dict[str, str], tmp_path: Path
) -> None:
    store.put("\u202egnp.\u2066", [b"x"])
    done = restore(environment, tmp_path / "out", status=1)
    assert done.stderr.isascii()
    assert "'\\u202egnp.\\u2066': It has no name" in done.stderr


def test_without_the_root_key_nothing_is_read(
    house: House, environment: dict[str, str], tmp_path: Path
) -> None:
    house.case("party:claimant").deposit("party:claimant")
    (tmp_path / "root.key").unlink()
    assert "cannot be opened" in restore(environment, tmp_path / "out", status=1).stderr


def test_a_case_is_restored_alone_by_its_id(
    house: House,
    store: S3Store,
    root_key: FileRootKey,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    one, other = house.case("party:claimant"), house.case("party:claimant")
    one.deposit("party:claimant", title="One")
    damaged = other.deposit("party:claimant", title="Other")
    store.abandon(manifest_name(other.case_id, damaged.rendition_id))
    done = restore(environment, tmp_path / "out", "--case", str(one.case_id))
    assert done.stdout == "Restored 1 document; 0 objects could not be verified.\n"
    assert [line["title"] for line in lines_of(tmp_path / "out")] == ["One"]
