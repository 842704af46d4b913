"""The application is its routes, its problems and one vault; nothing else is shared."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from fastapi import Depends, FastAPI, Response
from fastapi.openapi.utils import get_openapi

from api.intake.body import Intake
from api.problems import install
from api.request_ids import RequestIds
from api.routes import (
    agreements,
    authzen,
    cases,
    documents,
    exceptions,
    health,
    lists,
    negotiation,
    scope,
    seats,
    signing,
    templates,
    trail,
    uploads,
)
from api.schemas.problems import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from api.settings import Settings
    from vault.core import Vault


def build_app(vault: Vault, settings: Settings) -> FastAPI:
    """Build the application round a vault that the caller opened and will close."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.threads
        yield

    app = FastAPI(
        title="Subrosa",
        version="0.1.0",
        summary="A confidentiality-scoped document vault for mediation.",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(_never_kept)],
    )
    app.state.vault = vault
    app.state.intake = Intake(slots=settings.upload_slots, silence_s=settings.upload_silence_s)
    for room in (
        cases,
        seats,
        agreements,
        negotiation,
        signing,
        lists,
        documents,
        uploads,
        exceptions,
        templates,
        scope,
        authzen,
        trail,
        health,
    ):
        app.include_router(room.router)
    install(app)
    app.add_middleware(RequestIds)
    app.openapi = lambda: _openapi(app)
    return app


def _never_kept(response: Response) -> None:
    """Let no cache on the way, and no browser, keep an answer."""
    response.headers["Cache-Control"] = "no-store"


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Describe every route, with problems as the routes name them."""
    described = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes
    )
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components = described["components"]
    components["schemas"].update(problem.pop("$defs"), Problem=problem)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    described["security"] = [{"token": []}]
    return described
