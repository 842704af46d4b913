"""What an agreement says beside its clauses: vocabulary, organisations, who may grant alone."""

from __future__ import annotations

from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from policies.compiler import baseline, compile_terms
from policies.engine import Scope
from policies.instants import ALWAYS, NEVER, Instant
from policies.policy import PolicyRefused, Row
from policies.roster import RosterRefused, RosterRow
from policies.schema import schema
from policies.terms import (
    Marking,
    Seat,
    TermsRefused,
    UploaderGrants,
    View,
    parse_terms,
    terms_json,
)
from policies.vocabulary import VOCABULARY, check_classes
from tests.policies.samples import CASE, NOW, SIDES, agreement, clause, person

MUTUAL = RosterRow(person(1), Seat.parse("insurer"), ALWAYS, NEVER, "cantonal-mutual")
OTHER = RosterRow(person(2), Seat.parse("insurer"), ALWAYS, NEVER, "federal-life")
ALONE = RosterRow(person(3), Seat.parse("insurer"), ALWAYS, NEVER)


def full(*clauses: dict[str, Any], **members: object) -> dict[str, Any]:
    return {**agreement(*clauses), **members}


TO_MUTUAL = clause("1", "organisation:cantonal-mutual", classes=["billing", "dental-cast"])
MEMBERS = full(
    TO_MUTUAL,
    vocabulary={"version": VOCABULARY, "classes": ["dental-cast"]},
    organisations=["cantonal-mutual"],
    uploader_grants="attested",
)


def test_everything_an_agreement_says_is_kept_and_written_back() -> None:
    terms = parse_terms(MEMBERS)
    assert terms.classes == ("dental-cast",)
    assert terms.organisations == ("cantonal-mutual",)
    assert terms.uploader_grants is UploaderGrants.ATTESTED
    assert parse_terms(terms_json(terms)) == terms


def test_what_is_left_out_is_the_narrowest() -> None:
    terms = parse_terms(agreement(clause("1", "party")))
    assert (terms.classes, terms.organisations) == ((), ())
    assert terms.uploader_grants is UploaderGrants.NEVER


def test_a_clause_reaches_the_members_of_an_organisation_and_nobody_else() -> None:
    scope = Scope(compile_terms(CASE, parse_terms(MEMBERS)), (MUTUAL, OTHER, ALONE), 1)
    cast = Marking("dental-cast", "claimant", "pre-existing", "-")
    found = [
        scope.ask(row.person, cast, View.FULL, "claims", "mediation", NOW)
        for row in (MUTUAL, OTHER, ALONE)
    ]
    assert found == [(True, "1"), (False, None), (False, None)]


def test_an_organisation_takes_no_floor_away() -> None:
    scope = Scope(compile_terms(CASE, parse_terms(MEMBERS)), (MUTUAL,), 1)
    paper = Marking("caucus", "claimant", "made-for-mediation", "-")
    asked = (MUTUAL.person, paper, View.METADATA, "claims", "mediation", NOW)
    assert scope.ask(*asked) == (False, "FLOOR-1")


def test_a_class_that_the_agreement_does_not_name_is_no_word_of_its_scope() -> None:
    scope = Scope(compile_terms(CASE, parse_terms(agreement(clause("1", "insurer")))), (MUTUAL,), 1)
    cast = Marking("dental-cast", "claimant", "pre-existing", "-")
    assert scope.ask(MUTUAL.person, cast, View.FULL, "claims", "mediation", NOW) == (False, None)


def test_a_case_knows_the_classes_of_its_institution_before_any_agreement() -> None:
    own = RosterRow(person(1), Seat.parse("party:claimant"), ALWAYS, NEVER)
    scope = Scope(baseline(CASE, SIDES, ["dental-cast"]), (own,), 0)
    cast = Marking("dental-cast", "claimant", "pre-existing", "-")
    asked = (own.person, cast, View.FULL, "mediation", "intake", NOW)
    assert scope.ask(*asked) == (True, "OWN")


