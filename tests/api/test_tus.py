"""The tus protocol as its specification has it, header by header, and what is refused."""

import base64
import hashlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from uuid import UUID

import httpx2
import pytest

from policies.terms import View
from tests.api.conftest import Server
from tests.api.test_bad_input import SECRET, is_problem
from tests.api.test_uploads import await_no_uploads
from tests.builders import Case, House
from vault.ids import DocumentId, new_id
from vault.sealing.parts import PART_SIZE

MIB = 1 << 20
TUS = {"Tus-Resumable": "1.0.0"}
OCTETS = {"Content-Type": "application/offset+octet-stream"}
SAID = {
    "class": "medical",
    "provenance": "pre-existing",
    "filename": "Ärztin.pdf",
    "filetype": "application/pdf",
}
THREE = os.urandom(2 * PART_SIZE + 5)


def metadata(**said: str) -> str:
    pairs = {**SAID, **said}.items()
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs)


def creation(size: int, **said: str) -> dict[str, str]:
    return {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(**said)}


def begin(http: httpx2.Client, case: Case, size: int, **said: str) -> str:
    """Create an upload; return its path."""
    answer = http.post(f"/v1/cases/{case.case_id}/uploads", headers=creation(size, **said))
    assert answer.status_code == 201, answer.text
    location: str = answer.headers["location"]
    return location


def send(
    http: httpx2.Client, path: str, offset: int, content: bytes | Iterator[bytes], **more: str
) -> httpx2.Response:
    headers = {**TUS, **OCTETS, "Upload-Offset": str(offset), **more}
    return http.patch(path, content=content, headers=headers)


def offset_of(http: httpx2.Client, path: str) -> int:
    answer = http.head(path, headers=TUS)
    assert answer.status_code == 200, answer.headers
    return int(answer.headers["upload-offset"])


def checksum(content: bytes) -> str:
    return f"sha256 {base64.b64encode(hashlib.sha256(content).digest()).decode()}"


def is_gone(http: httpx2.Client, path: str) -> bool:
    return http.head(path, headers=TUS).status_code == 404


@pytest.fixture
def claimant(server: Server, case: Case) -> Iterator[httpx2.Client]:
    with server.as_(case["party:claimant"]) as http:
        yield http


def test_what_is_spoken_is_said_to_anybody(server: Server, case: Case) -> None:
    for path in (f"/v1/cases/{case.case_id}/uploads", "/v1/cases/none/uploads"):
        answer = httpx2.options(server.url + path)
        assert answer.status_code == 204
        assert answer.headers["tus-version"] == "1.0.0"
        assert answer.headers["tus-max-size"] == str(1 << 30)
        assert answer.headers["tus-checksum-algorithm"] == "sha256"
        assert "termination" in answer.headers["tus-extension"].split(",")


def test_a_document_comes_in_pieces_and_is_there_with_the_last(
    claimant: httpx2.Client, case: Case, house: House
) -> None:
    path = begin(claimant, case, len(THREE), title="Chart")
    first = send(claimant, path, 0, THREE[: PART_SIZE + MIB])
    assert first.status_code == 204
    assert first.headers["upload-offset"] == str(PART_SIZE)
    assert "subrosa-document" not in first.headers
    assert case.listed("party:claimant") == {}
    last = send(claimant, path, PART_SIZE, THREE[PART_SIZE:])
    assert last.headers["upload-offset"] == str(len(THREE))
    said = claimant.get(path).json()
    assert said["deposited"]["document"] == last.headers["subrosa-document"]
    assert said["deposited"]["sha256"] == hashlib.sha256(THREE).hexdigest()
    assert said["deposited"]["receipt"].startswith("subrosa-receipt/v1\n")
    document = claimant.get(f"/v1/documents/{last.headers['subrosa-document']}").json()
    assert document["title"] == "Chart"
    assert document["renditions"][0]["file_name"] == "Ärztin.pdf"
    assert case.listed("party:claimant") == {"Chart": "full"}
    read = case.read("party:claimant", DocumentId(UUID(document["document"])), View.FULL)
    assert read == THREE
    house.check()


