"""A page goes on where the one before it ended, in the same list and in no other.

A cursor says where the reader is among documents that were shown, and bears a digest of what was
asked for. It is not signed: a made-up one names another place in the reader's own list, no more.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from policies.policy import canonical
from vault.errors import Invalid
from vault.ids import DocumentId

if TYPE_CHECKING:
    from collections.abc import Sequence

_DIGEST_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Position:
    """The last document that a page showed, or looked at."""

    deposited_at: datetime
    document: DocumentId
    document_class: str

    def parts(self) -> tuple[str, str, str]:
        """Return the position as what a cursor says of it."""
        return self.deposited_at.isoformat(), str(self.document), self.document_class

    @classmethod
    def read(cls, at: str, document: str, document_class: str) -> Self:
        """Read what a cursor says.

        Raises:
            Invalid: It is no position.
        """
        try:
            moment, identifier = datetime.fromisoformat(at), DocumentId(UUID(document))
        except ValueError as error:
            raise _not_ours() from error
        # Other offsets can be written that PostgreSQL does not take.
        if moment.utcoffset() != timedelta(0):
            raise _not_ours()
        return cls(moment, identifier, document_class)


@dataclass(frozen=True, slots=True)
class ListKey:
    """What a list was asked for; its cursors fit no other.

    Attributes:
        digest: Of everything but the page.
    """

    digest: str

    @classmethod
    def of(cls, *asked: object) -> Self:
        """Return the key of a list by all that it depends on: texts, numbers and None."""
        named = [None if value is None else str(value) for value in asked]
        return cls(sha256(canonical(named)).hexdigest()[:_DIGEST_LENGTH])

    def cursor(self, position: Position) -> str:
        """Write a cursor of this list."""
        return self.token(*position.parts())

    def position(self, cursor: str) -> Position:
        """Read a cursor of this list.

        Raises:
            Invalid: It is none, or one of another list.
        """
        return Position.read(*self.parts(cursor, 3))

    def token(self, *parts: str) -> str:
        """Write texts into a cursor of this list."""
        text = json.dumps([self.digest, *parts], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode()

    def parts(self, cursor: str, count: int) -> Sequence[str]:
        """Return the texts of a cursor of this list.

        Raises:
            Invalid: It is none, or one of another list.
        """
        try:
            value: Any = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        except (ValueError, RecursionError) as error:
            raise _not_ours() from error
        if (
            not isinstance(value, list)
            or len(value) != count + 1  # pyright: ignore[reportUnknownArgumentType] -- any JSON
            or not all(isinstance(part, str) for part in value)  # pyright: ignore[reportUnknownVariableType] -- any JSON
            or value[0] != self.digest
        ):
            raise _not_ours()
        return tuple(value[1:])  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] -- checked above


def _not_ours() -> Invalid:
    return Invalid("after", "This is not a cursor of this list.")
