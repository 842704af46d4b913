"""Content goes out as it is opened, and how its delivery ended is on record whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from fastapi.responses import StreamingResponse
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Send

    from vault.disclosure.deliveries import Release


class Delivering(StreamingResponse):
    """Sends what was released.

    The answer ends with its last byte: the next request on the connection does not wait until that
    is on record.
    """

    def __init__(self, released: Release, status: int, headers: Mapping[str, str]) -> None:
        """Take over a release that wants some bytes.

        Args:
            released: Closed here, even if the request is being cancelled.
            status: Of the answer.
            headers: Of the answer, its length among them.
        """
        assert released.wanted is not None
        self._chunks, self._left = released.chunks, released.wanted.size_bytes
        super().__init__(self._chunks, status, headers, released.stored.media_type)

    async def stream_response(self, send: Send) -> None:
        """Send the answer; called by the framework, and cancelled when the reader goes away."""
        begin = {"type": "http.response.start", "status": self.status_code}
        try:
            await send({**begin, "headers": self.raw_headers})
            if not self._left:
                await send({"type": "http.response.body"})
            async for chunk in iterate_in_threadpool(self._chunks):
                more = len(chunk) < self._left
                await send({"type": "http.response.body", "body": chunk, "more_body": more})
                self._left -= len(chunk)
                if not more:
                    break
        finally:
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(self._end)

    def _end(self) -> None:
        """Let the release know whether its last piece was taken, and close it."""
        if not self._left:
            next(self._chunks, None)
        self._chunks.close()
