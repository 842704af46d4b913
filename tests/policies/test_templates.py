"""A template is an agreement between any sides, and says of its instrument what it leaves out."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from policies import templates
from policies.compiler import compile_terms
from policies.floors import FLOOR_TEXTS
from policies.invariants import check
from policies.sentences import sentence
from policies.terms import Effect, Terms, parse_terms, terms_json
from policies.vocabulary import NO_LABEL, TermsRefused
from tests.policies.samples import CASE, SIDES

REQUIRED = {
    "cedr-model-2020",
    "icc-mediation-2014",
    "uniform-mediation-act",
    "california-1119",
    "malpractice",
}
RULE = {
    "cedr-model-2020": "pre-existing",
    "icc-mediation-2014": "pre-existing",
    "uniform-mediation-act": "pre-existing",
    "california-1119": "attested",
    "malpractice": "pre-existing",
}
PAGE = (Path(__file__).parents[2] / "docs" / "templates.md").read_text("utf-8")

EVERY = pytest.mark.parametrize("name", templates.names())


def sides_of(count: int) -> tuple[str, ...]:
    return SIDES if count == 2 else tuple(f"side-{number}" for number in range(1, count + 1))


def agreed(name: str, sides: tuple[str, ...] = SIDES) -> Terms:
    asked = dict.fromkeys(templates.describe(name).parameters, sides[1:2])
    return templates.instantiate(name, sides, **asked)


def test_the_required_instruments_are_there() -> None:
    assert set(templates.names()) == REQUIRED
    assert all(templates.describe(name).name == name for name in templates.names())


@EVERY
def test_what_was_clawed_back_no_template_opens(name: str) -> None:
    for clause in agreed(name).clauses:
        assert clause.effect is Effect.DENY or clause.labels.words == (NO_LABEL,)


@EVERY
@pytest.mark.parametrize("count", [2, 3, 16])
def test_a_template_is_an_agreement_between_any_number_of_sides(name: str, count: int) -> None:
    terms = agreed(name, sides_of(count))
    assert parse_terms(json.loads(json.dumps(terms_json(terms)))) == terms
    policy = compile_terms(CASE, terms)
    assert [row.clause for row in policy.rows][: len(terms.clauses)] == [
        clause.id for clause in terms.clauses
    ]
    assert len({sentence(clause) for clause in terms.clauses}) == len(terms.clauses)
    assert terms.uploader_grants == RULE[name]


@EVERY
@pytest.mark.parametrize("count", [2, 3])
def test_no_template_breaks_a_floor(name: str, count: int) -> None:
    """Every side is given the same, so that three stand for any more."""
    terms = agreed(name, sides_of(count))
    assert check(compile_terms(CASE, terms), terms) == ()


@EVERY
@pytest.mark.parametrize("count", [2, 3, 16])
def test_every_side_is_given_the_same_whatever_their_order(name: str, count: int) -> None:
    sides = sides_of(count)
    asked = dict.fromkeys(templates.describe(name).parameters, sides)
    there, back = (
        templates.instantiate(name, order, **asked).clauses for order in (sides, sides[::-1])
    )
    assert {replace(clause, id="") for clause in there} == {
        replace(clause, id="") for clause in back
    }
    for number, side in enumerate(sides, start=1):
        theirs = [clause.id for clause in there if clause.to.endswith(f":{side}")]
        assert theirs
        assert all(clause_id.endswith(f".{number}") for clause_id in theirs)


def test_a_parameter_names_sides_and_keeps_their_numbers() -> None:
    sides = ("patient", "clinic", "surgeon")
    terms = templates.instantiate("malpractice", sides, provider=["surgeon", "clinic"])
    paid = [(clause.id, clause.to) for clause in terms.clauses if clause.id.startswith("4.1")]
    assert paid == [("4.1.2", "insurer:clinic"), ("4.1.3", "insurer:surgeon")]


@pytest.mark.parametrize(
    ("name", "sides", "parameters", "pointer"),
    [
        ("cedr-model-2020", (), {}, "/sides"),
        ("cedr-model-2020", ("one",), {}, "/sides"),
        ("cedr-model-2020", tuple(f"s{n}" for n in range(17)), {}, "/sides"),
        ("cedr-model-2020", ("one", "one"), {}, "/sides"),
        ("cedr-model-2020", ("one", "joint"), {}, "/sides/1"),
        ("cedr-model-2020", ("one", "{side}"), {}, "/sides/1"),
        ("cedr-model-2020", SIDES, {"provider": ("respondent",)}, "/provider"),
        ("malpractice", SIDES, {}, "/provider"),
        ("malpractice", SIDES, {"provider": ()}, "/provider"),
        ("malpractice", SIDES, {"provider": ("respondent", "clinic")}, "/provider/1"),
        ("malpractice", SIDES, {"provider": ("respondent", "respondent")}, "/provider"),
    ],
)
def test_what_cannot_be_filled_in_is_refused_with_a_pointer(
    name: str, sides: tuple[str, ...], parameters: dict[str, tuple[str, ...]], pointer: str
) -> None:
    with pytest.raises(TermsRefused) as refused:
        templates.instantiate(name, sides, **parameters)
    assert refused.value.pointer == pointer


def test_an_unknown_template_is_none() -> None:
    with pytest.raises(KeyError):
        templates.describe("none")
    with pytest.raises(KeyError):
        templates.instantiate("none", SIDES)


@EVERY
def test_a_note_names_only_what_is_there(name: str) -> None:
    template = templates.describe(name)
    there = {
        *(f"clause {clause['id']}" for clause in template.clauses),
        *(f"floor {floor}" for floor in FLOOR_TEXTS),
        *(f"rule {rule}" for rule in templates.RULES),
    }
    for note in template.notes:
        assert set(note.carried_by) <= there, note.provision
        assert note.says
        assert note.carried_by or note.why_not, note.provision
    assert len({note.provision for note in template.notes}) == len(template.notes)


@EVERY
def test_every_clause_has_words_and_carries_a_provision(name: str) -> None:
    template = templates.describe(name)
    carried = {carrier for note in template.notes for carrier in note.carried_by}
    assert {f"clause {clause['id']}" for clause in template.clauses} <= carried | {"clause 1.1"}
    assert all(clause["text"] for clause in template.clauses)


# The numbers of the instruments' own provisions, so that none is left out.
PROVISIONS = {
    "cedr-model-2020": ("4.1", "4.2"),
    "icc-mediation-2014": ("9(1)(a)", "9(1)(b)", *(f"9(2)({letter})" for letter in "abcde")),
    "uniform-mediation-act": (
        *("4(a)", "4(b)(1)", "4(b)(2)", "4(b)(3)", "4(c)", "5(a)", "5(b)", "5(c)"),
        *(f"6(a)({number})" for number in range(1, 8)),
        *("6(b)", "6(c)", "6(d)", "7(a)", "7(b)(1)", "7(b)(2)", "7(b)(3)", "7(c)"),
    ),
    "california-1119": (
        *(f"Evidence Code 1119({letter})" for letter in "abc"),
        *("Evidence Code 1122(a)(1)", "Evidence Code 1122(a)(2)", "Evidence Code 1122(a)(3)"),
        *("Evidence Code 1122(b)", "Evidence Code 1120(a)", "Evidence Code 1121"),
        *(f"Business and Professions Code 2220.7(a)({number})" for number in (1, 2, 3)),
        *("Business and Professions Code 2220.7(b)", "Business and Professions Code 143.5(a)"),
    ),
    "malpractice": ("caucus", "payment", "apology and admission", "expert", "auditor"),
}
# What the language cannot say at all, and says that it cannot.
NOT_CARRIED = {
    "cedr-model-2020": {"that there is a mediation", "without prejudice", "mediator as a witness"},
    "icc-mediation-2014": {"that there are proceedings", "9(2), no evidence", "9(2)(e)"},
    "uniform-mediation-act": {
        *("5(b)", "5(c)", "6(a)(2)", "6(a)(3)", "6(a)(4)", "6(a)(7)", "6(b)", "6(c)"),
        *("7(b)(1)", "7(b)(2)", "7(c)"),
    },
    "california-1119": {
        *("1119(a)", "1122(b)", "1118", "1120(b)", "703.5", "2220.7(a)(3)", "2220.7(c)"),
        "143.5(b) and following",
    },
    "malpractice": {"legal process", "threat to life or safety", "mediator as a witness"},
}


@EVERY
def test_every_provision_is_in_the_notes_carried_or_not(name: str) -> None:
    notes = templates.describe(name).notes
    for provision in PROVISIONS[name]:
        assert any(provision in note.provision for note in notes), provision
    left = [note.provision for note in notes if not note.carried_by]
    assert len(left) == len(NOT_CARRIED[name])
    for provision in NOT_CARRIED[name]:
        assert any(provision in one for one in left), provision


def test_the_page_shows_every_template_and_provision() -> None:
    for name in templates.names():
        template = templates.describe(name)
        assert f"\n## `{name}`\n\n{template.title}. {template.instrument}." in PAGE
        for note in template.notes:
            carried = ", ".join(note.carried_by) or "nothing"
            row = f"| {note.provision} | {note.says} | {carried} | {note.why_not} |"
            assert row.replace("|  |", "| |") in PAGE
    for rule, says in templates.RULES.items():
        assert f"| `{rule}` | {says} |" in PAGE


def test_the_page_shows_no_other_template() -> None:
    assert set(re.findall(r"^## `([a-z0-9-]+)`$", PAGE, re.MULTILINE)) == REQUIRED
