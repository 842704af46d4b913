"""What the documents say is there is there: files, headings, commands, settings, routes, words."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.routing import APIRoute
from typer.core import TyperGroup
from typer.main import get_command

from api.__main__ import app
from api.routes import (
    agreements,
    authzen,
    cases,
    documents,
    exceptions,
    health,
    lists,
    negotiation,
    scope,
    seats,
    signing,
    templates,
    trail,
    uploads,
)
from policies.vocabulary import CLASSES, PHASES, PURPOSES, Role, View
from tests.api.test_program import up

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")])
ROOMS = ("api", "vault", "policies", "tests", "deploy")
TEXTS = {".py", ".sql", ".yaml", ".conf", ".toml", ".mjs", ""}

# The standards we follow may be linked to; nothing else outside may, since links die and tell
# others who reads.
STANDARDS = {"c2sp.org"}

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
HOST = re.compile(r"https?://([^/\s:)>\"'`]+)")
SETTING = re.compile(r"\bSUBROSA_[A-Z0-9_]*[A-Z0-9]\b")
SHELL = re.compile(r"^```sh\n(.*?)^```$|(?<!`)`([^`]+)`(?!`)", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[($ ])subrosa((?: [a-z]+(?:-[a-z]+)*)+)([^\n;|#]*)", re.MULTILINE)
ROUTE = re.compile(r"`(/(?:v1|access|healthz|readyz|\.well-known)[^`]*)`")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@cache
def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return FENCE.sub("", page.read_text("utf-8"))


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return what headings of a page can be linked to by, as code hosts make it."""
    headings = (re.sub(r"[`*]|\]\([^)]*\)|\[", "", text) for text in HEADING.findall(prose(page)))
    return frozenset(re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings)


