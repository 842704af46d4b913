"""What must have happened in a case before each route about exceptions and seats can succeed."""

from __future__ import annotations

from tests.builders import Case
from tests.vault.asking import ask, grant, participant
from vault.deviations import clawback
from vault.ids import DocumentId

EXCEPTING: dict[tuple[str, str], str] = {
    ("GET", "/v1/cases/{case}/exceptions"): "exception:list",
    ("POST", "/v1/documents/{document}/requests"): "exception:answer",
    ("POST", "/v1/requests/{request}/answers"): "exception:answer",
    ("DELETE", "/v1/cases/{case}/grants/{grant}"): "exception:grant:end",
    ("POST", "/v1/documents/{document}/claw-back"): "exception:claw-back",
    ("DELETE", "/v1/documents/{document}/claw-back"): "exception:claw-back:lift",
    ("POST", "/v1/documents/{document}/claw-back/requests"): "exception:claw-back:lift",
    ("GET", "/v1/documents/{document}/readers"): "document:readers",
    ("GET", "/v1/cases/{case}/notices"): "case:notice:list",
    ("PUT", "/v1/cases/{case}/participants/{participant}"): "case:participant:change",
    ("POST", "/v1/cases/{case}/participants/{participant}/step-down"): (
        "case:participant:step-down"
    ),
    ("GET", "/v1/cases/{case}/phases/{phase}"): "case:phase:preview",
}

# What is sent; the routes that are not here take no body.
BODIES: dict[str, dict[str, object]] = {
    "/v1/documents/{document}/requests": {
        "to": "insurer:respondent",
        "view": "full",
        "purposes": ["claims"],
        "reason": "To settle.",
    },
    "/v1/requests/{request}/answers": {"answer": "consent"},
    "/v1/documents/{document}/claw-back": {},
    "/v1/documents/{document}/claw-back/requests": {"reason": "Sent by mistake."},
    "/v1/cases/{case}/participants/{participant}": {"seated_until": None},
    "/v1/cases/{case}/participants/{participant}/step-down": {},
}

# By whom, if not by the claimant.
BY_THE_MEDIATOR = {"/v1/cases/{case}/participants/{participant}"}


def prepared(case: Case, method: str, path: str, document: DocumentId) -> dict[str, str]:
    """Let happen what a route needs, and return what its path names."""
    values = {"phase": "mediation"}
    if "{request}" in path:
        values["request"] = str(ask(case, "mediator", document).request.request_id)
    if "{grant}" in path:
        values["grant"] = str(grant(case, document))
    if "{participant}" in path:
        whose = "auditor" if method == "PUT" else "party:claimant"
        values["participant"] = str(participant(case, whose))
    if "claw-back" in path and (method, path) != ("POST", "/v1/documents/{document}/claw-back"):
        clawback.claw_back(case.house.vault, case["party:claimant"], document)
    return values
