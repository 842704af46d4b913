"""`python -m tests.sealing.make_vectors` writes tests/vectors/sealed anew, one file for each fact.

Salts and nonces are random, so that each run writes other bytes of the same meaning: they are kept
in the tree, and read by every reader as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cryptography.cobblestone import Cobblestone256Encryptor

from tests.sealing.samples import CONTEXT, KEY, Sealed, content, seal
from tests.sealing.vectors import FOLDER, Vector
from tests.sealing.wrapped_vectors import in_the_first_format, wrapped_keys
from vault.ids import CaseId, DocumentId, RenditionId
from vault.keyring.keyring import Keyring
from vault.keyring.root import FileRootKey
from vault.sealing.keys import CaseKey, DataKey
from vault.sealing.manifests import Manifest, SealedManifest, seal_manifest
from vault.sealing.parts import Layout, RenditionContext

CHUNK = 16_384
ELSEWHERE = UUID(int=0xE15E)
PLAIN = content(100)


def object_of(document: Sealed, key: DataKey = KEY, place: RenditionContext = CONTEXT) -> Any:
    return {
        "kind": "object",
        "key": key.material().hex(),
        "case": str(place.case),
        "document": str(place.document),
        "rendition": str(place.rendition),
        "size_bytes": document.layout.size_bytes,
        "part_size": document.layout.part_size,
        "headers": [header.hex() for header in document.headers],
        "object": document.whole.hex(),
    }


def objects() -> Iterator[Vector]:
    """Sections 3, 4 and 7 of docs/sealed-document.md."""
    for name, size, part_size in (
        ("empty", 0, 40),
        ("one-byte", 1, 40),
        ("three-parts", 100, 40),
        ("exactly-two-parts", 80, 40),
        ("a-full-chunk", CHUNK, CHUNK),
        ("a-chunk-and-a-byte", CHUNK + 1, 2 * CHUNK),
    ):
        opens = object_of(seal(content(size), part_size))
        yield Vector(f"object-{name}", "Opens.", opens, content(size))
    three, other = seal(PLAIN, 40), seal(PLAIN, 40)
    for rule, name, bent in (
        (1, "a-header-less", replace(three, headers=three.headers[:2])),
        (1, "a-header-more", replace(three, headers=(*three.headers, three.headers[2]))),
        (2, "header-of-another-attempt", replace(three, headers=other.headers)),
        (2, "bytes-of-another-attempt", replace(three, bodies=other.bodies)),
        (3, "parts-swapped-with-headers", _in_order(three, (1, 0, 2))),
        (3, "cut-between-parts-with-size", _cut(three)),
        (3, "continued-after-its-last-part", _continued()),
        (3, "another-part-size", replace(three, layout=Layout(100, 34))),
        (4, "first-chunk-changed", _changed(three, 60)),
        (4, "last-byte-changed", _changed(three, -1)),
        (6, "ends-early", replace(three, bodies=(*three.bodies[:2], three.bodies[2][:-1]))),
        (6, "last-part-missing", replace(three, bodies=three.bodies[:2])),
        (6, "goes-on", replace(three, bodies=(*three.bodies, b"\0"))),
        (6, "nothing", replace(three, bodies=())),
    ):
        yield Vector(f"object-{name}", f"Section 7, rule {rule}.", object_of(bent), None)
    for name, place in (
        ("another-case", replace(CONTEXT, case=CaseId(ELSEWHERE))),
        ("another-document", replace(CONTEXT, document=DocumentId(ELSEWHERE))),
        ("another-rendition", replace(CONTEXT, rendition=RenditionId(ELSEWHERE))),
    ):
        yield Vector(f"object-{name}", "Section 7, rule 3.", object_of(three, place=place), None)
    foreign = object_of(three, DataKey(bytes(32)))
    yield Vector("object-another-key", "Section 7, rule 3.", foreign, None)
    full = seal(content(CHUNK), CHUNK)
    without = full.whole[:-16]
    for name, size, whole in (
        ("last-chunk-missing", CHUNK, without),
        ("last-chunk-missing-with-size", CHUNK - 1, without),
        ("last-chunk-full", CHUNK, without + full.whole[56 : 56 + CHUNK + 16]),
    ):
        bent = Sealed(Layout(size, CHUNK), full.headers, (whole,))
        yield Vector(f"object-{name}", "Section 7, rule 5.", object_of(bent), None)


def _in_order(document: Sealed, order: tuple[int, ...]) -> Sealed:
    headers = tuple(document.headers[number] for number in order)
    return Sealed(document.layout, headers, tuple(document.bodies[number] for number in order))


def _cut(document: Sealed) -> Sealed:
    return Sealed(Layout(80, 40), document.headers[:2], document.bodies[:2])


def _continued() -> Sealed:
    one, two = seal(content(40), 40), seal(content(40), 40)
    return Sealed(Layout(80, 40), one.headers + two.headers, one.bodies + two.bodies)


def _changed(document: Sealed, at: int) -> Sealed:
    whole = bytearray(document.whole)
    whole[at] ^= 1
    return replace(document, bodies=(bytes(whole),))


def manifests() -> Iterator[Vector]:
    """Section 8 of docs/sealed-document.md: a bucket, opened from the root key on."""
    root = FileRootKey(bytes(range(32, 64)))
    keyring = Keyring(root)
    case_key, wrapped_case = keyring.new_case_key(CONTEXT.case)
    data_key, wrapped = keyring.new_data_key(case_key, CONTEXT)
    document = seal(PLAIN, 40, key=data_key)
    manifest = Manifest(
        context=CONTEXT,
        view="full",
        title="Operationsbericht „Müller“\n",
        file_name="bericht.pdf",
        media_type="application/pdf",
        document_class="medical",
        origin="claimant",
        provenance="pre-existing",
        label="-",
        admitted_at=datetime(2026, 3, 2, 9, 0, 0, 7, tzinfo=UTC),
        size_bytes=100,
        part_size=40,
        sha256="0" * 64,
        headers=b"".join(document.headers),
    )
    sealed = seal_manifest(data_key, wrapped, manifest)
    given = {
        "kind": "bucket",
        "root_key": bytes(range(32, 64)).hex(),
        "case": str(CONTEXT.case),
        "rendition": str(CONTEXT.rendition),
        "case_key": wrapped_case.hex(),
        "manifest": sealed.encoded().hex(),
        "object": document.whole.hex(),
    }
    yield Vector("manifest", "Opens. The digest is not compared here.", given, PLAIN)
    unnamed = seal_manifest(data_key, wrapped, replace(manifest, file_name=None))
    opens = {**given, "manifest": unnamed.encoded().hex()}
    yield Vector("manifest-without-file-name", "Opens.", opens, PLAIN)
    first = in_the_first_format(case_key.material(), CONTEXT.case).hex()
    old = {**given, "case_key": first}
    yield Vector("manifest-case-key-in-the-first-format", "Opens: section 6.", old, PLAIN)
    yield from _bent_objects(given, sealed, keyring, case_key)
    yield from _bent_texts(given, manifest, data_key, wrapped)


def _bent_objects(
    given: dict[str, Any], sealed: SealedManifest, keyring: Keyring, case_key: CaseKey
) -> Iterator[Vector]:
    whole = sealed.encoded()
    other_place = replace(CONTEXT, rendition=RenditionId(ELSEWHERE))
    _, moved = keyring.new_data_key(case_key, other_place)
    of_elsewhere = replace(sealed, wrapped_key=moved)
    _, case_elsewhere = keyring.new_case_key(CaseId(ELSEWHERE))
    _, case_foreign = Keyring(FileRootKey(bytes(32))).new_case_key(CONTEXT.case)

    def flipped(at: int) -> str:
        return (whole[:at] + bytes([whole[at] ^ 1]) + whole[at:][1:]).hex()

    for name, rule, members in (
        ("another-version", 1, {"manifest": flipped(0)}),
        ("another-document", 3, {"manifest": flipped(16)}),
        ("key-longer-than-object", 1, {"manifest": (whole[:17] + b"\xff\xff" + whole[19:]).hex()}),
        ("wrapped-key-changed", 2, {"manifest": flipped(40)}),
        (
            "wrapped-key-of-another-place",
            2,
            {"manifest": of_elsewhere.encoded().hex()},
        ),
        ("salt-changed", 3, {"manifest": flipped(80)}),
        ("last-byte-changed", 3, {"manifest": flipped(len(whole) - 1)}),
        ("cut", 3, {"manifest": whole[:-1].hex()}),
        ("cut-to-its-head", 3, {"manifest": whole[:80].hex()}),
        ("nothing", 1, {"manifest": ""}),
        ("under-another-name", 2, {"rendition": str(ELSEWHERE)}),
        ("case-key-of-another-case", 2, {"case_key": case_elsewhere.hex()}),
        ("case-key-of-another-root", 2, {"case_key": case_foreign.hex()}),
        ("object-of-another-attempt", 5, {"object": seal(PLAIN, 40).whole.hex()}),
    ):
        yield Vector(f"manifest-{name}", f"Section 8, rule {rule}.", {**given, **members}, None)


def _bent_texts(
    given: dict[str, Any], manifest: Manifest, key: DataKey, wrapped: bytes
) -> Iterator[Vector]:
    """What is sealed rightly and says something that no manifest says."""
    text, members = manifest.text().decode(), manifest.to_json()

    def but(**other: object) -> str:
        return json.dumps(
            {**members, **other}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )

    place = b"subrosa/manifest/v1\0" + b"".join(
        b"\0\0\0\x10" + item.bytes for item in (CONTEXT.case, CONTEXT.document, CONTEXT.rendition)
    )
    texts: dict[str, str] = {
        "member-less": text.replace(',"label":"-"', ""),
        "member-more": but(zeal="x"),
        "member-twice": f'{text[:-1]},"view":"full"}}',
        "white-space": text.replace(',"case"', ', "case"'),
        "escape-not-needed": text.replace("medical", "medic\\u0061l"),
        "another-case-inside": but(case=str(ELSEWHERE)),
        "another-rendition-inside": but(rendition=str(ELSEWHERE)),
        "view-unknown": but(view="metadata"),
        "size-in-text": but(size_bytes="100"),
        "size-negative": but(size_bytes=-1),
        "part-size-zero": but(part_size=0),
        "header-less": but(size_bytes=121),
        "header-more": but(size_bytes=80),
        "base64-not-canonical": but(headers=str(members["headers"])[:-1]),
        "digest-in-capitals": but(sha256="AB" * 32),
        "day-that-is-none": but(admitted_at="2026-02-30T09:00:00.000007Z"),
        "another-zone": but(admitted_at="2026-03-02T09:00:00.000007+01:00"),
    }
    for name, bent in texts.items():
        assert bent != text
        encryptor = Cobblestone256Encryptor(key.material(), place)
        message = encryptor.update(bent.encode()) + encryptor.finalize()
        stored = SealedManifest(CONTEXT.document, wrapped, message).encoded().hex()
        told = {**given, "manifest": stored}
        yield Vector(f"manifest-{name}", "Section 8, rule 4.", told, None)


def main(write: Callable[[Vector], None] = Vector.write) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for vector in (*objects(), *manifests(), *wrapped_keys()):
        write(vector)


if __name__ == "__main__":
    main()
