"""A manifest opens in its own place, under its own data key, and is written in one way."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.cobblestone import Cobblestone256Encryptor
from hypothesis import given
from hypothesis import strategies as st

from tests.sealing.samples import CONTEXT, KEY
from tests.sealing.test_parts_tampering import elsewhere
from vault.errors import Tampered
from vault.ids import DocumentId
from vault.sealing.keys import DataKey
from vault.sealing.manifests import (
    LONGEST_BYTES,
    Manifest,
    SealedManifest,
    open_manifest,
    seal_manifest,
)
from vault.sealing.parts import HEADER_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.sealing.parts import RenditionContext

MIB = 1 << 20
WRAPPED = bytes(range(61))
MANIFEST = Manifest(
    context=CONTEXT,
    view="full",
    title='A "title" in námę\n',
    file_name=None,
    media_type="application/pdf",
    document_class="medical",
    origin="claimant",
    provenance="pre-existing",
    label="-",
    admitted_at=datetime(2026, 3, 2, 9, 0, 0, 7, tzinfo=UTC),
    size_bytes=41,
    part_size=40,
    sha256="ab" * 32,
    headers=bytes(HEADER_SIZE) + b"\xff" * HEADER_SIZE,
)
SEALED = seal_manifest(KEY, WRAPPED, MANIFEST)
PLACE = b"subrosa/manifest/v1\0" + b"".join(
    b"\0\0\0\x10" + item.bytes for item in (CONTEXT.case, CONTEXT.document, CONTEXT.rendition)
)


def opened(
    stored: bytes, key: DataKey = KEY, context: RenditionContext = CONTEXT
) -> tuple[SealedManifest, Manifest]:
    sealed = SealedManifest.parse(stored)
    return sealed, open_manifest(key, replace(context, document=sealed.document), sealed)


def sealed_text(text: bytes) -> bytes:
    """Seal any text as a manifest's: what a vault with another program could write."""
    encryptor = Cobblestone256Encryptor(KEY.material(), PLACE)
    message = encryptor.update(text) + encryptor.finalize()
    return SealedManifest(CONTEXT.document, WRAPPED, message).encoded()


def test_a_manifest_opens_to_what_was_sealed() -> None:
    assert opened(SEALED.encoded()) == (SEALED, MANIFEST)


def test_a_manifest_is_written_as_specified() -> None:
    stored = SEALED.encoded()
    assert stored[:1] == b"\x01"
    assert stored[1:17] == CONTEXT.document.bytes
    assert stored[17:19] == b"\0\x3d"
    assert stored[19:80] == WRAPPED
    headers = b64encode(bytes(HEADER_SIZE) + b"\xff" * HEADER_SIZE).decode()
    text = (
        '{"admitted_at":"2026-03-02T09:00:00.000007Z"'
        ',"case":"00000000-0000-0000-0000-00000000ca5e","class":"medical"'
        ',"document":"00000000-0000-0000-0000-000000000d0c","file_name":null'
        f',"headers":"{headers}","label":"-","media_type":"application/pdf"'
        ',"origin":"claimant","part_size":40,"provenance":"pre-existing"'
        ',"rendition":"00000000-0000-0000-0000-000000002e4d"'
        f',"sha256":"{"ab" * 32}","size_bytes":41'
        ',"title":"A \\"title\\" in námę\\n","view":"full"}'
    )
    assert MANIFEST.text() == text.encode()


@given(
    st.builds(
        Manifest,
        context=st.just(CONTEXT),
        view=st.sampled_from(["full", "redacted"]),
        title=st.text(st.characters(codec="utf-8"), max_size=30),
        file_name=st.none() | st.text(st.characters(codec="utf-8"), max_size=30),
        media_type=st.text(st.characters(codec="utf-8"), max_size=30),
        document_class=st.text(st.characters(codec="utf-8"), max_size=8),
        origin=st.text(st.characters(codec="utf-8"), max_size=8),
        provenance=st.text(st.characters(codec="utf-8"), max_size=8),
        label=st.text(st.characters(codec="utf-8"), max_size=8),
        admitted_at=st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 — hypothesis wants the bound without its zone
        size_bytes=st.integers(0, 40),
        part_size=st.integers(40, 2**53),
        sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
        headers=st.binary(min_size=HEADER_SIZE, max_size=HEADER_SIZE),
    )
)
def test_every_manifest_is_read_back(manifest: Manifest) -> None:
    assert opened(seal_manifest(KEY, WRAPPED, manifest).encoded())[1] == manifest


def test_a_manifest_of_ten_thousand_parts_is_short_enough_to_be_read() -> None:
    many = replace(
        MANIFEST, size_bytes=10_000 * 8 * MIB, part_size=8 * MIB, headers=bytes(56) * 10_000
    )
    stored = seal_manifest(KEY, WRAPPED, many).encoded()
    assert len(stored) < LONGEST_BYTES
    assert opened(stored)[1] == many


def test_a_manifest_shows_neither_title_nor_headers_by_accident() -> None:
    assert "námę" not in repr(MANIFEST)
    assert "\\xff" not in repr(MANIFEST)


