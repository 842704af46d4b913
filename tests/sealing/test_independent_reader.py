"""A reader that shares no code with the vault opens what the vault seals, and refuses the rest."""

from __future__ import annotations

import pytest

from tests.sealing.samples import CHUNK, CONTEXT, KEY, content, seal
from tests.sealing.second_reader import read


def read_parts(parts: list[tuple[bytes, bytes]]) -> list[bytes | None]:
    """Return what the reader makes of messages, each with its context."""
    return read(
        [
            {
                "kind": "message",
                "key": KEY.material().hex(),
                "context": context.hex(),
                "message": message.hex(),
            }
            for context, message in parts
        ]
    )


def spelled_context(number: int, *, last: bool) -> bytes:
    """The context of a part, spelled as docs/sealed-document.md does and not as the code does."""
    ids = (CONTEXT.case.hex, CONTEXT.document.hex, CONTEXT.rendition.hex)
    spelled = "".join(f"00000010{item}" for item in ids)
    return b"subrosa/part/v1\0" + bytes.fromhex(
        f"{spelled}00000004{number:08x}00000001{'01' if last else '00'}"
    )


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 7 * CHUNK + 99])
def test_the_reader_opens_what_the_vault_sealed(size: int) -> None:
    document = seal(content(size), 3 * CHUNK + 5)
    final = len(document.bodies) - 1
    opened = read_parts(
        [
            (spelled_context(number, last=number == final), body)
            for number, body in enumerate(document.bodies)
        ]
    )
    assert b"".join(part or b"" for part in opened) == content(size)
    assert None not in opened


def test_the_reader_refuses_what_the_vault_refuses() -> None:
    body = seal(content(2 * CHUNK), 2 * CHUNK).bodies[0]
    place = spelled_context(0, last=True)
    flipped = bytes([body[-1] ^ 1])
    assert read_parts(
        [
            (place, body),
            (spelled_context(0, last=False), body),
            (spelled_context(1, last=True), body),
            (place, body[:-1] + flipped),
            (place, body[:-16]),
            (place, body + b"\0"),
        ]
    ) == [content(2 * CHUNK), None, None, None, None, None]
