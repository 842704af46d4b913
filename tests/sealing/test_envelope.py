"""No two places have one context."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from vault.sealing.envelope import encode_context

LABELS = st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=6).map(str.encode)
PLACES = st.tuples(LABELS, st.lists(st.binary(max_size=6), max_size=4))


@given(PLACES, PLACES)
@example((b"a", [b"bc", b""]), (b"a", [b"b", b"c"]))
@example((b"a", [b"", b""]), (b"a", [b""]))
@example((b"v1", []), (b"v10", []))
def test_no_two_places_have_one_context(
    one: tuple[bytes, list[bytes]], other: tuple[bytes, list[bytes]]
) -> None:
    encoded = encode_context(one[0], *one[1]), encode_context(other[0], *other[1])
    assert (encoded[0] == encoded[1]) == (one == other)


def test_a_context_is_written_as_specified() -> None:
    assert encode_context(b"label", b"", b"ab") == b"label\0\0\0\0\0\0\0\0\x02ab"
