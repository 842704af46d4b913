from __future__ import annotations

import json
import math
from copy import deepcopy
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from policies.schema import schema
from policies.terms import (
    CLASSES,
    PHASES,
    PURPOSES,
    Effect,
    TermsRefused,
    View,
    parse_terms,
    terms_json,
)
from tests.policies.samples import CLINIC, SIDES, Json, agreement, agreements, clause, terms

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

SCHEMA = Draft202012Validator(schema())
spoilers: st.SearchStrategy[Any] = st.sampled_from(("*", "party", "side", "2026-01-05T00:00:00Z"))
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def fits_schema(value: object) -> bool:
    return SCHEMA.is_valid(cast("str", value))  # pyright: ignore[reportUnknownMemberType] — partial stubs


def refusal_of(value: object) -> TermsRefused:
    with pytest.raises(TermsRefused) as refusal:
        parse_terms(value)
    return refusal.value


def test_the_schema_is_a_schema_and_holds_the_whole_vocabulary() -> None:
    Draft202012Validator.check_schema(schema())
    text = json.dumps(schema())
    for word in (*CLASSES, *PURPOSES, *PHASES, *map(str, View), *Effect):
        assert f'"{word}"' in text


def test_an_agreement_is_read_as_it_was_written() -> None:
    parsed = parse_terms(CLINIC)
    assert fits_schema(CLINIC)
    assert parsed.sides == SIDES
    assert [clause.id for clause in parsed.clauses] == [c["id"] for c in CLINIC["clauses"]]
    assert parsed.clauses[1].classes.pattern == "billing|medical"
    assert parsed.clauses[0].phases.pattern == "!closed"
    assert parsed.clauses[6].exp == "2026-07-01T00:00:00Z"
    assert parsed.clauses[6].nbf == "0000"
    assert parsed.clauses[1].view is View.REDACTED


def test_an_allow_opens_no_exception_it_does_not_name_and_a_deny_closes_all() -> None:
    allow, deny, named, starred = terms(
        clause("1", "party"),
        clause("2", "party", effect="deny"),
        clause("3", "party", labels=["claw-back"]),
        clause("4", "party", labels="*"),
    ).clauses
    assert allow.effect is Effect.ALLOW
    assert [one.labels.pattern for one in (allow, deny, named, starred)] == [
        "-",
        "*",
        "claw-back",
        "*",
    ]


@settings(max_examples=40, deadline=None)
@given(agreements(("a", "b", "c")))
def test_reading_undoes_writing(value: Json) -> None:
    parsed = parse_terms(value)
    assert fits_schema(value)
    written = terms_json(parsed)
    assert fits_schema(written)
    assert parse_terms(json.loads(json.dumps(written))) == parsed
    assert terms_json(parse_terms(written)) == written


@settings(max_examples=40, deadline=None)
@given(agreements(), st.randoms())
def test_the_order_of_words_in_a_list_changes_nothing(value: Json, random: Random) -> None:
    shuffled = deepcopy(value)
    for one in shuffled["clauses"]:
        for member in one.values():
            if isinstance(member, list):
                random.shuffle(cast("list[str]", member))
    assert parse_terms(shuffled) == parse_terms(value)


@settings(deadline=None)
@given(json_values)
def test_any_json_value_is_terms_or_refused(value: object) -> None:
    try:
        pointer = f"/{parse_terms(value)}"
    except TermsRefused as refusal:
        pointer = refusal.pointer
    assert pointer[:1] in {"", "/"}


@settings(max_examples=150, deadline=None)
@given(agreements(most=2), st.data())
def test_any_member_replaced_by_anything_gives_terms_that_fit_the_schema_or_a_refusal(
    value: Json, data: st.DataObject
) -> None:
    spoilt = deepcopy(value)
    clause = data.draw(st.sampled_from(spoilt["clauses"]))
    where: Json = data.draw(st.sampled_from([spoilt, clause]))
    key = data.draw(st.sampled_from(sorted(where)))
    where[key] = data.draw(json_values | spoilers)
    try:
        parse_terms(spoilt)
    except TermsRefused:
        return
    assert fits_schema(spoilt)


def changed(change: Callable[[Json], object]) -> Json:
    value = agreement(clause("1", "party"), clause("2", "expert"))
    change(value)
    return value


