"""What an operator must hear of at once is said once, in ids, where a collector of logs listens."""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from vault.ids import CaseId, DocumentId

_LOGGER = logging.getLogger("subrosa.alerts")


class Alerts:
    """Raised to the logger `subrosa.alerts` at ERROR, and counted since the process started.

    An alert names ids and nothing else, like all that is written outside the log. It is no record:
    what it speaks of is on the log too, if that could be written.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._raised = 0

    @property
    def raised(self) -> int:
        """How many there were."""
        return self._raised

    def tampered(self, case: CaseId, document: DocumentId, rendition: UUID) -> None:
        """Say that a rendition in the store, or its row, is not what was deposited."""
        self._raise("tampered", "is not what was deposited", case, document, rendition)

    def scrubbed(self, case: CaseId, document: DocumentId, rendition: UUID, what: str) -> None:
        """Say what a scrub found of a rendition, or of its case's key (`Fault`)."""
        self._raise("scrub", what, case, document, rendition)

    def malware(self, case: CaseId, document: DocumentId, rendition: UUID) -> None:
        """Say that malware was found in what was deposited; it was refused."""
        self._raise("malware", "was refused", case, document, rendition)

    def unscanned(self, case: CaseId, document: DocumentId, rendition: UUID, why: str) -> None:
        """Say that a deposit waits for the scanner, and why."""
        self._raise("unscanned", why, case, document, rendition)

    def _raise(
        self, kind: str, what: str, case: CaseId, document: DocumentId, rendition: UUID
    ) -> None:
        with self._lock:
            self._raised += 1
        _LOGGER.error(
            "%s: case=%s document=%s rendition=%s %s", kind, case, document, rendition, what
        )
