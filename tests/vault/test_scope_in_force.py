"""Who sees what follows from the agreement in force, the seat, the phase and the hour."""

import pytest

from policies.terms import View
from tests.builders import CLAUSES, House, terms
from tests.conftest import Clock
from vault.disclosure import documents
from vault.errors import Invalid, NotFound, NotPermitted
from vault.negotiation import agreements


def everything_to(*groups: str) -> list[dict[str, object]]:
    """Clauses that give everything to everybody named."""
    return [
        {
            "id": f"9.{n}",
            "to": group,
            "classes": "*",
            "origins": "*",
            "labels": "*",
            "view": "full",
            "purposes": "*",
            "phases": "*",
        }
        for n, group in enumerate(groups)
    ]


def test_before_any_agreement_a_document_is_its_depositors_alone(house: House) -> None:
    case = house.case("party:claimant", "counsel:claimant", "party:respondent", "auditor")
    case.deposit("party:claimant")
    assert case.listed("party:claimant") == {"Clinic chart": "full"}
    assert case.listed("counsel:claimant") == {"Clinic chart": "full"}
    for other in ("mediator", "party:respondent", "auditor"):
        assert case.listed(other) == {}
    house.check()


def test_the_view_follows_the_phase(house: House) -> None:
    case = house.case("party:claimant", "party:respondent")
    document = case.deposit("party:claimant").document_id
    case.agree()
    assert case.listed("party:respondent") == {}
    case.phase("exchange")
    assert case.listed("party:respondent") == {"Clinic chart": "redacted"}
    with pytest.raises(NotPermitted):
        case.read("party:respondent", document, View.FULL)
    case.phase("mediation")
    assert case.read("party:respondent", document, View.FULL) == b"chart of 3 March"
    case.phase("closed")
    assert case.listed("party:respondent") == {}
    house.check()


def test_a_refusal_names_clause_and_version_to_those_seated(house: House) -> None:
    case = house.case("party:claimant", "party:respondent", "insurer:respondent")
    caucus = case.deposit("party:claimant", document_class="caucus").document_id
    case.agree([*CLAUSES, *everything_to("insurer:respondent", "side:respondent")])
    for seat in ("insurer:respondent", "party:respondent"):
        with pytest.raises(NotPermitted) as refused:
            case.read(seat, caucus, View.FULL)
        assert (refused.value.clause, refused.value.version) == ("FLOOR-1", 1)
    house.check()


def test_no_agreement_opens_a_caucus_paper_or_content_to_the_auditor(house: House) -> None:
    case = house.case("party:a", "party:b", "party:c", "auditor", "expert", sides=("a", "b", "c"))
    case.deposit("party:a", document_class="caucus", title="Caucus of a")
    case.deposit("party:b", document_class="medical", title="Chart of b")
    case.agree(everything_to("side:a", "side:b", "side:c", "auditor", "expert", "mediator"))
    assert case.listed("party:a") == {"Caucus of a": "full", "Chart of b": "full"}
    assert case.listed("mediator") == {"Caucus of a": "full", "Chart of b": "full"}
    for seat in ("party:b", "party:c", "expert"):
        assert case.listed(seat) == {"Chart of b": "full"}
    assert case.listed("auditor") == {"Chart of b": "metadata"}
    house.check()


def test_a_seat_ends_at_its_very_instant(house: House, clock: Clock) -> None:
    case = house.case("party:claimant", "party:respondent")
    case.deposit("party:claimant")
    case.seat("expert", days=3)
    case.agree()
    case.phase("exchange")
    clock.forward(days=3, seconds=-1)
    assert case.listed("expert") == {"Clinic chart": "full"}
    clock.forward(seconds=1)
    with pytest.raises(NotFound):
        case.listed("expert")
    house.check()


def test_a_clause_ends_at_its_very_instant(house: House, clock: Clock) -> None:
    case = house.case("party:claimant", "party:respondent")
    case.deposit("party:claimant")
    case.agree([{**everything_to("side:respondent")[0], "until": "2026-03-03T09:00:00Z"}])
    clock.forward(days=1, seconds=-1)
    assert case.listed("party:respondent") == {"Clinic chart": "full"}
    clock.forward(seconds=1)
    assert case.listed("party:respondent") == {}


def test_a_draft_changes_nothing_until_the_last_required_party_has_signed(house: House) -> None:
    case = house.case("party:claimant", "party:respondent")
    case.deposit("party:claimant")
    draft = case.propose("party:respondent", everything_to("side:respondent"))
    assert len(draft.awaited) == 2
    for _ in range(2):  # signing twice changes nothing
        signed = case.sign("party:respondent", draft)
        assert [s.person for s in signed.awaited] == [case["party:claimant"].person]
    assert case.listed("party:respondent") == {}
    signed = case.sign("party:claimant", draft)
    assert signed.in_force
    assert signed.awaited == ()
    assert case.listed("party:respondent") == {"Clinic chart": "full"}
    house.check()


def test_a_version_is_not_in_force_while_a_side_has_no_party(house: House) -> None:
    case = house.case("party:claimant")
    signed = case.sign("party:claimant", case.propose("mediator"))
    assert signed.vacant == ("respondent",)
    assert not signed.in_force


@pytest.mark.parametrize("seat", ["mediator", "counsel:claimant", "insurer:respondent", "auditor"])
def test_only_those_sign_whose_signature_is_required(house: House, seat: str) -> None:
    case = house.case("party:claimant", "counsel:claimant", "insurer:respondent", "auditor")
    draft = case.propose("mediator")
    with pytest.raises(NotPermitted):
        case.sign(seat, draft)
    house.check()


def test_an_agreement_between_other_sides_is_refused(house: House) -> None:
    case = house.case("party:claimant", "party:respondent")
    stranger = terms(everything_to("side:someone"), ("claimant", "someone"))
    with pytest.raises(Invalid) as refused:
        agreements.propose(house.vault, case["mediator"], case.case_id, stranger)
    assert refused.value.pointer == "/sides"


def test_the_list_and_the_single_decision_agree_for_every_seat(house: House) -> None:
    seats = ["party:claimant", "party:respondent", "insurer:respondent", "expert", "auditor"]
    case = house.case(*seats)
    deposited = {
        kind: case.deposit(side, document_class=kind, title=kind).document_id
        for kind, side in (
            ("medical", "party:claimant"),
            ("caucus", "party:claimant"),
            ("billing", "party:respondent"),
            ("admission", "party:respondent"),
            ("expert-report", "expert"),
        )
    }
    case.agree()
    for phase in ("exchange", "mediation", "settlement"):
        case.phase(phase)
        for seat in (*seats, "mediator"):
            listed = case.listed(seat)
            for kind, document in deposited.items():
                try:
                    read = documents.read_document(house.vault, case[seat], document)
                except NotPermitted:
                    assert kind not in listed
                else:
                    assert listed[kind] == str(read.view)
    house.check()
