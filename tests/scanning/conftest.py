"""Debian's clamd, once for all tests, and beside it ours: the same contract for both."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.scanning.clamd import Clamd, running_clamd
from vault.scanning.clamd import ClamdScanner


@pytest.fixture(scope="session")
def real() -> Iterator[ClamdScanner]:
    # Short, since the path of a Unix socket has at most 107 bytes.
    with TemporaryDirectory(prefix="clamd-") as folder, running_clamd(Path(folder)) as scanner:
        yield scanner


@pytest.fixture(params=["ours", "Debian's"])
def scanner(request: pytest.FixtureRequest) -> ClamdScanner:
    """The one with moods in its honest one, and the real one: they answer alike."""
    if request.param == "ours":
        fake: Clamd = request.getfixturevalue("clamd")
        return fake.scanner()
    real: ClamdScanner = request.getfixturevalue("real")
    return real
