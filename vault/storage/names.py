"""Every name in the bucket says what it is and whose; any other name is nobody's.

Source: docs/sealed-document.md, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from vault.ids import CaseId, RenditionId

_MANIFEST_SUFFIX = ".manifest"
_CASE_KEY = "key"


class Kind(StrEnum):
    """What an object is."""

    CONTENT = "content"
    MANIFEST = "manifest"
    CASE_KEY = "case key"


@dataclass(frozen=True, slots=True)
class ObjectName:
    """A name that the vault gives.

    Attributes:
        kind: What is kept under it.
        case: The case it belongs to.
        rendition: The rendition it belongs to; None for what belongs to the case alone.
    """

    kind: Kind
    case: CaseId
    rendition: RenditionId | None


def object_name(case: CaseId, rendition: RenditionId) -> str:
    """Return the name of a rendition's object; it says nothing that its ids do not."""
    return f"{case}/{rendition}"


def manifest_name(case: CaseId, rendition: RenditionId) -> str:
    """Return the name of a rendition's manifest, right behind its object in any list."""
    return object_name(case, rendition) + _MANIFEST_SUFFIX


def case_key_name(case: CaseId) -> str:
    """Return the name of the one copy of a case's wrapped key, behind all else of the case."""
    return f"{case}/{_CASE_KEY}"


def read_name(name: str) -> ObjectName | None:
    """Return what a name says; None for any that is not written exactly as above."""
    folder, _, rest = name.partition("/")
    try:
        case = CaseId(UUID(folder))
        if name == case_key_name(case):
            return ObjectName(Kind.CASE_KEY, case, None)
        rendition = RenditionId(UUID(rest.removesuffix(_MANIFEST_SUFFIX)))
    except ValueError:
        return None
    if name == object_name(case, rendition):
        return ObjectName(Kind.CONTENT, case, rendition)
    if name == manifest_name(case, rendition):
        return ObjectName(Kind.MANIFEST, case, rendition)
    return None


def may_hold_key(name: str) -> bool:
    """Tell whether a wrapped key may be in an object; content alone has none for sure."""
    named = read_name(name)
    return named is None or named.kind is not Kind.CONTENT
