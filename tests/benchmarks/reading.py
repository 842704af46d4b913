"""What a reader waits for, beside a plain GET of the stored object: whole, and 64 KiB of it."""

from __future__ import annotations

import random
import time

import httpx2

from tests.benchmarks.figures import Figure, interleave
from tests.benchmarks.transfer import Program, download, program, rate, upload_raw

_MIB = 1 << 20
_WANTED = 64 << 10


def download_vs_raw_get(quick: bool) -> Figure:
    """256 MiB read back whole; the reference is a plain HTTP GET of the same object, sealed."""
    size = (16 if quick else 256) * _MIB
    with program() as to, httpx2.Client(timeout=120) as plain:
        document = upload_raw(to, size)
        address = _address(to)

        def raw_get() -> float:
            began, got = time.perf_counter(), 0
            with plain.stream("GET", address) as answer:
                for chunk in answer.raise_for_status().iter_raw():
                    got += len(chunk)
            assert got > size
            return rate(got, began)

        value, reference = interleave(lambda: download(to, document, size), raw_get, rounds=5)
    return Figure(
        "download_vs_raw_get", value, "MB/s", "higher", "plain GET of the object", reference
    )


def range_64k(quick: bool) -> Figure:
    """64 KiB at random offsets of a 4 GiB document; the reference reads them from its object."""
    size = (64 if quick else 4096) * _MIB
    with program() as to, httpx2.Client(timeout=120) as plain:
        path = f"/v1/documents/{upload_raw(to, size)}/content?view=full"
        address = _address(to)
        value, reference = interleave(
            lambda: _each_ms(to.http, path, size), lambda: _each_ms(plain, address, size)
        )
    return Figure("range_64k", value, "ms", "lower", "plain ranged GET of the object", reference)


def _address(to: Program) -> str:
    """Return where the one object in the bucket is had without further ado."""
    (found,) = to.s3.list_objects_v2(Bucket=to.bucket)["Contents"]
    wanted = {"Bucket": to.bucket, "Key": found["Key"]}
    return str(to.s3.generate_presigned_url("get_object", Params=wanted))


def _each_ms(http: httpx2.Client, url: str, size: int, requests: int = 60) -> float:
    starts = random.Random(0).sample(range(size - _WANTED), requests)  # noqa: S311 — places, no secrets
    began = time.perf_counter()
    for start in starts:
        asked = {"Range": f"bytes={start}-{start + _WANTED - 1}"}
        assert len(http.get(url, headers=asked).raise_for_status().content) == _WANTED
    return 1000 * (time.perf_counter() - began) / requests
