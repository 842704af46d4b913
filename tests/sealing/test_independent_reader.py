"""A reader that shares no code with the vault opens what the vault seals, and refuses the rest."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sealing.samples import CHUNK, CONTEXT, KEY, content, seal

READER = Path(__file__).with_name("open_cobblestone.mjs")
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(
    NODE is None,
    reason="NO SECOND READER: node is not on PATH, so only pyca has checked the format of parts",
)


def read_parts(parts: list[tuple[bytes, bytes]]) -> list[bytes | None]:
    """Return what the reader makes of messages, each with its context."""
    asked = [
        {"key": KEY.material().hex(), "context": context.hex(), "message": message.hex()}
        for context, message in parts
    ]
    assert NODE is not None
    answer = subprocess.run(
        [NODE, READER], input=json.dumps(asked).encode(), capture_output=True, check=True
    )
    return [None if told is None else bytes.fromhex(told) for told in json.loads(answer.stdout)]


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
