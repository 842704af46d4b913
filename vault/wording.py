"""Words that people type are taken only if they show as what they are."""

from __future__ import annotations

import unicodedata

from vault.errors import Invalid

# Characters that reorder what is displayed (Unicode property Bidi_Control): a name that holds one
# can read as another name, `exe.fdp` for `pdf.exe`. Hebrew and Arabic letters need none of them.
_BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def one_line(pointer: str, value: str, *, longest: int) -> str:
    """Return a title or a name, stripped and in Unicode's composed form.

    Args:
        pointer: Where the value stood in what the caller sent.
        value: What was typed.
        longest: Characters at most.

    Raises:
        Invalid: It is empty or too long, or holds a control character, a line break, a lone
            surrogate or a mark that reverses the direction of writing.
    """
    text = _kept(pointer, value, longest)
    if any(map(_is_control, text)):
        raise Invalid(pointer, "This must be one line without control characters.")
    return text


def several_lines(pointer: str, value: str, *, longest: int) -> str:
    """Return what somebody wrote, stripped and in Unicode's composed form; lines end in one way.

    Args:
        pointer: Where the value stood in what the caller sent.
        value: What was typed.
        longest: Characters at most.

    Raises:
        Invalid: It is empty or too long, or holds a control character other than a line feed, a
            lone surrogate or a mark that reverses the direction of writing.
    """
    text = _kept(pointer, value.replace("\r\n", "\n"), longest)
    if any(map(_is_control, text.replace("\n", " "))):
        raise Invalid(pointer, "This must not hold control characters.")
    return text


def _kept(pointer: str, value: str, longest: int) -> str:
    text = unicodedata.normalize("NFC", value).strip()
    if not text:
        raise Invalid(pointer, "This must not be empty.")
    if len(text) > longest:
        raise Invalid(pointer, f"This must have at most {longest} characters.")
    if not _BIDI_CONTROLS.isdisjoint(text):
        raise Invalid(pointer, "This must not hold marks that change the direction of writing.")
    return text


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
