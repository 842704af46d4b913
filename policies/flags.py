"""What a clause cannot do, or says in words and must not, is pointed out before it is signed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from policies.floors import CAUCUS, FLOOR_AUDITOR, FLOOR_BOARD, FLOOR_CAUCUS, OUTSIDERS
from policies.terms import Choice, Effect
from policies.vocabulary import Role, View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.terms import Clause, Terms

# English wordings of a promise not to go to a board, or to take back what was said to it. A text
# decides nothing, so what is missed here is missed in words alone, and what is caught is only said.
_BARS_A_BOARD: Final = re.compile(
    r"\b(?:not|never|refrains?|without|withdraws?|waives?|drops?|desists?|no)\b[^.;]{0,80}"
    r"\b(?:complain\w*|reports?|reporting|notify\w*|inform\w*|cooperat\w*|contact\w*|testif\w*)\b"
    r"[^.;]{0,80}\b(?:board|licens\w+|regulator\w*|authorit\w+|commission\w*|council)\b"
)
_VOID: Final = (
    "These words read as if somebody must not report to a licensing board or cooperate with it. "
    f"Such a promise is void, whoever signs it ({FLOOR_BOARD}); say what else is meant."
)
_NO_CAUCUS: Final = f"This clause gives nothing: {FLOOR_CAUCUS} keeps caucus papers from them."
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
    """Return what should be known of an agreement before it is signed, clause by clause."""
    return tuple(
        Flag(clause.id, f"/clauses/{position}{member}", sentence)
        for position, clause in enumerate(terms.clauses)
        for member, sentence in _of(clause)
    )


def _of(clause: Clause) -> Iterator[tuple[str, str]]:
    """Yield the member a flag is about, and what it says."""
    if _BARS_A_BOARD.search(unicodedata.normalize("NFKC", clause.text).casefold()):
        yield "/text", _VOID
    if clause.effect is Effect.DENY:
        return
    role = clause.to.partition(":")[0]
    if role in OUTSIDERS and clause.classes == Choice((CAUCUS,)):
        yield "/classes", _NO_CAUCUS
    if role == Role.AUDITOR and clause.view > View.METADATA:
        yield "/view", _NO_CONTENT
