"""Each template decides as its instrument says, as a person reads it and wrote it here by hand."""

from __future__ import annotations

from functools import cache
from itertools import product

from policies import templates
from policies.compiler import compile_terms
from policies.decisions import default_purpose
from policies.engine import Scope
from policies.terms import CLASSES, PHASES, PROVENANCES, PURPOSES, Marking, Seat, View
from policies.vocabulary import origins_of
from tests.policies.samples import CASE, NOW, SIDES, person, seated
from tests.policies.test_templates import EVERY, agreed

SEATS = (
    "mediator",
    "party:claimant",
    "counsel:claimant",
    "party:respondent",
    "insurer:claimant",
    "insurer:respondent",
    "insurer",
    "regulator",
    "expert",
    "auditor",
)
PERSONS = {seat: person(number) for number, seat in enumerate(SEATS)}
ROSTER = tuple(seated(number, seat) for number, seat in enumerate(SEATS))
MADE, BEFORE = "made-for-mediation", "pre-existing"
SHUT = "nothing"

# Seat, class, origin, provenance, phase: the highest view and its clause, or what denies it. The
# claimant is the first side and the respondent, who is the professional, the second.
Row = tuple[str, str, str, str, str, str]
EXPECTED: dict[str, tuple[Row, ...]] = {
    "cedr-model-2020": (
        # 4.1: confidential among those involved, from the exchange until it is settled.
        ("mediator", "statement", "claimant", MADE, "intake", "full 1.1"),
        ("mediator", "caucus", "claimant", MADE, "mediation", "full 1.1"),
        ("mediator", "statement", "claimant", MADE, "closed", SHUT),
        ("party:respondent", "statement", "claimant", MADE, "exchange", "full 2.1.2"),
        ("counsel:claimant", "medical", "respondent", BEFORE, "mediation", "full 2.1.1"),
        ("party:claimant", "expert-report", "expert", MADE, "mediation", "full 2.1.1"),
        ("party:respondent", "statement", "claimant", MADE, "intake", SHUT),
        ("party:respondent", "statement", "claimant", MADE, "implementation", SHUT),
        ("party:respondent", "statement", "claimant", MADE, "closed", SHUT),
        ("party:claimant", "statement", "claimant", MADE, "closed", "full OWN"),
        # What is for the mediator alone.
        ("party:respondent", "caucus", "claimant", MADE, "mediation", "nothing FLOOR-1"),
        ("party:respondent", "caucus", "mediator", MADE, "mediation", "nothing FLOOR-1"),
        # 4.1: the terms of settlement, to implement and to enforce.
        ("party:claimant", "settlement", "joint", MADE, "closed", "full OWN"),
        ("party:claimant", "settlement", "mediator", MADE, "closed", "full 2.2.1"),
        # 4.1: to notify insurers; each its own.
        ("insurer:claimant", "settlement", "joint", MADE, "settlement", "full 3.1.1"),
        ("insurer:respondent", "settlement", "respondent", MADE, "closed", "full 3.1.2"),
        ("insurer:respondent", "settlement", "claimant", MADE, "closed", SHUT),
        ("insurer:respondent", "medical", "respondent", BEFORE, "settlement", SHUT),
        ("insurer", "settlement", "joint", MADE, "settlement", SHUT),
        # 4.1: disclosure required by law; nobody else was involved.
        ("regulator", "statutory-report", "respondent", MADE, "closed", "full FLOOR-4"),
        ("regulator", "settlement", "joint", MADE, "closed", SHUT),
        ("expert", "medical", "claimant", BEFORE, "mediation", SHUT),
        ("auditor", "statement", "claimant", MADE, "mediation", SHUT),
    ),
    "icc-mediation-2014": (
        # 9(1)(a): private, and over when the proceedings are.
        ("party:respondent", "statement", "claimant", MADE, "exchange", "full 2.1.2"),
        ("party:claimant", "admission", "respondent", MADE, "mediation", "full 2.1.1"),
        ("party:claimant", "admission", "respondent", MADE, "closed", SHUT),
        ("mediator", "admission", "respondent", MADE, "mediation", "full 1.1"),
        ("mediator", "admission", "respondent", MADE, "closed", SHUT),
        # 9(2)(a): what can be had elsewhere is told apart.
        ("party:respondent", "medical", "claimant", BEFORE, "mediation", "full 2.2.2"),
        # 9(2)(d): the mediator's proposals.
        ("party:claimant", "correspondence", "mediator", MADE, "mediation", "full 2.1.1"),
        ("insurer:claimant", "correspondence", "mediator", MADE, "mediation", SHUT),
        # 9(1)(b): the settlement, for its parties, to carry out and enforce.
        ("party:respondent", "settlement", "claimant", MADE, "implementation", "full 3.1.2"),
        ("party:respondent", "settlement", "claimant", MADE, "closed", "full 3.1.2"),
        ("insurer:respondent", "settlement", "respondent", MADE, "closed", SHUT),
        ("regulator", "settlement", "joint", MADE, "closed", SHUT),
        ("regulator", "statutory-report", "joint", MADE, "intake", "full FLOOR-4"),
        # What only ICC or the mediator is sent.
        ("party:claimant", "caucus", "respondent", MADE, "mediation", "nothing FLOOR-1"),
    ),
    "uniform-mediation-act": (
        # 4: communications, each its holder's; 4(c): evidence that was there before.
        ("party:respondent", "statement", "claimant", MADE, "mediation", "full 2.1.2"),
        ("party:respondent", "correspondence", "mediator", MADE, "mediation", "full 2.1.2"),
        ("party:claimant", "expert-report", "expert", MADE, "settlement", "full 2.1.1"),
        ("party:respondent", "medical", "claimant", BEFORE, "mediation", "full 2.2.2"),
        ("party:respondent", "statement", "claimant", MADE, "closed", SHUT),
        ("party:respondent", "peer-review", "claimant", BEFORE, "mediation", SHUT),
        # 6(a)(1): the signed agreement.
        ("party:claimant", "settlement", "respondent", MADE, "closed", "full 3.1.1"),
        # 7(a): the mediator reports nothing to who may rule; 7(b)(3): what law makes reportable.
        ("regulator", "progress-report", "mediator", MADE, "closed", "nothing 4.1"),
        ("regulator", "other", "mediator", MADE, "mediation", "nothing 4.1"),
        ("regulator", "statutory-report", "mediator", MADE, "mediation", "full FLOOR-4"),
        ("regulator", "medical", "respondent", BEFORE, "mediation", SHUT),
        ("mediator", "medical", "claimant", BEFORE, "intake", "full 1.1"),
        ("insurer:respondent", "settlement", "joint", MADE, "settlement", SHUT),
    ),
    "california-1119": (
        # 1119(b), (c) and 1126: writings for the mediation, and the end of it.
        ("party:claimant", "statement", "respondent", MADE, "mediation", "full 2.1.1"),
        ("party:claimant", "statement", "respondent", MADE, "implementation", SHUT),
        ("party:claimant", "statement", "respondent", MADE, "closed", SHUT),
        ("insurer:respondent", "statement", "respondent", MADE, "mediation", SHUT),
        ("auditor", "statement", "respondent", MADE, "mediation", SHUT),
        # 1120(a): evidence apart from it.
        ("party:respondent", "medical", "claimant", BEFORE, "exchange", "full 2.2.2"),
        # 1121: no report of the mediator's to a body that decides.
        ("regulator", "correspondence", "mediator", MADE, "closed", "nothing 4.1"),
        # 1123: the settlement.
        ("party:respondent", "settlement", "mediator", MADE, "closed", "full 3.1.2"),
        # 2220.7 and 143.5: the board is not barred, and is sent nothing unasked.
        ("regulator", "statutory-report", "claimant", MADE, "closed", "full FLOOR-4"),
        ("regulator", "medical", "claimant", BEFORE, "mediation", SHUT),
        ("regulator", "other", "mediator", BEFORE, "mediation", SHUT),
    ),
    "malpractice": (
        ("mediator", "apology", "respondent", MADE, "mediation", "full 1.1"),
        ("party:respondent", "medical", "claimant", BEFORE, "exchange", "full 2.1.2"),
        ("party:respondent", "medical", "claimant", BEFORE, "implementation", SHUT),
        ("party:claimant", "apology", "respondent", MADE, "exchange", SHUT),
        ("party:claimant", "apology", "respondent", MADE, "mediation", "full 2.2.1"),
        ("party:claimant", "progress-report", "respondent", MADE, "closed", "full 2.3.1"),
        # Caucus and peer review go nowhere.
        ("party:claimant", "caucus", "respondent", MADE, "mediation", "nothing FLOOR-1"),
        ("insurer:respondent", "caucus", "respondent", MADE, "mediation", "nothing FLOOR-1"),
        ("party:claimant", "peer-review", "respondent", BEFORE, "mediation", "nothing 3.1.1"),
        ("party:respondent", "peer-review", "respondent", BEFORE, "mediation", "full OWN"),
        ("mediator", "peer-review", "respondent", BEFORE, "mediation", SHUT),
        ("insurer:respondent", "peer-review", "respondent", BEFORE, "mediation", "nothing 3.2"),
        ("expert", "peer-review", "respondent", BEFORE, "mediation", SHUT),
        ("auditor", "peer-review", "respondent", BEFORE, "mediation", SHUT),
        # The insurer that pays: by phases, and never what was admitted or regretted.
        ("insurer:respondent", "billing", "claimant", BEFORE, "intake", SHUT),
        ("insurer:respondent", "billing", "claimant", BEFORE, "exchange", "redacted 4.1.2"),
        ("insurer:respondent", "billing", "claimant", BEFORE, "settlement", "full 4.3.2"),
        ("insurer:respondent", "billing", "claimant", BEFORE, "closed", SHUT),
        ("insurer:respondent", "medical", "claimant", BEFORE, "exchange", SHUT),
        ("insurer:respondent", "medical", "claimant", BEFORE, "mediation", "redacted 4.2.2"),
        ("insurer:respondent", "medical", "claimant", BEFORE, "implementation", SHUT),
        ("insurer:respondent", "settlement", "joint", MADE, "settlement", "full 4.3.2"),
        (
            "insurer:respondent",
            "progress-report",
            "joint",
            MADE,
            "implementation",
            "redacted 4.4.2",
        ),
        ("insurer:respondent", "apology", "respondent", MADE, "mediation", "nothing 3.2"),
        ("insurer:respondent", "admission", "joint", MADE, "settlement", "nothing 3.2"),
        ("insurer:claimant", "billing", "claimant", BEFORE, "settlement", SHUT),
        ("insurer", "settlement", "joint", MADE, "settlement", SHUT),
        # The board: what was settled and how the reform goes on.
        ("regulator", "settlement", "joint", MADE, "settlement", "redacted 5.1"),
        ("regulator", "progress-report", "respondent", MADE, "closed", "redacted 5.1"),
        ("regulator", "settlement", "joint", MADE, "mediation", SHUT),
        ("regulator", "medical", "claimant", BEFORE, "closed", SHUT),
        ("regulator", "statutory-report", "respondent", MADE, "intake", "full FLOOR-4"),
        # The expert: records and images, while opinions are formed.
        ("expert", "imaging", "claimant", BEFORE, "exchange", "full 6.1"),
        ("expert", "medical", "respondent", BEFORE, "mediation", "full 6.1"),
        ("expert", "medical", "respondent", BEFORE, "settlement", SHUT),
        ("expert", "billing", "claimant", BEFORE, "mediation", SHUT),
        ("auditor", "medical", "claimant", BEFORE, "closed", "metadata 7.1"),
        ("auditor", "caucus", "claimant", MADE, "mediation", "nothing FLOOR-1"),
        ("party:respondent", "substance-use-record", "claimant", BEFORE, "mediation", SHUT),
        ("mediator", "substance-use-record", "claimant", BEFORE, "mediation", SHUT),
    ),
}
# Of nothing else do these ever learn anything, whatever the phase, purpose and origin.
EVER: dict[str, dict[str, set[str]]] = {
    "cedr-model-2020": {
        "insurer": set(),
        "insurer:respondent": {"settlement"},
        "regulator": {"statutory-report"},
        "auditor": set(),
    },
    "icc-mediation-2014": {
        "insurer": set(),
        "insurer:respondent": set(),
        "regulator": {"statutory-report"},
        "auditor": set(),
    },
    "uniform-mediation-act": {
        "insurer": set(),
        "insurer:respondent": set(),
        "regulator": {"statutory-report"},
        "auditor": set(),
    },
    "california-1119": {
        "insurer": set(),
        "insurer:respondent": set(),
        "regulator": {"statutory-report"},
        "auditor": set(),
    },
    "malpractice": {
        "insurer": set(),
        "insurer:claimant": set(),
        "insurer:respondent": {
            *("billing", "insurance", "expert-report", "imaging", "medical", "settlement"),
            *("commitment-evidence", "progress-report"),
        },
        "regulator": {"statutory-report", "settlement", "progress-report"},
        "auditor": {*CLASSES}.difference({"caucus", "peer-review", "substance-use-record"}),
    },
}


