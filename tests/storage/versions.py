"""What a test of versions and locks asks of the store behind the vault's back."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

if TYPE_CHECKING:
    from datetime import datetime

    from botocore.awsrequest import AWSPreparedRequest
    from mypy_boto3_s3 import S3Client

    from vault.storage.s3 import S3Store


def client_of(store: S3Store) -> S3Client:
    return store._client  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- versions and locks are set by nobody else


def bucket_of(store: S3Store) -> str:
    return store._bucket  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- see above


def lock(store: S3Store, until: datetime, *, ending: str = "") -> None:
    """Lock every version whose name ends so, until an instant or until it is unlocked."""
    client, bucket = client_of(store), bucket_of(store)
    for found in client.list_object_versions(Bucket=bucket).get("Versions", ()):
        key, version = found.get("Key", ""), found.get("VersionId", "")
        if key.endswith(ending):
            client.put_object_retention(
                Bucket=bucket,
                Key=key,
                VersionId=version,
                Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until},
            )


def end_locks(store: S3Store) -> None:
    """Remove what is locked, as the store does not let the vault."""
    client, bucket = client_of(store), bucket_of(store)
    for found in client.list_object_versions(Bucket=bucket).get("Versions", ()):
        client.delete_object(
            Bucket=bucket,
            Key=found.get("Key", ""),
            VersionId=found.get("VersionId", ""),
            BypassGovernanceRetention=True,
        )


def forbid_removal_of_versions(store: S3Store) -> None:
    """Let the store answer as it does where the right to remove a version is missing."""

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        if "versionId=" not in request.url:
            return None
        said = Raw(b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
        return AWSResponse(request.url, 403, HTTPHeaders(), said)

    events: Any = client_of(store).meta.events
    events.register("before-send.s3.DeleteObject", answer, "forbidden")


def allow_removal_of_versions(store: S3Store) -> None:
    client_of(store).meta.events.unregister("before-send.s3.DeleteObject", unique_id="forbidden")


class Raw(BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: Any) -> list[bytes]:
        return [self.getvalue()]
