"""Every route asks who is there, and whatever it returns or refuses is on the log."""

import time

import httpx2
import pytest
from fastapi.routing import APIRoute

from api import access
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
from tests.api.conftest import Server
from tests.api.deciding import DECIDING, questions
from tests.api.excepting import BODIES, BY_THE_MEDIATOR, EXCEPTING, prepared
from tests.api.negotiating import NEGOTIATING, drafts
from tests.api.test_bad_input import HEADERS
from tests.api.test_tus import OCTETS, TUS, creation
from tests.builders import Case, House, terms
from vault.access import open_entry
from vault.core import Vault
from vault.database.log import all_entries

# Anybody may call these; each with the reason.
OPEN = {
    "/healthz": "says only that the process lives, and how many alerts it has raised",
    "/readyz": "says only whether the servers answer",
    "/.well-known/authzen-configuration": "says only where the endpoints are",
    "/v1/cases/{case}/uploads": "as OPTIONS says only what of tus is spoken",
}
# These are for anybody identified, and say nothing that is not in this repository.
PUBLIC = {
    "/v1/scope/schema",
    "/v1/scope/templates",
    "/v1/scope/templates/{template}",
}

# How each route is called with success, and the name of the event it leaves.
CALLS: dict[tuple[str, str], str] = {
    ("POST", "/v1/cases"): "case:open",
    ("GET", "/v1/cases"): "case:list",
    ("GET", "/v1/cases/{case}"): "case:read",
    ("POST", "/v1/cases/{case}/participants"): "case:participant:seat",
    ("PUT", "/v1/cases/{case}/phase"): "case:phase",
    ("POST", "/v1/cases/{case}/documents"): "document:deposit",
    ("PUT", "/v1/cases/{case}/documents"): "document:deposit",
    ("GET", "/v1/cases/{case}/documents"): "document:list",
    ("GET", "/v1/documents/{document}"): "document:read",
    ("GET", "/v1/documents/{document}/content"): "document:delivery:completed",
    ("HEAD", "/v1/documents/{document}/content"): "document:release",
    ("POST", "/v1/documents/{document}/renditions"): "rendition:deposit",
    ("POST", "/v1/cases/{case}/uploads"): "upload:begin",
    ("HEAD", "/v1/uploads/{upload}"): "upload:read",
    ("GET", "/v1/uploads/{upload}"): "upload:read",
    ("PATCH", "/v1/uploads/{upload}"): "document:deposit",
    ("DELETE", "/v1/uploads/{upload}"): "upload:terminate",
    ("GET", "/v1/cases/{case}/events"): "case:events:read",
    ("GET", "/v1/log/checkpoint"): "log:checkpoint:read",
    **NEGOTIATING,
    **EXCEPTING,
    **DECIDING,
}


ROUTES = [
    route
    for room in (
        cases,
        seats,
        exceptions,
        agreements,
        negotiation,
        signing,
        lists,
        documents,
        uploads,
        templates,
        scope,
        authzen,
        trail,
        health,
    )
    for route in room.router.routes
    if isinstance(route, APIRoute)
]


def test_every_route_is_classified(server: Server) -> None:
    described = httpx2.get(f"{server.url}/openapi.json").json()["paths"]
    found = {(method.upper(), path) for path, methods in described.items() for method in methods}
    assert found == {(method, route.path) for route in ROUTES for method in route.methods or ()}
    known = CALLS.keys() | {(spoken(path), path) for path in OPEN.keys() | PUBLIC}
    assert found == known


def spoken(path: str) -> str:
    return "OPTIONS" if path.endswith("/uploads") else "GET"


def test_every_route_but_health_asks_who_is_there() -> None:
    for route in ROUTES:
        asked = {dependency.call for dependency in route.dependant.dependencies}
        identified = access._subject in asked  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- the one dependency that identifies
        is_open = route.path in OPEN and spoken(route.path) in (route.methods or ())
        assert identified == (not is_open), route.path


def uploading(http: httpx2.Client, method: str, url: str, case: Case) -> httpx2.Response:
    """Call a route of uploads for an upload of one byte; begin it first if need be."""
    begun = http.post(f"/v1/cases/{case.case_id}/uploads", headers=creation(1))
    if method == "POST":
        return begun
    headers = {**TUS, **OCTETS, "Upload-Offset": "0"}
    content = b"x" if method == "PATCH" else None
    return http.request(
        method,
        url.replace("UPLOAD", begun.headers["location"].rpartition("/")[2]),
        headers=headers,
        content=content,
    )


def newest(vault: Vault) -> str:
    """Return the name of the newest event."""
    with vault.database.snapshot() as tx:
        *_, entry = all_entries(tx)
        event = open_entry(vault, tx, entry).event
    assert event is not None
    return event.name


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_what_a_route_returns_is_on_the_log(
    server: Server, case: Case, house: House, method: str, path: str
) -> None:
    document = case.deposit("party:claimant").document_id
    who = case["party:claimant"]
    if path in ("/v1/cases", "/v1/cases/{case}/participants", "/v1/cases/{case}/phase"):
        who = case["mediator"]
    values = prepared(case, method, path, document)
    if path in BY_THE_MEDIATOR:
        who = case["mediator"]
    with server.as_(who) as http:
        draft = http.post(f"/v1/cases/{case.case_id}/agreements", json=terms()).json()
        bodies: dict[str, dict[str, object]] = {
            "/v1/cases": {"title": "T", "sides": ["a", "b"], "name": "M"},
            "/v1/cases/{case}/participants": {
                "person": str(house.person().person),
                "seat": "expert",
                "name": "N",
            },
            "/v1/cases/{case}/phase": {"phase": "mediation"},
            **BODIES,
            **questions(case, document),
            **drafts(house, who, draft["digest"]),
        }
        url = path.format(
            case=case.case_id,
            document=document,
            version=draft["version"],
            **{"upload": "UPLOAD", **values},
        )
        if path.endswith("/content"):
            url += "?view=full"
        if "uploads" in path:
            answer = uploading(http, method, url, case)
        elif path in bodies and method in ("POST", "PUT"):
            answer = http.request(method, url, json=bodies[path])
        elif method in ("POST", "PUT"):
            answer = http.request(method, url, content=b"x", headers=HEADERS)
        else:
            answer = http.request(method, url)
    assert answer.is_success, answer.text
    deadline = time.monotonic() + 5
    while newest(house.vault) != CALLS[method, path] and time.monotonic() < deadline:
        # How a delivery ended is on record a moment after its last byte.
        time.sleep(0.02)
    assert newest(house.vault) == CALLS[method, path]
    house.check()


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_nobody_gets_anything_without_a_token(
    server: Server, case: Case, method: str, path: str
) -> None:
    document = case.deposit("party:claimant").document_id
    unknown = dict.fromkeys(("request", "participant", "phase", "grant", "upload"), "1")
    url = path.format(case=case.case_id, document=document, version=1, **unknown)
    assert httpx2.request(method, server.url + url).status_code in (401, 422)
    assert httpx2.request(method, server.url + url + "?view=full", json={}).status_code in (
        401,
        422,
    )
