"""What is promised of a provider of root keys holds for each of them."""

from __future__ import annotations

import base64
import copy
import pickle
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.keyring.conftest import Two
from vault.errors import KeyDestroyed, Tampered, Unavailable
from vault.ids import CaseId, PersonId, new_id
from vault.keyring.keyring import Keyring
from vault.keyring.port import KeyGone, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.keyring.port import KeyProvider

KEY = b"PLAIN-KEY-BYTES-OF-THIRTY-TWO-XX"
HEADER_SIZE = 11


def a_case() -> CaseId:
    return CaseId(new_id())


def place_of(case: CaseId) -> Place:
    return Place("case", case)


def changed(wrapped: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield every kind of change to a wrapped key."""
    for index, what in enumerate(("version", "provider", "own or root")):
        for value in range(256):
            if value != wrapped[index]:
                yield f"{what} {value}", wrapped[:index] + bytes((value,)) + wrapped[index + 1 :]
    for index in range(3, len(wrapped)):
        for bit in (0, 7):
            flipped = bytes((wrapped[index] ^ 1 << bit,))
            yield f"bit {bit} of byte {index}", wrapped[:index] + flipped + wrapped[index + 1 :]
    for length in range(len(wrapped)):
        yield f"cut to {length}", wrapped[:length]
    for more in (b"\0", bytes(16), wrapped):
        yield f"{len(more)} bytes longer", wrapped + more
    middle = (HEADER_SIZE + len(wrapped)) // 2
    yield "a byte taken out", wrapped[:middle] + wrapped[middle + 1 :]
    yield "a byte put in", wrapped[:middle] + b"\0" + wrapped[middle:]


def test_a_wrapped_key_opens_in_its_place(provider: KeyProvider) -> None:
    for place in (place_of(a_case()), Place("person", new_id()), Place("operations", None)):
        wrapped = provider.wrap(KEY, place, own=False)
        assert provider.unwrap(wrapped, place) == KEY
        assert KEY not in wrapped


def test_a_wrapped_key_says_by_whom_it_was_wrapped(provider: KeyProvider) -> None:
    case = a_case()
    provider.new_case_key(case)
    for own in (False, True):
        wrapped = provider.wrap(KEY, place_of(case), own=own)
        header = bytes((2, provider.number, own)) + bytes.fromhex(provider.key_id)
        assert wrapped[:HEADER_SIZE] == header


@pytest.mark.parametrize("own", [False, True])
def test_a_wrapped_key_opens_in_no_other_place(provider: KeyProvider, own: bool) -> None:
    case, other = a_case(), a_case()
    provider.new_case_key(case)
    provider.new_case_key(other)
    wrapped = provider.wrap(KEY, place_of(case), own=own)
    for elsewhere in (place_of(other), Place("person", case), Place("operations", None)):
        with pytest.raises(Tampered):
            provider.unwrap(wrapped, elsewhere)
        with pytest.raises(Tampered):
            provider.rewrap(wrapped, elsewhere)


@pytest.mark.parametrize("own", [False, True])
def test_a_wrapped_key_that_was_changed_in_any_way_is_refused(
    provider: KeyProvider, own: bool
) -> None:
    case = a_case()
    provider.new_case_key(case)
    wrapped = provider.wrap(KEY, place_of(case), own=own)
    keyring, refused = Keyring(provider), list[str]()
    for what, other in changed(wrapped):
        try:
            keyring.open_case_key(case, other)
        except Tampered:
            continue
        except Unavailable:
            # moto's own answer to a ciphertext that names another of its keys (servers.py).
            if provider.name == "aws-kms":
                continue
        refused.append(what)
    assert refused == []


def test_a_key_that_another_provider_wrapped_is_refused(two: Two) -> None:
    case = a_case()
    for own in (False, True):
        for one in (two.first, two.second):
            one.new_case_key(case)
        wrapped = two.first.wrap(KEY, place_of(case), own=own)
        with pytest.raises(Tampered):
            two.second.unwrap(wrapped, place_of(case))
        # The id alone decides nothing: with the other's id put in, it still does not open.
        renamed = wrapped[:3] + bytes.fromhex(two.second.key_id) + wrapped[HEADER_SIZE:]
        with pytest.raises((Tampered, Unavailable)) as refusal:
            two.second.unwrap(renamed, place_of(case))
        assert refusal.type is Tampered or two.first.name == "aws-kms"


def test_a_case_without_a_key_of_its_own_wraps_nothing_under_one(provider: KeyProvider) -> None:
    case = a_case()
    for _ in range(2):  # Asking does not make one.
        with pytest.raises((KeyGone, Unavailable)):
            provider.wrap(KEY, place_of(case), own=True)


def test_a_key_of_a_cases_own_has_versions_and_older_ones_still_open(
    provider: KeyProvider,
) -> None:
    case = a_case()
    provider.new_case_key(case)
    first = provider.wrap(KEY, place_of(case), own=True)
    provider.new_case_key(case)
    assert provider.unwrap(first, place_of(case)) == KEY
    second = provider.rewrap(first, place_of(case))
    assert second != first
    assert provider.unwrap(second, place_of(case)) == KEY
    if provider.name != "aws-kms":  # It does not say under which version it wrapped.
        assert provider.rewrap(second, place_of(case)) == second


def test_a_destroyed_key_opens_nothing_of_its_case_and_everything_else_opens(
    provider: KeyProvider,
) -> None:
    case, other, person = a_case(), a_case(), PersonId(new_id())
    keyring = Keyring(provider, keys_per_case=True)
    _, wrapped = keyring.new_case_key(case)
    newer = keyring.renew_case_key(case, wrapped)
    kept, of_person = keyring.new_case_key(other), keyring.new_person_key(person)
    keyring.open_case_key(case, wrapped)

    (done,) = keyring.destroy_case_key(case, newer)

    assert done.found
    assert done.provider == provider.name
    assert done.key_id
    assert done.refused_with
    assert (done.destroyed_at is not None) == (provider.name == "aws-kms")
    for every in (wrapped, newer):
        for ring in (keyring, Keyring(provider)):
            with pytest.raises(KeyDestroyed):
                ring.open_case_key(case, every)
    assert keyring.open_case_key(other, kept[1]).material() == kept[0].material()
    opened = Keyring(provider).open_person_key(person, of_person[1])
    assert opened.material() == of_person[0].material()


def test_a_key_that_is_destroyed_again_is_not_said_to_have_been_there(
    provider: KeyProvider,
) -> None:
    case = a_case()
    keyring = Keyring(provider, keys_per_case=True)
    _, wrapped = keyring.new_case_key(case)
    (first,), (second,) = (keyring.destroy_case_key(case, wrapped) for _ in range(2))
    assert first.found
    # AWS still has it, and says until when.
    assert second.found == (provider.name == "aws-kms")
    assert (first.key_id, first.destroyed_at) == (second.key_id, second.destroyed_at)
    assert second.refused_with


def test_a_case_under_the_root_key_has_nothing_of_its_own_to_destroy(
    provider: KeyProvider,
) -> None:
    case = a_case()
    keyring = Keyring(provider)
    key, wrapped = keyring.new_case_key(case)
    assert keyring.destroy_case_key(case, wrapped) == ()
    assert Keyring(provider).open_case_key(case, wrapped).material() == key.material()


def test_a_case_that_was_moved_leaves_no_key_of_its_own_where_it_was(two: Two) -> None:
    case = a_case()
    _, before = Keyring(two.first, keys_per_case=True).new_case_key(case)
    both = Keyring(two.second, old=two.first)
    moved = both.rewrap(place_of(case), before)

    done = both.destroy_case_key(case, moved)

    assert [one.found for one in done] == [True, True]
    assert all(one.refused_with for one in done)
    for wrapped in (before, moved):
        with pytest.raises(KeyDestroyed):
            both.open_case_key(case, wrapped)


def test_a_key_of_a_cases_own_goes_whatever_its_row_says(provider: KeyProvider) -> None:
    case = a_case()
    keyring = Keyring(provider)
    _, under_root = keyring.new_case_key(case)
    own = keyring.renew_case_key(case, under_root)
    (done,) = keyring.destroy_case_key(case, under_root)
    assert done.found
    with pytest.raises(KeyDestroyed):
        keyring.open_case_key(case, own)


def test_one_vault_holds_cases_of_both_kinds(provider: KeyProvider) -> None:
    plain, own = a_case(), a_case()
    key, wrapped = Keyring(provider).new_case_key(plain)
    own_key, own_wrapped = Keyring(provider, keys_per_case=True).new_case_key(own)
    for per_case in (False, True):
        ring = Keyring(provider, keys_per_case=per_case)
        assert ring.open_case_key(plain, wrapped).material() == key.material()
        assert ring.open_case_key(own, own_wrapped).material() == own_key.material()


def test_keys_move_from_one_root_key_to_another(two: Two) -> None:
    case, own, person = a_case(), a_case(), PersonId(new_id())
    old = Keyring(two.first)
    made = {
        place_of(case): old.new_case_key(case),
        place_of(own): Keyring(two.first, keys_per_case=True).new_case_key(own),
        Place("person", person): old.new_person_key(person),
    }
    both, new = Keyring(two.second, old=two.first), Keyring(two.second)
    for place, (key, wrapped) in made.items():
        with pytest.raises(Tampered):
            new.verify(place, wrapped)
        moved = both.rewrap(place, wrapped)
        assert two.second.unwrap(moved, place) == key.material()
        assert moved[2] == (place.holder == own)


def test_many_threads_wrap_and_open_at_once(provider: KeyProvider) -> None:
    def work(number: int) -> bool:
        place = Place("person", UUID(int=number))
        wrapped = provider.wrap(KEY, place, own=False)
        return provider.unwrap(wrapped, place) == KEY

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(40)))


def test_no_failure_of_a_provider_shows_a_byte_of_a_key(
    provider: KeyProvider, caplog: pytest.LogCaptureFixture
) -> None:
    case = a_case()
    provider.new_case_key(case)
    wrapped = provider.wrap(KEY, place_of(case), own=True)
    provider.destroy_case_key(case)
    damaged = wrapped[:-1] + bytes((wrapped[-1] ^ 1,))
    attempts = (
        lambda: provider.unwrap(wrapped, place_of(case)),
        lambda: provider.unwrap(damaged, place_of(case)),
        lambda: provider.wrap(KEY, place_of(case), own=True),
        lambda: provider.rewrap(wrapped, place_of(case)),
        lambda: provider.unwrap(provider.wrap(KEY, place_of(case), own=False), place_of(a_case())),
    )
    for attempt in attempts:
        with pytest.raises((Tampered, KeyGone, Unavailable)) as caught:
            attempt()
        told = "".join(traceback.format_exception(caught.value)) + caplog.text
        for form in (KEY.decode(), KEY.hex(), base64.b64encode(KEY).decode()):
            assert form not in told


def test_a_provider_shows_its_id_and_is_neither_pickled_nor_copied(
    provider: KeyProvider,
) -> None:
    assert repr(provider) == str(provider) == f"<{type(provider).__name__} {provider.key_id}>"
    for duplicate in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            duplicate(provider)
