"""Whoever is refused is told what would be otherwise, if they may know that there is something."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from policies.decisions import Denial, Permit
from policies.explain import sentences
from policies.terms import Marking, View
from tests.builders import CLAUSES, Case, House
from vault.disclosure import documents
from vault.disclosure.explanations import Supposition, explain_supposed
from vault.errors import Invalid, NotPermitted

CHART = Marking("medical", "claimant", "pre-existing", "-")


@pytest.fixture
def case(house: House) -> Case:
    case = house.case("party:claimant", "party:respondent", "insurer:respondent")
    case.agree()
    case.phase("exchange")
    return case


def test_a_refused_view_of_a_known_document_is_explained(house: House, case: Case) -> None:
    chart = case.deposit("party:claimant").document_id
    with pytest.raises(NotPermitted) as refused:
        case.read("party:respondent", chart, View.FULL)
    explanation = refused.value.explanation
    assert explanation is not None
    would = {(w.attribute, w.value, str(w.view), w.clause) for w in explanation.would_allow}
    assert ("view", "redacted", "redacted", "2.1") in would
    assert ("phase", "mediation", "full", "2.2") in would
    assert any("phase mediation" in said and "2.2" in said for said in sentences(explanation))
    house.check()


def test_what_would_be_allowed_is_allowed_then(house: House, case: Case) -> None:
    chart = case.deposit("party:claimant").document_id
    with pytest.raises(NotPermitted):
        case.read("party:respondent", chart, View.FULL)
    case.phase("mediation")
    assert case.read("party:respondent", chart, View.FULL)


@pytest.mark.parametrize("document_class", ["caucus", "apology"])
def test_of_a_document_that_one_may_not_know_of_nothing_is_explained(
    house: House, case: Case, document_class: str
) -> None:
    hidden = case.deposit("party:claimant", document_class=document_class).document_id
    for attempt in (
        lambda: case.read("party:respondent", hidden, View.FULL),
        lambda: documents.read_document(house.vault, case["party:respondent"], hidden),
    ):
        with pytest.raises(NotPermitted) as refused:
            attempt()
        assert refused.value.explanation is None
        assert refused.value.version == 1
    house.check()


def test_a_supposition_is_answered_from_the_agreement_alone(house: House, case: Case) -> None:
    who = case["party:respondent"]
    full = Supposition(marking=CHART, view=View.FULL)
    denied = explain_supposed(house.vault, who, case.case_id, full)
    assert isinstance(denied.decision, Denial)
    granted = explain_supposed(house.vault, who, case.case_id, replace(full, phase="mediation"))
    assert isinstance(granted.decision, Permit)
    assert granted.decision.clause == "2.2"
    assert granted.would_allow == ()
    caucus = replace(full, marking=Marking("caucus", "claimant", "pre-existing", "-"))
    floor = explain_supposed(house.vault, who, case.case_id, caucus)
    assert floor.decision.clause == "FLOOR-1"
    house.check()


def test_a_supposition_takes_an_instant_of_its_own(house: House) -> None:
    case = house.case("party:claimant", "party:respondent")
    until = {**CLAUSES[1], "until": "2026-04-01T00:00:00Z"}
    case.agree([until])
    case.phase("exchange")
    asked = Supposition(marking=CHART, view=View.REDACTED)
    before = replace(asked, at=datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC))
    after = replace(asked, at=datetime(2026, 4, 1, tzinfo=UTC))
    for supposed, kind in ((asked, Permit), (before, Permit), (after, Denial)):
        explained = explain_supposed(house.vault, case["party:respondent"], case.case_id, supposed)
        assert isinstance(explained.decision, kind)


@pytest.mark.parametrize(
    "supposed",
    [
        Supposition(marking=CHART._replace(document_class="king"), view=View.FULL),
        Supposition(marking=CHART._replace(origin="nobody"), view=View.FULL),
        Supposition(marking=CHART._replace(provenance="old"), view=View.FULL),
        Supposition(marking=CHART, view=View.FULL, purpose="curiosity"),
        Supposition(marking=CHART, view=View.FULL, phase="never"),
    ],
)
def test_a_word_that_is_none_is_refused(house: House, case: Case, supposed: Supposition) -> None:
    with pytest.raises(Invalid):
        explain_supposed(house.vault, case["party:respondent"], case.case_id, supposed)


def test_what_a_reader_takes_on_is_said_with_the_document(house: House) -> None:
    case = house.case("party:claimant", "party:respondent")
    named = {**CLAUSES[2], "classes": ["substance-use-record"], "phases": "*"}
    case.agree([named])
    record = case.deposit("party:claimant", document_class="substance-use-record").document_id
    theirs = documents.read_document(house.vault, case["party:respondent"], record)
    assert [str(obligation) for obligation in theirs.obligations] == ["42-cfr-part-2-notice"]
    assert documents.read_document(house.vault, case["party:claimant"], record).obligations == ()
    released = documents.release(house.vault, case["party:respondent"], record, View.FULL)
    released.chunks.close()
    assert released.obligations == theirs.obligations
