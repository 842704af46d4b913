"""What arrives of an upload is sealed, stored and recorded part by part, by one writer.

A part counts when the store has confirmed it and its row is committed. Each attempt at a part
seals it whole, under a fresh salt. The last part counts only with the document: until the change
that makes the document has committed, whoever asks is told to send the last part again.
"""

from __future__ import annotations

import hashlib
from collections import deque
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from vault.content import SealedContent
from vault.database import uploads
from vault.database.uploads import PartRow
from vault.digests import Digest
from vault.errors import Conflict, Invalid, NotFound, NotPermitted, Tampered, TooLarge
from vault.intake.accession import Deposited
from vault.intake.completion import Resumed, complete
from vault.intake.unfinished import abandon
from vault.intake.uploads import seal_answer
from vault.sealing.opening import open_parts
from vault.sealing.parts import Layout, RenditionContext, seal_part
from vault.sealing.pieces import fill
from vault.storage.names import object_name
from vault.storage.port import WriteMissing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from vault.access import Change
    from vault.core import Subject, Vault
    from vault.database.connection import Writer
    from vault.database.uploads import ResumableRow
    from vault.intake.admission import Admission
    from vault.intake.uploads import Upload
    from vault.sealing.keys import DataKey


class OffsetDiffers(Conflict):
    """The client goes on where the vault is not; it asks for the offset and goes on there."""

    def __init__(self) -> None:
        super().__init__("This upload goes on at another offset; ask for it, and go on there.")