def member(name: str, value: object) -> Json:
    return changed(lambda whole: whole["clauses"][1].update({name: value}))


# What both the schema and the parser refuse.
REFUSED_BY_BOTH: list[tuple[str, object]] = [
    ("", None),
    ("", []),
    ("", "subrosa-scope/1"),
    ("", math.nan),
    ("/clauses", {}),
    ("/language", changed(lambda whole: whole.update(language="subrosa-scope/2"))),
    ("/language", changed(lambda whole: whole.update(language=True))),
    ("", changed(lambda whole: whole.update(signed=True))),
    ("/sides", changed(lambda whole: whole.pop("sides"))),
    ("/sides", changed(lambda whole: whole.update(sides="claimant"))),
    ("/sides", changed(lambda whole: whole.update(sides=[]))),
    ("/sides", changed(lambda whole: whole.update(sides=["claimant"]))),
    ("/sides", changed(lambda whole: whole.update(sides=["claimant", "claimant"]))),
    ("/sides", changed(lambda whole: whole.update(sides=[f"s{n}" for n in range(17)]))),
    ("/sides/1", changed(lambda whole: whole.update(sides=["claimant", 7]))),
    ("/sides/1", changed(lambda whole: whole.update(sides=["claimant", "a,b"]))),
    ("/sides/1", changed(lambda whole: whole.update(sides=["claimant", "mediator"]))),
    ("/sides/1", changed(lambda whole: whole.update(sides=["claimant", "joint"]))),
    ("/clauses", changed(lambda whole: whole.update(clauses=[]))),
    ("/clauses", changed(lambda whole: whole.update(clauses={"1": clause("1", "party")}))),
    (
        "/clauses",
        agreement(*(clause(f"{number}", "party") for number in range(2000))),
    ),
    ("/clauses/0", changed(lambda whole: whole.update(clauses=["1"]))),
    ("/clauses/1/view", changed(lambda whole: whole["clauses"][1].pop("view"))),
    ("/clauses/1/classes", changed(lambda whole: whole["clauses"][1].pop("classes"))),
    ("/clauses/1", member("deny", value=True)),
    ("/clauses/1", member("labels\n", ["-"])),
    ("/clauses/1/effect", member("effect", "Deny")),
    ("/clauses/1/effect", member("effect", "denied")),
    ("/clauses/1/effect", member("effect", None)),
    ("/clauses/1/to", member("to", "everybody")),
    ("/clauses/1/to", member("to", "u:00000000-0000-4000-8000-000000000000")),
    ("/clauses/1/to", member("to", "side:a,b")),
    ("/clauses/1/to", member("to", "*")),
    ("/clauses/1/to", member("to", "mediator:claimant")),
    ("/clauses/1/view", member("view", 3)),
    ("/clauses/1/view", member("view", value=True)),
    ("/clauses/1/view", member("view", "everything")),
    ("/clauses/1/classes/0", member("classes", ["medcal"])),
    ("/clauses/1/classes/1", member("classes", ["medical", "a|b"])),
    ("/clauses/1/classes/0", member("classes", [math.inf])),
    ("/clauses/1/classes", member("classes", [])),
    ("/clauses/1/classes", member("classes", "medical")),
    ("/clauses/1/classes", member("classes", ["medical", "medical"])),
    ("/clauses/1/classes", member("classes", {"not": ["medical"], "but": ["billing"]})),
    ("/clauses/1/classes/not", member("classes", {})),
    ("/clauses/1/classes/not", member("classes", {"not": "medical"})),
    ("/clauses/1/classes/not", member("classes", {"not": []})),
    ("/clauses/1/classes/not", member("classes", {"not": [*CLASSES]})),
    ("/clauses/1/classes/not/0", member("classes", {"not": ["!medical"]})),
    ("/clauses/1/purposes/0", member("purposes", ["curiosity"])),
    ("/clauses/1/phases/0", member("phases", ["*"])),
    ("/clauses/1/origins/0", member("origins", ["Claimant"])),
    ("/clauses/1/labels/0", member("labels", ["draft"])),
    ("/clauses/1/labels", member("labels", {"not": ["-"]})),
    ("/clauses/1/from", member("from", "2026-01-05")),
    ("/clauses/1/from", member("from", "0000")),
    ("/clauses/1/from", member("from", 1767571200)),
    ("/clauses/1/until", member("until", "2026-01-05T00:00:00+01:00")),
    ("/clauses/1/until", member("until", None)),
    ("/clauses/1/id", member("id", "")),
    ("/clauses/1/id", member("id", 2)),
    ("/clauses/1/id", member("id", "2, deny")),
    ("/clauses/1/id", member("id", "2\nFLOOR-1")),
    ("/clauses/1/id", member("id", "FLOOR-1")),
    ("/clauses/1/id", member("id", "Floor-1")),
    ("/clauses/1/id", member("id", "OWN")),
    ("/clauses/1/id", member("id", "own.2")),
    ("/clauses/1/id", member("id", "x" * 33)),
    ("/clauses/1/text", member("text", "x" * 2001)),
    ("/clauses/1/text", member("text", "bell\x07")),
    ("/clauses/1/text", member("text", "carriage\r\nreturn")),
    ("/clauses/1/text", member("text", "as agreed \u202enever")),
    ("/clauses/1/text", member("text", "as agreed \u2066never")),
    ("/clauses/1/text", member("text", "half \ud800")),
    ("/clauses/1/text", member("text", ["as agreed"])),
]
# What only the parser can refuse.
REFUSED_BY_THE_PARSER: list[tuple[str, object]] = [
    ("/clauses/1/id", member("id", "1")),
    ("/clauses/1/to", member("to", "side:insured")),
    ("/clauses/1/origins/0", member("origins", ["insured"])),
    ("/clauses/1/origins/not", member("origins", {"not": [*SIDES, "joint", "mediator", "expert"]})),
    ("/clauses/1/from", member("from", "2026-02-30T00:00:00Z")),
    (
        "/clauses/1",
        changed(
            lambda whole: whole["clauses"][1].update(
                {"from": "2026-01-05T00:00:00Z", "until": "2026-01-05T00:00:00Z"}
            )
        ),
    ),
    ("/clauses/1/from", member("from", "9999-01-05T00:00:00Z")),
    # Python's `$` matches before a last line feed; the schema's dialect, ECMA-262, does not.
    ("/clauses/1/id", member("id", "2\n")),
    ("/sides/1", changed(lambda whole: whole.update(sides=["claimant", "respondent\n"]))),
]


