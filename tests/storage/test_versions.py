"""Of what is destroyed no version is left but what the store has locked, and that is hidden."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.storage.versions import (
    allow_removal_of_versions,
    bucket_of,
    client_of,
    end_locks,
    forbid_removal_of_versions,
    lock,
)
from vault.errors import Unavailable
from vault.storage.port import Kept, ObjectMissing
from vault.storage.s3 import S3Store

NEXT_YEAR = datetime.now(UTC).replace(microsecond=0) + timedelta(days=365)


def test_abandoning_leaves_no_version_that_no_list_shows(versioned: S3Store) -> None:
    for name in ("a/1", "a/10"):
        versioned.put(name, [b"x"])
    for _ in range(2):
        versioned.abandon("a/1")
    left = client_of(versioned).list_object_versions(Bucket=bucket_of(versioned))
    assert [found.get("Key") for found in left.get("Versions", ())] == ["a/10"]
    assert "DeleteMarkers" not in left


def test_every_version_of_an_object_is_destroyed(versioned: S3Store) -> None:
    client, bucket = client_of(versioned), bucket_of(versioned)
    for body in (b"1", b"2"):
        client.put_object(Bucket=bucket, Key="a/1", Body=body)
    client.delete_object(Bucket=bucket, Key="a/1")
    client.put_object(Bucket=bucket, Key="a/10", Body=b"neighbour")
    assert versioned.destroy("a/1") == ()
    left = client.list_object_versions(Bucket=bucket)
    assert [version.get("Key") for version in left.get("Versions", ())] == ["a/10"]
    assert "DeleteMarkers" not in left


def test_versions_that_no_list_shows_are_destroyed_under_their_prefix(versioned: S3Store) -> None:
    client, bucket = client_of(versioned), bucket_of(versioned)
    for name in ("a/1", "a/2", "b"):
        client.put_object(Bucket=bucket, Key=name, Body=b"x")
        client.delete_object(Bucket=bucket, Key=name)
    assert list(versioned.objects()) == []
    assert versioned.destroy_under("a/") == ()
    left = client.list_object_versions(Bucket=bucket)
    assert {found.get("Key") for found in left.get("Versions", ())} == {"b"}
    assert versioned.destroy_under("") == ()


def test_a_locked_version_is_reported_with_the_end_of_its_lock(versioned: S3Store) -> None:
    client, bucket = client_of(versioned), bucket_of(versioned)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    client.put_object(
        Bucket=bucket,
        Key="a",
        Body=b"x",
        ObjectLockMode="COMPLIANCE",
        ObjectLockRetainUntilDate=until,
    )
    (kept,) = versioned.destroy("a")
    assert (kept.name, kept.until) == ("a", until)
    while versioned.destroy("a"):
        time.sleep(0.2)
    assert list(versioned.objects()) == []


def test_what_is_locked_is_hidden_from_lists_and_readers(versioned: S3Store) -> None:
    client, bucket = client_of(versioned), bucket_of(versioned)
    for name in ("a/1", "a/2", "a/3"):
        client.put_object(Bucket=bucket, Key=name, Body=name.encode())
    client.delete_object(Bucket=bucket, Key="a/2")
    lock(versioned, NEXT_YEAR, ending="/1")
    lock(versioned, NEXT_YEAR, ending="/2")
    try:
        for _ in range(2):
            assert [kept.name for kept in versioned.destroy("a/1")] == ["a/1"]
            assert {kept.name for kept in versioned.destroy_under("a/")} == {"a/1", "a/2"}
        assert list(versioned.names()) == []
        with pytest.raises(ObjectMissing):
            next(versioned.read("a/1"))
    finally:
        end_locks(versioned)
    assert versioned.destroy_under("a/") == ()
    left = client.list_object_versions(Bucket=bucket)
    assert (left.get("Versions"), left.get("DeleteMarkers")) == (None, None)


def test_a_legal_hold_is_reported_without_a_date(versioned: S3Store) -> None:
    client, bucket = client_of(versioned), bucket_of(versioned)
    version = client.put_object(Bucket=bucket, Key="a", Body=b"x")["VersionId"]
    client.put_object_legal_hold(Bucket=bucket, Key="a", LegalHold={"Status": "ON"})
    try:
        assert versioned.destroy("a") == (Kept("a", version, None),)
    finally:
        client.put_object_legal_hold(
            Bucket=bucket, Key="a", VersionId=version, LegalHold={"Status": "OFF"}
        )
    assert versioned.destroy("a") == ()


def test_a_missing_right_to_remove_a_version_is_no_lock(versioned: S3Store) -> None:
    versioned.put("a", [b"x"])
    forbid_removal_of_versions(versioned)
    try:
        with pytest.raises(Unavailable):
            versioned.destroy("a")
        with pytest.raises(Unavailable):
            versioned.destroy_under("")
    finally:
        allow_removal_of_versions(versioned)
    assert versioned.destroy("a") == ()