class TooShort(Invalid):
    """Less than a part came, and it was not the end: keeping none of it, the client would loop."""

    def __init__(self, part_size: int) -> None:
        super().__init__(
            "", f"Send at least {part_size} bytes at a time, or all that is left of the document."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What one request brings to an upload.

    Attributes:
        offset: Where it goes on.
        content: In pieces of any size, read once and never kept.
        announced_bytes: How long it is, if its sender has said so.
        whole: Keep nothing of it unless the content ends without an exception.
    """

    offset: int
    content: Iterable[bytes]
    announced_bytes: int | None = None
    whole: bool = False


@dataclass
class Arrival:
    """One request's work on an upload, while nobody else writes to it."""

    vault: Vault
    writer: Writer
    admission: Admission
    row: ResumableRow
    upload: Upload
    parts: list[PartRow]
    context: RenditionContext = field(init=False)
    layout: Layout = field(init=False)
    key: DataKey = field(init=False, repr=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        row = self.row
        self.context = RenditionContext(row.case_id, row.document_id, row.rendition_id)
        self.layout = Layout(row.size_bytes, row.part_size)
        case_key = self.admission.sealer.key
        self.key = self.vault.keyring.open_data_key(case_key, self.context, row.wrapped_key)
        self.name = object_name(row.case_id, row.rendition_id)

    def take(self, subject: Subject, piece: Piece) -> Upload:
        """Take in what a request brings, and complete the upload if that is its end.

        Raises:
            VaultError: As `receive` does (vault/intake/resuming.py).
        """
        content = self._counted(piece)
        length = self.layout.object_length
        if self.row.last_header is not None and self.vault.store.length(self.name) == length:
            sha256 = self._recover(self.row.last_header, content)
            return self._complete(subject, sha256)
        digest = self.vault.digests.at(self.row.upload_id, self.upload.offset)
        write = self._send(content, digest, whole=piece.whole)
        if len(self.parts) < self.layout.part_count:
            kept = len(self.parts) * self.row.part_size
            if kept == self.upload.offset:
                raise TooShort(self.row.part_size)
            return replace(self.upload, offset=kept, expires_at=self._until())
        tags = [part.tag for part in self.parts]
        self.vault.store.complete(self.name, write, tags, length)
        if digest is None or self.row.last_header is not None:
            # No digest runs in this process, or an earlier attempt may have won in the store: what
            # is there now is read back and authenticated before anything refers to it.
            sha256, _ = self._read_back()
        else:
            sha256 = digest.hexdigest()
        return self._complete(subject, sha256)

    def end(self) -> None:
        """Give the upload up and remove what has come of it."""
        self.vault.digests.forget(self.row.upload_id)
        abandon(self.vault, self.row.case_id, self.row.rendition_id)

    def _counted(self, piece: Piece) -> Iterator[bytes]:
        left = self.row.size_bytes - piece.offset
        for chunk in piece.content:
            left -= len(chunk)
            if left < 0:
                raise TooLarge
            yield chunk

    def _send(self, content: Iterable[bytes], digest: Digest | None, *, whole: bool) -> str:
        """Seal what comes, part by part; record each that is durable, but never the last."""
        write = self.row.store_write or self._begin()
        sealed = deque[tuple[PartRow, Digest | None]]()
        held: list[PartRow] = []
        behind: Digest | None = None
        bodies = self._sealed(content, digest, sealed)
        for tag in self.vault.store.put_parts(self.name, write, bodies, len(self.parts)):
            part, so_far = sealed.popleft()
            part = replace(part, tag=tag)
            self.parts.append(part)
            if len(self.parts) == self.layout.part_count:
                continue
            held.append(part)
            behind = so_far
            if not whole:
                self._record(held, behind)
                held.clear()
        if held:
            self._record(held, behind)
        return write

    def _sealed(
        self,
        content: Iterable[bytes],
        digest: Digest | None,
        sealed: deque[tuple[PartRow, Digest | None]],
    ) -> Iterator[bytearray]:
        first, count = len(self.parts), self.layout.part_count
        sizes = map(self.layout.part_plaintext_length, range(first, count))
        for number, pieces in enumerate(fill(content, sizes), first):
            if digest is not None:
                for piece in pieces:
                    digest.update(piece)
            last = number == count - 1
            part = seal_part(self.key, self.context, number, pieces, last=last)
            if last:
                with self.writer.transaction() as tx:
                    uploads.attempt(tx, self.row.upload_id, part.header)
            sealed.append((PartRow(number, part.header, ""), digest and digest.copy()))
            yield part.body
            # Let go of it before the next one is sealed, which then lies where it lay.
            del part

    def _begin(self) -> str:
        write = self.vault.store.begin(self.name)
        with self.writer.transaction() as tx:
            uploads.begin_write(tx, self.row.upload_id, write)
        return write

    def _record(self, parts: list[PartRow], digest: Digest | None) -> None:
        with self.writer.transaction() as tx:
            for part in parts:
                if not uploads.insert_part(tx, self.row.upload_id, part):
                    raise OffsetDiffers
            uploads.prolong(tx, self.row, self._until())
        if digest is not None:
            offset = (parts[-1].number + 1) * self.row.part_size
            self.vault.digests.keep(self.row.upload_id, offset, digest)

    def _recover(self, last_header: bytes, content: Iterable[bytes]) -> str:
        """Take up an attempt whose object is there and whose answer was lost.

        The last part comes once more; it must be the one that was stored.
        """
        self.parts.append(PartRow(len(self.parts), last_header, ""))
        size_bytes, again = 0, hashlib.sha256()
        for chunk in content:
            size_bytes += len(chunk)
            again.update(chunk)
        if size_bytes < self.row.size_bytes - self.upload.offset:
            raise TooShort(self.row.part_size)
        sha256, tail = self._read_back()
        if again.hexdigest() != tail:
            self.end()
            raise Invalid("", "The last part is not the one sent before; begin the upload again.")
        return sha256

    def _read_back(self) -> tuple[str, str]:
        """Open the object as a reader would; return the digests of all of it and of its last part.

        Raises:
            WriteMissing: It is not what these headers pin: another attempt has won, or the store
                does not keep what it was given.
        """
        whole, tail = hashlib.sha256(), hashlib.sha256()
        ahead = (self.layout.part_count - 1) * self.row.part_size
        headers = [part.header for part in self.parts]
        try:
            with closing(self.vault.store.read(self.name)) as sealed:
                for chunk in open_parts(self.key, self.context, self.layout, headers, sealed):
                    whole.update(chunk)
                    tail.update(chunk[ahead:])
                    ahead = max(0, ahead - len(chunk))
        except Tampered as error:
            raise WriteMissing from error
        return whole.hexdigest(), tail.hexdigest()

    def _complete(self, subject: Subject, sha256: str) -> Upload:
        until = self._until()
        stored = SealedContent(
            context=self.context,
            size_bytes=self.row.size_bytes,
            part_size=self.row.part_size,
            sha256=sha256,
            headers=b"".join(part.header for part in self.parts),
            wrapped_key=self.row.wrapped_key,
        )

        def keep_answer(act: Change, deposited: Deposited) -> None:
            answer = seal_answer(self.admission.sealer, self.row, deposited)
            uploads.complete(act.tx, self.row.upload_id, answer, until)

        announced = self.upload.announced
        resumed = Resumed(
            upload_id=self.row.upload_id, metadata=announced.metadata, keep_answer=keep_answer
        )
        try:
            done = complete(
                self.vault, subject, self.admission, stored, announced.description, resumed
            )
        except (Invalid, NotFound, NotPermitted):
            self.end()
            raise
        self.vault.digests.forget(self.row.upload_id)
        ended = replace(self.upload, offset=self.row.size_bytes)
        if isinstance(done, Deposited):
            return replace(ended, expires_at=until, deposited=done)
        return replace(ended, expires_at=None, quarantined_at=done.quarantined_at)

    def _until(self) -> datetime:
        return self.vault.clock() + self.vault.limits.upload_lifetime
