"""A scrub is never faster than it was told to be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Case, House
from tests.vault.test_fixity import Time
from vault.upkeep import fixity
from vault.upkeep.fixity import Pace

MIB = 1 << 20


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent")


@given(
    st.lists(st.tuples(st.integers(1, MIB), st.floats(0, 5)), min_size=1),
    st.floats(1, 10 * MIB),
)
def test_never_more_is_spent_than_the_rate_allows(
    spent: list[tuple[int, float]], bytes_per_s: float
) -> None:
    time = Time()
    pace = Pace(bytes_per_s, time.clock, time.sleep)
    before = 0
    for count, waited in spent:
        time.now += waited
        pace.spend(count)
        # All that was spent before this had its time; none was saved up while nobody spent.
        assert before <= time.now * bytes_per_s * (1 + 1e-9) + 1e-6
        before += count
    assert all(seconds > 0 for seconds in time.slept)


def test_a_scrub_takes_its_time(house: House, case: Case) -> None:
    case.deposit("party:claimant", b"x" * (3 * MIB))
    case.deposit("party:claimant", b"y" * (3 * MIB))
    time = Time()
    fixity.scrub(house.vault, Pace(MIB, time.clock, time.sleep))
    assert 4.9 <= sum(time.slept) <= 6.1
