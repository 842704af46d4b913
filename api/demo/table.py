"""What a run of the sample case came to can be read at 100 columns, with or without colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.table import Table
from rich.text import Text

from api.demo.story import CAST, TITLE
from policies.floors import FLOOR_TEXTS

if TYPE_CHECKING:
    from rich.console import Console

    from api.demo.outcome import Deposited, Outcome, Refusal, Sighting
    from api.demo.people import People

_NOTHING: Final = "\N{EN DASH}"
# Emphasis alone; the words say everything.
_STYLES: Final = {"full": "bold green", "redacted": "yellow", "metadata": "cyan", _NOTHING: "dim"}
# The longest word of a seat is broken here, so that nine seats stand side by side.
_HEADINGS: Final = {"respondent": "respon-\ndent"}
_UNITS: Final = ("B", "KiB", "MiB", "GiB")
_KIB: Final = 1024
_ABSENT: Final = 404


def print_outcome(outcome: Outcome, console: Console) -> None:
    """Print who sees what and by which clause, what was refused, and what the log says."""
    console.rule(Text(TITLE))
    console.print(_documents(outcome.documents))
    console.print(_matrix(outcome))
    _print_legend(console)
    console.print(_refusals(outcome))
    console.print(_sentences(outcome))
    console.print(_timings(outcome))
    _print_verdict(outcome, console)


def print_ways_in(outcome: Outcome, people: People, base_url: str, console: Console) -> None:
    """Print the address, and for each of the cast a line to paste that lists what they see."""
    _line(console, f"The vault is at {base_url}, the case is {outcome.case}.", "bold")
    for member in CAST:
        _line(console, f"{member.key}: {member.name}", "bold")
        _line(console, _curl(people, member.key, f"{base_url}/v1/cases/{outcome.case}/documents"))
    chart, *_ = outcome.documents
    path = f"{base_url}/v1/documents/{chart.document}/content?view="
    _line(console, "The chart, as the clinic may read it, and as it may not:", "bold")
    _line(console, _curl(people, "party:respondent", f"{path}redacted") + " -o chart-redacted.pdf")
    _line(console, _curl(people, "party:respondent", f"{path}full"))


def _curl(people: People, key: str, url: str) -> str:
    return f"curl -s -H 'Authorization: Bearer {people[key].token}' '{url}'"


def _line(console: Console, text: str, style: str = "") -> None:
    """Print a line that can be copied whole, however long."""
    console.print(Text(text, style), soft_wrap=True)


def _table(title: str, *columns: str) -> Table:
    table = Table(*columns, title=title, title_justify="left", box=box.SIMPLE, padding=(0, 1, 0, 0))
    table.title_style = "bold"
    return table


def _documents(documents: tuple[Deposited, ...]) -> Table:
    table = _table("Documents", "", "title", "class", "origin", "media type", "size")
    for number, document in enumerate(documents, start=1):
        table.add_row(
            str(number),
            document.title + (" (and redacted)" if "redacted" in document.views else ""),
            document.document_class,
            document.origin,
            document.media_type,
            _size(document.size_bytes),
        )
    return table


def _matrix(outcome: Outcome) -> Table:
    seen = {(sighting.seat, sighting.document): sighting for sighting in outcome.matrix}
    seats = list(dict.fromkeys(sighting.seat for sighting in outcome.matrix))
    table = _table("Who sees what, and by which clause", "")
    table.show_lines, table.padding = True, 0
    for seat in seats:
        words = [_HEADINGS.get(word, word) for word in seat.split(":")]
        table.add_column("\n".join(words), no_wrap=True)
    for number, document in enumerate(outcome.documents, start=1):
        table.add_row(
            f"{number} {document.document_class}\n  {document.origin}",
            *(_cell(seen[seat, document.document]) for seat in seats),
        )
    return table


def _cell(sighting: Sighting) -> Text:
    view = sighting.view or _NOTHING
    return Text.assemble((view, _STYLES[view]), "\n", sighting.clause or "")


def _print_legend(console: Console) -> None:
    for mark, meaning in (
        ("full", "reads the document, and its redacted version"),
        ("redacted", "reads the redacted version"),
        ("metadata", "knows that it exists, what it is called and how it is marked"),
        (_NOTHING, "knows nothing of it; the clause or floor that forbids it stands below"),
        ("OWN", "deposited by the seat's own side, or joint; FLOOR-n: holds whatever was agreed"),
    ):
        console.print(Text.assemble((f"{mark:>9}", _STYLES.get(mark, "bold")), f"  {meaning}"))
    console.print()


def _refusals(outcome: Outcome) -> Table:
    numbers = {document.document: n for n, document in enumerate(outcome.documents, start=1)}
    classes = {document.document: document.document_class for document in outcome.documents}
    table = _table("What was refused", "who", "asked for", "answer", "why")
    for refusal in outcome.refusals:
        table.add_row(
            refusal.seat.replace(", ", ",\n"),
            f"{numbers[refusal.document]} {classes[refusal.document]}\n{refusal.view}",
            str(refusal.status),
            f"{refusal.note}\n{_reason(refusal, outcome)}",
        )
    return table


def _reason(refusal: Refusal, outcome: Outcome) -> str:
    if refusal.status == _ABSENT:
        return "To this person nothing is there, as if the case did not exist."
    if refusal.clause is None:
        return "No clause in force at that moment allows it."
    if refusal.clause in FLOOR_TEXTS:
        return f"{refusal.clause}: {FLOOR_TEXTS[refusal.clause]}"
    return outcome.sentences.get(refusal.clause, f"Clause {refusal.clause}.")


def _sentences(outcome: Outcome) -> Table:
    table = _table("The agreement in force, in words made from its fields")
    table.show_header = False
    table.add_column()
    for sentence in outcome.sentences.values():
        table.add_row(sentence)
    return table


def _timings(outcome: Outcome) -> Table:
    table = _table("Timings", "step")
    table.add_column("", justify="right")
    for name, value in outcome.timings.items():
        step = name.removesuffix("_mb_per_s")
        unit = "s" if step == name else "MB/s"
        table.add_row(step.replace("_", " "), f"{value} {unit}")
    return table


def _print_verdict(outcome: Outcome, console: Console) -> None:
    if outcome.log is not None:
        verdict = "verifies" if outcome.log.verified else "does NOT verify"
        console.print(Text(f"The log {verdict}: {outcome.log.size} entries, root"))
        console.print(Text(outcome.log.root))
    for fault in outcome.off:
        console.print(Text(f"OFF: {fault}", "bold red"))
    if not outcome.off:
        console.print(Text("Nothing is off: each seat saw what the story says, no more.", "bold"))


def _size(size_bytes: int) -> str:
    size, unit = float(size_bytes), 0
    while size >= _KIB and unit < len(_UNITS) - 1:
        size, unit = size / _KIB, unit + 1
    return f"{size:.0f} {_UNITS[unit]}"
