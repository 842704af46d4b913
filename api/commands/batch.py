"""Many files are deposited some at a time, and every one that failed is named in the end.

With a file of receipts the work can be taken up again: what has its line there is not sent twice.
A file whose answer was lost has no line, and is deposited a second time; both have receipts.
"""

from __future__ import annotations

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx2

from api.commands.calling import Refused, problem_in, problem_of, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from uuid import UUID

AT_ONCE = 8
NO_SLOT = "urn:subrosa:problem:no-slot"
_TURNS = 100
_LINE_BEGINS = b'{"file": "'


@dataclass(slots=True)
class Outcome:
    """What became of each file; `quarantined`: safe, and waiting for the malware scan."""

    deposited: int = 0
    quarantined: int = 0
    there_before: int = 0
    size_bytes: int = 0
    failures: list[str] = field(default_factory=list[str])

    def summary(self) -> str:
        """Return the whole in one line of JSON."""
        return json.dumps(
            {
                "deposited": self.deposited,
                "quarantined": self.quarantined,
                "size_bytes": self.size_bytes,
                "there_before": self.there_before,
                "failed": len(self.failures),
            }
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Where files go and what is said of each.

    Attributes:
        case: The case.
        said: The headers that are the same for all.
        title: Of the document; each file's name if None.
    """

    case: UUID
    said: Mapping[str, str]
    title: str | None = None

    def send(self, http: httpx2.Client, file: Path) -> httpx2.Response:
        """Deposit one file; return the vault's answer."""
        headers = {
            **self.said,
            "Content-Disposition": content_disposition(file),
            "Content-Length": str(file.stat().st_size),
            "Subrosa-Title": quote(self.title or file.name, safe=""),
        }
        with file.open("rb") as content:
            path = f"/v1/cases/{self.case}/documents"
            return http.post(path, content=content, headers=headers)

    def send_all(
        self, http: httpx2.Client, files: Iterable[Path], receipts: Path | None
    ) -> Outcome:
        """Deposit files, eight at a time; keep each receipt as soon as it is there."""
        _begin(receipts)
        outcome, lock, known = Outcome(), Lock(), _known(receipts)

        def one(file: Path) -> None:
            try:
                if known and (str(file), _sha256(file)) in known:
                    with lock:
                        outcome.there_before += 1
                    return
                deposited = self._receipt_of(http, file)
            except (Refused, OSError, httpx2.HTTPError) as error:
                why = str(error) if isinstance(error, Refused) else "it could not be read or sent."
                with lock:
                    outcome.failures.append(f"{str(file)!r}: {why}")
                return
            with lock:
                if deposited.get("state") == "quarantined":
                    outcome.quarantined += 1
                else:
                    outcome.deposited += 1
                outcome.size_bytes += deposited["size_bytes"]
                _keep(receipts, {"file": str(file), **deposited})

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(one, files))
        return outcome

    def _receipt_of(self, http: httpx2.Client, file: Path) -> dict[str, Any]:
        """Deposit one file, once there is a slot for it; return what the vault says of it.

        Raises:
            Refused: The vault said no.
        """
        turns = _TURNS
        # Only where nothing was begun: after any other 503 the document may be there.
        while not (answer := self.send(http, file)).is_success:
            turns -= 1
            problem = problem_of(answer) or {}
            if not turns or problem.get("type") != NO_SLOT:
                raise Refused(problem_in(answer))
            time.sleep(int(answer.headers.get("retry-after", "3")))
        return read_json(answer)


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files, and those in folders in the order of their names; no link is followed."""
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file() and not p.is_symlink())
        else:
            yield path


def content_disposition(file: Path) -> str:
    """Return the header that names a file (RFC 8187)."""
    return f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"


def _known(receipts: Path | None) -> set[tuple[str, str]]:
    """Return which files, with which content, have their receipt already."""
    if receipts is None or not receipts.exists():
        return set()
    known: set[tuple[str, str]] = set()
    for line in receipts.read_text("utf-8").splitlines():
        try:
            kept = json.loads(line)
            known.add((kept["file"], kept["sha256"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(f"{receipts} is not a file of receipts.") from error
    return known


def _begin(receipts: Path | None) -> None:
    """Make sure that receipts can be kept before anything is sent; drop a line that was cut off.

    Raises:
        Refused: They cannot, or the file holds something else.
    """
    if receipts is None:
        return
    try:
        with receipts.open("a+b") as kept:
            kept.seek(0)
            text = kept.read()
            cut = text.rfind(b"\n") + 1
            if not _LINE_BEGINS.startswith(text[cut:][: len(_LINE_BEGINS)]):
                raise Refused(f"{receipts} is not a file of receipts.")
            kept.truncate(cut)
    except OSError as error:
        raise Refused(f"Receipts cannot be kept in {receipts}.") from error


def _keep(receipts: Path | None, line: Mapping[str, Any]) -> None:
    if receipts is None:
        return
    with receipts.open("a", encoding="utf-8") as kept:
        kept.write(json.dumps(line, ensure_ascii=False) + "\n")


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
