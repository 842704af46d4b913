"""The sample case is told here: who sits where, what must be seen, and what must be refused.

What each seat must see is written down as a table of its own, and not worked out from the clauses:
a vault that reads the clauses wrongly does not agree with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from api.demo import clinic, neutral, patient

TITLE: Final = "Marsh and Lindenhof Clinic: missed appendicitis, April 2025"
PAPERS: Final = {paper.key: paper for paper in (*patient.PAPERS, *clinic.PAPERS, *neutral.PAPERS)}
# The expert's seat ends so many days from now, and clause 6.1 with it.
EXPERT_DAYS: Final = 42
FORMER_EXPERT: Final = "expert, seat ended"
OUTSIDER: Final = "outsider"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the cast; `seat` is empty for who is not seated."""

    key: str
    seat: str
    name: str
    organisation: str | None


CAST: Final = (
    Member("mediator", "mediator", "Mira Okafor", None),
    Member("party:claimant", "party:claimant", "Elena Marsh", None),
    Member("counsel:claimant", "counsel:claimant", "Jonas Feld", "Feld & Arroyo"),
    Member("party:respondent", "party:respondent", "Dr. Henrik Vogt", "Lindenhof Clinic"),
    Member("counsel:respondent", "counsel:respondent", "Amara Singh", "Singh Partners"),
    Member("insurer:respondent", "insurer:respondent", "Paula Brandt", "Cantonal Medical Mutual"),
    Member("regulator", "regulator", "Tom Aldous", "Medical Licensing Board"),
    Member("expert", "expert", "Dr. Lea Moreau", "Institut Nord"),
    Member("auditor", "auditor", "Ruth Adeyemi", "Adeyemi Audit"),
    Member(FORMER_EXPERT, "expert", "Dr. Ivo Kessler", "Kessler Radiology"),
    Member(OUTSIDER, "", "Somebody with a token and no seat", None),
)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a seat has of a document: the highest view, None for nothing, and what decided."""

    view: str | None
    clause: str | None


# In phase settlement, under the first agreement: VIEW/CLAUSE, or -/CLAUSE where it is denied.
_SIDES_MUST_SEE: Final = """
                mediator  party:claimant  counsel:claimant  party:respondent  counsel:respondent
chart           full/1.1  full/OWN        full/OWN          redacted/2.1      full/2.3
imaging         full/1.1  full/OWN        full/OWN          full/2.2          full/2.2
statement       full/1.1  full/OWN        full/OWN          full/2.2          full/2.2
bills           full/1.1  full/OWN        full/OWN          redacted/2.1      redacted/2.1
caucus-patient  full/1.1  full/OWN        full/OWN          -/FLOOR-1         -/FLOOR-1
mails           full/1.1  full/3.2        full/3.2          full/OWN          full/OWN
rota            full/1.1  redacted/3.1    redacted/3.1      full/OWN          full/OWN
admission       full/1.1  full/3.2        full/3.2          full/OWN          full/OWN
apology         full/1.1  full/3.2        full/3.2          full/OWN          full/OWN
peer-review     full/1.1  -/3.3           -/3.3             full/OWN          full/OWN
cover           full/1.1  -/              -/                full/OWN          full/OWN
caucus-clinic   full/1.1  -/FLOOR-1       -/FLOOR-1         full/OWN          full/OWN
report          full/1.1  -/              full/8.1          -/                full/8.1
settlement      full/OWN  full/OWN        full/OWN          full/OWN          full/OWN
"""
_OTHERS_MUST_SEE: Final = """
                insurer:respondent  regulator     expert     auditor
chart           metadata/4.1        redacted/5.1  full/6.1   metadata/7.1
imaging         metadata/4.1        -/            full/6.1   metadata/7.1
statement       metadata/4.1        -/            -/         metadata/7.1
bills           full/4.2            -/            -/         metadata/7.1
caucus-patient  -/FLOOR-1           -/FLOOR-1     -/FLOOR-1  -/FLOOR-1
mails           metadata/4.1        -/            -/         metadata/7.1
rota            metadata/4.1        redacted/5.1  full/6.1   metadata/7.1
admission       -/4.3               -/            -/         metadata/7.1
apology         -/4.3               -/            -/         metadata/7.1
peer-review     -/4.3               -/            -/         metadata/7.1
cover           full/4.2            -/            -/         metadata/7.1
caucus-clinic   -/FLOOR-1           -/FLOOR-1     -/FLOOR-1  -/FLOOR-1
report          metadata/4.1        redacted/5.1  full/OWN   metadata/7.1
settlement      full/4.2            redacted/5.1  -/         metadata/7.1
"""


def must_see() -> dict[tuple[str, str], Sight]:
    """Return what each seat must have of each paper in the end, by seat and paper."""
    sights: dict[tuple[str, str], Sight] = {}
    for table in (_SIDES_MUST_SEE, _OTHERS_MUST_SEE):
        (*seats,), *rows = (line.split() for line in table.strip().splitlines())
        for paper, *cells in rows:
            for seat, cell in zip(seats, cells, strict=True):
                view, _, clause = cell.partition("/")
                sights[seat, paper] = Sight(None if view == "-" else view, clause or None)
    return sights


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody asks for what is not theirs, and must be refused.

    Attributes:
        note: What makes it worth trying, in the words of whoever reads the table.
        status: The answer that must come.
        clause: What must be named as the reason; None where no clause allows it.
    """

    who: str
    paper: str
    view: str
    note: str
    status: int = 403
    clause: str | None = None


BEFORE_SIGNING: Final = (
    Attempt("counsel:respondent", "chart", "redacted", "one side has not signed yet"),
)
BEFORE_SETTLEMENT: Final = (
    Attempt("regulator", "chart", "redacted", "in mediation, before the board's phase"),
)
OUT_OF_SCOPE: Final = (
    Attempt(
        "counsel:respondent", "caucus-patient", "full", "the other side's caucus", clause="FLOOR-1"
    ),
    Attempt(
        "party:claimant", "caucus-clinic", "redacted", "the other side's caucus", clause="FLOOR-1"
    ),
    Attempt(
        "insurer:respondent", "caucus-clinic", "full", "caucus of its own insured", clause="FLOOR-1"
    ),
    Attempt("insurer:respondent", "apology", "full", "kept from the insurer", clause="4.3"),
    Attempt("party:claimant", "peer-review", "redacted", "kept within the clinic", clause="3.3"),
    Attempt("party:respondent", "chart", "full", "the party has it redacted, counsel in full"),
    Attempt("party:claimant", "report", "full", "draft 2 would allow it, and is not in force"),
    Attempt("regulator", "settlement", "full", "the board has it redacted"),
    Attempt("auditor", "chart", "redacted", "content, asked for by the auditor", clause="FLOOR-2"),
    Attempt("auditor", "imaging", "full", "content, asked for by the auditor", clause="FLOOR-2"),
    Attempt(OUTSIDER, "chart", "full", "a valid token, and no seat in this case", status=404),
    Attempt(FORMER_EXPERT, "chart", "full", "read a moment ago; the seat has ended", status=404),
)
