"""Content on its way to a reader: what was asked for, how much was handed over, how that ended.

All of it is on record. A delivery that finds something else in the store than what was deposited
ends there, as `tampered`, and alerts.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.terms import View
from vault.audit.events import Outcome, Tag
from vault.content import open_content
from vault.database import erasures, keys
from vault.errors import NotFound, Tampered, Unavailable, VaultError
from vault.sealing.opening import ByteRange

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from datetime import datetime

    from policies.decisions import Obligation, Permit
    from vault.access import Seated, Standing
    from vault.audit.log import AuditReceipt
    from vault.database.documents import RenditionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A rendition that exists, as a reader at its view may know it."""

    view: View
    size_bytes: int
    media_type: str
    file_name: str | None
    sha256: str
    deposited_at: datetime


# How much of a document that is erased while it is read may still leave: one window of a read.
_ASK_EVERY_BYTES = 8 << 20

# Told what is stored, says which bytes of it are wanted, or None: none of them.
Choice = Callable[[Stored], ByteRange | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Content on its way to a reader whose access is on record.

    Attributes:
        stored: What it is taken from.
        wanted: Which bytes of it; None if none were asked for.
        chunks: Plaintext in pieces of at most 1 MiB, each authenticated, the first already
            opened. Close it when done: how much was delivered goes on record then.
        log_index: The entry that records the access.
        obligations: What the reader takes on with it.
    """

    stored: Stored
    wanted: ByteRange | None
    chunks: Generator[bytes]
    log_index: int
    obligations: tuple[Obligation, ...]


def everything(stored: Stored) -> ByteRange:
    """Want the whole of what is stored."""
    return ByteRange(0, stored.size_bytes)


def stored_as_seen(seated: Seated, row: RenditionRow) -> Stored:
    """Return what a reader at a rendition's view may know of it; Tampered if its row lies."""
    details = seated.sealer.open_rendition(row.rendition_id, row.view, row.size_bytes, row.details)
    return Stored(
        view=View.parse(row.view),
        size_bytes=row.size_bytes,
        media_type=details.media_type,
        file_name=details.file_name,
        sha256=details.sha256,
        deposited_at=row.deposited_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One permitted release of one rendition.

    Attributes:
        standing: Whose it is.
        seated: The seat it is for.
        permit: What allows it.
        rendition: What is delivered.
        about: What the record says of the document.
    """

    standing: Standing
    seated: Seated
    permit: Permit
    rendition: RenditionRow
    about: Mapping[str, str | int]

    def release(self, choose: Choice) -> Release:
        """Put on record what is asked for, then open the first piece of it.

        Raises:
            Tampered: What is stored, or its row, is not what was deposited; that is on record.
            VaultError: What `choose` raised; that it was refused is on record.
        """
        detail = {**self.about, "rendition": str(self.rendition.rendition_id)}
        try:
            stored = stored_as_seen(self.seated, self.rendition)
            wanted = choose(stored)
        except Tampered:
            self._alert()
            self._record(Tag.DOCUMENT_RELEASE, Outcome.TAMPERED, detail)
            raise
        except VaultError:
            self._record(Tag.DOCUMENT_RELEASE, Outcome.REFUSED, detail)
            raise
        asked = _asked(stored, wanted)
        detail = {**detail, "sha256": stored.sha256, **asked}
        receipt = self._record(Tag.DOCUMENT_RELEASE, Outcome.GRANTED, detail)
        chunks = _nothing()
        if wanted is not None:
            opened = open_content(
                self.standing.vault,
                self.seated.sealer,
                self.rendition,
                self.permit,
                receipt,
                wanted=wanted,
            )
            counted = self._counted(
                self._unless_erased(opened), {"release": receipt.index, **asked}
            )
            chunks = _after(next(counted, b""), counted)
        return Release(
            stored=stored,
            wanted=wanted,
            chunks=chunks,
            log_index=receipt.index,
            obligations=self.permit.obligations,
        )

    def _counted(
        self, content: Generator[bytes], detail: Mapping[str, str | int]
    ) -> Generator[bytes]:
        """Pass content on, and put on record how much was handed over and how that ended."""
        delivered, outcome, left = 0, Outcome.ABORTED, self
        try:
            with closing(content):
                for chunk in content:
                    yield chunk
                    delivered += len(chunk)
            outcome = Outcome.COMPLETED
        except Tampered:
            outcome = Outcome.TAMPERED
            self._alert()
            raise
        except NotFound:
            left = self._as_left()
            detail = {**detail, "ended": "erased", "case": str(self.seated.case)}
            raise
        finally:
            # The access itself is on record; an unrecorded ending reads "delivery unknown".
            with suppress(Unavailable):
                counted = {**self.about, **detail, "bytes": delivered}
                left._record(Tag.DOCUMENT_DELIVERY, outcome, counted)  # noqa: SLF001 -- the same

    def _unless_erased(self, content: Generator[bytes]) -> Generator[bytes]:
        """Pass content on until it is erased; asked before the first piece, and then often.

        Raises:
            NotFound: It is erased, or its case. What the store then lacks was not tampered with.
        """
        unasked = _ASK_EVERY_BYTES
        try:
            with closing(content):
                for chunk in content:
                    unasked += len(chunk)
                    if unasked >= _ASK_EVERY_BYTES:
                        self._ask()
                        unasked = 0
                    yield chunk
        except Tampered:
            self._ask()
            raise

    def _ask(self) -> None:
        with self.standing.vault.database.transaction() as tx:
            if erasures.is_erased(tx, self.seated.case, self.rendition.document_id):
                raise NotFound

    def _as_left(self) -> Delivery:
        """Return it for a case that may be erased: nothing is sealed under its key any more."""
        with self.standing.vault.database.snapshot() as tx:
            gone = keys.wrapped_key(tx, self.seated.case, "case") is None
        return replace(self, standing=self.standing.outside()) if gone else self

    def _record(self, tag: Tag, outcome: Outcome, detail: Mapping[str, str | int]) -> AuditReceipt:
        return self.standing.record(tag, outcome, decision=self.permit, detail=detail)

    def _alert(self) -> None:
        self.standing.vault.alerts.tampered(
            self.seated.case, self.rendition.document_id, self.rendition.rendition_id
        )


def _asked(stored: Stored, wanted: ByteRange | None) -> dict[str, str | int]:
    """Return what the record says of the bytes that were asked for."""
    if wanted is None:
        return {"asked": "nothing"}
    if wanted == everything(stored):
        return {"asked": "whole"}
    return {"asked": "range", "start": wanted.start, "end": wanted.end}


def _nothing() -> Generator[bytes]:
    yield from ()


def _after(first: bytes, rest: Generator[bytes]) -> Generator[bytes]:
    with closing(rest):
        if first:
            yield first
        yield from rest