@pytest.mark.parametrize("size", [0, 1, PART_SIZE - 1, PART_SIZE, PART_SIZE + 1])
def test_an_upload_of_any_size_comes_out_as_it_went_in(
    claimant: httpx2.Client, case: Case, house: House, size: int
) -> None:
    content = os.urandom(size)
    path = f"/v1/cases/{case.case_id}/uploads"
    answer = claimant.post(path, content=content, headers={**creation(size), **OCTETS})
    assert answer.status_code == 201
    assert answer.headers["upload-offset"] == str(size)
    document = answer.headers["subrosa-document"]
    got = claimant.get(f"/v1/documents/{document}/content?view=full")
    assert got.content == content
    house.check()


def test_an_answer_that_was_lost_can_be_asked_for_again(
    claimant: httpx2.Client, case: Case, house: House
) -> None:
    path = begin(claimant, case, 3)
    first = send(claimant, path, 0, b"abc")
    assert offset_of(claimant, path) == 3
    again = send(claimant, path, 3, b"")
    assert again.status_code == 204
    assert again.headers["subrosa-document"] == first.headers["subrosa-document"]
    is_problem(send(claimant, path, 0, b"abc"), 409)
    is_problem(claimant.delete(path, headers=TUS), 409)
    assert len(case.listed("party:claimant")) == 1
    house.check()


def test_a_head_says_all_that_a_client_resumes_by(claimant: httpx2.Client, case: Case) -> None:
    path = begin(claimant, case, 10, title="T")
    answer = claimant.head(path, headers=TUS)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["upload-offset"] == "0"
    assert answer.headers["upload-length"] == "10"
    assert answer.headers["upload-metadata"] == metadata(title="T")
    assert answer.headers["upload-expires"].endswith(" GMT")
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert answer.content == b""


def test_another_version_of_tus_is_told_which_one_is_spoken(
    claimant: httpx2.Client, case: Case
) -> None:
    path = begin(claimant, case, 1)
    for answer in (
        claimant.post(f"/v1/cases/{case.case_id}/uploads", headers={"Upload-Length": "1"}),
        claimant.patch(path, content=b"x", headers={**OCTETS, "Tus-Resumable": "0.2.2"}),
        claimant.delete(path),
    ):
        is_problem(answer, 412)
        assert answer.headers["tus-version"] == "1.0.0"
    assert claimant.head(path).status_code == 412


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "-1"}, 422),
        ({"Upload-Length": SECRET}, 422),
        ({"Upload-Length": str(1 << 62)}, 422),
        ({"Upload-Length": str((1 << 30) + 1)}, 413),
        ({"Upload-Defer-Length": "1"}, 422),
        ({"Upload-Metadata": SECRET + " !"}, 422),
        ({"Upload-Metadata": "class //8="}, 422),
        ({"Upload-Metadata": "class bWVkaWNhbA==,class bWVkaWNhbA=="}, 422),
        ({"Upload-Metadata": metadata(**{"class": SECRET})}, 422),
        ({"Upload-Metadata": metadata(provenance=SECRET)}, 422),
        ({"Upload-Metadata": metadata(title="a\x07b")}, 422),
        ({"Upload-Metadata": metadata(filename="a\u202eb")}, 422),
        ({"Upload-Metadata": metadata(joint="perhaps")}, 422),
        ({"Upload-Metadata": metadata(joint="true")}, 403),
        ({"Upload-Metadata": metadata(sha256=SECRET)}, 422),
        ({"Upload-Metadata": metadata(filetype="text")}, 422),
        ({"Upload-Metadata": ",".join(f"k{n} eA==" for n in range(40))}, 422),
        ({"Upload-Metadata": metadata(title="x" * 5000)}, 422),
    ],
)
def test_a_bad_creation_is_refused(
    claimant: httpx2.Client, case: Case, house: House, headers: dict[str, str], status: int
) -> None:
    path = f"/v1/cases/{case.case_id}/uploads"
    is_problem(claimant.post(path, headers={**creation(1), **headers}), status)
    await_no_uploads(house)
    house.check()


