"""Bodies that a framework reads whole are small; documents never come by this way."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine

LIMIT_BYTES = 1 << 20


class LimitedRoute(APIRoute):
    """A route that refuses a body beyond the limit as soon as it passes it.

    Starlette has a limit of its own, which answers in plain text instead of a problem.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Let the framework read through a request that counts."""
        handle = super().get_route_handler()

        async def limited(request: Request) -> Response:
            return await handle(_CountingRequest(request.scope, request.receive))

        return limited


class _CountingRequest(Request):
    async def stream(self) -> AsyncGenerator[bytes]:
        size = 0
        async for chunk in super().stream():
            size += len(chunk)
            if size > LIMIT_BYTES:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            yield chunk
