"""Whole transfers over HTTP against the running program, beside boto3 on the same store."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import httpx2
import psutil

from tests.benchmarks.figures import Figure, interleave

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_MIB = 1 << 20
_MB = 1_000_000
_PIECE = os.urandom(_MIB)
HEADERS = {
    "Subrosa-Class": "imaging",
    "Subrosa-Title": "Imaging",
    "Subrosa-Provenance": "pre-existing",
    "Content-Type": "application/octet-stream",
}
_BOUNDARY = "figure-of-a-boundary"


@dataclass(frozen=True)
class Program:
    """`subrosa up` in a process of its own, a case in it, and boto3 on its store."""

    pid: int
    http: httpx2.Client
    case: str
    s3: Any
    bucket: str


@contextmanager
def program() -> Generator[Program]:
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="subrosa-bench-")))
        command = [sys.executable, "-m", "api", "up", "--data", str(data / "d"), "--port", "0"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        assert process.stdout is not None
        line = process.stdout.readline()
        url = next(word for word in line.split() if word.startswith("http"))
        issued = json.loads(
            subprocess.check_output(
                [sys.executable, "-m", "api", "token", "--opens-cases", "--data", str(data / "d")]
            )
        )
        http = stack.enter_context(
            httpx2.Client(
                base_url=url, headers={"Authorization": f"Bearer {issued['token']}"}, timeout=120
            )
        )
        body = {"title": "Figures", "sides": ["claimant", "respondent"], "name": "Bench"}
        case = http.post("/v1/cases", json=body).raise_for_status().json()["case"]
        services = json.loads((data / "d" / "services.json").read_text())["s3"]
        s3: Any = boto3.client(  # pyright: ignore[reportUnknownMemberType] -- untyped overloads
            "s3",
            endpoint_url=services["endpoint"],
            aws_access_key_id=services["access_key"],
            aws_secret_access_key=services["secret_key"],
            region_name=services["region"],
        )
        yield Program(process.pid, http, case, s3, services["bucket"])


def _size(quick: bool) -> int:
    return (16 if quick else 256) * _MIB


def pieces(size_bytes: int) -> Iterator[bytes]:
    for _ in range(size_bytes // _MIB):
        yield _PIECE


def _form(size_bytes: int) -> Iterator[bytes]:
    for name, value in (("class", "imaging"), ("provenance", "pre-existing"), ("title", "x")):
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        yield f"{head}{value}\r\n".encode()
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    yield head.encode()
    yield from pieces(size_bytes)
    yield f"\r\n--{_BOUNDARY}--\r\n".encode()


def upload_raw(to: Program, size_bytes: int) -> str:
    answer = to.http.post(
        f"/v1/cases/{to.case}/documents", content=pieces(size_bytes), headers=HEADERS
    )
    return str(answer.raise_for_status().json()["document"])


def download(to: Program, document: str, size_bytes: int) -> float:
    """Read a document whole, and return how fast it came."""
    began, got = time.perf_counter(), 0
    path = f"/v1/documents/{document}/content"
    with to.http.stream("GET", path, params={"view": "full"}) as answer:
        for chunk in answer.raise_for_status().iter_raw():
            got += len(chunk)
    assert got == size_bytes
    return rate(size_bytes, began)


def _upload_form(to: Program, size_bytes: int) -> str:
    answer = to.http.post(
        f"/v1/cases/{to.case}/documents",
        content=_form(size_bytes),
        headers={"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"},
    )
    return str(answer.raise_for_status().json()["document"])


def rate(size_bytes: int, began: float) -> float:
    return size_bytes / _MB / (time.perf_counter() - began)


def against_boto3(name: str, quick: bool, upload: Any) -> Figure:
    size = _size(quick)
    content = _PIECE * (size // _MIB)
    with program() as to:

        def ours() -> float:
            began = time.perf_counter()
            upload(to, size)
            return rate(size, began)

        def boto3_upload() -> float:
            began = time.perf_counter()
            name = f"reference/{time.time_ns()}"
            began = time.perf_counter()
            to.s3.upload_fileobj(io.BytesIO(content), to.bucket, name)
            return rate(size, began)

        value, reference = interleave(ours, boto3_upload, rounds=5)
    return Figure(name, value, "MB/s", "higher", "boto3 upload_fileobj, same store", reference)


def upload_http_raw(quick: bool) -> Figure:
    """256 MiB as a raw body, one client, until the receipt is there."""
    return against_boto3("upload_http_raw", quick, upload_raw)


def upload_http_form(quick: bool) -> Figure:
    """256 MiB as a form, one client, until the receipt is there."""
    return against_boto3("upload_http_form", quick, _upload_form)


def download_http(quick: bool) -> Figure:
    """256 MiB read back whole, one client; the reference reads as many plain bytes."""
    size = _size(quick)
    with program() as to:
        document = upload_raw(to, size)
        to.s3.upload_fileobj(io.BytesIO(_PIECE * (size // _MIB)), to.bucket, "reference")

        def boto3_download() -> float:
            began, sink = time.perf_counter(), io.BytesIO()
            to.s3.download_fileobj(to.bucket, "reference", sink)
            assert sink.getbuffer().nbytes == size
            return rate(size, began)

        value, reference = interleave(
            lambda: download(to, document, size), boto3_download, rounds=5
        )
    return Figure(
        "download_http", value, "MB/s", "higher", "boto3 download_fileobj, same store", reference
    )


def upload_rss_mib(quick: bool) -> Figure:
    """Growth of the program's resident memory at its highest, over one stream of 4 GiB."""
    size = (64 if quick else 4096) * _MIB
    with program() as to:
        upload_raw(to, 8 * _MIB)
        process = psutil.Process(to.pid)
        before = highest = process.memory_info().rss
        done = threading.Event()

        def watch() -> None:
            nonlocal highest
            while not done.wait(0.02):
                highest = max(highest, process.memory_info().rss)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            upload_raw(to, size)
        finally:
            done.set()
            watcher.join()
    return Figure("upload_rss_mib", (highest - before) / _MIB, "MiB", "lower")
