"""A name is read back as what it was given to, and no other text is a name of ours."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.ids import CaseId, RenditionId
from vault.storage.names import (
    Kind,
    ObjectName,
    case_key_name,
    manifest_name,
    object_name,
    read_name,
)

CASE = CaseId(UUID(int=0xCA5E))
RENDITION = RenditionId(UUID(int=0x2E4D))


@given(st.uuids(), st.uuids())
def test_a_name_says_what_it_was_given_to(case: UUID, rendition: UUID) -> None:
    ours, theirs = CaseId(case), RenditionId(rendition)
    assert read_name(object_name(ours, theirs)) == ObjectName(Kind.CONTENT, ours, theirs)
    assert read_name(manifest_name(ours, theirs)) == ObjectName(Kind.MANIFEST, ours, theirs)
    assert read_name(case_key_name(ours)) == ObjectName(Kind.CASE_KEY, ours, None)


def test_a_manifest_is_listed_right_behind_its_object_and_the_key_behind_both() -> None:
    names = [
        object_name(CASE, RENDITION),
        manifest_name(CASE, RENDITION),
        object_name(CASE, RenditionId(UUID(int=2**128 - 1))),
        case_key_name(CASE),
    ]
    assert sorted(names) == names


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "key",
        f"{CASE}",
        f"{CASE}/",
        f"{CASE}/KEY",
        f"{CASE}/key/",
        f"{CASE}/key.manifest",
        f"/{CASE}/key",
        f"{CASE}//key",
        f"{CASE.hex}/key",
        f"{{{CASE}}}/key",
        f"{CASE}/{RENDITION.hex}",
        f"{str(CASE).upper()}/{RENDITION}",
        f"{CASE}/{RENDITION}.",
        f"{CASE}/{RENDITION}.MANIFEST",
        f"{CASE}/{RENDITION}.manifest.manifest",
        f"{CASE}/{RENDITION}/x",
        f"{CASE}/../{RENDITION}",
        f"{CASE}/{RENDITION} ",
        "probe/00000000000000000000000000000000",
    ],
)
def test_any_other_text_is_nobodys(name: str) -> None:
    assert read_name(name) is None
