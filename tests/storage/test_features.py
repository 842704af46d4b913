"""A bucket that lacks what the vault relies on is refused, and what it lacks is named."""

from __future__ import annotations

import datetime as dt
import os
import ssl
import subprocess
import sys
from dataclasses import replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.contracts.lacking_store import Lack, lacking_store
from tests.storage.versions import bucket_of, client_of
from vault.errors import Unavailable
from vault.storage.features import StoreLacks
from vault.storage.s3 import S3Settings, S3Store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Place

LACKS: dict[Lack, set[str]] = {
    "condition on put": {"If-None-Match on PutObject"},
    "condition on complete": {"If-None-Match on CompleteMultipartUpload"},
    "any condition answered by 501": {
        "PutObject",
        "If-None-Match on PutObject",
        "HeadObject with the length",
        "ranges in GetObject",
        "ListObjectsV2",
        "refusal of a part by its ETag",
        "If-None-Match on CompleteMultipartUpload",
        "CompleteMultipartUpload",
    },
    "part by its tag": {"refusal of a part by its ETag"},
    "abort that keeps all": {"AbortMultipartUpload"},
    "overwriting": {"PutObject over an object"},
    "list of versions": {"ListObjectVersions and DeleteObject by version"},
    "delete of a version that keeps it": {"ListObjectVersions and DeleteObject by version"},
    "range": {"ranges in GetObject"},
    "range answered wholly with 206": {"ranges in GetObject"},
    "range shifted": {"ranges in GetObject"},
    "list": {"ListObjectsV2"},
    "list of nothing": {"ListObjectsV2"},
    "upload": {
        "multipart upload",
        "ListMultipartUploads",
        "refusal of a part by its ETag",
        "If-None-Match on CompleteMultipartUpload",
        "CompleteMultipartUpload",
        "AbortMultipartUpload",
    },
    "list of uploads": {"ListMultipartUploads"},
    "length": {"HeadObject with the length", "CompleteMultipartUpload"},
    "delete that keeps all": {
        "DeleteObject",
        "ListObjectVersions and DeleteObject by version",
    },
}


# What cannot be removed is left.
KEPT: tuple[Lack, ...] = ("delete that keeps all", "abort that keeps all")


def probed(settings: S3Settings) -> None:
    store = S3Store(settings, connections=2)
    try:
        store.probe()
    finally:
        store.close()


def left_in(store: S3Store) -> list[str]:
    """Return what is in a bucket, unfinished uploads included."""
    client = store._client  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- unfinished writes show nowhere else
    bucket = store._bucket  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- see above
    uploads = client.list_multipart_uploads(Bucket=bucket).get("Uploads", ())
    return [*store.names(), *(one.get("Key", "") for one in uploads)]


def test_a_bucket_with_every_feature_is_accepted_and_left_as_it_was(
    place: Place, store: S3Store
) -> None:
    store.put("a", [b"x"])
    for _ in range(2):
        probed(place.s3)
    assert left_in(store) == ["a"]
    with lacking_store(place.s3) as honest:
        probed(honest)


def test_no_version_is_left_in_a_bucket_that_keeps_them(place: Place, versioned: S3Store) -> None:
    probed(replace(place.s3, bucket=bucket_of(versioned)))
    left = client_of(versioned).list_object_versions(Bucket=bucket_of(versioned))
    assert (left.get("Versions"), left.get("DeleteMarkers")) == (None, None)


@pytest.mark.parametrize("lack", LACKS)
def test_what_a_bucket_lacks_is_named(place: Place, store: S3Store, lack: Lack) -> None:
    with lacking_store(place.s3, lack) as lacking, pytest.raises(StoreLacks) as refused:
        probed(lacking)
    assert set(refused.value.features) == LACKS[lack]
    if lack not in KEPT:
        assert left_in(store) == []


