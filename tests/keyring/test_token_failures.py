"""A token that loses a key, its session or its login releases nothing and blames no bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.keyring.servers import make_token_key, token_session
from vault.errors import Tampered, Unavailable
from vault.ids import CaseId, new_id
from vault.keyring.hsm import TokenRootKey
from vault.keyring.keyring import Keyring
from vault.keyring.port import Place, RootKeyRefused

if TYPE_CHECKING:
    from vault.keyring.addresses import TokenKey

KEY = b"PLAIN-KEY-BYTES-OF-THIRTY-TWO-XX"
CASE = CaseId(new_id())
PLACE = Place("case", CASE)


def test_a_token_whose_key_was_removed_opens_nothing(token: TokenKey) -> None:
    address = replace(token, key="removed")
    make_token_key(address)
    root = TokenRootKey(address)
    wrapped = root.wrap(KEY, PLACE, own=False)
    with token_session(address) as session:
        session.get_key(label="removed").destroy()
    with pytest.raises(Unavailable):
        Keyring(root).open_case_key(CASE, wrapped)


@pytest.mark.filterwarnings(
    # The library complains of the lost session once more when its search is collected.
    "ignore:Exception ignored in. 'pkcs11:pytest.PytestUnraisableExceptionWarning"
)
def test_a_token_that_lost_its_session_opens_another(token: TokenKey) -> None:
    import pkcs11  # noqa: PLC0415 — loads what is not everywhere

    address = replace(token, key="reopened")
    make_token_key(address)
    root = TokenRootKey(address)
    wrapped = root.wrap(KEY, PLACE, own=False)
    pkcs11.lib(str(address.module)).reinitialize()
    with pytest.raises(Unavailable):
        root.unwrap(wrapped, PLACE)
    assert root.unwrap(wrapped, PLACE) == KEY


def test_a_token_whose_key_may_not_open_any_more_blames_no_bytes(token: TokenKey) -> None:
    from pkcs11 import Attribute  # noqa: PLC0415 — as above

    address = replace(token, key="forbidden")
    make_token_key(address)
    root = TokenRootKey(address)
    wrapped = root.wrap(KEY, PLACE, own=False)
    with token_session(address) as session:
        session.get_key(label="forbidden")[Attribute.DECRYPT] = False
    with pytest.raises(Unavailable):
        root.unwrap(wrapped, PLACE)
    with pytest.raises(RootKeyRefused, match=r"cannot be used \(FunctionRejected\)"):
        TokenRootKey(address)


def test_a_token_key_that_was_exchanged_for_another_of_its_name_is_tampering(
    token: TokenKey,
) -> None:
    address = replace(token, key="exchanged")
    make_token_key(address)
    root = TokenRootKey(address)
    wrapped = root.wrap(KEY, PLACE, own=False)
    with token_session(address) as session:
        session.get_key(label="exchanged").destroy()
    make_token_key(address)
    with pytest.raises(Tampered):
        root.unwrap(wrapped, PLACE)


@pytest.fixture
def two_on_one_token(token: TokenKey) -> tuple[TokenRootKey, TokenRootKey]:
    """Open two root keys on one token, as a rotation does: one session logs in for both."""
    addresses = [replace(token, key=f"lost-{new_id()}") for _ in range(2)]
    for address in addresses:
        make_token_key(address)
    return TokenRootKey(addresses[0]), TokenRootKey(addresses[1])


def test_a_session_that_lost_its_login_takes_no_key_for_destroyed(
    two_on_one_token: tuple[TokenRootKey, TokenRootKey],
) -> None:
    old, new = two_on_one_token
    keyring = Keyring(new, old=old, keys_per_case=True)
    key, wrapped = keyring.new_case_key(CASE)
    old.close()
    assert Keyring(new).open_case_key(CASE, wrapped).material() == key.material()
    old.unwrap(old.wrap(KEY, PLACE, own=False), PLACE)
    new.close()
    old.close()
    (done,) = keyring.destroy_case_key(CASE, wrapped)
    assert done.found


def test_a_token_without_its_root_key_says_nothing_of_a_cases_key(token: TokenKey) -> None:
    address = replace(token, key=f"lost-{new_id()}")
    make_token_key(address)
    root = TokenRootKey(address)
    keyring = Keyring(root, keys_per_case=True)
    _, wrapped = keyring.new_case_key(CASE)
    with token_session(address) as session:
        session.get_key(label=address.key).destroy()
    for attempt in (
        lambda: Keyring(root).open_case_key(CASE, wrapped),
        lambda: keyring.destroy_case_key(CASE, wrapped),
    ):
        with pytest.raises(Unavailable) as refusal:
            attempt()
        assert refusal.type is Unavailable


def test_the_answer_on_record_is_the_tokens_own_to_a_use_of_the_destroyed_key(
    two_on_one_token: tuple[TokenRootKey, TokenRootKey],
) -> None:
    keyring = Keyring(two_on_one_token[0], keys_per_case=True)
    _, wrapped = keyring.new_case_key(CASE)
    (first,), (again,) = (keyring.destroy_case_key(CASE, wrapped) for _ in range(2))
    assert first.refused_with == "ObjectHandleInvalid (PKCS#11)"
    assert again.refused_with == "the token finds no key of this label"