@pytest.mark.parametrize("seat", ["auditor", "insurer:respondent"])
def test_a_seat_that_does_not_deposit_begins_no_upload(
    server: Server, case: Case, house: House, seat: str
) -> None:
    with server.as_(case[seat]) as http:
        path = f"/v1/cases/{case.case_id}/uploads"
        is_problem(http.post(path, headers=creation(1)), 403)
    house.check()


PATCHES: dict[str, tuple[int, dict[str, str], bytes]] = {
    "another offset": (409, {"Upload-Offset": "1"}, THREE),
    "no offset": (422, {"Upload-Offset": ""}, THREE),
    "another media type": (415, {"Content-Type": "application/octet-stream"}, THREE),
    "less than a part": (400, {}, THREE[: PART_SIZE - 1]),
    "nothing": (400, {}, b""),
    "more than was announced": (413, {}, THREE + b"x"),
    "another checksum": (460, {"Upload-Checksum": checksum(b"x")}, THREE),
    "sha1": (400, {"Upload-Checksum": "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="}, THREE),
    "no checksum": (400, {"Upload-Checksum": "sha256 %"}, THREE),
}


@pytest.mark.parametrize("what", PATCHES)
def test_a_bad_piece_is_refused_and_none_of_it_is_kept(
    claimant: httpx2.Client, case: Case, house: House, what: str
) -> None:
    status, headers, content = PATCHES[what]
    path = begin(claimant, case, len(THREE))
    answer = send(claimant, path, 0, content, **headers)
    body = is_problem(answer, status)
    assert answer.headers["tus-resumable"] == "1.0.0"
    if what in ("less than a part", "nothing"):
        assert str(PART_SIZE) in body["detail"]
    assert offset_of(claimant, path) == 0
    assert send(claimant, path, 0, THREE).status_code == 204
    house.check()


def test_a_piece_of_unknown_length_is_held_to_the_same(
    claimant: httpx2.Client, case: Case, house: House
) -> None:
    path = begin(claimant, case, len(THREE))
    is_problem(send(claimant, path, 0, iter([b"short"])), 400)
    is_problem(send(claimant, path, 0, iter([THREE, b"x"])), 413)
    kept = offset_of(claimant, path)
    assert kept in (PART_SIZE, 2 * PART_SIZE)
    assert send(claimant, path, kept, iter([THREE[kept:]])).status_code == 204
    house.check()


def test_a_checksum_that_agrees_keeps_whole_parts(
    claimant: httpx2.Client, case: Case, house: House
) -> None:
    path = begin(claimant, case, len(THREE))
    head, tail = THREE[:PART_SIZE], THREE[PART_SIZE:]
    wrong = send(claimant, path, 0, head, **{"Upload-Checksum": checksum(tail)})
    is_problem(wrong, 460)
    for offset, piece in ((0, head), (PART_SIZE, tail)):
        answer = send(claimant, path, offset, piece, **{"Upload-Checksum": checksum(piece)})
        assert answer.status_code == 204
    assert claimant.get(path).json()["deposited"]["sha256"] == hashlib.sha256(THREE).hexdigest()
    house.check()


def test_a_digest_announced_in_the_beginning_is_held_to_and_a_lie_keeps_nothing(
    claimant: httpx2.Client, case: Case, house: House
) -> None:
    path = begin(claimant, case, 3, sha256=hashlib.sha256(b"abd").hexdigest())
    is_problem(send(claimant, path, 0, b"abc"), 422)
    assert is_gone(claimant, path)
    assert list(house.vault.store.names()) == []
    assert case.listed("party:claimant") == {}
    told = begin(claimant, case, 3, sha256=hashlib.sha256(b"abc").hexdigest())
    assert send(claimant, told, 0, b"abc").status_code == 204
    house.check()


def test_a_first_piece_that_is_too_short_still_begins_the_upload(
    claimant: httpx2.Client, case: Case, house: House
) -> None:
    path = f"/v1/cases/{case.case_id}/uploads"
    headers = {**creation(len(THREE)), **OCTETS}
    answer = claimant.post(path, content=b"short", headers=headers)
    assert answer.status_code == 201
    assert answer.headers["upload-offset"] == "0"
    assert send(claimant, answer.headers["location"], 0, THREE).status_code == 204
    house.check()


