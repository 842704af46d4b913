"""What a test of versions and locks asks of the store behind the vault's back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from vault.storage.s3 import S3Store


def client_of(store: S3Store) -> S3Client:
    return store._client  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- versions and locks are set by nobody else


def bucket_of(store: S3Store) -> str:
    return store._bucket  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- see above