def block_under(heading: str) -> str:
    """Return the block of shell commands under a heading of the README."""
    _, _, section = README.read_text("utf-8").partition(f"\n### {heading}\n")
    found = re.search(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_heading_of_this_tree(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.is_relative_to(ROOT), target
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_sends_its_reader_to_another_host(page: Path) -> None:
    assert set(HOST.findall(prose(page))) - STANDARDS == set()


def test_every_page_that_code_names_exists() -> None:
    named = {
        page: path
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix in TEXTS and "__pycache__" not in path.parts
        for page in re.findall(r"\bdocs/[a-z0-9/-]+\.md\b", path.read_text("utf-8", "replace"))
    }
    assert {page: path for page, path in named.items() if not (ROOT / page).is_file()} == {}


def test_the_readme_has_exactly_the_settings_that_are_read() -> None:
    read = {
        setting
        for room in ("api", "deploy")
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix in TEXTS
        for setting in SETTING.findall(path.read_text("utf-8", "replace"))
    }
    assert set(SETTING.findall(README.read_text("utf-8"))) == read


def leaves(group: TyperGroup, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for word, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from leaves(command, (*words, word))
        else:
            yield (*words, word)


def options(words: tuple[str, ...]) -> set[str]:
    command = get_command(app)
    for word in words:
        assert isinstance(command, TyperGroup)
        command = command.commands[word]
    return {"--help"}.union(*(parameter.opts for parameter in command.params))


PROGRAM = get_command(app)
assert isinstance(PROGRAM, TyperGroup)
COMMANDS = set(leaves(PROGRAM))


def commands_in(page: Path) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Yield each command that a page names, with the options it gives it."""
    found_in = (block or span for block, span in SHELL.findall(page.read_text("utf-8")))
    text = "\n".join(found_in).replace("\\\n", "")
    for words, rest in COMMAND.findall(text):
        said = tuple(words.split())
        found = next((c for c in COMMANDS if said[: len(c)] == c), None)
        assert found, f"subrosa{words}"
        yield found, set(re.findall(r"(?<=\s)--[a-z-]+", rest))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_and_option_that_a_page_names_exists(page: Path) -> None:
    for command, given in commands_in(page):
        assert given <= options(command), command


def test_the_readme_names_every_command() -> None:
    assert {command for command, _ in commands_in(README)} == COMMANDS


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_target_that_a_page_names_is_in_the_makefile(page: Path) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE)) <= set(
        targets
    )


def test_the_readme_lists_every_route() -> None:
    listed = {
        (method, path)
        for row in prose(README).splitlines()
        if row.startswith(("| GET", "| POST", "| PUT", "| DELETE", "| HEAD"))
        for method in re.findall(r"[A-Z]{3,}", row.split("|")[1])
        for path in ROUTE.findall(row.split("|")[2])
    }
    served = {
        (method, route.path)
        for room in (
            cases,
            seats,
            agreements,
            exceptions,
            signing,
            negotiation,
            lists,
            documents,
            uploads,
            templates,
            scope,
            authzen,
            trail,
            health,
        )
        for route in room.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert listed == served


def test_the_map_of_the_code_shows_what_is_there() -> None:
    _, _, section = README.read_text("utf-8").partition("\n## Map of the code\n")
    lines = section.split("```")[1].strip("\n").splitlines()
    shown = set[str]()
    room = ""
    for line in lines:
        name = line.split()[0]
        room = room if line.startswith(" ") else name
        shown.add(name if name == room else room + name)
    assert [path for path in shown if not (ROOT / path).exists()] == []
    rooms = {name.rpartition("/")[0] for name in shown if name.endswith(".py")}
    there = {
        f"{name_of(path)}/" if path.is_dir() else name_of(path)
        for room in rooms | {"api", "vault", "policies"}
        for path in (ROOT / room).iterdir()
        if (path / "__init__.py").exists() or (path.suffix == ".py" and path.stem != "__init__")
    }
    assert there - shown == set()


def test_every_decision_is_listed_and_has_the_same_four_parts() -> None:
    folder = ROOT / "docs" / "adr"
    pages = sorted(folder.glob("[0-9]*.md"))
    assert [page.name[:4] for page in pages] == [f"{n:04}" for n in range(1, len(pages) + 1)]
    listed = (folder / "README.md").read_text("utf-8")
    for page in pages:
        assert f"]({page.name})" in listed
        parts = re.findall(r"^## (.+)$", page.read_text("utf-8"), re.MULTILINE)
        assert parts == ["Context", "Decision", "Consequences", "Alternatives"], page.name


def words_of(word: str) -> list[str]:
    """Return the words in code that docs/vocabulary.md gives as the meaning of a word."""
    page = (ROOT / "docs" / "vocabulary.md").read_text("utf-8")
    row = re.search(rf"^\| \*\*{word}\*\* \|([^|]*)\|", page, re.MULTILINE)
    assert row, word
    listed = " ".join(re.findall(r"`([^`]+)`", row[1])) or row[1].partition(":")[2]
    return re.findall(r"[a-z]+(?:-[a-z]+)*", re.sub(r"[:\[]*:SIDE\]?", "", listed))


def test_the_vocabulary_has_the_words_of_the_language() -> None:
    assert tuple(words_of("phase")) == PHASES
    assert tuple(words_of("purpose")) == PURPOSES
    assert words_of("seat") == [role.value for role in Role]
    assert set(words_of("class")) <= set(CLASSES)
    page = (ROOT / "docs" / "vocabulary.md").read_text("utf-8")
    assert " < ".join(map(str, View)) in page


def test_every_figure_of_the_readme_is_one_that_is_measured() -> None:
    measured: dict[str, object] = import_module("tests.benchmarks.__main__").FIGURES
    _, _, section = README.read_text("utf-8").partition("\n## Figures\n")
    assert re.findall(r"^\| `([a-z0-9_]+)` \|", section, re.MULTILINE) == list(measured)


def test_the_readmes_commands_do_what_it_says(tmp_path: Path) -> None:
    """Run them as they stand, in order, against a vault that was just started."""
    for name in ("chart.pdf", "chart-redacted.pdf"):
        (tmp_path / name).write_text(f"%PDF-1.7 {name}")
    with_curl = block_under("By curl") if shutil.which("curl") else ""
    data = tmp_path / "vault"
    with up(data) as url:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SUBROSA_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-uc", block_under("By command line") + with_curl],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
            env={**kept, "PATH": path, "SUBROSA_DATA": str(data), "SUBROSA_URL": url},
        )
    # One refusal, as announced, and nothing else that went wrong.
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("403 ")
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "seen.pdf").read_text() == "%PDF-1.7 chart-redacted.pdf"
    assert '"view": "redacted"' in done.stdout
    assert '"name": "document:release:denied"' in done.stdout
    assert "rows, objects and log agree" in done.stdout
    if with_curl:
        assert (tmp_path / "back.pdf").read_text() == "%PDF-1.7 chart.pdf"
        assert done.stdout.count('"receipt":') == 3
        assert "Nothing was rewritten since" in done.stdout
    else:
        pytest.skip("curl is not here: the README's curl lines were NOT run")
