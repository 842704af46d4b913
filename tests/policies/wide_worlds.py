"""A world with all that the language can say, asked at the very instants that end something.

Two to five sides, organisations, classes of the institution, provenance, grants, people who sat
elsewhere before or sit no more, strangers; the same for the same seed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from policies.compiler import Policy, compile_terms
from policies.decisions import Question
from policies.exceptions import Exceptions, Grant
from policies.instants import ALWAYS, NEVER, Instant
from policies.matcher import has
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
from policies.vocabulary import LABELS, VOCABULARY, groups_of, origins_of
from tests.policies.samples import CASE, Json, agreement, clause, person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.policy import Row

_SIDES = ("patient", "clinic", "surgeon", "hospital", "manufacturer")
_ORGANISATIONS = ("cantonal-mutual", "city-hospital")
_FURTHER_CLASSES = ("dental-cast", "genetic-test")
_GRANTED = ("grant-1", "grant-2")
_OF_A_SIDE = ("party", "counsel", "insurer")
_OF_NONE = ("mediator", "insurer", "regulator", "expert", "auditor")
_SECOND, _MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)
# Each aim is asked about at these distances from an instant at which some answer may change, ...
_BESIDE = (-_SECOND, -_MICROSECOND, timedelta(0), _MICROSECOND)
# ... and once whenever.
PER_AIM = len(_BESIDE) + 1


@dataclass(frozen=True, slots=True)
class WideWorld:
    """Questions come in groups of `PER_AIM` that differ in their instant alone."""

    terms: Terms
    roster: tuple[RosterRow, ...]
    exceptions: Exceptions
    questions: tuple[Question, ...]

    def policy(self) -> Policy:
        return compile_terms(CASE, self.terms)


def wide_world(seed: int, *, aims: int) -> WideWorld:
    random = Random(seed)  # noqa: S311 — a sample, not a secret
    sides = random.sample(_SIDES, random.randint(2, 5))
    organisations = random.sample(_ORGANISATIONS, random.randint(0, 2))
    terms = _terms(random, sides, organisations)
    roster = tuple(
        row
        for number in range(random.randint(5, 10))
        for row in _seats(random, number, sides, organisations)
    )
    made = sorted(random.sample(range(1, 9), random.randint(0, 4)))
    grants = tuple(_grant(random, number, terms, roster) for number in made)
    rows = (*compile_terms(CASE, terms).rows, *(grant.row(CASE) for grant in grants))
    bounds = sorted({e for row in (*rows, *roster) for e in (row.nbf, row.exp)} - {ALWAYS, NEVER})
    held = {group for row in roster for group in row.groups()}
    reached = [row for row in rows if row.sub in held]
    questions = tuple(
        question
        for _ in range(aims)
        for question in _questions(random, random.choice(reached), terms, roster, bounds)
    )
    # A document keeps its label when its last grant was withdrawn.
    labels = {str(UUID(int=number)): label for number, label in enumerate(_GRANTED)}
    return WideWorld(terms, roster, Exceptions(8, grants, labels), questions)


def _terms(random: Random, sides: Sequence[str], organisations: Sequence[str]) -> Terms:
    further = random.sample(_FURTHER_CLASSES, random.randint(0, 2))
    groups = sorted(groups_of(sides, organisations))
    clauses = [
        _clause(random, f"{number}", groups, (*CLASSES, *further), origins_of(sides))
        for number in range(1, random.randint(4, 14))
    ]
    return parse_terms(
        {
            **agreement(*clauses, sides=sides),
            "organisations": organisations,
            "vocabulary": {"version": VOCABULARY, "classes": further},
        }
    )


def _clause(
    random: Random,
    number: str,
    groups: Sequence[str],
    classes: Sequence[str],
    origins: Sequence[str],
) -> Json:
    made = clause(
        number,
        random.choice(groups),
        str(random.choice(list(View))),
        effect=random.choice([Effect.ALLOW, Effect.ALLOW, Effect.DENY]).value,
        classes=_choice(random, classes),
        origins=_choice(random, origins),
        purposes=_choice(random, PURPOSES),
        phases=_choice(random, PHASES),
    )
    if random.random() < 0.3:
        made["provenances"] = [random.choice(PROVENANCES)]
    if random.random() < 0.5:
        made["labels"] = random.choice(["*", ["-"], ["claw-back"], ["-", "claw-back"]])
    nbf, exp = _interval(random)
    if nbf != ALWAYS:
        made["from"] = nbf
    if exp != NEVER:
        made["until"] = exp
    return made


def _choice(random: Random, words: Sequence[str]) -> Any:
    named = random.sample(list(words), random.randint(1, 3))
    return random.choice(["*", "*", named, named, {"not": named}])


def _interval(random: Random) -> tuple[Instant, Instant]:
    """Either end may be open, and many are the same instant as another row's."""
    one, other = sorted(random.sample(range(24), 2))
    nbf = random.choice([ALWAYS, _instant(one)])
    return nbf, random.choice([NEVER, _instant(other)])


