from __future__ import annotations

import pytest

from policies.matcher import compile_matcher, has


@pytest.mark.parametrize(
    ("pattern", "value", "covered"),
    [
        ("*", "medical", True),
        ("medical", "medical", True),
        ("billing|medical", "medical", True),
        ("billing|medical", "caucus", False),
        ("!caucus", "medical", True),
        ("!caucus|medical", "medical", False),
        ("-", "-", True),
        ("-", "claw-back", False),
        ("medical", "medic", False),
        ("", "", False),
        ("", "medical", False),
    ],
)
def test_a_pattern_covers_what_it_says(pattern: str, value: str, covered: bool) -> None:
    assert has(pattern, value) is covered


def test_a_matcher_compares_combines_and_calls() -> None:
    code = compile_matcher('a == "x" && (b <= a || has(b, a))', {"a", "b", "has"})
    functions: dict[str, object] = {"__builtins__": {}, "has": has}
    assert eval(code, functions, {"a": "x", "b": "y|x"}) is True  # noqa: S307 — the code under test
    assert eval(code, functions, {"a": "x", "b": "y"}) is False  # noqa: S307 — as above


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os')",
        "eval(a)",
        "a.b",
        "a[0]",
        "a + a",
        "lambda: a",
        "[a for a in a]",
        "a if a else a",
        "(a := a)",
        "f'{a}'",
        "unknown == a",
    ],
)
def test_a_matcher_can_do_nothing_else(expression: str) -> None:
    with pytest.raises(ValueError, match="only compare"):
        compile_matcher(expression, {"a"})