def test_the_program_does_not_start_on_a_bucket_that_overwrites(
    place: Place, store: S3Store, tmp_path: Path
) -> None:
    key = tmp_path / "root.key"
    with lacking_store(place.s3, "condition on put") as lacking:
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("SUBROSA_")},
            "SUBROSA_DATABASE_URL": place.database_url,
            "SUBROSA_LOG_ORIGIN": "tests.invalid/audit",
            "SUBROSA_S3_ENDPOINT": lacking.endpoint or "",
            "SUBROSA_S3_BUCKET": place.s3.bucket,
            "SUBROSA_S3_ACCESS_KEY": place.s3.access_key,
            "SUBROSA_S3_SECRET_KEY": place.s3.secret_key,
            "SUBROSA_ROOT_KEY_FILE": str(key),
        }
        for words in (["key", "new", str(key)], ["up", "--port", "0"], ["check"]):
            done = subprocess.run(
                [sys.executable, "-m", "api", *words],
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == (0 if words[0] == "key" else 1)
            if words[0] != "key":
                assert done.stderr == (
                    "The bucket does not do what the vault needs: If-None-Match on PutObject.\n"
                )


def test_a_store_that_is_away_or_foreign_is_not_called_lacking(place: Place) -> None:
    for settings in (
        replace(place.s3, endpoint="http://127.0.0.1:9", attempts=1),
        replace(place.s3, secret_key="wrong"),
    ):
        with pytest.raises(Unavailable):
            probed(settings)


def test_every_name_is_kept_under_the_prefix(place: Place, store: S3Store) -> None:
    within = S3Store(replace(place.s3, prefix="one/two/"), connections=4)
    part = os.urandom(5 << 20)
    within.probe()
    within.put("a/b", [b"x"])
    within.put("a/c", [part, b"y"])
    within.replace("a/d", b"first")
    within.replace("a/d", b"second")
    store.put("a/b", [b"somebody else's"])
    assert list(within.names()) == ["a/b", "a/c", "a/d"]
    assert list(store.names()) == ["a/b", "one/two/a/b", "one/two/a/c", "one/two/a/d"]
    assert b"".join(within.read("a/c", len(part))) == b"y"
    assert b"".join(within.read("a/d")) == b"second"
    assert within.length("a/b") == 1
    for name in ("a/b", "a/c", "a/d"):
        within.abandon(name)
    assert list(store.names()) == ["a/b"]
    within.close()


def test_an_unfinished_write_under_a_prefix_is_abandoned(place: Place, store: S3Store) -> None:
    within = S3Store(replace(place.s3, prefix="one/"), connections=4)
    client = store._client  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- leaves it unfinished on purpose
    client.create_multipart_upload(Bucket=place.s3.bucket, Key="one/a")
    within.abandon("a")
    assert left_in(store) == []
    within.close()


@pytest.mark.parametrize("checksums", ["when_required", "when_supported"])
@pytest.mark.parametrize("signing", [False, True])
def test_every_mode_of_checksums_and_signing_is_understood(
    place: Place, store: S3Store, checksums: str, signing: bool
) -> None:
    modes = replace(
        place.s3,
        request_checksums="when_supported" if checksums == "when_supported" else "when_required",
        response_checksums="when_supported" if checksums == "when_supported" else "when_required",
        sign_payloads=signing,
    )
    spoken = S3Store(modes, connections=4)
    part = os.urandom(5 << 20)
    spoken.put("a", [part, b"end"])
    assert b"".join(spoken.read("a")) == part + b"end"
    spoken.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    """A certificate that nobody but the holder of its file trusts; the server's side of it."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Subrosa test store")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    pem = folder / "ca.pem"
    pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    both = folder / "server.pem"
    both.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, str(pem)


def test_a_store_behind_tls_is_believed_by_its_own_authority_alone(
    place: Place, store: S3Store, authority: tuple[ssl.SSLContext, str]
) -> None:
    context, bundle = authority
    with lacking_store(place.s3, tls=context) as stranger:
        with pytest.raises(Unavailable):
            probed(stranger)
        trusting = S3Store(replace(stranger, ca_bundle=bundle), connections=4)
        trusting.probe()
        part = os.urandom(5 << 20)
        trusting.put("a", [part, b"end"])
        assert b"".join(trusting.read("a")) == part + b"end"
        trusting.close()
    assert b"".join(store.read("a")) == part + b"end"