@cache
def scope_of(name: str) -> Scope:
    return Scope(compile_terms(CASE, agreed(name)), ROSTER, 1)


def seen(name: str, row: Row) -> str:
    """Say the highest view and its clause, or what denies any."""
    seat, document_class, origin, provenance, phase, _ = row
    marking = Marking(document_class, origin, provenance, "-")
    purpose = default_purpose(Seat.parse(seat).role)
    for view in sorted(View, reverse=True):
        allowed, clause = scope_of(name).ask(PERSONS[seat], marking, view, purpose, phase, NOW)
        if allowed:
            return f"{view} {clause}"
    _, clause = scope_of(name).ask(PERSONS[seat], marking, View.METADATA, purpose, phase, NOW)
    return f"{SHUT} {clause}" if clause else SHUT


def test_the_tables_are_for_every_template() -> None:
    assert set(EXPECTED) == set(EVER) == set(templates.names())


@EVERY
def test_a_template_decides_as_its_instrument_says(name: str) -> None:
    said = {row[:-1]: row[-1] for row in EXPECTED[name]}
    assert {row[:-1]: seen(name, row) for row in EXPECTED[name]} == said


@EVERY
def test_outsiders_never_learn_of_anything_else(name: str) -> None:
    for seat, classes in EVER[name].items():
        ever = {
            document_class
            for document_class, origin, provenance, purpose, phase in product(
                CLASSES, origins_of(SIDES), PROVENANCES, PURPOSES, PHASES
            )
            if scope_of(name).ask(
                PERSONS[seat],
                Marking(document_class, origin, provenance, "-"),
                View.METADATA,
                purpose,
                phase,
                NOW,
            )[0]
        }
        assert ever == classes, seat


def test_of_three_sides_each_sees_the_two_others_and_nobodys_caucus() -> None:
    terms = templates.instantiate("cedr-model-2020", ("patient", "clinic", "surgeon"))
    roster = (seated(0, "party:clinic"), seated(1, "counsel:patient"))
    scope = Scope(compile_terms(CASE, terms), roster, 1)
    for number, origins in ((0, ("patient", "surgeon")), (1, ("clinic", "surgeon"))):
        for origin in origins:
            asked = (View.FULL, "mediation", "exchange", NOW)
            statement, caucus = (
                Marking(document_class, origin, MADE, "-")
                for document_class in ("statement", "caucus")
            )
            clause = "2.1.2" if number == 0 else "2.1.1"
            assert scope.ask(person(number), statement, *asked) == (True, clause)
            assert scope.ask(person(number), caucus, *asked) == (False, "FLOOR-1")
