"""What a command has written down is the whole document, or there is no file."""

import asyncio
import base64
import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.__main__ import app
from api.delivering import Delivering
from policies.terms import View
from tests.api.answering import answering
from tests.api.conftest import Server
from tests.builders import Case
from tests.vault.erasing import names_in_trail
from vault.disclosure.documents import release
from vault.ids import new_id

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n"
OTHER = base64.b64encode(hashlib.sha256(b"other").digest())


def opened(url: str, token: str, out: Path, document: object) -> tuple[int, str]:
    words = ["document", "open", str(document), "--url", url, "--token", token, "--out", str(out)]
    done = CliRunner().invoke(app, words)
    return done.exit_code, str(done.exception)


def test_a_document_is_written_to_a_new_file(server: Server, case: Case, tmp_path: Path) -> None:
    document = case.deposit("party:claimant", b"chart").document_id
    token, out = server.token(case["party:claimant"]), tmp_path / "chart.pdf"
    assert opened(server.url, token, out, document)[0] == 0
    assert out.read_bytes() == b"chart"
    status, why = opened(server.url, token, out, document)
    assert status != 0
    assert "of this name already" in why


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (HEAD + b"\r\nab", "cut off"),
        (HEAD + b"Repr-Digest: sha-256=:" + OTHER + b":\r\n\r\nabcd", "not what was deposited"),
    ],
)
def test_what_was_cut_off_or_is_another_leaves_no_file(
    tmp_path: Path, answer: bytes, why: str
) -> None:
    with answering(answer) as url:
        status, said = opened(url, "t", tmp_path / "chart.pdf", new_id())
    assert status != 0
    assert why in said
    assert list(tmp_path.iterdir()) == []


def test_a_reader_who_is_gone_before_the_first_byte_ends_the_delivery(
    server: Server, case: Case
) -> None:
    document = case.deposit("party:claimant", b"chart").document_id
    released = release(server.vault, case["party:claimant"], document, View.FULL)

    async def gone(_: object) -> None:
        await asyncio.sleep(0)
        raise ConnectionError

    answer = Delivering(released, 200, {"content-length": "5"})
    with pytest.raises(ConnectionError):
        asyncio.run(answer.stream_response(gone))
    assert "document:delivery:aborted" in names_in_trail(case, "mediator")
