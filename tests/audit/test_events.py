"""An event is written in one way alone, and read back as it was."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audit.samples import OF_THE_OPERATOR, RELEASE
from vault.audit.events import Event, Outcome, Tag, event_of, instant_text
from vault.ids import CaseId, PersonId

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
EVENTS = st.builds(
    Event,
    tag=st.sampled_from(Tag),
    outcome=st.sampled_from(Outcome),
    at=st.datetimes(timezones=st.just(UTC)),
    case=st.none() | st.uuids().map(CaseId),
    person=st.none() | st.uuids().map(PersonId),
    seat=st.none() | TEXTS,
    purpose=st.none() | TEXTS,
    phase=st.none() | TEXTS,
    view=st.none() | TEXTS,
    scope_version=st.none() | INTEGERS,
    clause=st.none() | TEXTS,
    address=st.none() | TEXTS,
    detail=st.dictionaries(TEXTS, TEXTS | INTEGERS),
)


def test_the_slots_of_an_event_are_written_exactly_so() -> None:
    meta = (
        b'{"at":"2026-03-02T09:00:00.000250Z","case":"00000000-0000-0000-0000-00000000ca5e",'
        b'"clause":"4.2","outcome":"granted","phase":"exchange","purpose":"mediation",'
        b'"scope_version":3,"tag":"document:release","view":"full"}'
    )
    assert RELEASE.slots() == (
        meta,
        b'{"person":"00000000-0000-0000-0000-000000009e50","seat":"party:claimant"}',
        b'{"address":"2001:db8::7"}',
        b'{"bytes":16384,"class":"medical","document":"00000000-0000-0000-0000-000000000d0c"}',
    )


def test_what_is_not_known_is_left_out() -> None:
    assert OF_THE_OPERATOR.slots() == (
        b'{"at":"2026-03-02T09:00:00.000000Z","outcome":"granted","tag":"token:issue"}',
        b"{}",
        b"{}",
        b"{}",
    )


@given(EVENTS)
def test_every_event_is_read_back_as_it_was_written(event: Event) -> None:
    assert event_of(*event.slots()) == event


@given(EVENTS)
def test_the_json_library_would_write_the_same(event: Event) -> None:
    for slot in event.slots():
        again = json.dumps(
            json.loads(slot), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        assert slot.decode() == again


def test_strings_are_escaped_as_rfc_8785_says() -> None:
    event = replace(OF_THE_OPERATOR, detail={"a": '\u20ac$\x0f\nA\'B"\\\\"/\x7f\b\t\f\r'})
    expected = '{"a":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f\\b\\t\\f\\r"}'
    assert event.slots()[3].decode() == expected


@pytest.mark.parametrize(
    ("tag", "outcome", "name"),
    [
        (Tag.DOCUMENT_RELEASE, Outcome.GRANTED, "document:release"),
        (Tag.DOCUMENT_RELEASE, Outcome.REFUSED, "document:release:denied"),
        (Tag.DOCUMENT_DELIVERY, Outcome.COMPLETED, "document:delivery:completed"),
        (Tag.DOCUMENT_DELIVERY, Outcome.ABORTED, "document:delivery:aborted"),
        (Tag.DOCUMENT_DELIVERY, Outcome.TAMPERED, "document:delivery:tampered"),
    ],
)
def test_an_event_is_named_for_what_was_done_and_how_it_ended(
    tag: Tag, outcome: Outcome, name: str
) -> None:
    assert replace(RELEASE, tag=tag, outcome=outcome).name == name


@pytest.mark.parametrize("value", [1.5, True, None, 2**53, -(2**53), b"", ["a"]])
def test_what_other_readers_could_read_differently_is_not_written(value: object) -> None:
    event = replace(OF_THE_OPERATOR, detail=cast("dict[str, Any]", {"a": value}))
    if value is None:
        assert event.slots()[3] == b"{}"
        return
    with pytest.raises((AssertionError, TypeError)):
        event.slots()


def test_an_instant_of_another_zone_is_not_written() -> None:
    local = datetime(2026, 3, 2, 9, 0, tzinfo=timezone(timedelta(hours=1)))
    for instant in (local, local.replace(tzinfo=None)):
        with pytest.raises(AssertionError):
            instant_text(instant)


def test_every_tag_and_outcome_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "audit-log.md").read_text(encoding="utf-8")
    assert [word for word in (*Tag, *Outcome) if f"`{word}`" not in page] == []


def test_every_tag_is_words_between_colons() -> None:
    for tag in Tag:
        assert all(word.replace("-", "").isalpha() for word in tag.split(":"))
        assert 2 <= len(tag.split(":")) <= 3
