"""Ranges and conditions are answered as RFC 9110 says, to whoever may read, and on record."""

import base64
import os
import socket
import time
from collections.abc import Iterator
from uuid import UUID

import httpx2
import pytest

from tests.api.conftest import Server
from tests.api.test_bad_input import is_problem
from tests.api.test_every_route import newest
from tests.builders import Case, House
from tests.vault.test_tampering import overwrite
from vault.content import object_name
from vault.ids import DocumentId, new_id
from vault.sealing.parts import sealed_length
from vault.storage.s3 import S3Store

MIB = 1 << 20
CONTENT = os.urandom(200_000)
SIZE = len(CONTENT)


@pytest.fixture
def claimant(server: Server, case: Case) -> Iterator[httpx2.Client]:
    with server.as_(case["party:claimant"]) as http:
        yield http


@pytest.fixture
def path(case: Case) -> str:
    return f"/v1/documents/{case.deposit('party:claimant', CONTENT).document_id}/content?view=full"


def on_record(house: House, name: str) -> None:
    """Wait until the newest entry is this one: how a delivery ended comes a moment later."""
    deadline = time.monotonic() + 5
    while newest(house.vault) != name and time.monotonic() < deadline:
        time.sleep(0.02)
    assert newest(house.vault) == name


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=16383-16384", 16383, 16385),
        ("bytes=199999-", 199_999, SIZE),
        ("bytes=0-", 0, SIZE),
        ("bytes=5-999999999999999999999999999999", 5, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        ("bytes=-500", SIZE - 500, SIZE),
        ("bytes=-999999999", 0, SIZE),
        ("Bytes= 7-8 ,", 7, 9),
        ("bytes=0007-8", 7, 9),
    ],
)
def test_a_range_is_answered_by_those_bytes(
    claimant: httpx2.Client, house: House, path: str, asked: str, start: int, end: int
) -> None:
    answer = claimant.get(path, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == CONTENT[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - start)
    assert answer.headers["accept-ranges"] == "bytes"
    on_record(house, "document:delivery:completed")


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=5-4",
        "bytes=a-b",
        "bytes=1",
        "bytes=0x1-2",
        "bytes=1-2-3",
        "bytes=+1-2",
        "bytes=٣-٤".encode(),
        "bytes=0-1,x",
        "bytes=" + "9" * 5000 + "-",
        "pages=1-2",
        "=0-1",
    ],
)
def test_a_range_that_is_none_is_ignored(
    claimant: httpx2.Client, path: str, asked: str | bytes
) -> None:
    headers: list[tuple[str, str | bytes]] = [("Range", asked)]
    answer = claimant.get(path, headers=headers)  # pyright: ignore[reportArgumentType] -- bytes that are no ASCII
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert "content-range" not in answer.headers


def test_two_range_headers_are_ignored(claimant: httpx2.Client, path: str) -> None:
    answer = claimant.get(path, headers=[("Range", "bytes=0-1"), ("Range", "bytes=2-3")])
    assert (answer.status_code, answer.content) == (200, CONTENT)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=-0"])
def test_bytes_that_are_not_there_are_refused_with_the_size_and_on_record(
    claimant: httpx2.Client, house: House, path: str, asked: str
) -> None:
    answer = claimant.get(path, headers={"Range": asked})
    is_problem(answer, 416)
    assert answer.headers["content-range"] == f"bytes */{SIZE}"
    on_record(house, "document:release:denied")


def test_several_ranges_at_once_are_refused(
    claimant: httpx2.Client, house: House, path: str
) -> None:
    answer = claimant.get(path, headers={"Range": "bytes=0-1,5-9"})
    assert "one range at a time" in is_problem(answer, 416)["detail"]
    on_record(house, "document:release:denied")


@pytest.mark.parametrize(
    ("asked", "status"), [("bytes=0-", 416), ("bytes=0-0", 416), ("bytes=-5", 200)]
)
def test_an_empty_document_has_no_ranges(
    claimant: httpx2.Client, case: Case, asked: str, status: int
) -> None:
    document = case.deposit("party:claimant", b"").document_id
    path = f"/v1/documents/{document}/content?view=full"
    answer = claimant.get(path, headers={"Range": asked})
    assert answer.status_code == status
    if status == 416:
        assert answer.headers["content-range"] == "bytes */0"
    assert claimant.head(path).headers["content-length"] == "0"


# Conditions.


