"""Content on its way to a reader: what was asked for, how much was handed over, how that ended.

All of it is on record. A delivery that finds something else in the store than what was deposited
ends there, as `tampered`, and alerts.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.terms import View
from vault.audit.events import Outcome, Tag
from vault.content import open_content
from vault.errors import Tampered, Unavailable, VaultError
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
            counted = self._counted(opened, {"release": receipt.index, **asked})
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
        delivered, outcome = 0, Outcome.ABORTED
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
        finally:
            # The access itself is on record; an unrecorded ending reads "delivery unknown".
            with suppress(Unavailable):
                counted = {**self.about, **detail, "bytes": delivered}
                self._record(Tag.DOCUMENT_DELIVERY, outcome, counted)

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
