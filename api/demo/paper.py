"""The papers of the sample case read as such papers do, and every person in them is invented.

Pages are divided by a line of dashes, paragraphs by an empty line. What stands in braces is
blackened where a redacted version is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PDF: Final = "application/pdf"
JPEG: Final = "image/jpeg"
MAIL: Final = "message/rfc822"
ZIP: Final = "application/zip"

IMAGING_BYTES: Final = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document of the sample case before it is deposited.

    Attributes:
        key: What the story calls it.
        by: Who deposits it, a key of the cast.
        made: Whether it was made for the mediation, and not pre-existing.
        joint: Deposited by the mediator for all sides together.
        as_form: Deposited as a multipart form, and not as a raw body.
        redacted: A redacted version is brought too.
        text: Its pages; an imaging set has none.
    """

    key: str
    title: str
    document_class: str
    by: str
    file_name: str
    media_type: str = PDF
    made: bool = False
    joint: bool = False
    as_form: bool = False
    redacted: bool = False
    text: str = ""

    @property
    def origin(self) -> str:
        """The origin that the vault gives what this depositor brings."""
        return "joint" if self.joint else self.by.rpartition(":")[2]

    @property
    def pages(self) -> tuple[tuple[str, ...], ...]:
        """The paragraphs of each page."""
        return tuple(
            tuple(" ".join(paragraph.split()) for paragraph in page.strip().split("\n\n"))
            for page in self.text.split("\n----\n")
        )
