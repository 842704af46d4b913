"""Decoded JSON is taken apart member by member, and no fault repeats what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from policies.vocabulary import TermsRefused

if TYPE_CHECKING:
    import re
    from collections.abc import Collection


def as_object(
    value: object, at: str, required: Collection[str], optional: Collection[str] = ()
) -> dict[str, object]:
    """Return the members of an object that has all required ones and none unknown.

    The pointer of an unknown member stops at the object: its name is input and is not echoed.
    """
    if not isinstance(value, dict):
        raise TermsRefused(at, "This must be an object.")
    found = cast("dict[str, object]", value)
    for name in sorted(required):
        if name not in found:
            raise TermsRefused(f"{at}/{name}", "This member is required.")
    if found.keys() - set(required) - set(optional):
        raise TermsRefused(at, "This object has a member that the language does not know.")
    return found


def as_list(value: object, at: str) -> list[object]:
    """Return the items of a list."""
    if not isinstance(value, list):
        raise TermsRefused(at, "This must be a list.")
    return cast("list[object]", value)


def as_text(value: object, at: str) -> str:
    """Return a text of any shape."""
    if not isinstance(value, str):
        raise TermsRefused(at, "This must be a text.")
    return value


def as_shape(value: object, at: str, shape: re.Pattern[str]) -> str:
    """Return a text that has a shape from beginning to end."""
    text = as_text(value, at)
    if not shape.fullmatch(text):
        raise TermsRefused(at, "This holds characters that it must not, or is reserved.")
    return text


def as_word(value: object, at: str, vocabulary: Collection[str]) -> str:
    """Return a word of a vocabulary."""
    text = as_text(value, at)
    if text not in vocabulary:
        raise TermsRefused(at, "This is not a word of the vocabulary here.")
    return text


def as_words(value: object, at: str, vocabulary: Collection[str]) -> tuple[str, ...]:
    """Return at least one word of a vocabulary, each once, in alphabetical order."""
    listed = as_list(value, at)
    named = {as_word(item, f"{at}/{position}", vocabulary) for position, item in enumerate(listed)}
    if not named:
        raise TermsRefused(at, "This list must not be empty.")
    if len(named) < len(listed):
        raise TermsRefused(at, "Each word is named once.")
    return tuple(sorted(named))
