"""Every vector is opened, or refused, alike by the vault, by pyca and by `node:crypto`."""

from __future__ import annotations

import json
import struct
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag

from tests.sealing.make_vectors import manifests, objects
from tests.sealing.second_reader import read
from tests.sealing.vectors import FOLDER
from tests.sealing.wrapped_vectors import wrapped_keys
from vault.errors import Tampered
from vault.ids import CaseId, DocumentId, RenditionId
from vault.keyring.files import key_id_of, write_key
from vault.keyring.keyring import Keyring
from vault.keyring.port import Place
from vault.keyring.root import FileRootKey
from vault.manifests import opened_manifest
from vault.sealing.keys import DataKey
from vault.sealing.manifests import SealedManifest
from vault.sealing.opening import open_parts
from vault.sealing.parts import Layout, RenditionContext, sealed_length

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


@cache
def vector(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def expected(name: str) -> bytes | None:
    plaintext = vector(name)["plaintext"]
    return None if plaintext is None else bytes.fromhex(plaintext)


def unwrapped_by_the_vault(given: dict[str, Any]) -> bytes:
    """Unwrap a key with those of cases' own beside the root key, as section 6 has them."""
    holder = None if given["holder"] is None else UUID(given["holder"])
    with TemporaryDirectory() as folder:
        for number, own in enumerate(map(bytes.fromhex, given["own_keys"])):
            name = f"{holder}.{number:06}.{key_id_of(own)}.key"
            write_key(Path(folder) / name, "subrosa case key v1", own)
        root = FileRootKey(bytes.fromhex(given["root_key"]), Path(folder))
        return root.unwrap(bytes.fromhex(given["wrapped"]), Place(given["key_of"], holder))


def by_the_vault(given: dict[str, Any]) -> bytes:
    if given["kind"] == "wrapped":
        return unwrapped_by_the_vault(given)
    if given["kind"] == "object":
        context = RenditionContext(*(_ids(given)))
        layout = Layout(given["size_bytes"], given["part_size"])
        headers = [bytes.fromhex(header) for header in given["headers"]]
        key = DataKey(bytes.fromhex(given["key"]))
        whole = bytes.fromhex(given["object"])
        return b"".join(open_parts(key, context, layout, headers, [whole]))
    case, rendition = CaseId(UUID(given["case"])), RenditionId(UUID(given["rendition"]))
    keyring = Keyring(FileRootKey(bytes.fromhex(given["root_key"])))
    case_key = keyring.open_case_key(case, bytes.fromhex(given["case_key"]))
    sealed = SealedManifest.parse(bytes.fromhex(given["manifest"]))
    key, manifest = opened_manifest(keyring, case_key, case, rendition, sealed)
    whole = bytes.fromhex(given["object"])
    return b"".join(open_parts(key, manifest.context, manifest.layout, manifest.pinned(), [whole]))


def _ids(given: dict[str, Any]) -> tuple[CaseId, DocumentId, RenditionId]:
    case, document, rendition = (UUID(given[n]) for n in ("case", "document", "rendition"))
    return CaseId(case), DocumentId(document), RenditionId(rendition)


def by_pyca(given: dict[str, Any]) -> bytes:
    """Open an object by the library's own reader, under contexts spelled as they are specified."""
    size, part_size = given["size_bytes"], given["part_size"]
    whole, plain, at = bytes.fromhex(given["object"]), b"", 0
    count = max(1, -(-size // part_size))
    if len(given["headers"]) != count:
        raise InvalidTag
    for part in range(count):
        length = sealed_length(min(part_size, size - part * part_size))
        body, at = whole[at : at + length], at + length
        if len(body) != length or body[:56].hex() != given["headers"][part]:
            raise InvalidTag
        ids = b"".join(struct.pack(">I", 16) + item.bytes for item in _ids(given))
        last = b"\1" if part == count - 1 else b"\0"
        place = b"subrosa/part/v1\0" + ids + struct.pack(">III", 4, part, 1) + last
        decryptor = Cobblestone256Decryptor(bytes.fromhex(given["key"]), place)
        plain += decryptor.update(body) + decryptor.finalize()
    if at != len(whole):
        raise InvalidTag
    return plain


def test_there_is_a_vector_for_everything_that_is_made() -> None:
    assert sorted(made.name for made in (*objects(), *manifests(), *wrapped_keys())) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_vault_opens_what_it_must_and_nothing_else(name: str) -> None:
    if expected(name) is None:
        with pytest.raises(Tampered):
            by_the_vault(vector(name))
    else:
        assert by_the_vault(vector(name)) == expected(name)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("object-")])
def test_pyca_opens_what_it_must_and_nothing_else(name: str) -> None:
    if expected(name) is None:
        with pytest.raises(InvalidTag):
            by_pyca(vector(name))
    else:
        assert by_pyca(vector(name)) == expected(name)


def test_node_opens_what_it_must_and_nothing_else() -> None:
    answers = dict(zip(NAMES, read([vector(name) for name in NAMES]), strict=True))
    assert answers == {name: expected(name) for name in NAMES}


def test_node_opens_what_is_sealed_anew() -> None:
    made = [*objects(), *manifests(), *wrapped_keys()]
    answers = read([one.given for one in made])
    assert {one.name: answer for one, answer in zip(made, answers, strict=True)} == {
        one.name: one.plaintext for one in made
    }
