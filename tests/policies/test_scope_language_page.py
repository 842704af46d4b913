"""docs/scope-language.md shows what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

from policies.compiler import compile_terms
from policies.floors import FLOOR_TEXTS
from policies.terms import CLASSES, LABELS, PHASES, PURPOSES, parse_terms
from policies.vocabulary import View

PAGE = (Path(__file__).parents[2] / "docs" / "scope-language.md").read_text("utf-8")


def test_the_example_becomes_the_rows_that_the_page_shows() -> None:
    _, example, _, rows, *_ = PAGE.split("```")
    policy = compile_terms("c42", parse_terms(json.loads(example.removeprefix("json"))))
    assert rows.split("\n")[1:-1] == [", ".join(row) for row in policy.rows]


def test_the_page_names_every_word_and_every_floor() -> None:
    for word in (*CLASSES, *LABELS, *PURPOSES, *PHASES, *map(str, View)):
        assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", PAGE), word
    for floor, text in FLOOR_TEXTS.items():
        assert f"| `{floor}` | {text} |" in PAGE
