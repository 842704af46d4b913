"""A signature is one person's, of one version, by a key of their own, and proves so by itself."""

import base64
from dataclasses import replace

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.builders import CLAUSES, Case, House, public_text
from tests.conftest import Place
from vault.audit.personal import PersonalKey, signed_bytes
from vault.errors import Conflict, Invalid, NotFound, NotPermitted, Tampered
from vault.inspection.verification import check_vault
from vault.negotiation import agreements, signing, signing_keys
from vault.negotiation.versions import Agreement


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent", "counsel:claimant")


def attempt(case: Case, seat: str, version: int, digest: str, signature: str) -> Agreement:
    return signing.sign(
        case.house.vault,
        case[seat],
        case.case_id,
        version,
        digest=digest,
        signature=signature,
    )


def by(key: Ed25519PrivateKey, what: bytes) -> str:
    return base64.b64encode(key.sign(what)).decode()


def test_a_signature_proves_itself_without_the_vault(house: House, case: Case) -> None:
    draft = case.propose("mediator")
    (signature,) = case.sign("party:claimant", draft).signatures
    key = PersonalKey(house.key(case["party:claimant"]).public_key().public_bytes_raw())
    assert signature.key == key
    key.verify(draft.digest, signature.signature)
    house.check()


def test_without_a_registered_key_nobody_signs(house: House, case: Case) -> None:
    draft = case.propose("mediator")
    signature = by(Ed25519PrivateKey.generate(), signed_bytes(draft.digest))
    with pytest.raises(Conflict, match="Register a signing key"):
        attempt(case, "party:claimant", 1, draft.digest, signature)
    house.check()


def test_a_signature_by_another_key_or_of_something_else_is_refused(
    house: House, case: Case
) -> None:
    draft, other = case.propose("mediator"), case.propose("mediator", CLAUSES[:2])
    key = house.key(case["party:claimant"])
    for wrong in (
        by(Ed25519PrivateKey.generate(), signed_bytes(draft.digest)),
        by(house.key(case["party:respondent"]), signed_bytes(draft.digest)),
        by(key, signed_bytes(other.digest)),
        by(key, draft.digest.encode()),
        by(key, b""),
        "",
        "not base64",
        "A" * 86 + "==",
    ):
        with pytest.raises(Invalid) as refused:
            attempt(case, "party:claimant", 1, draft.digest, wrong)
        assert refused.value.pointer == "/signature"
    assert case.read_agreement("mediator", 1).signatures == ()
    house.check()


def test_the_digest_of_another_version_is_refused(house: House, case: Case) -> None:
    case.propose("mediator")
    other = case.propose("mediator", CLAUSES[:2])
    signature = house.signature(case["party:claimant"], other.digest)
    with pytest.raises(Conflict, match="not the digest"):
        attempt(case, "party:claimant", 1, other.digest, signature)
    with pytest.raises(NotFound):
        attempt(case, "party:claimant", 3, other.digest, signature)
    house.check()


def test_another_persons_signature_replayed_is_refused(house: House, case: Case) -> None:
    draft = case.propose("mediator")
    (signature,) = case.sign("party:claimant", draft).signatures
    house.key(case["party:respondent"])
    with pytest.raises(Invalid):
        attempt(case, "party:respondent", 1, draft.digest, signature.signature)
    with pytest.raises(Conflict, match="registered before"):
        signing_keys.register_key(house.vault, case["party:respondent"], signature.key.text())
    house.check()


def test_ones_own_signature_replayed_under_the_same_terms_proposed_again_is_refused(
    house: House, case: Case
) -> None:
    first = case.propose("mediator")
    (signature,) = case.sign("party:claimant", first).signatures
    again = case.propose("mediator", amends=1)
    assert first.terms == again.terms
    with pytest.raises(Invalid):
        attempt(case, "party:claimant", 2, again.digest, signature.signature)
    with pytest.raises(Conflict, match="withdrawn"):
        attempt(case, "party:claimant", 1, first.digest, signature.signature)
    house.check()


def test_whoever_is_not_seated_finds_nothing_to_sign(house: House, case: Case) -> None:
    draft = case.propose("mediator")
    case.people["stranger"] = house.person()
    with pytest.raises(NotFound):
        case.sign("stranger", draft)
    case.people["guest"] = case.seat("party:claimant", days=1)
    house.clock.forward(days=1)
    with pytest.raises(NotFound):
        case.sign("guest", draft)
    house.check()


def test_counsel_does_not_sign_for_the_party(house: House, case: Case) -> None:
    draft = case.propose("mediator")
    with pytest.raises(NotPermitted):
        case.sign("counsel:claimant", draft)
    house.check()


def test_the_key_registered_last_signs_and_what_was_signed_before_stays(
    house: House, case: Case
) -> None:
    draft = case.propose("mediator")
    (old,) = case.sign("party:claimant", draft).signatures
    person, earlier = case["party:claimant"], house.keys[case["party:claimant"].person]
    house.clock.forward(seconds=1)
    house.keys[person.person] = Ed25519PrivateKey.generate()
    made = signing_keys.register_key(house.vault, person, public_text(house.keys[person.person]))
    listed = signing_keys.list_keys(house.vault, person)
    assert [key.key.key_id for key in listed] == [made.key.key_id, old.key.key_id]
    with pytest.raises(Invalid):
        attempt(case, "party:claimant", 1, draft.digest, by(earlier, signed_bytes(draft.digest)))
    assert case.sign("party:respondent", draft).in_force
    second = case.propose("mediator", CLAUSES[:2])
    signed = case.sign("party:claimant", second).signatures[0]
    assert signed.key.key_id == made.key.key_id
    house.check()


@pytest.mark.parametrize("text", ["", "x", "A" * 43 + "=", "A" * 44])
def test_what_is_no_key_is_not_registered(house: House, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        signing_keys.register_key(house.vault, house.person(), text)
    assert refused.value.pointer == "/public_key"
    house.check()


def test_a_key_given_to_another_person_in_the_database_signs_for_nobody(
    house: House, case: Case, place: Place
) -> None:
    draft = case.propose("mediator")
    house.key(case["party:claimant"])
    with psycopg.connect(place.superuser_url) as connection:
        connection.execute(
            "UPDATE signing_keys SET person_id = %s", (case["party:respondent"].person,)
        )
    thief = replace(case, people={**case.people, "party:respondent": case["party:respondent"]})
    house.keys[case["party:respondent"].person] = house.keys[case["party:claimant"].person]
    with pytest.raises(Tampered):
        thief.sign("party:respondent", draft)


def test_a_draft_given_another_proposer_in_the_database_cannot_be_taken_back_by_them(
    house: House, case: Case, place: Place
) -> None:
    case.propose("mediator")
    with psycopg.connect(place.superuser_url) as connection:
        connection.execute(
            "UPDATE agreements SET proposed_by = %s", (case["counsel:claimant"].person,)
        )
    with pytest.raises(Tampered):
        agreements.withdraw(house.vault, case["counsel:claimant"], case.case_id, 1)


def test_a_withdrawal_removed_from_the_database_is_reported(
    house: House, case: Case, place: Place
) -> None:
    case.propose("mediator")
    agreements.withdraw(house.vault, case["mediator"], case.case_id, 1)
    house.check()
    with psycopg.connect(place.superuser_url) as connection:
        connection.execute("DELETE FROM withdrawals")
    assert check_vault(house.vault, content=True).problems
