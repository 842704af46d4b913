"""A page of a search is one of the same search as the page before, or it is refused.

Source: OpenID Authorization API 1.0, "Pagination".
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from uuid import UUID

from api.problems import Malformed
from api.schemas.authzen import PageIn, PageOut
from vault.disclosure.cursors import ListKey, Position
from vault.disclosure.searches import Place
from vault.errors import Invalid
from vault.ids import CaseId

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from api.schemas.authzen import Search

LONGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Which page of a search is asked for, and how the token of the next one is written.

    Attributes:
        key: What was searched for, and by whom: a token fits no other search.
        parts: Where the page before ended; empty for the first.
        limit: Results at most.
    """

    key: ListKey
    parts: Sequence[str]
    limit: int

    @classmethod
    def of(cls, person: UUID, asked: Search, length: int) -> Self:
        """Read which page is asked for; a limit of 0, or none, is that of the vault.

        Args:
            person: Who asks.
            asked: The whole request; all of it but the page must be as it was for the first page.
            length: How many texts a token holds beside its limit.

        Raises:
            Malformed: The token, or the limit, is not that of the page before.
        """
        # A lone surrogate, or a tree that is too deep, cannot be written.
        with malformed(""):
            whole = asked.model_dump_json(exclude={"page"})
        key = ListKey.of(person, type(asked).__name__, whole)
        page = asked.page or PageIn()
        limit = min(page.limit or LONGEST_PAGE, LONGEST_PAGE)
        if not page.token:
            return cls(key, (), limit)
        with malformed("/page/token"):
            before, *parts = key.parts(page.token, length + 1)
            limit_before = min(max(int(before), 1), LONGEST_PAGE)
        if page.limit and limit != limit_before:
            raise Malformed("/page/limit", "This is not the limit of the page before.")
        return cls(key, parts, limit_before)

    def cut(self, keys: Sequence[str]) -> tuple[Sequence[str], PageOut]:
        """Return the page of results that are told apart by their keys, in the keys' order."""
        behind = [key for key in keys if not self.parts or key > self.parts[0]]
        shown = behind[: self.limit]
        more = len(behind) > len(shown)
        return shown, PageOut(next_token=self._token(shown[-1]) if more else "", count=len(shown))

    def place(self) -> Place | None:
        """Return where a search of documents goes on; None for its beginning."""
        if not self.parts:
            return None
        with malformed("/page/token"):
            case, at, document, document_class = self.parts
            return Place(CaseId(UUID(case)), Position.read(at, document, document_class))

    def behind(self, place: Place | None, count: int) -> PageOut:
        """Describe a page of documents that ended at a place."""
        token = "" if place is None else self._token(str(place.case), *place.position.parts())
        return PageOut(next_token=token, count=count)

    def _token(self, *parts: str) -> str:
        return self.key.token(str(self.limit), *parts)


@contextmanager
def malformed(pointer: str) -> Generator[None]:
    """Answer as the standard does, by 400, where a value cannot be accepted."""
    try:
        yield
    except (Invalid, ValueError) as error:
        raise Malformed(pointer, "This value cannot be accepted.") from error