def test_a_range_is_for_the_version_it_was_begun_with(claimant: httpx2.Client, path: str) -> None:
    tag = claimant.head(path).headers["etag"]
    for condition, status in (
        (tag, 206),
        ('"another"', 200),
        (f"W/{tag}", 200),
        ("Mon, 02 Mar 2026 09:00:00 GMT", 200),
        ("", 200),
    ):
        headers = {"Range": "bytes=0-9", "If-Range": condition}
        answer = claimant.get(path, headers=headers)
        assert answer.status_code == status, condition
        assert answer.content == (CONTENT[:10] if status == 206 else CONTENT)
    headers = {"Range": f"bytes={SIZE}-", "If-Range": '"another"'}
    assert claimant.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_whoever_has_a_version_is_told_so_and_that_is_on_record(
    claimant: httpx2.Client, house: House, path: str, method: str
) -> None:
    tag = claimant.head(path).headers["etag"]
    for condition in (tag, f"W/{tag}", "*", f'"x", {tag}, W/"y"'):
        answer = claimant.request(
            method, path, headers={"If-None-Match": condition, "Range": "bytes=0-1"}
        )
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
        assert answer.headers["cache-control"] == "no-store"
        on_record(house, "document:release")
    answer = claimant.request(method, path, headers={"If-None-Match": '"x"'})
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_condition_on_another_version_fails(
    claimant: httpx2.Client, house: House, path: str, method: str
) -> None:
    tag = claimant.head(path).headers["etag"]
    for condition in (tag, "*", f'"x",{tag}'):
        assert claimant.request(method, path, headers={"If-Match": condition}).is_success
    for condition in ('"x"', f"W/{tag}", ""):
        answer = claimant.request(method, path, headers={"If-Match": condition})
        assert answer.status_code == 412
        on_record(house, "document:release:denied")


def test_a_validator_is_of_one_version_at_one_view(
    claimant: httpx2.Client, case: Case, path: str
) -> None:
    case.redact("party:claimant", DocumentId(UUID(path.split("/")[3])), CONTENT)
    same = case.deposit("party:claimant", CONTENT).document_id
    full = claimant.head(path)
    redacted = claimant.head(path.replace("full", "redacted"))
    assert full.headers["repr-digest"] == redacted.headers["repr-digest"]
    assert full.headers["etag"] != redacted.headers["etag"]
    assert not full.headers["etag"].startswith("W/")
    again = claimant.head(f"/v1/documents/{same}/content?view=full")
    assert again.headers["etag"] == full.headers["etag"]
    digest = base64.b64decode(full.headers["repr-digest"].split(":")[1])
    assert digest.hex()[:12] not in full.headers["etag"]


# HEAD, and who may ask.


def test_head_says_what_get_would_and_nothing_is_delivered(
    claimant: httpx2.Client, house: House, path: str
) -> None:
    said = claimant.head(path, headers={"Range": "bytes=0-1"})
    on_record(house, "document:release")
    got = claimant.get(path)
    assert (said.status_code, said.content) == (200, b"")
    differing = {"date", "subrosa-log-index"}
    assert {k: v for k, v in said.headers.items() if k not in differing} == {
        k: v for k, v in got.headers.items() if k not in differing
    }


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=999999999-"}, {"If-None-Match": "*"}])
def test_strangers_and_those_without_a_clause_learn_the_same_by_every_method(
    server: Server, case: Case, house: House, path: str, headers: dict[str, str]
) -> None:
    unknown = f"/v1/documents/{new_id()}/content?view=full"
    for subject, where, status in (
        (house.person(), path, 404),
        (house.person(), unknown, 404),
        (house.person(), "/v1/documents/x/content?view=full", 404),
        (case["party:respondent"], path, 403),
        (case["party:claimant"], path.replace("full", "redacted"), 409),
        (case["party:claimant"], path.replace("full", "all"), 422),
    ):
        with server.as_(subject) as http:
            got, said = http.get(where, headers=headers), http.head(where, headers=headers)
        is_problem(got, status)
        assert said.status_code == status
        assert said.content == b""
        for answer in (got, said):
            assert not {"etag", "content-range", "accept-ranges"} & answer.headers.keys()
        assert said.headers["content-length"] == got.headers["content-length"]


# Damage.


def test_damage_in_the_first_piece_is_a_problem_and_later_damage_cuts_the_answer(
    server: Server, claimant: httpx2.Client, case: Case, house: House, store: S3Store
) -> None:
    content = bytes(range(256)) * (20 * MIB // 256)
    deposited = case.deposit("party:claimant", content)
    path = f"/v1/documents/{deposited.document_id}/content?view=full"
    name = object_name(case.case_id, deposited.rendition_id)
    sealed = bytearray(b"".join(store.read(name)))
    sealed[sealed_length(8 * MIB) + 5 * MIB] ^= 1
    overwrite(store, name, bytes(sealed))
    near = {"Range": f"bytes={13 * MIB - 40_000}-"}
    is_problem(claimant.get(path, headers=near), 502)
    on_record(house, "document:delivery:tampered")
    with pytest.raises(httpx2.RemoteProtocolError):
        claimant.get(path)
    on_record(house, "document:delivery:tampered")
    far = claimant.get(path, headers={"Range": f"bytes=-{3 * MIB}"})
    assert far.content == content[-3 * MIB :]
    assert httpx2.get(f"{server.url}/healthz").json() == {"status": "ok", "alerts": 2}


def test_a_reader_who_hangs_up_is_recorded_and_holds_nothing(
    server: Server, case: Case, house: House
) -> None:
    document = case.deposit("party:claimant", bytes(40 * MIB)).document_id
    token = server.token(case["party:claimant"])
    with server.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(
            f"GET /v1/documents/{document}/content?view=full HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {token}\r\nRange: bytes=1000-\r\n\r\n".encode()
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 206")
    on_record(house, "document:delivery:aborted")
    house.check()
