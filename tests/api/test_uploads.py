"""Senders go away, fall silent, lie and come forty at a time; nothing is kept and nothing stops."""

import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest

from tests.api.conftest import Server
from tests.api.test_bad_input import HEADERS, is_problem
from tests.builders import Case, House
from vault.core import Limits
from vault.errors import Conflict, Invalid
from vault.intake import deposits, unfinished
from vault.intake.descriptions import Bytes, Description
from vault.sealing.parts import PART_SIZE
from vault.storage.names import case_key_name

SAID = Description(document_class="medical", title="T", provenance="pre-existing", content=Bytes())
KIB = 1 << 10
CHUNK = 16 * KIB


def begin(server: Server, case: Case, *headers: str) -> socket.socket:
    """Begin a deposit on a bare connection, without its body."""
    connection = server.connect()
    lines = [
        f"POST /v1/cases/{case.case_id}/documents HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {server.token(case['party:claimant'])}",
        *(f"{name}: {value}" for name, value in HEADERS.items()),
        *headers,
    ]
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return connection


def await_no_uploads(house: House) -> None:
    """Wait until no upload is under way; fail if one stays."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with house.vault.database.transaction() as tx:
            if not tx.values("SELECT rendition_id FROM uploads"):
                return
        time.sleep(0.02)
    pytest.fail("an upload is still under way")


@pytest.mark.parametrize(
    "size",
    [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, PART_SIZE - 1, PART_SIZE, PART_SIZE + 1, 2 * PART_SIZE],
)
def test_a_document_of_any_size_comes_out_as_it_went_in(
    server: Server, case: Case, house: House, size: int
) -> None:
    content = os.urandom(size)
    with server.as_(case["party:claimant"]) as http:
        deposited = http.post(
            f"/v1/cases/{case.case_id}/documents", content=content, headers=HEADERS
        ).json()
        assert deposited["size_bytes"] == size
        answer = http.get(f"/v1/documents/{deposited['document']}/content?view=full")
    assert answer.content == content
    assert answer.headers["content-length"] == str(size)
    house.check()


def test_a_connection_cut_in_the_middle_of_a_part_leaves_nothing(
    server: Server, case: Case, house: House
) -> None:
    with closing(begin(server, case, "Content-Length: 50000000")) as connection:
        connection.sendall(os.urandom(PART_SIZE + PART_SIZE // 2))
        time.sleep(0.2)
    await_no_uploads(house)
    assert case.listed("party:claimant") == {}
    assert list(house.vault.store.names()) == []
    house.check()


def test_a_body_shorter_than_announced_is_no_document(
    server: Server, case: Case, house: House
) -> None:
    with closing(begin(server, case, "Content-Length: 1000")) as connection:
        connection.sendall(b"x" * 999)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(65536)
    await_no_uploads(house)
    assert case.listed("party:claimant") == {}
    house.check()


def test_what_comes_after_the_announced_length_is_not_part_of_the_document(
    server: Server, case: Case, house: House
) -> None:
    with closing(begin(server, case, "Content-Length: 3", "Connection: close")) as connection:
        connection.sendall(b"abcdef")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b" 201 " in answer.splitlines()[0]
    assert b'"size_bytes":3' in answer
    house.check()


def test_a_silent_sender_is_given_up(server: Server, case: Case, house: House) -> None:
    with closing(begin(server, case, "Content-Length: 1000")) as connection:
        connection.sendall(b"x")
        assert b" 408 " in connection.recv(65536).splitlines()[0]
    await_no_uploads(house)
    house.check()


def test_forty_silent_senders_stop_nobody_else(server: Server, case: Case, house: House) -> None:
    connections = [begin(server, case, "Content-Length: 1000") for _ in range(40)]
    try:
        time.sleep(0.3)
        with server.as_(case["party:claimant"]) as http:
            assert http.get("/v1/cases").status_code == 200
            answer = http.post(f"/v1/cases/{case.case_id}/documents", content=b"x", headers=HEADERS)
            is_problem(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
    finally:
        for connection in connections:
            connection.close()
    await_no_uploads(house)
    house.check()


def test_a_document_beyond_the_limit_is_refused(case: Case, house: House) -> None:
    small = replace(house.vault, limits=Limits(document_bytes=1 << 20))
    subject = case["party:claimant"]
    pieces = [b"x" * (1 << 19), b"x" * (1 << 19)]
    with pytest.raises(Invalid):
        deposits.deposit(small, subject, case.case_id, [*pieces, b"x"], lambda: SAID)
    assert list(house.vault.store.names()) == []
    taken = deposits.deposit(small, subject, case.case_id, pieces, lambda: SAID)
    assert taken.size_bytes == 1 << 20
    house.check()


def test_one_redacted_version_wins_a_race(server: Server, case: Case, house: House) -> None:
    document = case.deposit("party:claimant").document_id

    def bring(number: int) -> int:
        with server.as_(case["party:claimant"]) as http:
            path = f"/v1/documents/{document}/renditions"
            return http.post(path, content=b"redacted %d" % number).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(bring, range(4)))
    assert statuses == [201, 409, 409, 409]
    house.check()


def test_a_reader_of_the_redacted_view_gets_that_version_alone(
    server: Server, case: Case, house: House
) -> None:
    document = case.deposit("party:claimant").document_id
    with server.as_(case["party:respondent"]) as http:
        path = f"/v1/documents/{document}"
        assert http.get(path).json()["renditions"] == []
        is_problem(http.get(f"{path}/content?view=redacted"), 409)
        case.redact("party:claimant", document)
        assert [r["view"] for r in http.get(path).json()["renditions"]] == ["redacted"]
        assert http.get(f"{path}/content?view=redacted").content == b"chart of ####"
        body = is_problem(http.get(f"{path}/content?view=full"), 403)
        assert body["scope_version"] == 1
    house.check()


def test_another_side_cannot_redact(server: Server, case: Case, house: House) -> None:
    document = case.deposit("party:claimant").document_id
    for seat in ("party:respondent", "mediator", "auditor"):
        with server.as_(case[seat]) as http:
            is_problem(http.post(f"/v1/documents/{document}/renditions", content=b"x"), 403)
    house.check()


def test_an_upload_that_was_swept_meanwhile_is_refused_whole(case: Case, house: House) -> None:
    def content() -> Iterator[bytes]:
        yield b"first"
        house.clock.forward(days=2)
        assert unfinished.sweep(house.vault, house.clock()) == 1
        yield b"second"

    with pytest.raises(Conflict):
        deposits.deposit(house.vault, case["party:claimant"], case.case_id, content(), lambda: SAID)
    # The case's wrapped key stays: it is no document's, and others may be on their way.
    assert list(house.vault.store.names()) == [case_key_name(case.case_id)]
    house.check()


def test_deposits_page_oldest_first_without_gap_or_overlap(
    server: Server, case: Case, house: House
) -> None:
    for n in range(7):
        house.clock.forward(seconds=n % 2)
        case.deposit("party:claimant", title=f"{n}")
        case.deposit("party:claimant", title=f"caucus {n}", document_class="caucus")
    case.redact("party:claimant", case.deposit("party:claimant", title="last").document_id)
    with server.as_(case["party:respondent"]) as http:
        titles: list[str] = []
        query: dict[str, str | int] = {"limit": 3}
        while True:
            page = http.get(f"/v1/cases/{case.case_id}/documents", params=query).json()
            titles += [document["title"] for document in page["documents"]]
            if page["next"] is None:
                break
            query["after"] = page["next"]
    assert sorted(titles) == [*map(str, range(7)), "last"]
    assert len(page["documents"]) > 0
