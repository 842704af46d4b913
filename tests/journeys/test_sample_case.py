"""The sample case is played as `make demo` plays it, twice on one data directory."""

import json
from pathlib import Path

import pytest

from tests.api.test_program import servers_of, subrosa


@pytest.fixture
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("d") / "v"


def test_the_sample_case_is_as_the_story_says_twice_on_the_same_directory(data: Path) -> None:
    sizes: list[int] = []
    cases: set[str] = set()
    for _ in range(2):
        outcome = json.loads(subrosa(data, "demo", "--once", "--json").stdout)
        assert outcome.keys() == {
            "case",
            "seats",
            "documents",
            "matrix",
            "refusals",
            "log",
            "timings",
            "off",
        }
        assert outcome["off"] == []
        assert outcome["log"]["verified"] is True
        assert max(document["size_bytes"] for document in outcome["documents"]) == 256 << 20
        assert {refusal["status"] for refusal in outcome["refusals"]} == {403, 404}
        sizes.append(outcome["log"]["size"])
        cases.add(outcome["case"])
    assert len(cases) == 2
    assert sizes[1] > sizes[0] > 100
    assert servers_of(data) == []
