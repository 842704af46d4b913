"""What a depositor says of a document is checked when it is said, and kept in one form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from policies.vocabulary import PROVENANCES
from vault.errors import Invalid
from vault.wording import one_line

_TITLE_LONGEST = 200
_FILE_NAME_LONGEST = 255
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes:
    """What is said about the bytes themselves; checked when it is made.

    Attributes:
        file_name: One line of at most 255 characters, or None.
        media_type: `type/subtype`; parameters are dropped.
        sha256: The digest announced by the sender in hex, compared when all has arrived; or None.

    Raises:
        Invalid: One of them cannot be accepted.
    """

    file_name: str | None = None
    media_type: str = "application/octet-stream"
    sha256: str | None = None

    def __post_init__(self) -> None:
        """Check, and bring each into its kept form."""
        media_type = self.media_type.partition(";")[0].strip().lower()
        if not _MEDIA_TYPE.fullmatch(media_type):
            raise Invalid("content-type", "This is not a media type.")
        object.__setattr__(self, "media_type", media_type)
        if self.file_name is not None:
            name = one_line("filename", self.file_name, longest=_FILE_NAME_LONGEST)
            object.__setattr__(self, "file_name", name)
        if self.sha256 is not None and not _SHA256.fullmatch(self.sha256):
            raise Invalid("digest", "This is not a SHA-256 digest.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What the depositor says of a document; checked when it is made.

    Attributes:
        document_class: A class of the case's vocabulary; checked when it is deposited.
        title: One line of at most 200 characters.
        provenance: `pre-existing` or `made-for-mediation`; the law treats them differently.
        joint: Deposited for all sides together; only the mediator may say so.
        content: What is said about the bytes.

    Raises:
        Invalid: One of them cannot be accepted.
    """

    document_class: str
    title: str
    provenance: str
    content: Bytes
    joint: bool = False

    def __post_init__(self) -> None:
        """Check, and bring the title into its kept form."""
        if self.provenance not in PROVENANCES:
            raise Invalid("provenance", "This is neither `pre-existing` nor `made-for-mediation`.")
        title = one_line("title", self.title, longest=_TITLE_LONGEST)
        object.__setattr__(self, "title", title)
