"""Drafts are made, amended, discussed and taken back in the open; one of them comes into force."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.builders import CLAUSES, Case, House, terms
from vault.errors import Conflict, Invalid, NotFound, NotPermitted
from vault.inspection import trail
from vault.negotiation import agreements
from vault.negotiation.versions import Agreement, State
from vault.proceedings import cases, seat_changes


def clause(number: str, to: str, view: str = "full", **members: object) -> dict[str, Any]:
    everything = {"classes": "*", "origins": "*", "purposes": "*", "phases": "*"}
    return {"id": number, "to": to, "view": view, **everything, **members}


def states(case: Case, seat: str = "mediator") -> list[str]:
    found = agreements.list_agreements(case.house.vault, case[seat], case.case_id)
    return [agreement.state.value for agreement in found]


def leave(case: Case, seat: str) -> None:
    """End a seat now, by the mediator."""
    _, roster = cases.read_case(case.house.vault, case["mediator"], case.case_id)
    (held,) = [p for p in roster if p.person == case[seat].person]
    seat_changes.change_end(
        case.house.vault,
        case["mediator"],
        case.case_id,
        held.participant_id,
        case.house.clock(),
    )
    case.house.clock.forward(seconds=1)


def join(case: Case, seat: str) -> str:
    """Seat one more person on a seat; return the name under which the test speaks of them."""
    first, name = case[seat], f"another {seat}"
    case.people[name] = case.seat(seat)
    case.people[seat] = first
    return name


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent", "counsel:claimant")


# Amending and withdrawing.


def test_an_own_draft_is_withdrawn_by_the_one_that_amends_it(house: House, case: Case) -> None:
    first = case.propose("mediator")
    case.sign("party:claimant", first)
    second = case.propose("mediator", CLAUSES[:2], amends=1)
    assert (second.amends, second.base, second.state) == (1, 0, State.DRAFT)
    withdrawn = case.read_agreement("party:respondent", 1)
    assert withdrawn.state is State.WITHDRAWN
    assert withdrawn.withdrawal is not None
    assert withdrawn.withdrawal.amended_by == 2
    assert (withdrawn.required, withdrawn.awaited) == ((), ())
    house.check()


def test_a_draft_that_amends_anothers_stands_beside_it(house: House, case: Case) -> None:
    case.propose("mediator")
    second = case.propose("counsel:claimant", CLAUSES[:2], amends=1)
    assert second.amends == 1
    assert states(case) == ["draft", "draft"]
    house.check()


@pytest.mark.parametrize("seat", ["party:claimant", "mediator"])
def test_a_draft_is_taken_back_by_its_proposer_or_the_mediator_and_signed_no_more(
    house: House, case: Case, seat: str
) -> None:
    draft = case.propose("party:claimant")
    case.sign("party:respondent", draft)
    withdrawn = agreements.withdraw(house.vault, case[seat], case.case_id, 1)
    assert withdrawn.state is State.WITHDRAWN
    for signer in ("party:claimant", "party:respondent"):
        with pytest.raises(Conflict, match="withdrawn"):
            case.sign(signer, draft)
    with pytest.raises(Conflict):
        agreements.withdraw(house.vault, case[seat], case.case_id, 1)
    with pytest.raises(Conflict):
        case.propose(seat, amends=1)
    house.check()


def test_nobody_else_takes_a_draft_back(house: House, case: Case) -> None:
    case.propose("party:claimant")
    for seat in ("party:respondent", "counsel:claimant"):
        with pytest.raises(NotPermitted):
            agreements.withdraw(house.vault, case[seat], case.case_id, 1)
    with pytest.raises(NotFound):
        agreements.withdraw(house.vault, case["mediator"], case.case_id, 2)
    assert states(case) == ["draft"]
    house.check()


def test_what_is_or_was_in_force_is_neither_withdrawn_nor_amended(house: House, case: Case) -> None:
    case.agree()
    case.agree(CLAUSES[:2])
    assert states(case) == ["replaced", "in-force"]
    for version in (1, 2):
        with pytest.raises(Conflict):
            agreements.withdraw(house.vault, case["mediator"], case.case_id, version)
        with pytest.raises(Conflict):
            case.propose("mediator", amends=version)
    with pytest.raises(Invalid):
        case.propose("mediator", amends=3)
    house.check()


# Drafts side by side.


def test_a_draft_is_superseded_when_another_comes_into_force(house: House, case: Case) -> None:
    old = case.propose("party:claimant")
    case.sign("party:claimant", old)
    new = case.propose("mediator", CLAUSES[:2])
    for seat in ("party:claimant", "party:respondent"):
        case.sign(seat, new)
    assert states(case) == ["superseded", "in-force"]
    with pytest.raises(Conflict, match="came into force since"):
        case.sign("party:respondent", old)
    again = case.propose("party:claimant", amends=1)
    assert (again.base, again.amends, again.state) == (2, 1, State.DRAFT)
    assert states(case) == ["withdrawn", "in-force", "draft"]
    house.check()


def test_of_two_drafts_that_race_one_comes_into_force_and_the_other_is_superseded(
    house: House, case: Case
) -> None:
    for round_ in range(3):
        drafts = [case.propose("mediator", [clause(f"{round_}.{n}", "mediator")]) for n in "12"]
        for draft in drafts:
            case.sign("party:claimant", draft)

        def finish(draft: Agreement) -> str:
            try:
                return case.sign("party:respondent", draft).state.value
            except Conflict:
                return "refused"

        with ThreadPoolExecutor(2) as both:
            assert sorted(both.map(finish, drafts)) == ["in-force", "refused"]
        assert sorted(states(case)[-2:]) == ["in-force", "superseded"]
    house.check()


def test_two_last_signatures_at_once_put_a_version_in_force_once(house: House, case: Case) -> None:
    draft = case.propose("mediator")
    seats = ["party:claimant", "party:respondent"]
    for seat in seats:
        house.key(case[seat])
    with ThreadPoolExecutor(2) as both:
        signed = list(both.map(case.sign, seats, [draft, draft]))
    assert sorted(version.in_force for version in signed) == [False, True]
    seen = trail.read_events(house.vault, case["mediator"], case.case_id).entries
    assert [e.event.name for e in seen].count("agreement:in-force") == 1
    house.check()


# Who must sign.


def test_every_party_must_sign_and_the_reason_is_said(case: Case) -> None:
    draft = case.propose("mediator")
    reasons = {signatory.reason for signatory in draft.required}
    assert reasons == {"party of claimant", "party of respondent"}
    assert draft.awaited == draft.required


def test_a_mediator_whose_own_documents_are_opened_wider_must_sign(
    house: House, case: Case
) -> None:
    case.deposit("mediator", document_class="progress-report")
    narrow = case.propose("mediator", [clause("1", "side:claimant", origins=["respondent"])])
    assert len(narrow.required) == 2
    wide = case.propose("mediator", [clause("1", "side:claimant", origins=["mediator"])])
    assert wide.required[2].reason == "holder of what the mediator deposited"
    for seat in ("party:claimant", "party:respondent"):
        assert not case.sign(seat, wide).in_force
    assert case.sign("mediator", wide).in_force
    # What is open already gives nothing away once more.
    same = case.propose("mediator", [clause("2", "side:claimant", origins=["mediator"])])
    assert len(same.required) == 2
    with pytest.raises(NotPermitted):
        case.sign("mediator", same)
    house.check()


def test_an_expert_signs_for_what_a_seat_not_yet_taken_would_see(house: House, case: Case) -> None:
    case.seat("expert")
    case.deposit("expert", document_class="expert-report")
    draft = case.propose("mediator", [clause("1", "regulator", classes=["expert-report"])])
    assert [s.person for s in draft.awaited][2:] == [case["expert"].person]
    other = case.propose("mediator", [clause("1", "regulator", classes=["medical"])])
    assert len(other.awaited) == 2
    house.check()


def test_an_expert_who_has_left_is_not_waited_for(house: House, case: Case) -> None:
    case.seat("expert", days=1)
    case.deposit("expert", document_class="expert-report")
    draft = case.propose("mediator", [clause("1", "counsel", classes=["expert-report"])])
    assert len(draft.awaited) == 3
    house.clock.forward(days=1)
    assert len(case.read_agreement("mediator", 1).awaited) == 2


def test_the_signature_of_a_party_who_left_neither_counts_nor_is_awaited(
    house: House, case: Case
) -> None:
    second = join(case, "party:claimant")
    draft = case.propose("mediator")
    assert len(draft.awaited) == 3
    case.sign(second, draft)
    leave(case, second)
    now = case.read_agreement("mediator", 1)
    assert case[second].person not in {s.person for s in now.required}
    assert now.signed_by(case[second].person)
    assert len(now.awaited) == 2
    house.check()


def test_a_departure_puts_nothing_in_force_and_who_remains_signs_again(
    house: House, case: Case
) -> None:
    second = join(case, "party:claimant")
    draft = case.propose("mediator")
    for seat in ("party:claimant", "party:respondent"):
        case.sign(seat, draft)
    leave(case, second)
    now = case.read_agreement("mediator", 1)
    assert (now.awaited, now.state) == ((), State.DRAFT)
    signed = case.sign("party:claimant", draft)
    assert signed.in_force
    assert len(signed.signatures) == 2
    house.check()


def test_a_party_who_joins_in_mid_negotiation_must_sign_too(house: House, case: Case) -> None:
    draft = case.propose("mediator")
    case.sign("party:claimant", draft)
    heir = join(case, "party:claimant")
    signed = case.sign("party:respondent", draft)
    assert [s.person for s in signed.awaited] == [case[heir].person]
    assert not signed.in_force
    assert case.sign(heir, draft).in_force
    house.check()


def test_a_draft_is_not_complete_while_a_side_lost_its_party(house: House, case: Case) -> None:
    draft = case.propose("mediator")
    case.sign("party:claimant", draft)
    leave(case, "party:respondent")
    signed = case.sign("party:claimant", draft)
    assert (signed.awaited, signed.vacant) == ((), ("respondent",))
    assert not signed.in_force


# What may be drafted.


BREAKS: dict[str, dict[str, Any]] = {
    "FLOOR-4": clause("9", "regulator", "metadata", effect="deny", classes=["statutory-report"]),
    "FLOOR-5": clause("9", "regulator", "redacted", effect="deny", classes=["medical"]),
}


@pytest.mark.parametrize("floor", BREAKS)
def test_a_draft_that_breaks_a_floor_is_refused_with_a_counter_example(
    house: House, case: Case, floor: str
) -> None:
    with pytest.raises(Invalid) as refused:
        case.propose("mediator", [CLAUSES[0], BREAKS[floor]])
    assert refused.value.pointer == "/clauses/1"
    assert str(refused.value).startswith("The regulator would")
    assert f"by clause 9. {floor}:" in str(refused.value)
    assert states(case) == []
    house.check()


@pytest.mark.parametrize(
    ("breaking", "floor"),
    [
        (clause("9", "side:respondent", classes=["caucus"]), "FLOOR-1"),
        (clause("9", "auditor"), "FLOOR-2"),
    ],
)
def test_a_draft_that_the_compiled_floors_overrule_is_kept_harmless(
    house: House, case: Case, breaking: dict[str, Any], floor: str
) -> None:
    draft = case.propose("mediator", [breaking])
    assert floor in {row.clause for row in draft.policy.rows}


def test_words_against_a_board_come_with_a_flag(case: Case) -> None:
    void = clause("9", "mediator", text="The patient will not report this to the licensing board.")
    (flag,) = case.propose("mediator", [void]).flags
    assert (flag.clause, flag.pointer) == ("9", "/clauses/0/text")


def test_five_hundred_and_one_clauses_are_refused(case: Case) -> None:
    many = [clause(f"c{n}", "mediator") for n in range(501)]
    with pytest.raises(Invalid) as refused:
        case.propose("mediator", many)
    assert refused.value.pointer == "/clauses"
    assert case.propose("mediator", many[:500]).state is State.DRAFT


@pytest.mark.parametrize("fake", ["3.1\u200b", "３.1", "FLOOR‐1", "ＯＷＮ", "З.1"])
def test_an_id_that_only_looks_like_another_is_refused(case: Case, fake: str) -> None:
    with pytest.raises(Invalid) as refused:
        case.propose("mediator", [clause(fake, "mediator")])
    assert refused.value.pointer == "/clauses/0/id"


def test_a_case_forgets_no_class_and_learns_none_but_the_institutions(
    house: House, case: Case
) -> None:
    strange = {"version": "subrosa-vocabulary/1", "classes": ["telemetry"]}
    with pytest.raises(Invalid) as refused:
        agreements.propose(
            house.vault, case["mediator"], case.case_id, {**terms(), "vocabulary": strange}
        )
    assert refused.value.pointer == "/vocabulary/classes"


def test_one_person_puts_so_many_drafts_before_everybody_and_no_more(
    house: House, case: Case
) -> None:
    for _ in range(agreements.MOST_DRAFTS):
        case.propose("party:claimant")
    with pytest.raises(Conflict):
        case.propose("party:claimant")
    case.propose("party:respondent")
    case.propose("party:claimant", amends=1)
    agreements.withdraw(house.vault, case["party:claimant"], case.case_id, 2)
    case.propose("party:claimant")
