"""Whoever names a request finds the name on its answer: `X-Request-ID`, refusals included.

Source: OpenID Authorization API 1.0, "Request Identification".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NAME = b"x-request-id"


class RequestIds:
    """Passes everything on, and puts the caller's name for the request on the answer.

    What came as the value of a header holds no line break, and goes back byte for byte.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        given = [value for name, value in scope.get("headers", ()) if name == _NAME]

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (_NAME, given[0])]
            await send(message)

        await self._app(scope, receive, named if given else send)