FIRST_BYTES: dict[str, tuple[int, dict[str, str], bytes]] = {
    "another checksum": (460, {"Upload-Checksum": checksum(b"x")}, THREE),
    "sha1": (400, {"Upload-Checksum": "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="}, THREE),
    "more than was announced": (413, {}, THREE + b"x"),
    "more than nothing": (413, {"Upload-Length": "0"}, b"x"),
}


@pytest.mark.parametrize("what", FIRST_BYTES)
def test_a_creation_whose_bytes_are_refused_creates_nothing(
    claimant: httpx2.Client, case: Case, house: House, what: str
) -> None:
    status, headers, content = FIRST_BYTES[what]
    path = f"/v1/cases/{case.case_id}/uploads"
    said = {**creation(len(THREE)), **OCTETS, **headers}
    is_problem(claimant.post(path, content=content, headers=said), status)
    await_no_uploads(house)
    assert case.listed("party:claimant") == {}
    house.check()


def test_a_terminated_upload_leaves_nothing(
    claimant: httpx2.Client, case: Case, house: House
) -> None:
    path = begin(claimant, case, len(THREE))
    send(claimant, path, 0, THREE[:PART_SIZE])
    assert claimant.delete(path, headers=TUS).status_code == 204
    assert is_gone(claimant, path)
    is_problem(claimant.delete(path, headers=TUS), 404)
    is_problem(send(claimant, path, PART_SIZE, THREE[PART_SIZE:]), 404)
    await_no_uploads(house)
    assert list(house.vault.store.names()) == []
    house.check()


def test_a_foreign_upload_and_no_upload_look_alike(
    server: Server, claimant: httpx2.Client, case: Case, house: House
) -> None:
    path, unknown = begin(claimant, case, 5), f"/v1/uploads/{new_id()}"
    finished = begin(claimant, case, 1)
    send(claimant, finished, 0, b"x")
    strangers = (case["party:respondent"], case["mediator"], house.case()["party:claimant"])
    calls: tuple[Callable[[httpx2.Client, str], httpx2.Response], ...] = (
        lambda http, at: http.get(at),
        lambda http, at: http.head(at, headers=TUS),
        lambda http, at: send(http, at, 0, b"hello"),
        lambda http, at: http.delete(at, headers=TUS),
    )
    for stranger in strangers:
        with server.as_(stranger) as http:
            for call in calls:
                missing = call(http, unknown)
                assert missing.status_code == 404
                for foreign in (
                    call(http, path),
                    call(http, finished),
                    call(http, "/v1/uploads/x"),
                ):
                    assert foreign.status_code == 404
                    assert foreign.content == missing.content
                    assert foreign.headers.keys() == missing.headers.keys()
    assert offset_of(claimant, path) == 0
    house.check()


def test_a_second_writer_is_told_to_wait_and_a_cut_one_makes_way(
    server: Server, claimant: httpx2.Client, case: Case, house: House
) -> None:
    path = begin(claimant, case, len(THREE))
    with closing(server.connect()) as first:
        lines = [
            f"PATCH {path} HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {server.token(case['party:claimant'])}",
            "Tus-Resumable: 1.0.0",
            "Content-Type: application/offset+octet-stream",
            "Upload-Offset: 0",
            f"Content-Length: {len(THREE)}",
        ]
        first.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + THREE[: PART_SIZE + 2 * MIB])
        until(lambda: send(claimant, path, 0, THREE).status_code == 423)
        is_problem(claimant.delete(path, headers=TUS), 423)
        first.shutdown(socket.SHUT_RDWR)
    until(lambda: offset_of(claimant, path) == PART_SIZE)
    until(lambda: send(claimant, path, PART_SIZE, THREE[PART_SIZE:]).is_success)
    assert claimant.get(path).json()["deposited"]["sha256"] == hashlib.sha256(THREE).hexdigest()
    house.check()


def until(ask: Callable[[], object]) -> None:
    """Ask until the answer is a true one; fail if that takes too long."""
    deadline = time.monotonic() + 10
    while not ask():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.02)
