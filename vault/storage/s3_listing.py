"""What a bucket holds, versions that no list shows included, and how it goes for good."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from vault.storage.port import Kept, Listed
from vault.storage.s3_errors import code_of, translated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

_LOCKED = frozenset({"AccessDenied", "InvalidRequest", "ObjectLocked"})


class Listing:
    """Reads a bucket's lists. The client puts the prefix before the names that it is given."""

    def __init__(self, client: S3Client, bucket: str, prefix: str) -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix

    def objects(self, prefix: str) -> Iterator[Listed]:
        """See `ObjectStore.objects`."""
        pages = self._client.get_paginator("list_objects_v2")
        with translated():
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                now = parsedate_to_datetime(page["ResponseMetadata"]["HTTPHeaders"]["date"])
                for found in page.get("Contents", ()):
                    yield Listed(
                        self._name(found.get("Key", "")),
                        found.get("Size", 0),
                        found.get("ETag", "").strip('"'),
                        now - found.get("LastModified", now),
                    )

    def destroyed(self, prefix: str, *, only: str | None = None) -> Iterator[Kept]:
        """Remove every version of what begins with a prefix; yield those that are kept."""
        pages = self._client.get_paginator("list_object_versions")
        with translated():
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for found in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    name = self._name(found.get("Key", ""))
                    if only in (None, name):
                        yield from self._destroy_version(name, found.get("VersionId", "null"))

    def _destroy_version(self, name: str, version: str) -> Iterator[Kept]:
        try:
            self._client.delete_object(Bucket=self._bucket, Key=name, VersionId=version)
        except ClientError as error:
            if code_of(error) not in _LOCKED:
                raise
            yield Kept(name, version, self._locked_until(name, version))

    def _locked_until(self, name: str, version: str) -> datetime | None:
        """Return until when a version is locked; None for one under a legal hold alone."""
        try:
            found = self._client.get_object_retention(
                Bucket=self._bucket, Key=name, VersionId=version
            )
        except ClientError:
            return None
        return found["Retention"].get("RetainUntilDate")

    def _name(self, key: str) -> str:
        return key.removeprefix(self._prefix)
