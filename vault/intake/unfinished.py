"""What an upload that was never completed left behind is removed, and one still alive is not."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from vault.database import documents, uploads
from vault.errors import Unavailable, VaultError
from vault.manifests import abandon_rendition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from vault.core import Vault
    from vault.ids import CaseId, RenditionId, UploadId


# Much less than the hour after which a sweep may take an upload for dead.
_SIGN_OF_LIFE_EVERY: Final = timedelta(minutes=5)


def kept_alive(
    vault: Vault, rendition_id: RenditionId, content: Iterable[bytes]
) -> Iterator[bytes]:
    """Pass content on, and note now and then that its upload lives, so that no sweep ends it."""
    noted_at = vault.clock()
    for piece in content:
        now = vault.clock()
        if now - noted_at >= _SIGN_OF_LIFE_EVERY:
            noted_at = now
            # The bytes are worth more than the note: the next one is tried in time.
            with suppress(Unavailable), vault.database.transaction() as tx:
                documents.keep_upload_alive(tx, rendition_id, now)
        yield piece


def abandon(vault: Vault, case_id: CaseId, rendition_id: RenditionId) -> bool:
    """End an upload that was not completed, and remove its ciphertext.

    It is given up first, which waits for a completion whose outcome is still open: if that has
    committed, the object stays. The note of the upload goes last, so that an object the store
    could not remove now is not forgotten.

    Returns:
        Whether all of it is gone. Never raises VaultError: what is left is swept later.
    """
    try:
        with vault.database.transaction() as tx:
            given_up = documents.give_up_upload(tx, rendition_id)
        if given_up:
            abandon_rendition(vault, case_id, rendition_id)
            with vault.database.transaction() as tx:
                documents.delete_upload(tx, rendition_id)
                uploads.delete(tx, rendition_id)
    except VaultError:
        return False
    return given_up


def abandon_upload(vault: Vault, upload_id: UploadId) -> None:
    """End a resumable upload that nobody was told of; what is left is swept later."""
    vault.digests.forget(upload_id)
    with suppress(VaultError):
        with vault.database.transaction() as tx:
            row = uploads.find(tx, upload_id)
        if row is not None:
            abandon(vault, row.case_id, row.rendition_id)


def sweep(vault: Vault, silent_since: datetime) -> int:
    """End what never ended: uploads in one go, and resumable ones that have expired.

    Args:
        vault: The collaborators.
        silent_since: An hour ago at the latest, if an upload in one go may be running anywhere.

    Returns:
        How many were ended.
    """
    with vault.database.transaction() as tx:
        left = documents.uploads_silent_since(tx, silent_since)
        expired = uploads.expired(tx, vault.clock())
    count = sum(abandon(vault, upload.case_id, upload.rendition_id) for upload in left)
    return count + sum(_end_expired(vault, upload_id) for upload_id in expired)


def unended(vault: Vault, silent_since: datetime) -> int:
    """Return how many uploads a sweep would end, if nobody goes on with them."""
    with vault.database.transaction() as tx:
        left = len(documents.uploads_silent_since(tx, silent_since))
        return left + len(uploads.expired(tx, vault.clock()))


def _end_expired(vault: Vault, upload_id: UploadId) -> bool:
    """End an upload unless somebody writes to it, or has done so since it was found expired."""
    with vault.database.alone(upload_id) as writer:
        if writer is None:
            return False
        with writer.transaction() as tx:
            row = uploads.find(tx, upload_id)
            if row is None or row.expires_at > vault.clock():
                return False
            if row.receipt is not None:
                # A document by now; only its receipt could still be fetched here.
                uploads.delete(tx, row.rendition_id)
                return False
        vault.digests.forget(upload_id)
        return abandon(vault, row.case_id, row.rendition_id)
