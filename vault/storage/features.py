"""A bucket is used only if it does what the vault relies on: each feature is tried, not believed.

A store that ignores a condition says nothing and overwrites; one that ignores a range sends
everything. Both look well until the day they matter.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from vault.storage.s3_errors import ENDED, code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_s3 import S3Client

_FOLDER = "probe/"
_BODY = b"subrosa probes this bucket"
_OTHER_BODY = b"and writes over what it wrote"
_REFUSED = frozenset({"412", "PreconditionFailed"})
# As a well-formed ETag of other bytes.
_WRONG_TAG = '"0123456789abcdef0123456789abcdef"'
# Left by a process that was killed while it probed; no probe takes this long.
_LEFT_BEHIND = timedelta(hours=1)


class StoreLacks(Exception):
    """The bucket does not do all that the vault needs; `str()` is one sentence for the operator.

    Not a VaultError: the vault does not start, so no caller ever sees it.
    """

    def __init__(self, features: list[str]) -> None:
        super().__init__(f"The bucket does not do what the vault needs: {'; '.join(features)}.")
        self.features = tuple(features)


def demand_features(client: S3Client, bucket: str) -> None:
    """Try each feature once, on objects under random names that are gone afterwards.

    Raises:
        StoreLacks: One is missing or is not done as S3 documents it.
    """
    # Whoever is not let in, or knocks at the wrong address, is not told of features.
    client.head_bucket(Bucket=bucket)
    probe = _Probe(client, bucket)
    try:
        lacking = list(probe.lacking())
    finally:
        probe.clean()
    if lacking:
        raise StoreLacks(lacking)


class _Probe:
    """One round of trying."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._taken, self._free = (_FOLDER + secrets.token_hex(16) for _ in range(2))
        self._upload = self._etag = ""
        self._begun: list[tuple[str, str]] = []

    def lacking(self) -> Iterator[str]:
        """Yield the name of each feature that is not there."""
        trials: dict[str, Callable[[], bool]] = {
            "PutObject": self._puts,
            "If-None-Match on PutObject": self._puts_once,
            "HeadObject with the length": self._tells_lengths,
            "ranges in GetObject": self._reads_ranges,
            "ListObjectsV2": self._lists,
            "multipart upload": self._begins_upload,
            "ListMultipartUploads": self._lists_uploads,
            "refusal of a part by its ETag": self._knows_parts,
            "If-None-Match on CompleteMultipartUpload": self._completes_once,
            "CompleteMultipartUpload": self._completes,
            "AbortMultipartUpload": self._aborts,
            "PutObject over an object": self._overwrites,
            "ListObjectVersions and DeleteObject by version": self._deletes_versions,
        }
        for feature, trial in trials.items():
            try:
                there = trial()
            except ClientError:
                there = False
            if not there:
                yield feature
        if not self._deletes():
            yield "DeleteObject"

    def clean(self) -> None:
        """Remove what is left, in every version, whatever was or was not there."""
        for name, upload in self._begun:
            with suppress(ClientError):
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=name, UploadId=upload)
        for name in (self._taken, self._free):
            with suppress(ClientError):
                self._client.delete_object(Bucket=self._bucket, Key=name)
            with suppress(ClientError):
                self._delete_versions(name)

    def _puts(self) -> bool:
        self._put()
        return True

    def _puts_once(self) -> bool:
        return self._is_refused(self._put)

    def _tells_lengths(self) -> bool:
        head = self._client.head_object(Bucket=self._bucket, Key=self._taken)
        return head["ContentLength"] == len(_BODY)

    def _reads_ranges(self) -> bool:
        ranges = {"bytes=3-8": _BODY[3:9], "bytes=20-": _BODY[20:]}
        return all(self._read(asked) == expected for asked, expected in ranges.items())

    def _lists(self) -> bool:
        listed = self._client.list_objects_v2(Bucket=self._bucket, Prefix=_FOLDER)
        found = {
            key.rpartition("/")[2]: one["LastModified"]
            for one in listed.get("Contents", ())
            if (key := one.get("Key")) and "LastModified" in one
        }
        ours = found.get(self._taken.removeprefix(_FOLDER))
        if ours is None:
            return False
        for name, written in found.items():
            if ours - written > _LEFT_BEHIND:
                self._client.delete_object(Bucket=self._bucket, Key=_FOLDER + name)
        return True

    def _begins_upload(self) -> bool:
        self._upload = self._begin(self._taken)
        return True

    def _lists_uploads(self) -> bool:
        listed = self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=self._taken)
        return any(one.get("UploadId") == self._upload for one in listed.get("Uploads", ()))

    def _completes_once(self) -> bool:
        return self._is_refused(lambda: self._complete(self._taken, self._upload))

    def _completes(self) -> bool:
        self._complete(self._free, self._begin(self._free))
        head = self._client.head_object(Bucket=self._bucket, Key=self._free)
        return head["ContentLength"] == len(_BODY)

    def _knows_parts(self) -> bool:
        try:
            self._complete(self._free, self._begin(self._free), _WRONG_TAG)
        except ClientError as error:
            return code_of(error) in ENDED
        return False

    def _aborts(self) -> bool:
        upload = self._begin(self._free)
        self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._free, UploadId=upload)
        try:
            self._send_part(self._free, upload)
        except ClientError as error:
            return code_of(error) in ENDED
        return False

    def _overwrites(self) -> bool:
        for body in (_BODY, _OTHER_BODY):
            self._client.put_object(Bucket=self._bucket, Key=self._free, Body=body)
        with self._client.get_object(Bucket=self._bucket, Key=self._free)["Body"] as body:
            return body.read(len(_OTHER_BODY) + 1) == _OTHER_BODY

    def _deletes_versions(self) -> bool:
        return self._delete_versions(self._free) > 0 and self._delete_versions(self._free) == 0

    def _deletes(self) -> bool:
        self.clean()
        try:
            self._client.head_object(Bucket=self._bucket, Key=self._taken)
        except ClientError:
            return True
        return False

    def _put(self) -> None:
        self._client.put_object(Bucket=self._bucket, Key=self._taken, Body=_BODY, IfNoneMatch="*")

    def _read(self, asked: str) -> bytes:
        answer = self._client.get_object(Bucket=self._bucket, Key=self._taken, Range=asked)
        with answer["Body"] as body:
            return body.read(len(_BODY) + 1)

    def _delete_versions(self, name: str) -> int:
        """Remove each version of a name; return how many there were."""
        listed = self._client.list_object_versions(Bucket=self._bucket, Prefix=name)
        versions = (*listed.get("Versions", ()), *listed.get("DeleteMarkers", ()))
        for version in versions:
            self._client.delete_object(
                Bucket=self._bucket, Key=name, VersionId=version.get("VersionId", "null")
            )
        return len(versions)

    def _begin(self, name: str) -> str:
        """Begin an upload of one part."""
        upload = self._client.create_multipart_upload(Bucket=self._bucket, Key=name)["UploadId"]
        self._begun.append((name, upload))
        self._etag = self._send_part(name, upload)
        return upload

    def _send_part(self, name: str, upload: str) -> str:
        return self._client.upload_part(
            Bucket=self._bucket, Key=name, UploadId=upload, PartNumber=1, Body=_BODY
        )["ETag"]

    def _complete(self, name: str, upload: str, tag: str | None = None) -> None:
        self._client.complete_multipart_upload(
            Bucket=self._bucket,
            Key=name,
            UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag or self._etag}]},
            IfNoneMatch="*",
        )

    @staticmethod
    def _is_refused(write: Callable[[], object]) -> bool:
        """Tell whether a write is refused because the name is taken."""
        try:
            write()
        except ClientError as error:
            return code_of(error) in _REFUSED
        return False
