"""Two versions side by side: what was added, removed, changed or only given another number."""

from __future__ import annotations

from dataclasses import replace

from policies.comparison import differences
from policies.terms import Terms, UploaderGrants, View, parse_terms
from tests.policies.samples import CLINIC, clause, terms

OLD = parse_terms(CLINIC)


def test_an_agreement_does_not_differ_from_itself() -> None:
    found = differences(OLD, OLD)
    assert (found.clauses, found.members, found.reordered) == ((), (), False)
    assert found.unchanged == len(OLD.clauses)


def test_a_clause_that_was_added_is_shown_with_what_it_says() -> None:
    more = terms(clause("1", "party"), clause("2", "expert", "redacted"))
    (change,) = differences(terms(clause("1", "party")), more).clauses
    assert (change.kind, change.before) == ("added", None)
    before, after = change.sentences()
    assert before is None
    assert after is not None
    assert after.startswith("Clause 2: the expert may see, at most redacted")


def test_a_clause_that_was_removed_comes_last() -> None:
    old = terms(clause("1", "party"), clause("2", "expert"))
    new = terms(clause("2", "expert"), clause("3", "insurer"))
    kinds = [(change.kind, change.sentences()) for change in differences(old, new).clauses]
    assert [kind for kind, _ in kinds] == ["added", "removed"]
    assert kinds[1][1][1] is None


def test_the_members_that_differ_bear_the_names_of_the_language() -> None:
    old = terms(clause("1", "party", "redacted"))
    new = terms(clause("1", "party", until="2026-07-01T00:00:00Z", text="Until July."))
    (change,) = differences(old, new).clauses
    assert change.kind == "changed"
    assert set(change.members) == {"view", "until", "text"}


def test_a_clause_that_only_has_another_number_is_recognised() -> None:
    old = terms(clause("1", "party"), clause("2", "expert"))
    new = terms(clause("1", "party"), clause("4.1", "expert"))
    (change,) = differences(old, new).clauses
    assert (change.kind, change.members) == ("renumbered", ("id",))


def test_a_clause_put_in_between_does_not_change_those_that_are_numbered_anew() -> None:
    old = terms(clause("1", "party"), clause("2", "expert"), clause("3", "insurer"))
    new = terms(
        clause("1", "party"),
        clause("2", "auditor", "metadata"),
        clause("3", "expert"),
        clause("4", "insurer"),
    )
    found = differences(old, new)
    assert [(c.kind, c.after and c.after.id, c.before and c.before.id) for c in found.clauses] == [
        ("added", "2", None),
        ("renumbered", "3", "2"),
        ("renumbered", "4", "3"),
    ]
    assert found.unchanged == 1
    back = differences(new, old)
    assert [c.kind for c in back.clauses] == ["renumbered", "renumbered", "removed"]


def test_two_clauses_that_say_the_same_are_not_taken_for_one() -> None:
    old = terms(clause("1", "party"), clause("2", "party"))
    new = terms(clause("3", "party"), clause("4", "party"), clause("5", "party"))
    kinds = [
        (change.kind, change.before and change.before.id)
        for change in differences(old, new).clauses
    ]
    assert kinds == [("renumbered", "1"), ("renumbered", "2"), ("added", None)]


def test_numbers_that_change_places_are_renumbered() -> None:
    old = terms(clause("1", "party"), clause("2", "expert"))
    new = terms(clause("1", "expert"), clause("2", "party"))
    found = differences(old, new)
    assert [change.kind for change in found.clauses] == ["renumbered", "renumbered"]
    assert found.unchanged == 0


def test_clauses_in_another_order_are_told() -> None:
    old = terms(clause("1", "party"), clause("2", "expert"))
    new = terms(clause("2", "expert"), clause("1", "party"))
    found = differences(old, new)
    assert (found.clauses, found.unchanged, found.reordered) == ((), 2, True)


def test_the_other_members_are_compared_too() -> None:
    new = Terms(OLD.sides, OLD.clauses, ("mutual",), ("dental-cast",), UploaderGrants.ATTESTED)
    assert differences(OLD, new).members == ("organisations", "vocabulary", "uploader_grants")


def test_nothing_can_be_slipped_into_a_clause_unnoticed() -> None:
    for position, one in enumerate(OLD.clauses):
        wider = replace(one, view=View.FULL, text=f"{one.text} ")
        clauses = (*OLD.clauses[:position], wider, *OLD.clauses[position + 1 :])
        (change,) = differences(OLD, Terms(OLD.sides, clauses)).clauses
        assert change.before == one
        assert change.after == wider
        assert "text" in change.members