def test_every_byte_and_every_length_counts() -> None:
    stored = SEALED.encoded()
    key_bytes = range(19, 80)
    for at in range(len(stored)):
        # The wrapped key is authenticated where it is opened.
        if at not in key_bytes:
            changed = stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :]
            with pytest.raises(Tampered):
                opened(changed)
    for length in range(len(stored)):
        with pytest.raises(Tampered):
            opened(stored[:length])
    with pytest.raises(Tampered):
        opened(stored + b"\0")


def test_a_manifest_moved_to_another_place_is_refused() -> None:
    for place in elsewhere():
        with pytest.raises(Tampered):
            open_manifest(KEY, place, SEALED)


def test_another_data_key_is_refused() -> None:
    with pytest.raises(Tampered):
        opened(SEALED.encoded(), DataKey.generate())


def test_another_document_in_clear_is_refused() -> None:
    with pytest.raises(Tampered):
        opened(replace(SEALED, document=DocumentId(CONTEXT.case)).encoded())


def test_the_last_part_of_a_document_is_no_manifest() -> None:
    encryptor = Cobblestone256Encryptor(KEY.material(), CONTEXT.part(0, last=True))
    message = encryptor.update(MANIFEST.text()) + encryptor.finalize()
    with pytest.raises(Tampered):
        opened(replace(SEALED, message=message).encoded())


def but(**members: object) -> bytes:
    """Write the manifest with other members; None takes one away."""
    value: dict[str, Any] = {**MANIFEST.to_json(), **members}
    return json.dumps(
        {name: each for name, each in value.items() if each != "-gone-"},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


def in_another_order() -> bytes:
    value = MANIFEST.to_json()
    return json.dumps(
        dict(reversed(value.items())), separators=(",", ":"), ensure_ascii=False
    ).encode()


TEXT = MANIFEST.text()
FAULTS: dict[str, bytes] = {
    "nothing": b"",
    "not JSON": b"manifest",
    "not UTF-8": TEXT.replace("ę".encode(), b"\xc4"),
    "not an object": b"[]",
    "nested beyond reason": b"[" * 100_000,
    "a member less": but(label="-gone-"),
    "a member more": but(zeal="x"),
    "a member twice": TEXT[:-1] + b',"view":"full"}',
    "another order": in_another_order(),
    "white space": TEXT.replace(b',"case"', b', "case"'),
    "an escape that need not be": TEXT.replace(b"medical", b"medic\\u0061l"),
    "a line feed at the end": TEXT + b"\n",
    "another case": but(case="00000000-0000-0000-0000-00000000ca5f"),
    "another document": but(document="00000000-0000-0000-0000-000000000d0d"),
    "another rendition": but(rendition="00000000-0000-0000-0000-000000002e4e"),
    "an id in capitals": but(case="00000000-0000-0000-0000-00000000CA5E"),
    "another view": but(view="metadata"),
    "a title that is a number": but(title=1),
    "a file name that is a number": but(file_name=1),
    "a size in text": but(size_bytes="41"),
    "a size with a fraction": TEXT.replace(b":41,", b":41.0,"),
    "a size that is true": but(size_bytes=True, headers=b64encode(bytes(HEADER_SIZE)).decode()),
    "a size without a bound": TEXT.replace(b":41,", b":" + b"9" * 5000 + b","),
    "a negative size": but(size_bytes=-1),
    "no part size": but(part_size=0),
    "a header less than the size gives": but(size_bytes=81),
    "a header more than the size gives": but(size_bytes=40),
    "headers that are cut": but(headers=str(MANIFEST.to_json()["headers"])[:-4]),
    "headers that are no base64": but(headers="!" * 152),
    "a digest in capitals": but(sha256="AB" * 32),
    "a short digest": but(sha256="ab"),
    "a day that is none": but(admitted_at="2026-02-30T09:00:00.000007Z"),
    "an instant without fraction": but(admitted_at="2026-03-02T09:00:00Z"),
    "another zone": but(admitted_at="2026-03-02T09:00:00.000007+01:00"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_sealed_and_no_manifest_is_refused(fault: str) -> None:
    assert FAULTS[fault] != TEXT
    with pytest.raises(Tampered):
        opened(sealed_text(FAULTS[fault]))


def test_the_same_text_sealed_by_hand_is_a_manifest() -> None:
    assert opened(sealed_text(TEXT))[1] == MANIFEST


HEADS: dict[str, Callable[[bytes], bytes]] = {
    "another version": lambda stored: b"\x02" + stored[1:],
    "a key longer than the object": lambda stored: stored[:17] + b"\xff\xff" + stored[19:],
    "no key": lambda stored: stored[:17] + b"\0\0" + stored[19:],
}


@pytest.mark.parametrize("head", HEADS)
def test_an_object_that_begins_otherwise_is_refused(head: str) -> None:
    with pytest.raises(Tampered):
        opened(HEADS[head](SEALED.encoded()))