def test_provenance_tells_two_records_of_one_class_apart() -> None:
    made = clause("1", "insurer", provenances=["pre-existing"])
    scope = Scope(compile_terms(CASE, parse_terms(agreement(made))), (ALONE,), 1)
    found = {
        provenance: scope.ask(
            ALONE.person,
            Marking("statement", "claimant", provenance, "-"),
            View.FULL,
            "claims",
            "mediation",
            NOW,
        )[0]
        for provenance in ("pre-existing", "made-for-mediation", "found")
    }
    assert found == {"pre-existing": True, "made-for-mediation": False, "found": False}


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"vocabulary": {"version": "subrosa-vocabulary/2"}}, "/vocabulary/version"),
        ({"vocabulary": {}}, "/vocabulary/version"),
        ({"vocabulary": {"version": VOCABULARY, "words": []}}, "/vocabulary"),
        ({"vocabulary": {"version": VOCABULARY, "classes": ["medical"]}}, "/vocabulary/classes/0"),
        ({"vocabulary": {"version": VOCABULARY, "classes": ["a", "A"]}}, "/vocabulary/classes/1"),
        ({"vocabulary": {"version": VOCABULARY, "classes": ["a|b"]}}, "/vocabulary/classes/0"),
        ({"vocabulary": {"version": VOCABULARY, "classes": ["a", "a"]}}, "/vocabulary/classes"),
        (
            {"vocabulary": {"version": VOCABULARY, "classes": [f"c{n}" for n in range(65)]}},
            "/vocabulary/classes",
        ),
        ({"organisations": ["Mutual"]}, "/organisations/0"),
        ({"organisations": ["mutual", "mutuаl"]}, "/organisations/1"),
        ({"organisations": ["mutual", "mutual"]}, "/organisations"),
        ({"organisations": [f"o{n}" for n in range(65)]}, "/organisations"),
        ({"uploader_grants": "always"}, "/uploader_grants"),
        ({"clauses": [TO_MUTUAL]}, "/clauses/0/to"),
        ({"clauses": [clause("1", "organisation:")]}, "/clauses/0/to"),
        ({"clauses": [clause("1", "party", provenances=["found"])]}, "/clauses/0/provenances/0"),
    ],
)
def test_a_member_that_cannot_be_is_refused_where_it_stands(
    members: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(TermsRefused) as refused:
        parse_terms({**agreement(clause("1", "party")), **members})
    assert refused.value.pointer == pointer


@pytest.mark.parametrize("reserved", ["GRANT-1", "Grant", "gRaNt.7", "FLOOR-9", "own"])
def test_no_clause_can_be_called_like_a_grant_a_floor_or_ones_own(reserved: str) -> None:
    with pytest.raises(TermsRefused) as refused:
        parse_terms(agreement(clause(reserved, "party")))
    assert refused.value.pointer == "/clauses/0/id"


def test_an_exception_that_leaves_only_what_must_be_named_leaves_nothing() -> None:
    every = [word for word in check_all_classes() if word != "substance-use-record"]
    with pytest.raises(TermsRefused) as refused:
        parse_terms(agreement(clause("1", "party", classes={"not": every})))
    assert refused.value.pointer == "/clauses/0/classes/not"
    denied = clause("1", "party", effect="deny", classes={"not": every})
    assert parse_terms(agreement(denied)).clauses[0].classes.excluded


def check_all_classes() -> list[str]:
    words: Any = schema()
    return words["$defs"]["clause"]["properties"]["classes"]["anyOf"][1]["items"]["enum"]


def fits(value: object, *further: str) -> bool:
    validator = Draft202012Validator(schema(further))
    return validator.is_valid(cast("str", value))  # pyright: ignore[reportUnknownMemberType] — partial stubs


def test_the_schema_takes_the_classes_of_the_institution_and_no_others() -> None:
    assert fits(MEMBERS, "dental-cast")
    assert not fits(MEMBERS)
    other = {**MEMBERS, "vocabulary": {"version": VOCABULARY, "classes": ["x-ray"]}}
    assert not fits(other, "dental-cast")


def test_further_classes_are_few_distinct_and_new() -> None:
    assert check_classes(["b", "a"]) == ("a", "b")
    for wrong in (["other"], ["a", "a"], ["a b"], [f"c{n}" for n in range(65)]):
        with pytest.raises(TermsRefused):
            check_classes(wrong)


@pytest.mark.parametrize("organisation", ["", "Mutual", "a b", "x" * 33])
def test_an_organisation_of_the_roster_is_one_word(organisation: str) -> None:
    with pytest.raises(RosterRefused):
        RosterRow(person(1), Seat.parse("insurer"), ALWAYS, NEVER, organisation)


def test_a_row_for_an_organisation_that_the_agreement_does_not_name_is_refused() -> None:
    policy = compile_terms(CASE, parse_terms(MEMBERS))
    row = policy.rows[0]._replace(sub="organisation:federal-life")
    assert isinstance(row, Row)
    with pytest.raises(PolicyRefused):
        type(policy)(CASE, SIDES, (row,), policy.organisations, policy.classes)


def test_a_person_is_a_group_and_cannot_be_taken_for_another() -> None:
    assert person(1) in MUTUAL.groups()
    scope = Scope(baseline(CASE, SIDES), (MUTUAL,), 0)
    assert scope.groups_at(MUTUAL.person, Instant("2026-03-05T12:00:00Z")) == MUTUAL.groups()
    assert scope.groups_at(OTHER.person, NOW) == frozenset()
