"""Keys wrapped under a root key file, by section 6 of docs/sealed-document.md, and what is none.

Sealed here byte for byte where the vault would not: what is right but for one thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from tests.sealing.samples import CONTEXT
from tests.sealing.vectors import Vector
from vault.sealing.envelope import derive, encode_context, seal_envelope

KEY = bytes(range(96, 128))
ROOT, OTHER_ROOT = bytes(range(32, 64)), bytes(32)
OWN, OTHER_OWN = bytes(range(64, 96)), bytes(range(128, 160))
CASE, PERSON, ELSEWHERE = CONTEXT.case, UUID(int=0xF01), UUID(int=0xE15E)


def id_of(key: bytes) -> bytes:
    return derive(key, b"subrosa/root-key/id/v1", 8)


def place_of(kind: str, holder: UUID | None) -> bytes:
    ids = () if holder is None else (holder.bytes,)
    return encode_context(f"subrosa/wrap/{kind}/v1".encode(), *ids)


def wrapped(
    kind: str,
    holder: UUID | None,
    *,
    header: bytes | None = None,
    own: bytes | None = None,
    own_id: bytes | None = None,
) -> bytes:
    """Wrap the key for a place, under any header."""
    wrapping = derive(ROOT, b"subrosa/root-key/wrap/v1")
    named = b""
    if own is not None:
        wrapping = derive(wrapping + own, b"subrosa/case-own-key/wrap/v1")
        named = id_of(own) if own_id is None else own_id
    if header is None:
        header = bytes((2, 1, own is not None)) + id_of(ROOT)
    binding = encode_context(b"subrosa/wrap/v2", header + named, place_of(kind, holder))
    return header + named + seal_envelope(wrapping, binding, KEY)


def in_the_first_format(key: bytes, case: UUID) -> bytes:
    """Wrap a case's key as it was before there were providers."""
    wrapping = derive(ROOT, b"subrosa/root-key/wrap/v1")
    return b"\x01" + id_of(ROOT) + seal_envelope(wrapping, place_of("case", case), key)


def given(what: bytes, kind: str = "case", holder: UUID | None = CASE) -> dict[str, Any]:
    return {
        "kind": "wrapped",
        "root_key": ROOT.hex(),
        "own_keys": [OWN.hex(), OTHER_OWN.hex()],
        "key_of": kind,
        "holder": None if holder is None else str(holder),
        "wrapped": what.hex(),
    }


def wrapped_keys() -> Iterator[Vector]:
    """Each kind of key that opens, and each way in which one must not."""
    of_case, own = wrapped("case", CASE), wrapped("case", CASE, own=OWN)
    first = in_the_first_format(KEY, CASE)
    for name, opens in (
        ("case", given(of_case)),
        ("case-under-its-own-key", given(own)),
        ("case-in-the-first-format", given(first)),
        ("person", given(wrapped("person", PERSON), "person", PERSON)),
        ("operations", given(wrapped("operations", None), "operations", None)),
    ):
        yield Vector(f"wrapped-{name}", "Opens.", opens, KEY)
    for name, refused in {**_bent(of_case, own, first), **_misplaced(of_case, own)}.items():
        yield Vector(f"wrapped-{name}", "Section 7, of wrapped keys.", refused, None)


def _bent(of_case: bytes, own: bytes, first: bytes) -> dict[str, dict[str, Any]]:
    """Return what differs in its bytes."""

    def but(what: bytes, at: int, value: int) -> dict[str, Any]:
        return given(what[:at] + bytes((value,)) + what[at + 1 :])

    return {
        "another-version": but(of_case, 0, 3),
        "version-of-the-first-format": but(of_case, 0, 1),
        "provider-another": but(of_case, 1, 2),
        "provider-none": but(of_case, 1, 0),
        "own-set": but(of_case, 2, 1),
        "own-cleared": but(own, 2, 0),
        "own-neither": but(of_case, 2, 2),
        "root-key-id-another": but(of_case, 3, of_case[3] ^ 1),
        "own-key-id-unknown": but(own, 11, own[11] ^ 1),
        "own-key-id-of-another": given(own[:11] + id_of(OTHER_OWN) + own[19:]),
        "nonce-changed": but(of_case, 11, of_case[11] ^ 1),
        "last-byte-changed": but(of_case, len(of_case) - 1, of_case[-1] ^ 1),
        "first-format-root-key-id-another": but(first, 1, first[1] ^ 1),
        "first-format-last-byte-changed": but(first, len(first) - 1, first[-1] ^ 1),
        "nothing": given(b""),
        "cut-in-its-header": given(of_case[:10]),
        "cut-to-its-header": given(of_case[:11]),
        "cut": given(of_case[:-1]),
        "own-cut-in-its-key-id": given(own[:15]),
        "longer": given(of_case + b"\0"),
    }


def _misplaced(of_case: bytes, own: bytes) -> dict[str, dict[str, Any]]:
    """Return what is sealed rightly and does not belong where it is found, or says so wrongly."""
    right = id_of(ROOT)
    elsewhere = bytes((2, 1, 1)) + right
    return {
        "of-another-case": given(of_case, holder=ELSEWHERE),
        "of-a-person-of-the-same-id": given(of_case, "person"),
        "of-the-operations-key": given(wrapped("operations", None)),
        "own-of-another-case": given(own, holder=ELSEWHERE),
        "own-on-a-persons-key": given(wrapped("person", PERSON, own=OWN), "person", PERSON),
        "own-on-the-operations-key": given(
            wrapped("operations", None, own=OWN), "operations", None
        ),
        # Bound to a header that names somebody else, and so authentic under our root key.
        "sealed-as-of-another-provider": given(
            wrapped("case", CASE, header=bytes((2, 3, 0)) + right)
        ),
        "sealed-as-under-another-root-key": given(
            wrapped("case", CASE, header=bytes((2, 1, 0)) + id_of(OTHER_ROOT))
        ),
        "sealed-as-neither-own-nor-not": given(
            wrapped("case", CASE, header=bytes((2, 1, 2)) + right)
        ),
        "sealed-as-own-without-one": given(wrapped("case", CASE, header=elsewhere)),
        "sealed-as-under-another-own-key": given(
            wrapped("case", CASE, own=OWN, own_id=id_of(OTHER_OWN))
        ),
    }
