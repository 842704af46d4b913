"""An agreement, a roster and questions that meet them: random, and the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from policies.compiler import Policy, compile_terms
from policies.instants import ALWAYS, NEVER, Instant
from policies.matcher import has
from policies.terms import CLASSES, PHASES, PROVENANCES, PURPOSES, Effect, Marking, View
from policies.vocabulary import LABELS, groups_of, origins_of
from tests.policies.samples import CASE, Json, clause, person, seated, terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.roster import RosterRow

SIDES = ("patient", "clinic", "surgeon")
SEATS = (
    *(f"{role}:{side}" for role in ("party", "counsel", "insurer") for side in SIDES),
    *("mediator", "insurer", "regulator", "expert", "auditor"),
)
Asked = tuple[str, Marking, View, str, str, Instant]


@dataclass(frozen=True, slots=True)
class World:
    clauses: tuple[Json, ...]
    roster: tuple[RosterRow, ...]
    questions: tuple[Asked, ...]

    def policy(self, *more: Json, at: int = 0) -> Policy:
        """The compiled agreement, with more clauses put in at a place."""
        clauses = (*self.clauses[:at], *more, *self.clauses[at:])
        return compile_terms(CASE, terms(*clauses, sides=SIDES))


def world(seed: int, *, questions: int) -> World:
    random = Random(seed)  # noqa: S311 — a sample, not a secret
    clauses = tuple(some_clause(random, f"{n}") for n in range(random.randint(4, 12)))
    roster = tuple(
        seated(number, seat, *_interval(random))
        for number, seat in enumerate(random.sample(SEATS, random.randint(4, 9)))
    )
    rows = compile_terms(CASE, terms(*clauses, sides=SIDES)).rows
    groups = {group for row in roster for group in row.seat.groups()}
    agreed = [row for row in rows[: len(clauses)] if row.sub in groups] or rows
    aims = [random.choice(random.choice([agreed, agreed, rows])) for _ in range(questions)]
    asked = tuple(_question(random, aim, roster) for aim in aims)
    return World(clauses, roster, asked)


def some_clause(random: Random, number: str, effect: Effect | None = None) -> Json:
    made = clause(
        number,
        random.choice(sorted(groups_of(SIDES))),
        str(random.choice(list(View))),
        effect=(effect or random.choice(list(Effect))).value,
        classes=_choice(random, CLASSES),
        origins=_choice(random, origins_of(SIDES)),
        purposes=_choice(random, PURPOSES),
        phases=_choice(random, PHASES),
    )
    if random.random() < 0.3:
        made["provenances"] = [random.choice(PROVENANCES)]
    if random.random() < 0.5:
        made["labels"] = random.choice(["*", ["-"], ["claw-back"]])
    nbf, exp = _interval(random)
    if exp != NEVER:
        made["from"], made["until"] = nbf, exp
    return made


def _choice(random: Random, words: Sequence[str]) -> Any:
    named = random.sample(words, random.randint(1, 3))
    return random.choice(["*", named, named, {"not": named}])


def _instant(random: Random) -> str:
    """Few enough that questions fall on a boundary, or a second beside it."""
    return f"2026-0{random.randint(1, 4)}-01T00:00:0{random.randint(0, 1)}Z"


def _interval(random: Random) -> tuple[str, str]:
    one, other = _instant(random), _instant(random)
    return (ALWAYS, NEVER) if one == other else (min(one, other), max(one, other))


def _question(random: Random, row: Any, roster: Sequence[RosterRow]) -> Asked:
    """Aim at a row, and miss it in one respect or another more often than not."""
    holders = [held.person for held in roster if row.sub in held.seat.groups()]
    holders = holders or [person(number) for number in range(9)]

    def aimed(pattern: str, words: Sequence[str]) -> str:
        hits = [word for word in words if has(pattern, word)]
        return random.choice(hits if random.random() < 0.95 else words)

    marking = Marking(
        aimed(row.cls, CLASSES),
        aimed(row.origin, origins_of(SIDES)),
        aimed(row.prov, PROVENANCES),
        aimed(row.label, LABELS),
    )
    return (
        random.choice(holders),
        marking,
        random.choice(list(View)),
        aimed(row.purpose, PURPOSES),
        aimed(row.phase, PHASES),
        Instant(_instant(random)),
    )
