"""A believable agreement between two sides, the people who sit under it, and arbitrary others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from policies.instants import ALWAYS, NEVER, Instant
from policies.roster import RosterRow
from policies.terms import (
    CLASSES,
    PHASES,
    PROVENANCES,
    PURPOSES,
    Effect,
    Marking,
    Seat,
    Terms,
    View,
    parse_terms,
)
from policies.vocabulary import LABELS, groups_of, origins_of

if TYPE_CHECKING:
    from collections.abc import Sequence

CASE: Final = "7b1d4c1e-6f5e-4b8e-9a55-1f4e2d0c9a10"
SIDES: Final = ("claimant", "respondent")
NOON: Final = datetime(2026, 3, 5, 12, tzinfo=UTC)
NOW: Final = Instant("2026-03-05T12:00:00Z")

Json = dict[str, Any]


def clause(number: str, to: str, view: str = "full", **members: object) -> Json:
    everything = {"classes": "*", "origins": "*", "purposes": "*", "phases": "*"}
    return {"id": number, "to": to, "view": view, **everything, **members}


def agreement(*clauses: Json, sides: Sequence[str] = SIDES) -> Json:
    return {"language": "subrosa-scope/1", "sides": list(sides), "clauses": list(clauses)}


def terms(*clauses: Json, sides: Sequence[str] = SIDES) -> Terms:
    return parse_terms(agreement(*clauses, sides=sides))


CLINIC: Final = agreement(
    clause("2.1", "mediator", phases={"not": ["closed"]}, purposes=["mediation"]),
    clause(
        "3.1",
        "side:respondent",
        "redacted",
        classes=["medical", "billing"],
        origins=["claimant"],
        purposes=["mediation"],
        phases=["exchange", "mediation", "settlement"],
        text="The clinic reads the patient's records without what identifies third persons.",
    ),
    clause(
        "3.2",
        "side:respondent",
        classes=["medical"],
        origins=["claimant"],
        purposes=["mediation"],
        phases=["settlement"],
    ),
    clause(
        "3.3",
        "side:claimant",
        classes=["medical", "billing", "imaging"],
        origins=["respondent"],
        purposes=["mediation"],
        phases=["exchange", "mediation", "settlement"],
    ),
    clause(
        "3.4",
        "side:claimant",
        classes=["admission", "apology"],
        origins=["respondent"],
        purposes=["mediation"],
        phases=["mediation", "settlement"],
    ),
    clause(
        "4.1",
        "insurer:respondent",
        classes=["billing", "settlement"],
        purposes=["claims", "mediation"],
        phases={"not": ["intake"]},
    ),
    clause(
        "4.2",
        "insurer:respondent",
        "redacted",
        classes=["medical"],
        origins=["claimant", "respondent"],
        purposes=["claims", "mediation"],
        phases=["mediation", "settlement"],
        until="2026-07-01T00:00:00Z",
    ),
    clause(
        "5.1",
        "expert",
        classes=["medical", "imaging"],
        origins=["claimant", "respondent"],
        purposes=["opinion"],
        phases=["exchange", "mediation"],
    ),
    clause(
        "6.1",
        "regulator",
        "redacted",
        classes=["settlement"],
        origins=["joint"],
        purposes=["regulatory"],
        phases=["closed"],
    ),
    clause("6.2", "auditor", "metadata", purposes=["audit"]),
    clause(
        "7.1",
        "side:respondent",
        "metadata",
        effect="deny",
        origins=["claimant"],
        labels=["claw-back"],
    ),
)


def person(number: int) -> str:
    return f"u:00000000-0000-4000-8000-{number:012x}"


def seated(number: int, seat: str, nbf: str = ALWAYS, exp: str = NEVER) -> RosterRow:
    return RosterRow(person(number), Seat.parse(seat), Instant(nbf), Instant(exp))


def intricate(count: int) -> Terms:
    """As many clauses for one group, which cross one another in words and in time."""
    return terms(
        *(
            clause(
                f"{n}",
                "party",
                classes=list(CLASSES[n % 15 :]),
                origins=[*SIDES, "joint", "mediator", "expert"][n % 5 :],
                purposes=list(PURPOSES[n % 4 :]),
                phases=list(PHASES[n % 5 :]),
                **{
                    "from": f"2026-{1 + n % 12:02}-{1 + n % 28:02}T00:{n % 60:02}:00Z",
                    "until": f"2027-{1 + n % 12:02}-{1 + n % 28:02}T00:{n % 60:02}:00Z",
                },
            )
            for n in range(count)
        )
    )


MIRA, PAT, PAT_COUNSEL, CLINIC_HEAD, CLINIC_COUNSEL = (person(n) for n in range(5))
INSURER, EXPERT, BOARD, AUDITOR, STRANGER = (person(n) for n in range(5, 10))
ROSTER: Final = (
    seated(0, "mediator", "2026-01-05T09:00:00Z"),
    seated(1, "party:claimant", "2026-01-05T09:00:00Z"),
    seated(2, "counsel:claimant", "2026-01-05T09:00:00Z"),
    seated(3, "party:respondent", "2026-01-05T09:00:00Z"),
    seated(4, "counsel:respondent", "2026-01-05T09:00:00Z"),
    seated(5, "insurer:respondent", "2026-02-01T00:00:00Z", "2026-08-01T00:00:00Z"),
    seated(6, "expert", "2026-03-01T00:00:00Z", "2026-04-15T00:00:00Z"),
    seated(7, "regulator", "2026-01-05T09:00:00Z"),
    seated(8, "auditor", "2026-01-05T09:00:00Z"),
)


def markings(sides: Sequence[str]) -> list[Marking]:
    return [
        Marking(cls, origin, prov, label)
        for cls in CLASSES
        for origin in origins_of(sides)
        for prov in PROVENANCES
        for label in LABELS
    ]


_PROVENANCE_CHOICES: Final = (
    "*",
    ["pre-existing"],
    ["made-for-mediation"],
    {"not": ["pre-existing"]},
)


def _choices(words: Sequence[str]) -> st.SearchStrategy[Any]:
    named = st.lists(st.sampled_from(words), min_size=1, max_size=3, unique=True)
    return st.just("*") | named | st.fixed_dictionaries({"not": named})


def instants() -> st.SearchStrategy[str]:
    return st.builds("2026-0{}-01T00:00:0{}Z".format, st.integers(1, 6), st.integers(0, 1))


def intervals() -> st.SearchStrategy[tuple[str, str]]:
    pairs = st.tuples(instants(), instants()).filter(lambda ends: ends[0] != ends[1])
    return pairs.map(lambda ends: (min(ends), max(ends)))


@st.composite
def clauses(draw: st.DrawFn, sides: Sequence[str] = SIDES) -> Json:
    made = clause(
        "1",
        draw(st.sampled_from(sorted(groups_of(sides)))),
        str(draw(st.sampled_from(View))),
        effect=draw(st.sampled_from(Effect)).value,
        classes=draw(_choices(CLASSES)),
        origins=draw(_choices(origins_of(sides))),
        purposes=draw(_choices(PURPOSES)),
        phases=draw(_choices(PHASES)),
    )
    if draw(st.booleans()):
        made["provenances"] = draw(st.sampled_from(_PROVENANCE_CHOICES))
    if draw(st.booleans()):
        made["labels"] = draw(st.sampled_from(["*", ["-"], ["claw-back"], ["-", "claw-back"]]))
    if draw(st.integers(0, 2)) == 0:
        made["from"], made["until"] = draw(intervals())
    if draw(st.booleans()):
        made["text"] = draw(st.text(st.sampled_from("so agréed\n."), max_size=20))
    return made


@st.composite
def agreements(draw: st.DrawFn, sides: Sequence[str] = SIDES, most: int = 4) -> Json:
    drawn = draw(st.lists(clauses(sides), min_size=1, max_size=most))
    numbered = [{**made, "id": f"{number}"} for number, made in enumerate(drawn, start=1)]
    return agreement(*numbered, sides=sides)
