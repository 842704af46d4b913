"""A gateway that asks for decisions, in the standard's words."""

from __future__ import annotations

from typing import Any

import httpx2

from vault.core import Subject

Json = dict[str, Any]


def person(who: Subject) -> Json:
    return {"type": "person", "id": str(who.person)}


def document(which: object) -> Json:
    return {"type": "document", "id": str(which)}


def asked(who: Subject, action: str, which: object, **more: object) -> Json:
    return {
        "subject": person(who),
        "action": {"name": action},
        "resource": document(which),
        **more,
    }


def ask(http: httpx2.Client, path: str, body: object) -> Json:
    answer = http.post(f"/access/v1/{path}", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    found: Json = answer.json()
    return found
