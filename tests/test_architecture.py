"""The rules of the house that a machine can hold, where no linter does."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from api.problems import PROBLEMS
from vault.errors import VaultError

ROOT = Path(__file__).parent.parent
CODE = sorted(path for room in ("api", "vault", "policies") for path in (ROOT / room).rglob("*.py"))
ALL = CODE + sorted((ROOT / "tests").rglob("*.py"))

# Routes that anybody may call, each with its reason.
OPEN_ROUTES = {
    "/healthz": "says only that the process lives, and how many alerts it has raised",
    "/readyz": "says only whether the servers answer",
    "/.well-known/authzen-configuration": "says only where the endpoints are",
}

# Names that would bring plaintext to a disk, or a decision that is not one (see the scope engine).
FORBIDDEN_NAMES = {
    "UploadFile",
    "SpooledTemporaryFile",
    "TemporaryFile",
    "NamedTemporaryFile",
    "FastEnforcer",
    "SyncedEnforcer",
    "AsyncEnforcer",
    "load_filtered_policy",
    "enable_enforce",
    "add_policy",
    "add_policies",
    "remove_policy",
}

EMPTY_NAMES = {"utils", "helpers", "common", "manager", "base", "types", "constants"}


def subclasses(kind: type[VaultError]) -> Iterator[type[VaultError]]:
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return names | {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = {str(p): n for p in ALL if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}
    assert long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in CODE if path.stem in EMPTY_NAMES] == []


def test_every_module_says_what_is_true_because_it_exists() -> None:
    silent = [
        path
        for path in CODE
        if not (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").strip()
    ]
    assert silent == []


def test_nothing_brings_plaintext_to_disk_or_a_forbidden_engine() -> None:
    found = {str(path): names_in(path) & FORBIDDEN_NAMES for path in CODE}
    assert {path: names for path, names in found.items() if names} == {}


def test_no_document_is_read_by_the_framework_as_a_form() -> None:
    assert [p for p in CODE if re.search(r"\.form\(|\bForm\(|\bFile\(", p.read_text("utf-8"))] == []


def test_casbin_is_pycasbin_and_nothing_else() -> None:
    assert packages_distributions()["casbin"] == ["pycasbin"]


@pytest.mark.parametrize("kind", sorted({VaultError, *subclasses(VaultError)}, key=str))
def test_every_refusal_has_its_own_row_in_the_problem_table(kind: type[VaultError]) -> None:
    assert kind in PROBLEMS


def test_async_code_is_in_the_rooms_that_speak_http_alone() -> None:
    allowed = {
        "api/intake/body.py",
        "api/intake/limited.py",
        "api/problems.py",
        "api/request_ids.py",
        "api/app.py",
        "api/routes/uploads.py",
        "api/delivering.py",
    }
    found = {
        str(path.relative_to(ROOT))
        for path in CODE
        if any(
            isinstance(node, ast.AsyncFunctionDef)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
    }
    assert found <= allowed
