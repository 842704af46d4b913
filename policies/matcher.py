"""The matcher runs as compiled Python that can compare, combine, and call two functions."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import CodeType

_NODES: Final = (
    ast.Expression,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.Compare,
    ast.Eq,
    ast.Lt,
    ast.LtE,
    ast.GtE,
    ast.Call,
    ast.Name,
    ast.Load,
    ast.Constant,
)


def compile_matcher(expression: str, names: Collection[str]) -> CodeType:
    """Compile the matcher of a Casbin model.

    Args:
        expression: The matcher, in Casbin's spelling.
        names: The columns it may read and the functions it may call.

    Raises:
        ValueError: It does anything but compare, combine and call, or names something else.
    """
    python = expression.replace("&&", " and ").replace("||", " or ")
    tree = ast.parse(python.strip(), mode="eval")
    for node in ast.walk(tree):
        if not isinstance(node, _NODES) or (isinstance(node, ast.Name) and node.id not in names):
            raise ValueError("A matcher may only compare, combine and call what it is given.")
    return compile(tree, "<matcher>", "eval")


@lru_cache(maxsize=16_384)
def has(pattern: str, value: str) -> bool:
    """Tell whether a pattern of the model, `*`, `a|b` or `!a|b`, covers a value.

    The empty pattern covers nothing: Casbin tries an empty policy as one row of empty texts.
    """
    if pattern.startswith("!"):
        return value not in pattern[1:].split("|")
    return pattern == "*" or (pattern != "" and value in pattern.split("|"))
