from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.instants import ALWAYS, NEVER, are_ends, instant, is_instant

moments = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001 — the strategy adds the zone itself
    max_value=datetime(9998, 12, 30),  # noqa: DTZ001 — as above
    timezones=st.timezones() | st.just(UTC),
)


@settings(deadline=None)
@given(moments, moments)
def test_the_order_of_texts_is_the_order_of_time(one: datetime, other: datetime) -> None:
    seconds = [moment.astimezone(UTC).replace(microsecond=0) for moment in (one, other)]
    assert (seconds[0] < seconds[1]) == (instant(one) < instant(other))
    assert instant(one) > ALWAYS
    assert is_instant(instant(one))


def test_a_moment_is_written_in_utc_and_cut_to_the_second() -> None:
    east = timezone(timedelta(hours=2))
    assert instant(datetime(2026, 1, 5, 1, 0, 0, 999_999, east)) == "2026-01-04T23:00:00Z"
    assert instant(datetime(26, 1, 5, tzinfo=UTC)) == "0026-01-05T00:00:00Z"


def test_the_last_year_would_come_after_the_open_end_and_is_no_instant() -> None:
    with pytest.raises(OverflowError):
        instant(datetime(9999, 1, 1, tzinfo=UTC))
    assert instant(datetime(9998, 12, 31, tzinfo=UTC)) < NEVER


def test_a_moment_without_a_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="time zone"):
        instant(datetime(2026, 1, 5))  # noqa: DTZ001 — the point of the test


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0000",
        "9999",
        "2026-01-05",
        "2026-01-05T00:00:00",
        "2026-01-05T00:00:00+00:00",
        "2026-01-05 00:00:00Z",
        "2026-1-5T00:00:00Z",
        "2026-01-05T00:00:00Z\n",
        "2026-02-30T00:00:00Z",
        "2026-01-05T24:00:00Z",
        "2026-06-30T23:59:60Z",
        "0000-01-05T00:00:00Z",
        "9999-01-05T00:00:00Z",
        "\uff12\uff10\uff12\uff16-01-05T00:00:00Z",
    ],
)
def test_what_is_not_fixed_width_or_not_in_the_calendar_is_no_instant(text: str) -> None:
    assert not is_instant(text)


def test_the_open_ends_are_ends_each_on_its_own_side() -> None:
    assert are_ends(ALWAYS, NEVER)
    assert are_ends("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z")
    assert not are_ends(NEVER, NEVER)
    assert not are_ends(ALWAYS, ALWAYS)
