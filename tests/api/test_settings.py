"""What is set wrongly stops the start with one sentence, and names the setting and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.settings import SettingsRefused, read_bucket, read_settings
from vault.keyring.addresses import RootKeyFile
from vault.storage.s3 import S3Settings

if TYPE_CHECKING:
    from pathlib import Path

BUCKET = {
    "SUBROSA_S3_BUCKET": "b",
    "SUBROSA_S3_ACCESS_KEY": "me",
    "SUBROSA_S3_SECRET_KEY": "a-secret-of-mine",
}
ALL = {
    **BUCKET,
    "SUBROSA_DATABASE_URL": "postgresql://somewhere",
    "SUBROSA_LOG_ORIGIN": "vault.example/audit",
}


def test_a_bucket_has_these_settings_unless_others_are_given() -> None:
    servers = read_settings(ALL).servers
    assert servers is not None
    expected = S3Settings(
        endpoint=None,
        bucket="b",
        region="us-east-1",
        access_key="me",
        secret_key="a-secret-of-mine",
    )
    assert servers.s3 == read_bucket(BUCKET).s3 == expected
    assert "a-secret-of-mine" not in repr(servers)


def test_every_setting_of_a_bucket_is_read(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("x")
    given = {
        **BUCKET,
        "SUBROSA_S3_ENDPOINT": "https://store.example",
        "SUBROSA_S3_REGION": "eu-1",
        "SUBROSA_S3_PREFIX": "vault/2026/",
        "SUBROSA_S3_ADDRESSING": "virtual",
        "SUBROSA_S3_REQUEST_CHECKSUMS": "when_supported",
        "SUBROSA_S3_RESPONSE_CHECKSUMS": "when_supported",
        "SUBROSA_S3_SIGN_PAYLOADS": "yes",
        "SUBROSA_S3_CA_BUNDLE": str(bundle),
        "SUBROSA_S3_CONNECT_TIMEOUT_S": "1",
        "SUBROSA_S3_READ_TIMEOUT_S": "2",
        "SUBROSA_S3_ATTEMPTS": "4",
    }
    assert read_bucket(given).s3 == S3Settings(
        endpoint="https://store.example",
        bucket="b",
        region="eu-1",
        access_key="me",
        secret_key="a-secret-of-mine",
        prefix="vault/2026/",
        addressing="virtual",
        request_checksums="when_supported",
        response_checksums="when_supported",
        sign_payloads=True,
        ca_bundle=str(bundle),
        connect_timeout_s=1,
        read_timeout_s=2,
        attempts=4,
    )


def test_without_a_bucket_the_embedded_one_is_read(tmp_path: Path) -> None:
    found = read_bucket({}, data=tmp_path)
    assert found.s3 is None
    assert found.root_keys == RootKeyFile(path=tmp_path / "keys" / "root.key")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SUBROSA_S3_ACCESS_KEY", ""),
        ("SUBROSA_S3_SECRET_KEY", ""),
        ("SUBROSA_S3_ADDRESSING", "PATH"),
        ("SUBROSA_S3_REQUEST_CHECKSUMS", "never-ever"),
        ("SUBROSA_S3_RESPONSE_CHECKSUMS", "when"),
        ("SUBROSA_S3_SIGN_PAYLOADS", "true"),
        ("SUBROSA_S3_PREFIX", "no-slash"),
        ("SUBROSA_S3_PREFIX", "/leading/"),
        ("SUBROSA_S3_PREFIX", "a//b/"),
        ("SUBROSA_S3_PREFIX", "a/../b/"),
        ("SUBROSA_S3_PREFIX", "ä/"),
        ("SUBROSA_S3_CA_BUNDLE", "/no/such/file.pem"),
        ("SUBROSA_S3_CONNECT_TIMEOUT_S", "0"),
        ("SUBROSA_S3_READ_TIMEOUT_S", "1.5"),
        ("SUBROSA_S3_ATTEMPTS", "-1"),
    ],
)
def test_a_setting_that_cannot_be_is_named_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        read_bucket({**BUCKET, name: value})
    assert name in str(refused.value)
    assert f"`{value}`" not in str(refused.value)
    assert "a-secret-of-mine" not in str(refused.value)
