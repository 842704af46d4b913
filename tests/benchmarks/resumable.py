"""Uploads by tus, and many small files at once, beside boto3 on the same store."""

from __future__ import annotations

import base64
import os
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING

from tests.benchmarks.figures import Figure, interleave
from tests.benchmarks.transfer import HEADERS, against_boto3, pieces, program

if TYPE_CHECKING:
    from tests.benchmarks.transfer import Program

_TUS = {"Tus-Resumable": "1.0.0"}
_SAID = {"class": "imaging", "provenance": "pre-existing", "title": "Imaging"}
_SMALL_BYTES = 32 << 10
_AT_ONCE = 8


def upload_http_tus(quick: bool) -> Figure:
    """256 MiB created and sent in one PATCH, as tus-js-client does, until the document is there."""
    return against_boto3("upload_http_tus", quick, _upload)


def _upload(to: Program, size_bytes: int) -> str:
    metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in _SAID.items())
    begun = to.http.post(
        f"/v1/cases/{to.case}/uploads",
        headers={**_TUS, "Upload-Length": str(size_bytes), "Upload-Metadata": metadata},
    ).raise_for_status()
    done = to.http.patch(
        begun.headers["location"],
        content=pieces(size_bytes),
        headers={
            **_TUS,
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
        },
    ).raise_for_status()
    return str(done.headers["subrosa-document"])


def small_files(quick: bool) -> Figure:
    """Documents a second, 1 000 of 32 KiB, 8 at a time, each until its receipt is there."""
    files = 64 if quick else 1000
    content, names = os.urandom(_SMALL_BYTES), count()
    with program() as to, ThreadPoolExecutor(_AT_ONCE) as pool:

        def deposit(_: int) -> None:
            path = f"/v1/cases/{to.case}/documents"
            to.http.post(path, content=content, headers=HEADERS).raise_for_status()

        def put(_: int) -> None:
            to.s3.put_object(Bucket=to.bucket, Key=f"reference/{next(names)}", Body=content)

        def ours() -> float:
            began = time.perf_counter()
            list(pool.map(deposit, range(files)))
            return files / (time.perf_counter() - began)

        def boto3_puts() -> float:
            began = time.perf_counter()
            list(pool.map(put, range(files)))
            return files / (time.perf_counter() - began)

        value, reference = interleave(ours, boto3_puts, rounds=5)
    return Figure(
        "small_files", value, "documents/s", "higher", "boto3 put_object, 8 at a time", reference
    )
