"""Every seat asks for everything at every view, and gets what the story says, byte for byte."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from api.demo.outcome import Refusal, Sighting
from api.demo.story import PAPERS, Sight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from api.demo.journal import Journal
    from api.demo.people import Caller
    from api.demo.story import Attempt

_RANKS: Final = {None: 0, "metadata": 1, "redacted": 2, "full": 3}
# Small, so that pages and their cursors are followed.
_PAGE: Final = "5"
# Larger documents are opened by everybody and read to the end by one.
_SMALL_BYTES: Final = 8 << 20
_OK: Final = 200
_REFUSED: Final = 403
_ABSENT: Final = 404
_NOTHING_THERE: Final = 409


@dataclass(frozen=True, slots=True)
class Held:
    """A document in the vault as its depositor knows it: SHA-256 in hex of each version by view."""

    document: str
    size_bytes: int
    sha256: Mapping[str, str]

    @property
    def content(self) -> str:
        """The path of its content."""
        return f"/v1/documents/{self.document}/content"


def look_at_everything(
    seat: str,
    caller: Caller,
    case: str,
    held: Mapping[str, Held],
    sights: Mapping[tuple[str, str], Sight],
    journal: Journal,
) -> None:
    """Let one seat list the case, then ask for every document at every view."""
    listed = {document["document"]: document for document in _listed(caller, case)}
    for key, kept in held.items():
        what, sight = f"{seat} on {key}", sights[seat, key]
        found = _look(caller, kept, listed.pop(kept.document, None), what, journal)
        journal.expect(sight, found, what)
        journal.matrix.append(
            Sighting(
                seat=seat,
                document=kept.document,
                document_class=PAPERS[key].document_class,
                view=found.view,
                clause=found.clause,
            )
        )
        for view in ("redacted", "full"):
            journal.expect(
                _due(kept, view, sight),
                (opened := _open(caller, kept, view)).status_and_sha256,
                f"{what}, opened at {view}",
            )
            journal.refused += opened.status == _REFUSED
    journal.expect({}, listed, f"{seat} lists what was never deposited")


def try_out_of_scope(
    callers: Mapping[str, Caller],
    attempts: Iterable[Attempt],
    held: Mapping[str, Held],
    journal: Journal,
) -> None:
    """Ask for what must be refused, and keep how it was."""
    for tried in attempts:
        kept = held[tried.paper]
        opened = _open(callers[tried.who], kept, tried.view)
        what = f"{tried.who} tries {tried.paper} at {tried.view}"
        journal.expect((tried.status, tried.clause), (opened.status, opened.clause), what)
        journal.refusals.append(
            Refusal(
                seat=tried.who,
                document=kept.document,
                view=tried.view,
                status=opened.status,
                clause=opened.clause,
                note=tried.note,
            )
        )
        if tried.status == _ABSENT:
            here = callers[tried.who].ask(kept.content, view=tried.view)
            nowhere = callers[tried.who].ask(f"/v1/documents/{uuid4()}/content", view=tried.view)
            journal.expect(nowhere.content, here.content, f"{what}, as if there were nothing")


def read_whole(caller: Caller, kept: Held, journal: Journal, what: str) -> None:
    """Read a document of any size in full and to its end; it must be what was deposited."""
    opened = _open(caller, kept, "full", whole=True)
    journal.expect((_OK, kept.sha256["full"]), opened.status_and_sha256, what)


@dataclass(frozen=True, slots=True)
class _Opened:
    """How an opening was answered."""

    status: int
    clause: str | None = None
    sha256: str | None = None

    @property
    def status_and_sha256(self) -> tuple[int, str | None]:
        return self.status, self.sha256


def _due(kept: Held, view: str, sight: Sight) -> tuple[int, str | None]:
    """Return the answer that an opening must get, and the digest of what must come."""
    if _RANKS[view] > _RANKS[sight.view]:
        return _REFUSED, None
    return (_OK, kept.sha256[view]) if view in kept.sha256 else (_NOTHING_THERE, None)


def _listed(caller: Caller, case: str) -> Iterator[dict[str, Any]]:
    cursor: dict[str, str] = {}
    while True:
        page = caller.get(f"/v1/cases/{case}/documents", limit=_PAGE, **cursor)
        yield from page["documents"]
        if page["next"] is None:
            return
        cursor = {"after": page["next"]}


def _look(
    caller: Caller, kept: Held, listed: dict[str, Any] | None, what: str, journal: Journal
) -> Sight:
    """Return what a seat has of a document; its place in the list and the document must agree."""
    answer = caller.ask(f"/v1/documents/{kept.document}")
    read = answer.json()
    if listed is None:
        journal.expect(_REFUSED, answer.status_code, f"{what}, not in the list")
        journal.refused += answer.status_code == _REFUSED
        return Sight(None, read.get("clause"))
    journal.expect(listed, read, f"{what}, listed and read")
    visible = {view for view in kept.sha256 if _RANKS[view] <= _RANKS[listed["view"]]}
    shown = {rendition["view"] for rendition in listed["renditions"]}
    journal.expect(visible, shown, f"{what}, versions shown")
    return Sight(listed["view"], listed["clause"])


def _open(caller: Caller, kept: Held, view: str, *, whole: bool = False) -> _Opened:
    """Open a document and digest what comes.

    A large one is cut off after its first piece, unless wanted whole; then the digest is the one
    announced for it.
    """
    with caller.opened(kept.content, view=view) as answer:
        if not answer.is_success:
            answer.read()
            return _Opened(answer.status_code, answer.json().get("clause"))
        digest = hashlib.sha256()
        for piece in answer.iter_raw():
            digest.update(piece)
            if kept.size_bytes > _SMALL_BYTES and not whole:
                announced = answer.headers["repr-digest"].removeprefix("sha-256=").strip(":")
                return _Opened(answer.status_code, sha256=base64.b64decode(announced).hex())
        return _Opened(answer.status_code, sha256=digest.hexdigest())
