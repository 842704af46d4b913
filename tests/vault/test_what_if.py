"""What a version would change is shown before it is signed, and tells nobody of others' papers."""

import pytest

from tests.builders import CLAUSES, Case, House
from tests.vault.test_negotiation import clause
from vault.errors import NotFound
from vault.negotiation import foresight
from vault.negotiation.foresight import Outlook


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent", "auditor")


def outlook(case: Case, reader: str, of: str, version: int = 1) -> Outlook:
    shown = foresight.what_if(case.house.vault, case[reader], case.case_id, version)
    return next(o for o in shown.outlooks if o.person == case[of].person)


def titles(found: foresight.Touched) -> list[str]:
    return [title for _, title in found.titles]


def test_each_seat_is_told_what_it_would_gain_by_which_clause_and_until_when(
    house: House, case: Case
) -> None:
    until = "2026-07-01T00:00:00Z"
    case.propose("mediator", [clause("4.2", "side:respondent", classes=["medical"], until=until)])
    shown = foresight.what_if(house.vault, case["party:claimant"], case.case_id, 1)
    assert {o.seat for o in shown.outlooks} == set(case.people)
    (gain,) = outlook(case, "party:claimant", "party:respondent").changes
    assert gain.change.gains
    assert (gain.change.before.view, gain.change.after.clause) == (None, "4.2")
    assert gain.change.interval.exp == until
    assert "would gain" in gain.sentence
    assert f"until {until}" in gain.sentence
    assert "4.2" in gain.sentence
    for seat in ("mediator", "party:claimant", "auditor"):
        assert outlook(case, "party:claimant", seat).changes == ()
    house.check()


def test_what_a_later_version_takes_away_is_said_too(house: House, case: Case) -> None:
    case.deposit("party:claimant", title="Chart")
    case.agree([clause("1", "side:respondent", classes=["medical"])])
    case.propose("mediator", [clause("1", "side:respondent", "metadata", classes=["medical"])])
    seen = outlook(case, "party:respondent", "party:respondent", 2)
    (loss,) = seen.changes
    assert not loss.change.gains
    assert titles(seen.lost) == ["Chart"]
    assert seen.gained.count == 0
    house.check()


def test_the_version_in_force_would_change_nothing(house: House, case: Case) -> None:
    version = case.agree()
    shown = foresight.what_if(house.vault, case["mediator"], case.case_id, version)
    assert shown.against == version
    assert all(o.changes == () for o in shown.outlooks)


def test_documents_are_counted_and_named_for_those_alone_who_may_know_of_them(
    house: House, case: Case
) -> None:
    for n in range(3):
        case.deposit("party:claimant", title=f"Chart {n}")
    case.deposit("party:respondent", title="Rota")
    case.propose("mediator", [clause("1", "auditor", "metadata", purposes=["audit"])])
    for reader, known in (
        ("party:claimant", ["Chart 0", "Chart 1", "Chart 2"]),
        ("party:respondent", ["Rota"]),
        ("mediator", []),
        ("auditor", []),
    ):
        gained = outlook(case, reader, "auditor").gained
        assert (gained.count, sorted(titles(gained))) == (len(known), known)
        # The change itself is said to everybody: it follows from the clauses alone.
        assert outlook(case, reader, "auditor").changes
    house.check()


def test_a_draft_of_ones_own_is_no_way_to_count_others_papers(house: House, case: Case) -> None:
    case.deposit("party:claimant", document_class="caucus", title="Caucus of the claimant")
    case.deposit("party:claimant", title="Chart")
    case.propose("party:respondent", [clause("1", "side:respondent"), clause("2", "mediator")])
    for seat in case.people:
        seen = outlook(case, "party:respondent", seat)
        assert (seen.gained.count, seen.lost.count) == (0, 0)


def test_titles_are_listed_up_to_a_bound_and_the_count_is_exact(house: House, case: Case) -> None:
    for n in range(foresight.MOST_TITLES + 2):
        case.deposit("party:claimant", title=f"Page {n}")
    case.propose("mediator", [clause("1", "mediator")])
    gained = outlook(case, "party:claimant", "mediator").gained
    assert gained.count == foresight.MOST_TITLES + 2
    assert len(gained.titles) == foresight.MOST_TITLES


def test_what_is_over_is_not_foretold(house: House, case: Case) -> None:
    case.propose(
        "mediator",
        [clause("1", "auditor", "metadata", purposes=["audit"], until="2026-01-01T00:00:00Z")],
    )
    assert outlook(case, "mediator", "auditor").changes == ()


def test_five_hundred_clauses_are_foretold_or_refused_in_a_sentence(
    house: House, case: Case
) -> None:
    case.propose(
        "mediator", [clause(f"c{n}", "side:respondent", classes=["medical"]) for n in range(500)]
    )
    assert len(outlook(case, "mediator", "party:respondent").changes) == 1


# Differences.


def test_versions_are_compared_clause_by_clause_against_the_one_in_force(
    house: House, case: Case
) -> None:
    case.agree()
    changed = [CLAUSES[0], {**CLAUSES[1], "view": "full"}, clause("9", "auditor", "metadata")]
    case.propose("party:claimant", changed)
    found = foresight.compare(house.vault, case["party:respondent"], case.case_id, 2)
    assert (found.version, found.against) == (2, 1)
    kinds = {
        (change.kind, one.id)
        for change in found.comparison.clauses
        if (one := change.after or change.before)
    }
    assert ("changed", "2.1") in kinds
    assert ("added", "9") in kinds
    assert ("removed", "2.2") in kinds
    assert found.comparison.unchanged == 1
    house.check()


def test_a_version_is_compared_with_the_baseline_and_with_a_draft(house: House, case: Case) -> None:
    case.propose("mediator")
    case.propose("mediator", CLAUSES[:2])
    whole = foresight.compare(house.vault, case["mediator"], case.case_id, 1)
    assert (whole.against, len(whole.comparison.clauses)) == (0, len(CLAUSES))
    assert {c.kind for c in whole.comparison.clauses} == {"added"}
    fewer = foresight.compare(house.vault, case["mediator"], case.case_id, 2, 1)
    assert {c.kind for c in fewer.comparison.clauses} == {"removed"}
    same = foresight.compare(house.vault, case["mediator"], case.case_id, 1, 1)
    assert same.comparison.clauses == ()
    house.check()


def test_what_is_not_there_is_not_compared(house: House, case: Case) -> None:
    case.propose("mediator")
    for version, against in ((2, None), (1, 2), (2, 1)):
        with pytest.raises(NotFound):
            foresight.compare(house.vault, case["mediator"], case.case_id, version, against)
    with pytest.raises(NotFound):
        foresight.what_if(house.vault, case["mediator"], case.case_id, 2)
    house.check()
