"""A paper of the sample case goes into the vault as a form or as a raw body, and is acknowledged.

Whoever imports this module needs the `demo` extra.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from api.demo.files import content
from api.demo.people import MultipartForm
from api.demo.reading import Held

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.demo.journal import Journal
    from api.demo.paper import Paper
    from api.demo.people import Caller


def deposit(caller: Caller, case: str, paper: Paper, journal: Journal) -> Held:
    """Deposit a paper, and its redacted version if there is one; return what was sent.

    Raises:
        Stopped: The vault does not take it.
    """
    said = {
        "class": paper.document_class,
        "title": paper.title,
        "provenance": "made-for-mediation" if paper.made else "pre-existing",
        "joint": "true" if paper.joint else "false",
    }
    sent = _Sent(content(paper))
    answer = _send(caller, f"/v1/cases/{case}/documents", paper, sent, said)
    journal.expect(sent.receipt, _receipt(answer), f"receipt of {paper.key}")
    document, sha256 = answer["document"], {"full": sent.sha256}
    if paper.redacted:
        blackened = _Sent(content(paper, redacted=True))
        answer = _send(caller, f"/v1/documents/{document}/renditions", paper, blackened, {})
        journal.expect(blackened.receipt, _receipt(answer), f"receipt of {paper.key}, redacted")
        sha256["redacted"] = blackened.sha256
    return Held(document, sent.size_bytes, sha256)


def _send(
    caller: Caller, path: str, paper: Paper, sent: _Sent, said: dict[str, str]
) -> dict[str, Any]:
    if paper.as_form:
        whole = b"".join(sent)
        file = (paper.file_name, whole, paper.media_type)
        return caller.send(path, form=MultipartForm({**said, "sha256": sent.sha256}, file))
    headers = {f"Subrosa-{name.title()}": quote(value, safe="") for name, value in said.items()}
    headers["Content-Type"] = paper.media_type
    headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(paper.file_name)}"
    return caller.send(path, content=sent, headers=headers)


def _receipt(answer: dict[str, Any]) -> tuple[str, int]:
    return answer["sha256"], answer["size_bytes"]


class _Sent:
    """Bytes on their way, digested and counted as they pass."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._digest.update(piece)
            self.size_bytes += len(piece)
            yield piece

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def receipt(self) -> tuple[str, int]:
        """What the vault must say that it received."""
        return self.sha256, self.size_bytes
