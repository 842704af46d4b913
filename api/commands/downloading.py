"""A document that came over the line is whole and what was deposited, or the command fails."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import httpx2

from api.commands.calling import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator


def whole(answer: httpx2.Response) -> Iterator[bytes]:
    """Yield a document as it arrives; what came is true only if this ends without an exception.

    Raises:
        Refused: The answer was cut off, or is not what its digest (RFC 9530) says.
    """
    digest = hashlib.sha256()
    try:
        for piece in answer.iter_bytes():
            digest.update(piece)
            yield piece
    except httpx2.RemoteProtocolError as error:
        raise Refused(
            "The document was cut off on its way; what came of it is not kept."
        ) from error
    announced = answer.headers.get("repr-digest")
    came = f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    if announced is not None and announced != came:
        raise Refused("What came is not what was deposited; it is not kept.")