@pytest.mark.parametrize(("pointer", "value"), REFUSED_BY_BOTH)
def test_what_is_not_of_the_language_is_refused_where_it_stands(
    pointer: str, value: object
) -> None:
    refusal = refusal_of(value)
    assert refusal.pointer == pointer
    assert not fits_schema(value)


@pytest.mark.parametrize(("pointer", "value"), REFUSED_BY_THE_PARSER)
def test_what_the_schema_cannot_express_is_refused_by_the_parser(
    pointer: str, value: object
) -> None:
    assert refusal_of(value).pointer == pointer


def test_a_refusal_never_repeats_what_it_refuses() -> None:
    secret = "we-accept-2.1m"
    spoilt = [
        agreement(clause(secret + ",", "party")),
        agreement(clause("1", secret)),
        agreement(clause("1", "party", secret)),
        agreement(clause("1", "party", **{secret: secret})),
        agreement(clause("1", "party", classes=[secret])),
        agreement(clause("1", "party", classes={secret: []})),
        agreement(clause("1", "party", text=secret + "\x00")),
        agreement(clause("1", "party", **{"from": secret})),
        agreement(clause("1", "party"), sides=["a", secret.upper()]),
        {secret: secret},
    ]
    for value in spoilt:
        refusal = refusal_of(value)
        told = f"{refusal} {refusal!r} {refusal.pointer} {refusal.__cause__}".lower()
        assert secret not in told


def test_five_hundred_clauses_are_read_and_one_more_is_not() -> None:
    most = [clause(f"{number}", "party") for number in range(500)]
    assert len(terms(*most).clauses) == 500
    assert refusal_of(agreement(*most, clause("500", "party"))).pointer == "/clauses"


def test_the_words_of_a_clause_are_kept_as_they_are() -> None:
    words = "Nur was geschw\u00e4rzt ist.\nGem\u00e4\u00df \u00a7 4; \u05d1\u05d4\u05e1\u05db."
    (read,) = terms(clause("1", "party", text=words)).clauses
    assert read.text == words
