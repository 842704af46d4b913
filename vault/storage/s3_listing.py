"""What a bucket holds, versions that no list shows included, and how it goes for good."""

from __future__ import annotations

from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

from vault.storage.port import Kept, Listed
from vault.storage.s3_errors import code_of, translated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ResponseMetadataTypeDef

_REFUSED = frozenset({"AccessDenied", "InvalidRequest", "ObjectLocked"})


class Listing:
    """Reads a bucket's lists. The client puts the prefix before the names that it is given."""

    def __init__(self, client: S3Client, bucket: str, prefix: str) -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix

    def objects(self, prefix: str) -> Iterator[Listed]:
        """See `ObjectStore.objects`."""
        pages = self._client.get_paginator("list_objects_v2")
        with translated():
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                now = _date_of(page["ResponseMetadata"])
                for found in page.get("Contents", ()):
                    yield Listed(
                        self._name(found.get("Key", "")),
                        found.get("Size", 0),
                        found.get("ETag", "").strip('"'),
                        now - found.get("LastModified", now),
                    )

    def writes(self) -> Iterator[Listed]:
        """See `ObjectStore.writes`."""
        pages = self._client.get_paginator("list_multipart_uploads")
        with translated():
            for page in pages.paginate(Bucket=self._bucket, Prefix=""):
                now = _date_of(page["ResponseMetadata"])
                for found in page.get("Uploads", ()):
                    yield Listed(
                        self._name(found.get("Key", "")),
                        0,
                        found.get("UploadId", ""),
                        now - found.get("Initiated", now),
                    )

    def destroyed(self, prefix: str, *, only: str | None = None) -> tuple[Kept, ...]:
        """Remove every version of what begins with a prefix; return those that are locked.

        What is locked is hidden: without the marker over it, it would be an object again.
        """
        kept: list[Kept] = []
        with translated():
            for name, version, _ in self._versions("Versions", prefix, only):
                kept += self._destroy_version(name, version)
            bare = {left.name for left in kept}
            for name, version, latest in self._versions("DeleteMarkers", prefix, only):
                if latest and name in bare:
                    bare.remove(name)
                else:
                    self._client.delete_object(Bucket=self._bucket, Key=name, VersionId=version)
            for name in bare:
                self._client.delete_object(Bucket=self._bucket, Key=name)
        return tuple(kept)

    def _versions(
        self, kind: Literal["Versions", "DeleteMarkers"], prefix: str, only: str | None
    ) -> Iterator[tuple[str, str, bool]]:
        """Yield name and id of each version, or marker, and whether it is the latest."""
        pages = self._client.get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
            for found in page.get(kind, ()):
                name = self._name(found.get("Key", ""))
                if only in (None, name):
                    yield name, found.get("VersionId", "null"), found.get("IsLatest", False)

    def _destroy_version(self, name: str, version: str) -> list[Kept]:
        try:
            self._client.delete_object(Bucket=self._bucket, Key=name, VersionId=version)
        except ClientError as error:
            locked = self._locked(name, version) if code_of(error) in _REFUSED else None
            if locked is None:
                raise
            return [locked]
        return []

    def _locked(self, name: str, version: str) -> Kept | None:
        """Return a version as the store's own lock keeps it; None if it has none now.

        A missing right is refused in the same words, and says nothing about what is kept.
        """
        with suppress(ClientError):
            hold = self._client.get_object_legal_hold(
                Bucket=self._bucket, Key=name, VersionId=version
            )
            if hold["LegalHold"].get("Status") == "ON":
                return Kept(name, version, None)
        with suppress(ClientError):
            found = self._client.get_object_retention(
                Bucket=self._bucket, Key=name, VersionId=version
            )
            until = found["Retention"].get("RetainUntilDate")
            if until is not None and until >= _date_of(found["ResponseMetadata"]):
                return Kept(name, version, until)
        return None

    def _name(self, key: str) -> str:
        return key.removeprefix(self._prefix)


def _date_of(answer: ResponseMetadataTypeDef) -> datetime:
    """Return when the store answered, by its own clock."""
    return parsedate_to_datetime(answer["HTTPHeaders"]["date"])
