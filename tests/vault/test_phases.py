"""What a change of phase does is shown before it is made, and the mediator alone makes it."""

from __future__ import annotations

import pytest

from tests.builders import Case, House
from tests.vault.asking import SEATS, deposited, grant
from vault.deviations import clawback, grants
from vault.errors import Conflict, Invalid, NotFound, NotPermitted
from vault.inspection import trail
from vault.negotiation import foresight
from vault.proceedings import phases
from vault.proceedings.phases import Effect


@pytest.fixture
def case(house: House) -> Case:
    case = house.case(*SEATS)
    case.agree()
    return case


def shown(case: Case, seat: str, phase: str) -> dict[str, list[Effect]]:
    preview = phases.preview_phase(case.house.vault, case[seat], case.case_id, phase)
    assert (preview.from_phase, preview.to_phase) == ("intake", phase)
    effects: dict[str, list[Effect]] = {}
    for effect in preview.effects:
        effects.setdefault(effect.seat, []).append(effect)
    return effects


def test_a_preview_says_what_each_seat_would_gain_and_counts_what_its_reader_knows(
    case: Case,
) -> None:
    case.deposit("party:claimant")
    case.deposit("party:claimant")
    deposited(case, "party:respondent")
    effects = shown(case, "party:claimant", "exchange")
    assert sorted(effects) == ["expert", "party:respondent"]
    assert [(str(e.after), e.documents) for e in effects["party:respondent"]] == [("redacted", 2)]
    assert [(str(e.after), e.documents) for e in effects["expert"]] == [("full", 2)]
    assert "would gain" in effects["expert"][0].sentence
    # The respondent does not know of the claimant's charts yet, nor the insurer of any.
    for seat in ("party:respondent", "insurer:respondent"):
        counted = shown(case, seat, "exchange")
        assert {e.documents for some in counted.values() for e in some} == {0}
    case.house.check()


def test_what_a_preview_says_is_what_happens(case: Case) -> None:
    chart = case.deposit("party:claimant", title="Chart").document_id
    case.redact("party:claimant", chart)
    for phase in ("exchange", "mediation", "settlement", "closed"):
        before = {seat: case.listed(seat).get("Chart") for seat in case.people}
        preview = phases.preview_phase(
            case.house.vault, case["party:claimant"], case.case_id, phase
        )
        foretold = {e.seat for e in preview.effects if e.documents}
        case.phase(phase)
        after = {seat: case.listed(seat).get("Chart") for seat in case.people}
        assert {seat for seat in case.people if before[seat] != after[seat]} == foretold
    case.house.check()


def test_a_grant_that_has_ended_and_a_claw_back_are_counted_as_they_are(case: Case) -> None:
    chart, other = (case.deposit("party:claimant").document_id for _ in range(2))
    number = grant(case, chart)
    assert shown(case, "party:claimant", "exchange")["expert"][0].documents == 2
    grants.end_grant(case.house.vault, case["party:claimant"], case.case_id, number)
    assert shown(case, "party:claimant", "exchange")["expert"][0].documents == 2
    clawback.claw_back(case.house.vault, case["party:claimant"], other)
    assert shown(case, "party:claimant", "exchange")["expert"][0].documents == 1


def test_the_mediator_alone_moves_a_case_and_everybody_seated_looks_first(case: Case) -> None:
    for seat in case.people:
        shown(case, seat, "mediation")
        if seat != "mediator":
            with pytest.raises(NotPermitted):
                phases.enter_phase(case.house.vault, case[seat], case.case_id, "mediation")
    with pytest.raises(Conflict):
        phases.enter_phase(case.house.vault, case["mediator"], case.case_id, "intake")
    for phase in ("", "Exchange", "exchange|closed", "*"):
        with pytest.raises(Invalid):
            phases.preview_phase(case.house.vault, case["mediator"], case.case_id, phase)
    with pytest.raises(NotFound):
        phases.preview_phase(case.house.vault, case.house.person(), case.case_id, "closed")
    seen = trail.read_events(case.house.vault, case["mediator"], case.case_id, limit=500).entries
    previews = [e.event for e in seen if e.event.tag == "case:phase:preview"]
    assert len(previews) == len(case.people) + 1
    case.house.check()


def test_nobody_hears_of_grants_of_documents_they_may_not_know_of(case: Case) -> None:
    grant(case, deposited(case, "party:claimant"), "expert", purposes=("opinion",))
    assert case.listed("insurer:respondent") == {}
    preview = phases.preview_phase(
        case.house.vault, case["insurer:respondent"], case.case_id, "settlement"
    )
    foretold = foresight.what_if(case.house.vault, case["insurer:respondent"], case.case_id, 1)
    said = f"{preview} {foretold}"
    assert "grant-" not in said
    assert "GRANT-" not in said
