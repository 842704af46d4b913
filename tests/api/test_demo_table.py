"""What `subrosa demo` prints says everything in words, within 100 columns."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from itertools import count

import pytest
from rich.console import Console

from api.demo.outcome import Deposited, Outcome, Refusal, Seated, Sighting
from api.demo.people import People
from api.demo.story import CAST, PAPERS, must_see
from api.demo.table import print_outcome, print_ways_in

WIDTH = 100
CASE = "0b0f6a6e-6a1c-4c54-9a53-6a1d9b0f7c42"


@pytest.fixture
def outcome() -> Outcome:
    """A run that went as the story says."""
    return Outcome(
        case=CASE,
        seats=(
            Seated(
                seat="mediator", name="Mira Okafor", organisation=None, person="", seated_until=None
            ),
        ),
        documents=tuple(
            Deposited(
                document=f"document-{key}",
                title=paper.title,
                document_class=paper.document_class,
                origin=paper.origin,
                media_type=paper.media_type,
                size_bytes=1 << 28 if key == "imaging" else 2048,
                sha256="9f" * 32,
                views=("full", "redacted") if paper.redacted else ("full",),
            )
            for key, paper in PAPERS.items()
        ),
        matrix=tuple(
            Sighting(
                seat=seat,
                document=f"document-{key}",
                document_class=PAPERS[key].document_class,
                view=sight.view,
                clause=sight.clause,
            )
            for (seat, key), sight in must_see().items()
        ),
        refusals=tuple(
            Refusal(
                seat="insurer:respondent",
                document="document-apology",
                view="full",
                status=status,
                clause=clause,
                note=note,
            )
            for status, clause, note in (
                (403, "4.3", "kept from the insurer"),
                (403, "FLOOR-1", "a caucus"),
                (403, None, "nobody said so"),
                (404, None, "no seat"),
            )
        ),
        sentences={"4.3": "Clause 4.3: the insurer of respondent must not see or know of it."},
        timings={"imaging_upload": 2.5, "imaging_upload_mb_per_s": 107.4},
        off=(),
    ).with_log(1078, "ab" * 32, verified=True)


def enrolled() -> People:
    numbers = count()

    def enrol(*, opens_cases: bool) -> tuple[str, str]:
        return "opens cases" if opens_cases else "", f"token-{next(numbers)}"

    return People.enrolled(enrol)


def printed(outcome: Outcome) -> list[str]:
    """Return the lines of the report with single spaces, checked for what no line may do."""
    console = Console(file=io.StringIO(), width=WIDTH, force_terminal=False)
    print_outcome(outcome, console)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert max(len(line) for line in lines) <= WIDTH
    return [" ".join(line.split()) for line in lines]


def test_nothing_is_cut_off_and_nothing_needs_colour(outcome: Outcome) -> None:
    text = "\n".join(printed(outcome))
    assert "…" not in text
    assert "\x1b" not in text
    assert all(f" {paper.document_class} " in text for paper in PAPERS.values())


def test_a_row_has_the_view_of_each_seat_and_the_clause_under_it(outcome: Outcome) -> None:
    lines = printed(outcome)
    row = lines.index("1 medical full full full redacted full metadata redacted full metadata")
    assert lines[row + 1] == "claimant 1.1 OWN OWN 2.1 2.3 4.1 5.1 6.1 7.1"
    row = lines.index("12 caucus full – – full full – – – –")
    assert lines[row + 1] == "respondent 1.1 FLOOR-1 FLOOR-1 OWN OWN" + 4 * " FLOOR-1"


@pytest.mark.parametrize(
    "words",
    [
        "Clause 4.3: the insurer of respondent",
        "FLOOR-1: A caucus document is never",
        "No clause in force at that moment allows it.",
        "To this person nothing is there",
    ],
)
def test_a_refusal_says_why_in_words(outcome: Outcome, words: str) -> None:
    assert words in " ".join(printed(outcome))


def test_what_is_off_is_printed_and_a_log_that_does_not_verify_is_off(outcome: Outcome) -> None:
    good = printed(outcome)
    assert {"The log verifies: 1078 entries, root", "ab" * 32} <= set(good)
    assert any(line.startswith("Nothing is off") for line in good)
    bad = printed(replace(outcome, off=("a leak",)).with_log(1078, "ab" * 32, verified=False))
    assert {"OFF: a leak", "OFF: The log does not verify."} <= set(bad)
    assert "The log does NOT verify: 1078 entries, root" in bad
    assert not any(line.startswith("Nothing is off") for line in bad)


def test_everybody_has_a_line_to_paste_that_is_not_broken(outcome: Outcome) -> None:
    people = enrolled()
    console = Console(file=io.StringIO(), width=WIDTH, force_terminal=False)
    print_ways_in(outcome, people, "http://127.0.0.1:8420", console)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    for number in range(len(CAST)):
        url = f"http://127.0.0.1:8420/v1/cases/{CASE}/documents"
        assert f"curl -s -H 'Authorization: Bearer token-{number}' '{url}'" in lines


def test_only_the_mediator_may_open_cases() -> None:
    members = enrolled().members.items()
    assert [key for key, member in members if member.person == "opens cases"] == ["mediator"]


def test_no_token_shows_in_a_repr() -> None:
    assert "token-" not in repr(enrolled())


def test_the_json_has_exactly_what_was_promised(outcome: Outcome) -> None:
    value = json.loads(json.dumps(outcome.to_json()))
    promised = "case seats documents matrix refusals log timings off"
    assert list(value) == promised.split()
    assert list(value["matrix"][0]) == ["seat", "document", "class", "view", "clause"]
    assert list(value["refusals"][0]) == ["seat", "document", "view", "status", "clause"]
    assert value["log"] == {"size": 1078, "root": "ab" * 32, "verified": True}
    assert "class" in value["documents"][0]
