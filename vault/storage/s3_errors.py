"""What boto3 raises becomes the vault's own refusals; no name or address leaves in a text."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from vault.errors import Tampered, Unavailable
from vault.storage.port import ObjectMissing, WriteMissing

if TYPE_CHECKING:
    from collections.abc import Generator

TAKEN = frozenset({"412", "PreconditionFailed"})
ENDED = frozenset({"NoSuchUpload", "InvalidPart", "InvalidPartOrder"})
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_BEYOND = frozenset({"416", "InvalidRange"})


def code_of(error: ClientError) -> str:
    """Return what S3 calls an error; empty if it has no name."""
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def translated() -> Generator[None]:
    """Turn boto3's exceptions into the vault's.

    Raises:
        ObjectMissing: There is no such object.
        WriteMissing: There is no such write, or not with these parts.
        Tampered: The object is shorter than it must be.
        Unavailable: Anything else.
    """
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if code in _MISSING:
            raise ObjectMissing from error
        if code in ENDED:
            raise WriteMissing from error
        if code in _BEYOND:
            raise Tampered from error
        raise Unavailable("The object store does not answer as it should.") from error
    except (BotoCoreError, HTTPError) as error:
        raise Unavailable("The object store does not answer.") from error
