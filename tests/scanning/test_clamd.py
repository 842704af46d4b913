"""Clamd is asked in its own words, and nothing that it does or leaves undone makes a file clean."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.environment import SettingsRefused
from api.scanners import read_scanner
from tests.scanning.clamd import LIMIT, MALWARE, Clamd, Mood
from vault.scanning.clamd import ClamdAddress, ClamdScanner
from vault.scanning.port import Clean, Found, Unanswered, Verdict, Why

FOUND = Found("Local.Test.UNOFFICIAL")
RANDOM = os.urandom(1 << 20)


# --- what ours and Debian's answer alike


@pytest.mark.parametrize(
    ("pieces", "verdict"),
    [
        ([b"chart of 3 March"], Clean()),
        ([], Clean()),
        ([b"", b"", b"x"], Clean()),
        ([RANDOM, RANDOM], Clean()),
        ([b"x" * 1000 + MALWARE], FOUND),
        ([b"x" * 70_000, MALWARE[:9], MALWARE[9:], b"y" * 200_000], FOUND),
        ([RANDOM, RANDOM, MALWARE], FOUND),
        ([RANDOM] * (LIMIT // len(RANDOM) + 1), Unanswered(Why.LIMIT)),
        ([RANDOM] * 64, Unanswered(Why.LIMIT)),
    ],
    ids=range(9),
)
def test_a_stream_is_answered(scanner: ClamdScanner, pieces: list[bytes], verdict: Verdict) -> None:
    assert scanner.scan(pieces) == verdict


def test_a_hundred_streams_at_once_are_each_answered_for_themselves(scanner: ClamdScanner) -> None:
    contents = [[RANDOM[:n]] if n % 2 else [RANDOM[:n], MALWARE] for n in range(100)]
    with ThreadPoolExecutor(20) as pool:
        verdicts = list(pool.map(scanner.scan, contents))
    assert verdicts == [Clean() if n % 2 else FOUND for n in range(100)]


def test_what_breaks_off_leaves_as_it_came(scanner: ClamdScanner) -> None:
    class Cut(Exception):
        pass

    def content() -> Iterator[bytes]:
        yield RANDOM
        raise Cut

    with pytest.raises(Cut):
        scanner.scan(content())
    assert scanner.scan([b"x"]) == Clean()


# --- what Debian's alone shows


def test_a_file_that_clamd_does_not_look_through_is_not_clean(real: ClamdScanner) -> None:
    """Without AlertExceedsMax it says `OK` of it."""
    content = [os.urandom(7 << 19)]
    assert real.scan(content) == Unanswered(Why.LIMIT)


def test_clamd_keeps_what_it_is_shown_in_a_file_of_its_own(real: ClamdScanner) -> None:
    """What docs/threat-model.md says of its TemporaryDirectory."""
    path = real._address.path  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] -- where it runs
    assert path is not None
    folder, held = Path(path).parent / "tmp", set[bytes]()

    def content() -> Iterator[bytes]:
        yield b"a secret"
        deadline = time.monotonic() + 10
        while not held and time.monotonic() < deadline:
            held.update(file.read_bytes() for file in folder.iterdir() if file.is_file())
            held.discard(b"")

    assert real.scan(content()) == Clean()
    assert held == {b"a secret"}


# --- moods


@pytest.mark.parametrize(
    ("mood", "pieces", "why"),
    [
        ("silent", 1, Why.SLOW),
        ("silent", 20, Why.SLOW),
        ("hanging up", 1, Why.AWAY),
        ("hanging up", 20, Why.AWAY),
        ("endless", 1, Why.NONSENSE),
        ("garbage", 1, Why.NONSENSE),
        ("failing", 1, Why.REFUSED),
        ("slow", 1, Why.SLOW),
        ("early", 20, Why.NONSENSE),
    ],
)
def test_no_mood_makes_a_file_clean(clamd: Clamd, mood: Mood, pieces: int, why: Why) -> None:
    clamd.mood = mood
    assert clamd.scanner(timeout_s=1).scan([RANDOM] * pieces) == Unanswered(why)


def test_nobody_there_is_away(tmp_path: Path) -> None:
    with Path(tmp_path / "clamd.ctl").open("wb"):
        pass
    for address in (
        ClamdAddress(path=str(tmp_path / "clamd.ctl")),
        ClamdAddress(path=str(tmp_path / "missing.ctl")),
        ClamdAddress(path="/" + "x" * 200),
        ClamdAddress(host="127.0.0.1", port=1),
    ):
        asked = iter([b"x"])
        assert ClamdScanner(address, timeout_s=5).scan(asked) == Unanswered(Why.AWAY)
        assert next(asked) == b"x", "it was not read for nobody"


def test_no_more_than_four_are_scanned_at_once(clamd: Clamd) -> None:
    clamd.answering.clear()
    with ThreadPoolExecutor(8) as pool:
        verdicts = pool.map(clamd.scanner().scan, [[b"x"]] * 8)
        while clamd.seen < 4:
            time.sleep(0.01)
        clamd.answering.set()
        assert list(verdicts) == [Clean()] * 8
    assert clamd.most_at_once == 4


def test_whoever_waits_too_long_for_a_turn_is_told(clamd: Clamd) -> None:
    clamd.mood = "silent"
    scanner = clamd.scanner(timeout_s=0.5)
    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(scanner.scan, [[b"x"]] * 12)) == [Unanswered(Why.SLOW)] * 12


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (b"Win.Test.EICAR_HDB-1", "Win.Test.EICAR_HDB-1"),
        (b"\x1b[31mred\r\nLog: forged", "?31mred?Log:?forged"),
        (b"\xe2\x80\xae", "?"),
        (b"x" * 900, "x" * 100),
    ],
)
def test_the_name_of_what_was_found_is_bounded_and_plain(
    clamd: Clamd, said: bytes, kept: str
) -> None:
    clamd.name = said
    assert clamd.scanner().scan([MALWARE]) == Found(kept)


def test_what_clamd_says_of_its_limits_is_not_malware(clamd: Clamd) -> None:
    clamd.name = b"Heuristics.Limits.Exceeded.MaxScanTime"
    assert clamd.scanner().scan([MALWARE]) == Unanswered(Why.LIMIT)


# --- settings


@pytest.mark.parametrize(
    "text", ["unix:/run/clamav/clamd.ctl", "tcp://127.0.0.1:3310", "tcp://[::1]:3310", "tcp://a:1"]
)
def test_the_address_of_a_scanner_is_read(text: str) -> None:
    assert read_scanner({"SUBROSA_CLAMD": text}) is not None
    assert read_scanner({}) is None
    assert read_scanner({"SUBROSA_CLAMD": ""}) is None


@pytest.mark.parametrize(
    "text",
    [
        "clamd",
        "unix:clamd.ctl",
        "unix:",
        "tcp://127.0.0.1",
        "tcp://:3310",
        "tcp://a:0",
        "tcp://a:65536",
        "tcp://a:3310/x",
        "tcp://a b:1",
        "https://a:3310",
    ],
)
def test_what_is_no_address_stops_the_start(text: str) -> None:
    with pytest.raises(SettingsRefused):
        read_scanner({"SUBROSA_CLAMD": text})
    with pytest.raises(SettingsRefused):
        read_scanner({"SUBROSA_CLAMD": "tcp://a:1", "SUBROSA_CLAMD_TIMEOUT_S": "0"})
