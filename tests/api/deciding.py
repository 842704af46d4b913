"""How each route that lists, explains or decides is called with success."""

from __future__ import annotations

from typing import Any

from tests.builders import Case
from vault.ids import DocumentId

DECIDING: dict[tuple[str, str], str] = {
    ("GET", "/v1/cases/{case}/documents/count"): "document:count",
    ("GET", "/v1/cases/{case}/documents/export"): "document:export",
    ("POST", "/v1/cases/{case}/explanations"): "scope:explain",
    ("GET", "/v1/cases/{case}/view-as/{participant}"): "scope:view-as",
    ("POST", "/access/v1/evaluation"): "scope:evaluate",
    ("POST", "/access/v1/evaluations"): "scope:evaluate",
    ("POST", "/access/v1/search/subject"): "scope:search",
    ("POST", "/access/v1/search/resource"): "scope:search",
    ("POST", "/access/v1/search/action"): "scope:search",
}


def questions(case: Case, document: DocumentId) -> dict[str, dict[str, Any]]:
    """Return what is sent, by the claimant about itself and its own document."""
    subject = {"type": "person", "id": str(case["party:claimant"].person)}
    resource = {"type": "document", "id": str(document)}
    action = {"name": "full"}
    one = {"subject": subject, "action": action, "resource": resource}
    return {
        "/v1/cases/{case}/explanations": {
            "class": "medical",
            "origin": "claimant",
            "provenance": "pre-existing",
            "view": "full",
        },
        "/access/v1/evaluation": one,
        "/access/v1/evaluations": {**one, "evaluations": [{"action": {"name": "metadata"}}]},
        "/access/v1/search/subject": {**one, "subject": {"type": "person"}},
        "/access/v1/search/resource": {**one, "resource": {"type": "document"}},
        "/access/v1/search/action": {"subject": subject, "resource": resource},
    }
