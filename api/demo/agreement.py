"""The sides of the sample case agree on fourteen clauses, and not on a fifteenth."""

from __future__ import annotations

from typing import Any, Final

SIDES: Final = ("claimant", "respondent")

_TALKS: Final = ["exchange", "mediation", "settlement"]


def _clause(number: str, to: str, view: str, text: str, **members: object) -> dict[str, object]:
    usual = {"classes": "*", "origins": "*", "purposes": ["mediation"], "phases": _TALKS}
    return {"id": number, "to": to, "view": view, **usual, **members, "text": text}


_CLAUSES: Final = (
    _clause(
        "1.1",
        "mediator",
        "full",
        "The mediator reads whatever is put into the case, until it is closed.",
        purposes=["mediation"],
        phases={"not": ["closed"]},
    ),
    _clause(
        "2.1",
        "side:respondent",
        "redacted",
        "The clinic sees chart and bills with third persons and accounts blackened.",
        classes=["medical", "billing"],
        origins=["claimant"],
    ),
    _clause(
        "2.2",
        "side:respondent",
        "full",
        "Images and the patient's own letter go to the clinic as they are.",
        classes=["imaging", "statement"],
        origins=["claimant"],
    ),
    _clause(
        "2.3",
        "counsel:respondent",
        "full",
        "The unredacted chart is for the eyes of the clinic's counsel, from mediation on.",
        classes=["medical"],
        origins=["claimant"],
        phases=["mediation", "settlement"],
    ),
    _clause(
        "3.1",
        "side:claimant",
        "redacted",
        "The patient sees the clinic's records without other patients and staff.",
        classes={"not": ["caucus", "insurance"]},
        origins=["respondent"],
    ),
    _clause(
        "3.2",
        "side:claimant",
        "full",
        "What the clinic writes to the patient, admits or regrets, the patient reads in full.",
        classes=["admission", "apology", "correspondence"],
        origins=["respondent"],
    ),
    _clause(
        "3.3",
        "side:claimant",
        "metadata",
        "Peer review stays within the clinic.",
        effect="deny",
        classes=["peer-review"],
    ),
    _clause(
        "4.1",
        "insurer:respondent",
        "metadata",
        "The insurer may know which records there are.",
        purposes=["claims"],
        phases={"not": ["intake", "closed"]},
    ),
    _clause(
        "4.2",
        "insurer:respondent",
        "full",
        "What the insurer pays by, it reads.",
        classes=["billing", "insurance", "settlement"],
        purposes=["claims"],
        phases={"not": ["intake", "closed"]},
    ),
    _clause(
        "4.3",
        "insurer:respondent",
        "metadata",
        "Admission, apology and peer review do not reach the insurer.",
        effect="deny",
        classes=["admission", "apology", "peer-review"],
        purposes="*",
        phases="*",
    ),
    _clause(
        "5.1",
        "regulator",
        "redacted",
        "When it comes to a settlement the licensing board learns what it supervises.",
        classes=["medical", "expert-report", "settlement"],
        purposes=["regulatory"],
        phases=["settlement", "implementation"],
    ),
    _clause(
        "6.1",
        "expert",
        "full",
        "The expert has records and images for one question, and for a few weeks.",
        classes=["medical", "imaging"],
        origins=list(SIDES),
        purposes=["opinion"],
    ),
    _clause(
        "7.1",
        "auditor",
        "metadata",
        "The auditor follows the trail, and never the content.",
        purposes=["audit"],
        phases="*",
    ),
    _clause(
        "8.1",
        "counsel",
        "full",
        "The expert's report goes to counsel of both sides.",
        classes=["expert-report"],
        origins=["expert"],
    ),
)


def first_agreement(expert_until: str) -> dict[str, Any]:
    """Write the agreement that both sides sign.

    Args:
        expert_until: The instant at which the expert's clause ends.
    """
    clauses = [
        {**clause, "until": expert_until} if clause["to"] == "expert" else clause
        for clause in _CLAUSES
    ]
    return {"language": "subrosa-scope/1", "sides": list(SIDES), "clauses": clauses}


def second_agreement(expert_until: str) -> dict[str, Any]:
    """Write the draft that the patient signs and the clinic does not, so that it does nothing."""
    agreement = first_agreement(expert_until)
    wider = _clause(
        "8.2",
        "party",
        "full",
        "The parties themselves read the expert's report.",
        classes=["expert-report"],
        origins=["expert"],
    )
    return {**agreement, "clauses": [*agreement["clauses"], wider]}
