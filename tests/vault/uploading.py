"""Resumable uploads in a few words, for the tests of them."""

import hashlib
import os

from policies.terms import View
from tests.builders import Case, House
from vault.ids import UploadId
from vault.intake import uploads
from vault.intake.arrivals import Piece
from vault.intake.descriptions import Bytes, Description
from vault.intake.resuming import receive
from vault.intake.uploads import Announced, Upload
from vault.sealing.parts import PART_SIZE

CONTENT = os.urandom(2 * PART_SIZE + 1000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
TAIL = 2 * PART_SIZE


def announced(size: int = len(CONTENT), document_class: str = "medical") -> Announced:
    said = Description(
        document_class=document_class, title="T", provenance="pre-existing", content=Bytes()
    )
    return Announced(description=said, size_bytes=size, metadata="")


def begin(house: House, case: Case, size: int = len(CONTENT)) -> UploadId:
    return uploads.begin(
        house.vault, case["party:claimant"], case.case_id, announced(size)
    ).upload_id


def send(
    house: House, case: Case, upload: UploadId, offset: int, content: bytes | None = None
) -> Upload:
    piece = Piece(offset=offset, content=[CONTENT[offset:] if content is None else content])
    return receive(house.vault, case["party:claimant"], upload, piece)


def offset_of(house: House, case: Case, upload: UploadId) -> int:
    return uploads.read_upload(house.vault, case["party:claimant"], upload).offset


def nothing_is_left(house: House) -> bool:
    with house.vault.database.transaction() as tx:
        rows = tx.values(
            "SELECT rendition_id FROM uploads UNION SELECT rendition_id FROM resumable_uploads"
        )
    # The key of the case stays in the bucket with the case.
    return rows == [] and all(name.endswith("/key") for name in house.vault.store.names())


def is_whole(house: House, case: Case, done: Upload) -> None:
    """Assert that an upload has become the document that was sent."""
    assert done.deposited is not None
    assert done.deposited.sha256 == SHA256
    assert case.read("party:claimant", done.deposited.document_id, View.FULL) == CONTENT
    house.check()
