"""The program as an operator meets it: started, stopped, killed and started again."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

COMMAND = [sys.executable, "-m", "api"]
HEADERS = {
    "Subrosa-Class": "imaging",
    "Subrosa-Title": "Imaging",
    "Subrosa-Provenance": "pre-existing",
}
PIECE = os.urandom(1 << 20)


@pytest.fixture
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("d") / "v"


def subrosa(data: Path, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SUBROSA_")}
    done = subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**environment, "SUBROSA_DATA": str(data)},
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done


@contextmanager
def up(data: Path, *, end: int = signal.SIGTERM, awaited: bool = True) -> Generator[str]:
    """Run `subrosa up`, wait until it serves, and end it with a signal."""
    words = [*COMMAND, "up", "--port", "0", "--data", str(data)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline() if awaited else "http"
            yield next(word for word in line.split() if word.startswith("http"))
        finally:
            process.send_signal(end)
            try:
                assert process.wait(60) == (-end if end == signal.SIGKILL else 0)
            finally:
                process.kill()


def opened_case(data: Path, url: str) -> tuple[httpx2.Client, str]:
    """Open a case; return its mediator's client and its id."""
    issued = json.loads(subrosa(data, "token", "--opens-cases").stdout)
    http = httpx2.Client(
        base_url=url, headers={"Authorization": f"Bearer {issued['token']}"}, timeout=60
    )
    body = {"title": "T", "sides": ["claimant", "respondent"], "name": "M"}
    return http, http.post("/v1/cases", json=body).json()["case"]


def servers_of(data: Path) -> list[str]:
    """Return the names of processes that still run over a data directory."""
    return [
        process.info["name"]
        for process in psutil.process_iter(["name", "cmdline"])
        if any(str(data) in word for word in process.info["cmdline"] or ())
    ]


def test_a_second_start_continues_where_the_first_ended(data: Path) -> None:
    with up(data) as url:
        http, case = opened_case(data, url)
        path = f"/v1/cases/{case}/documents"
        deposited = http.post(path, content=b"chart", headers=HEADERS).json()
        note = subrosa(data, "audit", "checkpoint").stdout
        assert subrosa(data, "check").stdout
    assert servers_of(data) == []
    kept = data.parent / "kept.note"
    kept.write_text(note)
    with up(data) as url:
        http.base_url = url
        path = f"/v1/documents/{deposited['document']}/content"
        assert http.get(path, params={"view": "full"}).content == b"chart"
        subrosa(data, "audit", "verify", "--against", str(kept))
    http.close()


def test_a_second_process_on_the_same_directory_is_refused_in_one_sentence(data: Path) -> None:
    with up(data):
        said = subrosa(data, "up", "--port", "0", status=1).stderr
    assert said.count("\n") == 1
    assert "is using" in said


