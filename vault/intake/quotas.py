"""No case and no person takes more room than the institution gives them.

Counted is what is stored and what uploads under way have announced. Nothing is counted, and nobody
waits, where no quota is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.database import uploads
from vault.errors import TooLarge

if TYPE_CHECKING:
    from vault.access import Change


def make_room(act: Change, size_bytes: int) -> int | None:
    """Return how much the subject may bring to the case now, at least `size_bytes`; None: no bound.

    Whoever else asks for room for the same case or person waits for the end of this change, so
    that two do not take the same room.

    Raises:
        TooLarge: There is not that much room.
    """
    limits, person = act.standing.vault.limits, act.standing.subject.person
    left: list[int] = []
    # Always the case first: two changes that wait for each other would wait for ever.
    if limits.case_bytes is not None:
        uploads.wait_for(act.tx, act.seated.case)
        left.append(limits.case_bytes - uploads.case_bytes(act.tx, act.seated.case))
        if size_bytes > left[-1]:
            raise TooLarge("The case has no room for a document of this size.")
    if limits.person_bytes is not None:
        uploads.wait_for(act.tx, person)
        left.append(limits.person_bytes - uploads.person_bytes(act.tx, person))
        if size_bytes > left[-1]:
            raise TooLarge("What you may bring in all has no room for a document of this size.")
    return min(left, default=None)
