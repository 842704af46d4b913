"""What a clause cannot do, or says in words and must not, is pointed out before it is signed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from policies.atoms import Box, Effort, atoms, everything
from policies.compiler import compile_terms
from policies.floors import FLOOR_AUDITOR, FLOOR_BOARD, floors
from policies.seatings import seatings
from policies.terms import Effect
from policies.vocabulary import Role, View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.policy import Row
    from policies.terms import Clause, Terms

# English wordings of a promise not to go to a board, or to take back what was said to it. A text
# decides nothing, so what is missed here is missed in words alone, and what is caught is only said.
_BARS_A_BOARD: Final = re.compile(
    r"\b(?:not|never|refrain\w*|without|withdraw\w*|waive\w*|drops?|desists?|no|nobody|neither)\b"
    r".{0,80}\b(?:complain\w*|report|reports|reporting|notify\w*|inform\w*|co-?operat\w*"
    r"|contact\w*|testif\w*)\b"
    r".{0,80}\b(?:board|licens\w+|regulator\w*|authorit\w+|commission\w*|council)\b"
)
# "Nothing in this agreement prevents anybody from reporting" says the opposite.
_KEEPS_IT_OPEN: Final = re.compile(
    r"(?:\bnot(?:\s+be)?(?:\s+(?:construed|read)\s+to)?\s+"
    r"|\b(?:nothing|nobody|no\s+\w+)\b.{0,60}\b)"
    r"(?:bar|prevent|prohibit|limit|restrict|preclude|affect|stop)\w*\b"
)
_END_OF_SENTENCE: Final = re.compile(r"[.;\n]")
_VOID: Final = (
    "These words read as if somebody must not report to a licensing board or cooperate with it. "
    f"Such a promise is void, whoever signs it ({FLOOR_BOARD}); say what else is meant."
)
_NOTHING: Final = "Nobody gets anything by this clause: {} keeps all of it from them."
_NO_CONTENT: Final = (
    f"The auditor will know of these documents and not see them: {FLOOR_AUDITOR} allows no more."
)


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that whoever signs should know; it refuses nothing.

    Attributes:
        clause: Id of the clause.
        pointer: JSON pointer to what it is about.
        sentence: What should be known.
    """

    clause: str
    pointer: str
    sentence: str


def flags(terms: Terms) -> tuple[Flag, ...]:
    """Return what should be known of an agreement before it is signed, clause by clause.

    Raises:
        TooIntricate: There is too much to look at. No terms that parse are.
    """
    kept = _Kept(terms)
    return tuple(
        Flag(clause.id, f"/clauses/{position}{member}", sentence)
        for position, clause in enumerate(terms.clauses)
        for member, sentence in _of(clause, kept)
    )


def _of(clause: Clause, kept: _Kept) -> Iterator[tuple[str, str]]:
    """Yield the member a flag is about, and what it says."""
    if _reads_as_a_bar(clause.text):
        yield "/text", _VOID
    if clause.effect is Effect.DENY:
        return
    floor = kept.by(clause)
    if floor is not None:
        yield "/classes", _NOTHING.format(floor)
    elif clause.to == Role.AUDITOR and clause.view > View.METADATA:
        yield "/view", _NO_CONTENT


def _reads_as_a_bar(text: str) -> bool:
    plain = unicodedata.normalize("NFKC", text).casefold()
    # What is not displayed must not keep words apart.
    shown = "".join(character for character in plain if unicodedata.category(character) != "Cf")
    sentences = _END_OF_SENTENCE.split(shown)
    return any(_BARS_A_BOARD.search(s) and not _KEEPS_IT_OPEN.search(s) for s in sentences)


class _Kept:
    """What floors keep wholly from everybody to whom a clause could speak."""

    def __init__(self, terms: Terms) -> None:
        policy = compile_terms("-", terms)
        self._space = everything(policy)
        self._rows = {row.clause: row for row in policy.rows}
        self._denying: dict[str, set[tuple[Row, ...]]] = {}
        shutting = [row for row in floors("-", terms.sides) if row.eft == Effect.DENY]
        lowest = [row for row in shutting if int(row.view) == View.METADATA]
        for seating in seatings(terms.sides, terms.organisations):
            groups = seating.groups()
            spoken = tuple(row for row in lowest if row.sub in groups)
            for group in groups:
                self._denying.setdefault(group, set()).add(spoken)

    def by(self, clause: Clause) -> str | None:
        """Return the floor that leaves nothing of a clause to any seat; None if something is."""
        said = Box.reached(self._rows[clause.id], self._space)
        assert said is not None, "a clause speaks of something"
        effort, floor = Effort(), None
        for rows in self._denying[clause.to]:
            reached = [(row, box) for row in rows if (box := Box.reached(row, said)) is not None]
            if any(not covering for _, covering in atoms(said, [b for _, b in reached], effort)):
                return None
            floor = reached[0][0].clause
        return floor