def test_a_taken_port_is_said_in_one_sentence(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = subrosa(data, "up", "--port", str(taken.getsockname()[1]), status=1).stderr
    assert said.count("\n") == 1
    assert "is taken" in said
    assert not data.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_root_key_that_others_can_read_is_refused(data: Path, mode: int) -> None:
    subrosa(data, "token")
    (data / "keys" / "root.key").chmod(mode)
    said = subrosa(data, "check", status=1).stderr
    assert said.count("\n") == 1
    assert "root.key" in said
    assert servers_of(data) == []


def test_a_lost_root_key_is_not_replaced_by_a_new_one(data: Path) -> None:
    subrosa(data, "token")
    (data / "keys" / "root.key").unlink()
    assert subrosa(data, "check", status=1).stderr.count("\n") == 1
    assert not (data / "keys" / "root.key").exists()


def test_another_root_key_opens_nothing_and_starts_nothing(data: Path) -> None:
    subrosa(data, "token")
    (data / "keys" / "root.key").unlink()
    subrosa(data, "key", "new", str(data / "keys" / "root.key"))
    assert subrosa(data, "check", status=1).stderr.count("\n") == 1


def test_secrets_in_the_data_directory_are_its_owners_alone(data: Path) -> None:
    with up(data):
        for name in ("keys/root.key", "services.json", "store/s3.json", "serving.json", "lock"):
            assert (data / name).stat().st_mode & 0o077 == 0, name
        assert (data / "postgres").stat().st_mode & 0o077 == 0
        assert (data / "store").stat().st_mode & 0o077 == 0


def test_every_port_is_on_loopback(data: Path) -> None:
    with up(data):
        running = {
            p.pid
            for p in psutil.process_iter(["cmdline"])
            if any(str(data) in word for word in p.info["cmdline"] or ())
        }
        listening = [
            c
            for c in psutil.net_connections("tcp")
            if c.status == psutil.CONN_LISTEN and c.pid in running
        ]
    assert len(listening) > 5
    assert {str(connection.laddr).count("127.0.0.1") for connection in listening} == {1}


@pytest.mark.parametrize(
    ("number", "after_s"), [(signal.SIGTERM, 0), (signal.SIGTERM, 0.005), (signal.SIGINT, 0.01)]
)
def test_a_signal_as_soon_as_it_serves_stops_it_in_order(
    data: Path, number: signal.Signals, after_s: float
) -> None:
    with up(data, end=number):
        time.sleep(after_s)
    assert servers_of(data) == []


def test_a_signal_while_it_starts_is_heeded_when_it_has_started(data: Path) -> None:
    with up(data, awaited=False):
        deadline = time.monotonic() + 60
        while not (data / "postgres" / "PG_VERSION").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert servers_of(data) == []


def endless(stop: threading.Event) -> Iterator[bytes]:
    while not stop.is_set():
        yield PIECE


@pytest.mark.parametrize("after_s", [0.05, 0.4, 1.2])
def test_killed_at_any_moment_of_an_upload_the_vault_is_whole_again_after_a_restart(
    data: Path, after_s: float
) -> None:
    stop = threading.Event()

    def upload(http: httpx2.Client, case: str) -> None:
        pieces = (piece for n, piece in enumerate(endless(stop)) if n < 48)
        try:
            http.post(f"/v1/cases/{case}/documents", content=pieces, headers=HEADERS)
        except httpx2.TransportError:
            return

    with up(data, end=signal.SIGKILL) as url:
        http, case = opened_case(data, url)
        senders = [threading.Thread(target=upload, args=(http, case)) for _ in range(2)]
        for sender in senders:
            sender.start()
        time.sleep(after_s)
    stop.set()
    for sender in senders:
        sender.join()
    with up(data) as url:
        said: dict[str, Any] = json.loads(subrosa(data, "check", "--json").stdout)
        assert said["problems"] == []
        http.base_url = url
        page = http.get(f"/v1/cases/{case}/documents").json()
        for document in page["documents"]:
            path = f"/v1/documents/{document['document']}/content"
            assert len(http.get(path, params={"view": "full"}).content) % len(PIECE) == 0
    http.close()
    assert servers_of(data) == []


def exported(data: Path, tmp_path: Path, case: str, token: str) -> str:
    """Export a list, and return what is in the file."""
    table = tmp_path / "list.csv"
    subrosa(data, "document", "export", case, str(table), "--token", token)
    return table.read_text("utf-8")


def shown_to_others(do: Callable[..., Any], case: str, listed: object, person: str) -> None:
    """Narrow a list, count, and ask what a seat may see."""
    found = do("r", "document", "list", case, "--search", "änd", "--order", "title")
    assert found["documents"] == listed
    assert do("r", "document", "count", case, "--class", "medical")["total"] == 1
    kind = ["--class", "medical", "--origin", "c"]
    assert do("r", "scope", "explain", case, *kind)["clause"] == "1.1"
    roster = do("m", "case", "show", case)["participants"]
    whose = next(p["participant"] for p in roster if p["person"] == person)
    assert do("m", "scope", "view-as", case, whose)["seat"] == "party:r"


def sign(do: Callable[..., Any], who: str, case: str, digest: str, place: Path) -> dict[str, Any]:
    """Make a key of one's own, which nobody else can read, and sign version 1 by it."""
    key = place / f"{who}.pem"
    do(who, "signing-key", "new", str(key))
    assert "there already" in do(who, "signing-key", "new", str(key), status=1)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    signed: dict[str, Any] = do(who, "agreement", "sign", case, "1", digest, "--key", str(key))
    return signed


def test_the_main_job_works_by_command_line(data: Path, tmp_path: Path) -> None:
    """A mediator and two parties do with commands what the API does."""
    with up(data):
        people = {
            name: json.loads(subrosa(data, "token", *words).stdout)
            for name, words in {"m": ["--opens-cases"], "c": [], "r": []}.items()
        }

        def do(who: str, *words: str, status: int = 0) -> Any:
            done = subrosa(data, *words, "--token", people[who]["token"], status=status)
            return json.loads(done.stdout) if done.stdout else done.stderr

        case = do("m", "case", "open", "--title", "T", "--name", "M", "--side", "c", "--side", "r")[
            "case"
        ]
        for who in "cr":
            words = ["--person", people[who]["person"], "--seat", f"party:{who}", "--name", "N"]
            do("m", "case", "seat", case, *words)
        terms = tmp_path / "terms.json"
        clause = {
            "id": "1.1",
            "to": "side:r",
            "classes": ["medical"],
            "origins": ["c"],
            "view": "full",
            "purposes": "*",
            "phases": "*",
        }
        terms.write_text(
            json.dumps({"language": "subrosa-scope/1", "sides": ["c", "r"], "clauses": [clause]})
        )
        draft = do("r", "agreement", "propose", case, str(terms))
        signed = [sign(do, who, case, draft["digest"], tmp_path) for who in "cr"]
        assert [version["in_force"] for version in signed] == [False, True]
        shown = tmp_path / "version-1.json"
        shown.write_text(json.dumps(do("m", "agreement", "show", case, "1")))
        assert "2 signatures verify" in subrosa(data, "agreement", "verify", str(shown)).stdout
        shown.write_text(shown.read_text().replace('"full"', '"redacted"'))
        subrosa(data, "agreement", "verify", str(shown), status=1)
        chart = tmp_path / "chart.pdf"
        chart.write_bytes(b"%PDF chart")
        words = ["--class", "medical", "--provenance", "pre-existing", "--title", "Änderung"]
        deposited = do("c", "document", "deposit", case, str(chart), *words)
        kept = tmp_path / "receipt.note"
        kept.write_text(deposited["receipt"])
        _, key, _ = subrosa(data, "audit", "keys").stdout.split()
        said = subrosa(data, "receipt", "verify", str(kept), "--key", key).stdout
        for member in ("document", "sha256", "size_bytes", "log_index"):
            assert f" {deposited[member]}" in said, member
        assert case in said
        kept.write_text(deposited["receipt"].replace("size_bytes 10", "size_bytes 11"))
        subrosa(data, "receipt", "verify", str(kept), "--key", key, status=1)
        listed = do("r", "document", "list", case)["documents"]
        assert [(d["title"], d["view"], d["clause"]) for d in listed] == [
            ("Änderung", "full", "1.1")
        ]
        shown_to_others(do, case, listed, people["r"]["person"])
        assert "Änderung" in exported(data, tmp_path, case, people["r"]["token"])
        out = tmp_path / "out.pdf"
        document = deposited["document"]
        subrosa(
            data, "document", "open", document, "--out", str(out), "--token", people["r"]["token"]
        )
        assert out.read_bytes() == b"%PDF chart"
        secret = do("c", "document", "deposit", case, str(chart), "--class", "caucus", *words[2:])
        said = do("r", "document", "open", secret["document"], status=1)
        assert ("403" in said, "FLOOR-1" in said) == (True, True)
        trail = do("m", "case", "trail", case)["events"]
        assert "document:release:denied" in {event["name"] for event in trail}
        subrosa(data, "check")
        assert "as it is on record" in subrosa(data, "audit", "replay", "--case", case).stdout