def _instant(tick: int) -> Instant:
    """Instants a second or a month apart."""
    return Instant(f"2026-0{1 + tick // 4}-01T00:00:0{tick % 4}Z")


def _seats(
    random: Random, number: int, sides: Sequence[str], organisations: Sequence[str]
) -> list[RosterRow]:
    """One seat, two that go together, or one after the other; none ever overlaps wrongly."""
    side = random.choice(list(sides))
    first = random.choice([*(f"{role}:{side}" for role in _OF_A_SIDE), *_OF_NONE])
    nbf, exp = _interval(random)
    sits_for = random.choice([None, *organisations])
    held = [RosterRow(person(number), Seat.parse(first), nbf, exp, sits_for)]
    if first == f"party:{side}" and random.random() < 0.5:
        ends = _interval(random)
        held.append(RosterRow(person(number), Seat.parse(f"counsel:{side}"), *ends))
    elif exp != NEVER and random.random() < 0.5:
        later = Seat.parse(random.choice(_OF_NONE))
        held.append(RosterRow(person(number), later, exp, NEVER, random.choice([None, sits_for])))
    return held


def _grant(random: Random, number: int, terms: Terms, roster: Sequence[RosterRow]) -> Grant:
    nbf, exp = _interval(random)
    groups = sorted(groups_of(terms.sides, terms.organisations))
    return Grant(
        number=number,
        label=random.choice(_GRANTED),
        to=random.choice([random.choice(groups), random.choice(roster).person]),
        view=random.choice(list(View)),
        purposes=tuple(sorted(random.sample(PURPOSES, random.randint(1, 3)))),
        nbf=nbf,
        exp=exp,
    )


def _questions(
    random: Random, row: Row, terms: Terms, roster: Sequence[RosterRow], bounds: Sequence[str]
) -> list[Question]:
    """Aim at a row; miss it in one respect or another now and then; ask at several instants."""
    holders = [seat for seat in roster if row.sub in seat.groups()]
    holder = random.choice(holders)

    def aimed(pattern: str, words: Sequence[str]) -> str:
        hits = [word for word in words if has(pattern, word)]
        return random.choice(hits if random.random() < 0.95 else words)

    # Where the row's own end or the seat's is, or any other.
    near = [end for end in (row.nbf, row.exp, holder.nbf, holder.exp) if end in bounds]
    bound = datetime.fromisoformat(
        random.choice(near if near and random.random() < 0.8 else bounds)
    )
    whenever = datetime(2026, 1, 1, tzinfo=UTC) + random.random() * timedelta(days=180)
    asked = Question(
        person=holder.person if random.random() < 0.97 else person(random.randint(0, 40)),
        marking=Marking(
            aimed(row.cls, (*CLASSES, *terms.classes)),
            aimed(row.origin, origins_of(terms.sides)),
            aimed(row.prov, PROVENANCES),
            aimed(row.label, (*LABELS, *_GRANTED)),
        ),
        view=random.choice(list(View)),
        purpose=aimed(row.purpose, PURPOSES),
        phase=aimed(row.phase, PHASES),
        now=whenever,
    )
    return [*(replace(asked, now=bound + distance) for distance in _BESIDE), asked]
