"""What a reader waits for, beside GETs of the stored object: for all of it, and for 64 KiB."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import httpx2

from tests.benchmarks.figures import Figure, interleave
from tests.benchmarks.transfer import Program, download, program, rate, upload_raw
from vault.storage.names import Kind, read_name

_MIB = 1 << 20
_WANTED = 64 << 10


def download_vs_raw_get(quick: bool) -> Figure:
    """256 MiB read back whole; the reference is a plain HTTP GET of the same object, sealed."""
    size = (16 if quick else 256) * _MIB
    with program() as to, httpx2.Client(timeout=120) as plain:
        document = upload_raw(to, size)
        address = to.s3.generate_presigned_url("get_object", Params=_stored(to))

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
    """64 KiB at random offsets of a 4 GiB document; the reference reads as many of its object."""
    size = (64 if quick else 4096) * _MIB
    with program() as to:
        path = f"/v1/documents/{upload_raw(to, size)}/content?view=full"
        stored = _stored(to)

        def ours(asked: str) -> bytes:
            return to.http.get(path, headers={"Range": asked}).raise_for_status().content

        def boto3_get(asked: str) -> bytes:
            content: bytes = to.s3.get_object(**stored, Range=asked)["Body"].read()
            return content

        value, reference = interleave(
            lambda: _each_ms(ours, size), lambda: _each_ms(boto3_get, size)
        )
    return Figure("range_64k", value, "ms", "lower", "boto3 ranged get_object", reference)


def _stored(to: Program) -> dict[str, str]:
    """Return the place of the one document in the bucket; its manifest and a key are beside it."""
    listed = to.s3.list_objects_v2(Bucket=to.bucket)["Contents"]
    names = [read_name(found["Key"]) for found in listed]
    (key,) = (
        found["Key"]
        for found, named in zip(listed, names, strict=True)
        if named is not None and named.kind is Kind.CONTENT
    )
    return {"Bucket": to.bucket, "Key": key}


def _each_ms(read: Callable[[str], bytes], size_bytes: int, requests: int = 60) -> float:
    starts = random.Random(0).sample(range(size_bytes - _WANTED), requests)  # noqa: S311 — places, no secrets
    began = time.perf_counter()
    for start in starts:
        assert len(read(f"bytes={start}-{start + _WANTED - 1}")) == _WANTED
    return 1000 * (time.perf_counter() - began) / requests
