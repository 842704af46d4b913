"""Other people's clients upload to the running program, through cuts, kills and restarts."""

import gc
import hashlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
import requests
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from tests.api.test_program import opened_case, subrosa, up
from tests.clients.__main__ import HERE, MODULES, node

# tuspy never closes its connections nor its files.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

MIB = 1 << 20
PART = 8 * MIB
SIZE = 5 * PART + 12_345
SAID = {"class": "imaging", "provenance": "pre-existing", "filename": "scan.bin"}


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Let what tuspy left open go while its warnings are ignored."""
    yield
    gc.collect()


@pytest.fixture
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("d") / "v"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "scan.bin"
    file.write_bytes(os.urandom(SIZE))
    return file


def tuspy(http: httpx2.Client, case: str) -> TusClient:
    endpoint = f"{str(http.base_url).rstrip('/')}/v1/cases/{case}/uploads"
    return TusClient(endpoint, headers={"Authorization": http.headers["authorization"]})


def uploader(client: TusClient, file: Path, url: str | None = None, **more: Any) -> Any:
    return cast("Any", client).uploader(
        str(file), url=url, chunk_size=2 * PART, metadata=SAID, **more
    )


def is_whole(http: httpx2.Client, document: str, file: Path) -> None:
    """Assert that a document is the file that was sent."""
    digest = hashlib.sha256()
    with http.stream("GET", f"/v1/documents/{document}/content?view=full") as answer:
        for chunk in answer.iter_bytes():
            digest.update(chunk)
    assert digest.hexdigest() == hashlib.sha256(file.read_bytes()).hexdigest()


def document_of(http: httpx2.Client, url: str) -> str:
    deposited = http.get(httpx2.URL(url).path).json()["deposited"]
    assert deposited is not None
    return str(deposited["document"])


def test_tuspy_uploads_in_chunks_and_an_empty_file_too(
    data: Path, file: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    with up(data) as url:
        http, case = opened_case(data, url)
        for each in (file, empty):
            sender = uploader(tuspy(http, case), each)
            sender.upload()
            is_whole(http, document_of(http, sender.url), each)
        http.close()
        subrosa(data, "check")


def test_tuspy_ends_with_an_error_instead_of_sending_too_little_for_ever(
    data: Path, file: Path
) -> None:
    with up(data) as url:
        http, case = opened_case(data, url)
        sender = uploader(tuspy(http, case), file)
        sender.chunk_size = MIB
        with pytest.raises(TusUploadFailed) as refused:
            sender.upload()
        assert str(PART).encode() in cast("Any", refused.value).response_content
        http.close()


def interrupted(sender: Any) -> None:
    with suppress(TusCommunicationError, requests.RequestException):
        sender.upload()


@pytest.mark.parametrize("after_parts", [1, 3])
def test_killed_in_the_middle_of_an_upload_the_vault_goes_on_with_it_after_a_restart(
    data: Path, file: Path, after_parts: int
) -> None:
    begun = ""
    with up(data, end=signal.SIGKILL) as url:
        http, case = opened_case(data, url)
        created = uploader(tuspy(http, case), file)
        begun = str(created.create_url())
        slowly = threading.Thread(target=trickle, args=(http, begun, file))
        slowly.start()
        await_offset(http, begun, after_parts * PART)
    slowly.join()
    with up(data) as url:
        http.base_url = url
        path = httpx2.URL(begun).path
        resumed = uploader(tuspy(http, case), file, url=url + path)
        assert 0 < resumed.offset < SIZE
        assert resumed.offset % PART == 0
        resumed.upload()
        is_whole(http, document_of(http, path), file)
        assert json.loads(subrosa(data, "check", "--json").stdout)["problems"] == []
    http.close()


def trickle(http: httpx2.Client, url: str, file: Path) -> None:
    """Send a file in one request, a little at a time, until something breaks."""

    def pieces() -> Iterator[bytes]:
        with file.open("rb") as content:
            while piece := content.read(MIB):
                yield piece
                time.sleep(0.03)

    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
        "Authorization": http.headers["authorization"],
    }
    with suppress(httpx2.TransportError):
        httpx2.patch(url, content=pieces(), headers=headers, timeout=60)


def await_offset(http: httpx2.Client, url: str, offset: int) -> None:
    deadline = time.monotonic() + 60
    headers = {"Tus-Resumable": "1.0.0"}
    while int(http.head(url, headers=headers).headers["upload-offset"]) < offset:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_two_clients_on_one_upload_make_one_document(data: Path, file: Path) -> None:
    with up(data) as url:
        http, case = opened_case(data, url)
        begun = str(uploader(tuspy(http, case), file).create_url())

        def both() -> None:
            with suppress(TusUploadFailed, TusCommunicationError):
                uploader(tuspy(http, case), file, url=begun, retries=20, retry_delay=0).upload()

        clients = [threading.Thread(target=both) for _ in range(2)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        last = uploader(tuspy(http, case), file, url=begun)
        last.upload()
        is_whole(http, document_of(http, begun), file)
        assert len(http.get(f"/v1/cases/{case}/documents").json()["documents"]) == 1
        http.close()
        subrosa(data, "check")


@pytest.mark.skipif(
    not (MODULES / "tus-js-client").exists(),
    reason="tus-js-client is not there: `make setup` installs it, and could not",
)
@pytest.mark.parametrize(("chunk", "abort_after"), [(0, 0), (0, 20 * MIB), (12 * MIB, 20 * MIB)])
def test_tus_js_client_uploads_and_resumes(
    data: Path, file: Path, chunk: int, abort_after: int
) -> None:
    with up(data) as url:
        http, case = opened_case(data, url)
        token = http.headers["authorization"].removeprefix("Bearer ")
        endpoint = f"{url}/v1/cases/{case}/uploads"
        words = [MODULES, endpoint, token, file, chunk, abort_after]
        done = subprocess.run(
            [str(node()[0]), str(HERE / "upload.mjs"), *map(str, words)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        is_whole(http, json.loads(done.stdout)["document"], file)
        assert len(http.get(f"/v1/cases/{case}/documents").json()["documents"]) == 1
        http.close()
        subrosa(data, "check")
