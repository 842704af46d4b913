"""A grant opens one document to one recipient, by everybody's consent, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from policies.terms import View
from tests.builders import CLAUSES, Case, House
from tests.vault.asking import SEATS, agreed, answer, ask, deposited, grant, participant
from vault.deviations import exceptions, grants
from vault.deviations.exceptions import NewRequest
from vault.deviations.register import list_exceptions
from vault.deviations.requests import Route, Status
from vault.errors import Conflict, Invalid, NotFound, NotPermitted
from vault.ids import DocumentId, new_id
from vault.proceedings import phases, seat_changes, seats


@pytest.fixture
def case(house: House) -> Case:
    case = house.case(*SEATS)
    case.agree()
    case.phase("exchange")
    return case


def opens(case: Case, seat: str, document: DocumentId, view: View = View.FULL) -> bool:
    try:
        case.read(seat, document, view)
    except NotPermitted:
        return False
    return True


def test_a_grant_takes_effect_with_the_last_consent_and_not_before(case: Case) -> None:
    letter = deposited(case, "party:claimant")
    asked = ask(case, "party:claimant", letter)
    assert asked.status is Status.OPEN
    assert asked.awaited == {case["party:respondent"].person}
    assert not opens(case, "insurer:respondent", letter)
    assert answer(case, "party:respondent", asked).status is Status.GRANTED
    assert opens(case, "insurer:respondent", letter)
    register = list_exceptions(case.house.vault, case["insurer:respondent"], case.case_id)
    assert [made.grant.clause for made in register.grants] == ["GRANT-1"]
    case.house.check()


def test_a_grant_opens_nothing_but_its_document_recipient_view_and_purpose(case: Case) -> None:
    letter, other = deposited(case, "party:claimant"), deposited(case, "party:claimant")
    case.redact("party:claimant", letter)
    before = {(s, d): opens(case, s, d) for s in case.people for d in (letter, other)}
    grant(case, letter, view=View.REDACTED)
    after = {(s, d): opens(case, s, d) for s in case.people for d in (letter, other)}
    assert after == before
    assert opens(case, "insurer:respondent", letter, View.REDACTED)
    for seat in ("party:respondent", "expert"):
        assert not opens(case, seat, letter, View.REDACTED)
    assert case.listed("insurer:respondent") == {"Letter from party:claimant": "redacted"}
    case.house.check()


def test_who_did_not_deposit_asks_and_both_parties_are_waited_for(case: Case) -> None:
    letter = deposited(case, "party:claimant")
    asked = ask(case, "mediator", letter)
    assert asked.awaited == {case["party:claimant"].person, case["party:respondent"].person}
    answer(case, "party:respondent", asked)
    with pytest.raises(Conflict):
        answer(case, "party:respondent", asked)
    with pytest.raises(NotPermitted):
        answer(case, "counsel:claimant", asked)
    with pytest.raises(NotFound):
        answer(case, "expert", asked)
    assert answer(case, "party:claimant", asked).status is Status.GRANTED
    case.house.check()


def test_a_refusal_closes_a_request(case: Case) -> None:
    letter = deposited(case, "party:claimant")
    asked = ask(case, "mediator", letter)
    assert answer(case, "party:respondent", asked, consents=False).status is Status.REFUSED
    with pytest.raises(Conflict):
        answer(case, "party:claimant", asked)
    assert not opens(case, "insurer:respondent", letter)
    case.house.check()


def test_what_is_the_mediators_or_the_experts_takes_their_consent_too(case: Case) -> None:
    opinion = deposited(case, "expert", document_class="expert-report")
    asked = ask(case, "expert", opinion)
    assert len(asked.awaited) == 2
    answer(case, "party:claimant", asked)
    answer(case, "party:respondent", asked)
    assert opens(case, "insurer:respondent", opinion)
    notes = deposited(case, "mediator")
    by_party = ask(case, "mediator", notes, "expert", purposes=("opinion",))
    assert case["mediator"].person not in by_party.awaited
    case.house.check()


def test_whoever_may_not_know_of_a_document_cannot_ask_for_it(case: Case) -> None:
    letter = deposited(case, "party:claimant")
    for seat in ("party:respondent", "expert", "insurer:respondent"):
        with pytest.raises(NotPermitted):
            ask(case, seat, letter)
    with pytest.raises(NotFound):
        exceptions.ask(
            case.house.vault,
            case.house.person(),
            letter,
            NewRequest(grant=None, reason="I am nobody here."),
        )
    case.house.check()


def test_whoever_must_consent_learns_no_title_and_no_marking(case: Case) -> None:
    letter = deposited(case, "party:claimant")
    ask(case, "party:claimant", letter)
    register = list_exceptions(case.house.vault, case["party:respondent"], case.case_id)
    assert [asked.request.document_id for asked in register.requests] == [letter]
    assert case.listed("party:respondent") == {}
    for seat in ("expert", "insurer:respondent"):
        other = list_exceptions(case.house.vault, case[seat], case.case_id)
        assert (other.requests, other.grants) == ((), ())


@pytest.mark.parametrize(
    "to",
    ["side:respondent", "side:claimant", "mediator", "insurer:respondent", "expert", "auditor"],
)
def test_no_grant_opens_a_caucus_paper(case: Case, to: str) -> None:
    paper = deposited(case, "party:claimant", document_class="caucus")
    with pytest.raises(NotPermitted) as refused:
        ask(case, "party:claimant", paper, to, purposes=("mediation", "claims", "opinion"))
    assert refused.value.clause == "FLOOR-1"
    case.house.check()


def test_a_grant_that_a_floor_or_a_deny_would_defeat_is_refused_with_the_clause(
    house: House,
) -> None:
    case = house.case(*SEATS)
    deny = {
        "id": "9.1",
        "to": "insurer:respondent",
        "effect": "deny",
        "classes": ["apology"],
        "origins": "*",
        "view": "metadata",
        "purposes": "*",
        "phases": "*",
    }
    case.agree([*CLAUSES, deny])
    letter = deposited(case, "party:claimant", document_class="apology")
    for to in ("insurer:respondent", "insurer", str(participant(case, "insurer:respondent"))):
        with pytest.raises(NotPermitted) as refused:
            ask(case, "party:claimant", letter, to)
        assert refused.value.clause == "9.1"
    with pytest.raises(NotPermitted) as refused:
        ask(case, "party:claimant", letter, "auditor", purposes=("audit",))
    assert refused.value.clause == "FLOOR-2"
    # Nobody sits as the insurer of the claimant: one that could would get it.
    ask(case, "party:claimant", letter, "insurer:claimant")
    house.check()


def test_a_deny_agreed_between_request_and_consent_stands_in_the_way(case: Case) -> None:
    letter = deposited(case, "party:claimant")
    asked = ask(case, "party:claimant", letter)
    deny = {
        "id": "9.1",
        "to": "insurer:respondent",
        "effect": "deny",
        "classes": ["correspondence"],
        "origins": "*",
        "view": "full",
        "purposes": "*",
        "phases": "*",
    }
    case.agree([*CLAUSES, deny])
    with pytest.raises(NotPermitted) as refused:
        answer(case, "party:respondent", asked)
    assert refused.value.clause == "9.1"
    register = list_exceptions(case.house.vault, case["party:respondent"], case.case_id)
    assert [a.status for a in register.requests] == [Status.OPEN]
    assert [len(a.request.answers) for a in register.requests] == [1]
    case.house.check()


@pytest.mark.parametrize(
    ("to", "purpose", "seat"),
    [
        ("expert", "opinion", "expert"),
        ("counsel:respondent", "mediation", "counsel:respondent"),
        ("the expert by name", "opinion", "expert"),
    ],
)
def test_a_dated_grant_begins_and_ends_at_the_very_second(
    case: Case, to: str, purpose: str, seat: str
) -> None:
    case.seat("counsel:respondent")
    case.read_agreement("counsel:respondent", 1)
    letter, clock = deposited(case, "party:claimant"), case.house.clock
    starts, ends = clock() + timedelta(days=1), clock() + timedelta(days=2)
    recipient = str(participant(case, "expert")) if to == "the expert by name" else to
    grant(case, letter, recipient, purposes=(purpose,), starts=starts, ends=ends)
    for at, allowed in (
        (starts - timedelta(microseconds=1), False),
        (starts, True),
        (ends - timedelta(microseconds=1), True),
        (ends, False),
    ):
        clock.now = at
        assert opens(case, seat, letter) is allowed
    case.house.check()


def test_a_grant_to_a_person_is_not_one_to_whoever_sits_beside_them(case: Case) -> None:
    letter, named = deposited(case, "party:claimant"), str(participant(case, "expert"))
    case.people["first expert"] = case["expert"]
    case.seat("expert")
    case.read_agreement("expert", 1)
    grant(case, letter, named, purposes=("opinion",))
    assert opens(case, "first expert", letter)
    assert not opens(case, "expert", letter)
    case.house.check()


def test_dates_that_cannot_be_meant_are_refused(case: Case) -> None:
    letter, now = deposited(case, "party:claimant"), case.house.clock()
    hour, fraction = timedelta(hours=1), timedelta(microseconds=1)
    for starts, ends in (
        (None, now),
        (None, now - hour),
        (now + hour, now + hour),
        (None, now + hour + fraction),
        (now + fraction, None),
    ):
        with pytest.raises(Invalid):
            ask(case, "party:claimant", letter, starts=starts, ends=ends)
    for to in ("nobody", "u:" + str(new_id()), str(new_id()), "side:stranger", ""):
        with pytest.raises(Invalid):
            ask(case, "party:claimant", letter, to)
    for purposes in ((), ("leisure",)):
        with pytest.raises(Invalid):
            ask(case, "party:claimant", letter, purposes=purposes)
    with pytest.raises(Invalid):
        ask(case, "party:claimant", letter, attestation=True)
    case.house.check()


def test_consent_that_comes_when_the_grant_would_be_over_makes_none(case: Case) -> None:
    letter, clock = deposited(case, "party:claimant"), case.house.clock
    asked = ask(case, "party:claimant", letter, ends=clock() + timedelta(hours=1))
    clock.forward(hours=1)
    with pytest.raises(Conflict):
        answer(case, "party:respondent", asked)
    register = list_exceptions(case.house.vault, case["party:claimant"], case.case_id)
    assert [a.status for a in register.requests] == [Status.LAPSED]
    case.house.check()


def test_a_grant_withdrawn_opens_nothing_and_takes_nothing_else_away(case: Case) -> None:
    letter = deposited(case, "party:claimant")
    number = grant(case, letter)
    for seat, refusal in (("expert", NotFound), ("counsel:claimant", NotPermitted)):
        with pytest.raises(refusal):
            grants.end_grant(case.house.vault, case[seat], case.case_id, number)
    grants.end_grant(case.house.vault, case["party:respondent"], case.case_id, number)
    assert not opens(case, "insurer:respondent", letter)
    assert opens(case, "party:claimant", letter)
    assert opens(case, "mediator", letter)
    with pytest.raises(Conflict):
        grants.end_grant(case.house.vault, case["party:claimant"], case.case_id, number)
    with pytest.raises(NotFound):
        grants.end_grant(case.house.vault, case["party:claimant"], case.case_id, 7)
    case.house.check()


def test_two_grants_on_one_document_stand_and_end_apart(case: Case) -> None:
    letter, other = deposited(case, "party:claimant"), deposited(case, "party:claimant")
    first = grant(case, letter)
    second = grant(case, letter, "expert", purposes=("opinion",))
    third = grant(case, other)
    assert [first, second, third] == [1, 2, 3]
    grants.end_grant(case.house.vault, case["party:claimant"], case.case_id, first)
    assert not opens(case, "insurer:respondent", letter)
    assert opens(case, "expert", letter)
    assert opens(case, "insurer:respondent", other)
    assert not opens(case, "expert", other)
    case.house.check()


def test_who_must_consent_is_counted_anew_with_each_answer(case: Case) -> None:
    letter = deposited(case, "party:claimant")
    asked = ask(case, "party:claimant", letter)
    joined = case.house.person()
    case.people["second party:claimant"] = joined
    seats.seat(
        case.house.vault,
        case["mediator"],
        case.case_id,
        seats.NewParticipant(person=joined.person, seat="party:claimant", name="Heir"),
    )
    assert answer(case, "party:respondent", asked).awaited == {joined.person}
    assert not opens(case, "insurer:respondent", letter)
    assert answer(case, "second party:claimant", asked).status is Status.GRANTED
    case.house.check()


def test_nothing_is_granted_while_a_side_has_no_party(case: Case) -> None:
    letter = deposited(case, "party:claimant")
    asked = ask(case, "mediator", letter)
    leaving = participant(case, "party:respondent")
    seat_changes.change_end(
        case.house.vault, case["mediator"], case.case_id, leaving, case.house.clock()
    )
    assert answer(case, "party:claimant", asked).status is Status.OPEN
    assert not opens(case, "insurer:respondent", letter)
    case.house.check()


def test_by_the_baseline_and_by_default_nobody_grants_alone(case: Case, house: House) -> None:
    letter = deposited(case, "party:claimant")
    with pytest.raises(NotPermitted):
        ask(case, "party:claimant", letter, route=Route.UPLOADER)
    new = house.case("party:claimant", "party:respondent", "insurer:respondent")
    with pytest.raises(NotPermitted):
        ask(new, "party:claimant", deposited(new, "party:claimant"), route=Route.UPLOADER)
    house.check()


@pytest.mark.parametrize("rule", ["pre-existing", "attested"])
def test_who_deposited_a_record_grants_it_alone_where_that_was_agreed(
    house: House, rule: str
) -> None:
    case = house.case(*SEATS)
    agreed(case, rule)
    old = deposited(case, "counsel:claimant")
    made = deposited(case, "party:claimant", provenance="made-for-mediation")
    assert ask(case, "party:claimant", old, route=Route.UPLOADER).status is Status.GRANTED
    assert opens(case, "insurer:respondent", old)
    if rule == "pre-existing":
        with pytest.raises(NotPermitted):
            ask(case, "party:claimant", made, route=Route.UPLOADER, attestation=True)
    else:
        with pytest.raises(Invalid):
            ask(case, "party:claimant", made, route=Route.UPLOADER)
        asked = ask(case, "party:claimant", made, route=Route.UPLOADER, attestation=True)
        assert (asked.status, asked.request.attestation) == (Status.GRANTED, True)
    house.check()


def test_nobody_grants_alone_what_is_not_theirs_alone(house: House) -> None:
    case = house.case(*SEATS)
    agreed(case, "attested")
    shared = deposited(case, "mediator", joint=True)
    with pytest.raises(NotPermitted):
        ask(case, "party:claimant", shared, route=Route.UPLOADER)
    letter = deposited(case, "party:claimant")
    for seat in ("counsel:claimant", "mediator"):
        with pytest.raises(NotPermitted):
            ask(case, seat, letter, route=Route.UPLOADER)
    paper = deposited(case, "party:claimant", document_class="caucus")
    with pytest.raises(NotPermitted) as refused:
        ask(case, "party:claimant", paper, route=Route.UPLOADER)
    assert refused.value.clause == "FLOOR-1"
    house.check()


def test_what_was_granted_alone_is_withdrawn_by_its_own_side_alone(house: House) -> None:
    case = house.case(*SEATS)
    agreed(case, "pre-existing")
    letter = deposited(case, "party:claimant")
    ask(case, "party:claimant", letter, route=Route.UPLOADER)
    with pytest.raises(NotFound):
        grants.end_grant(house.vault, case["party:respondent"], case.case_id, 1)
    grants.end_grant(house.vault, case["party:claimant"], case.case_id, 1)
    assert not opens(case, "insurer:respondent", letter)
    house.check()


def test_a_granted_document_goes_on_under_its_clauses(case: Case) -> None:
    chart = case.deposit("party:claimant").document_id
    case.redact("party:claimant", chart)
    grant(case, chart)
    assert opens(case, "party:respondent", chart, View.REDACTED)
    assert not opens(case, "party:respondent", chart)
    phases.enter_phase(case.house.vault, case["mediator"], case.case_id, "mediation")
    assert opens(case, "party:respondent", chart)
    assert opens(case, "insurer:respondent", chart)
    case.house.check()
