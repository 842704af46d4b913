"""Instants are fixed-width texts, so that the order of texts is the order of time."""

import re
from datetime import MAXYEAR, UTC, datetime
from typing import Final, NewType

# `YYYY-MM-DDTHH:MM:SSZ`, or an open end. Made by `instant`, or checked by `is_instant`.
Instant = NewType("Instant", str)

ALWAYS: Final = Instant("0000")
NEVER: Final = Instant("9999")

# Of `YYYY-MM-DDTHH:MM:SS`, which the offset follows.
_WIDTH: Final = 19
_SHAPE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def instant(moment: datetime) -> Instant:
    """Write a moment as UTC, cut to the second.

    Cutting is exact for every question: intervals begin and end on whole seconds and hold
    `nbf <= now < exp`, which a fraction of a second cannot change.

    Raises:
        ValueError: The moment bears no time zone.
        OverflowError: It lies outside the years 1 to 9998 in UTC.
    """
    if moment.tzinfo is not UTC:
        if moment.utcoffset() is None:
            raise ValueError("A moment without a time zone is no instant.")
        moment = moment.astimezone(UTC)
    if moment.year == MAXYEAR:
        raise OverflowError("The last year of the calendar sorts behind the open end.")
    return Instant(moment.isoformat(timespec="seconds")[:_WIDTH] + "Z")


def is_instant(text: str) -> bool:
    """Tell whether a text is a fixed-width instant of the calendar; open ends are not.

    Nor is the last year: it sorts behind `9999`, the open end, so that what ended never would end
    before it.
    """
    if not _SHAPE.fullmatch(text) or text > NEVER:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def are_ends(nbf: str, exp: str) -> bool:
    """Tell whether both ends of `[nbf, exp)` are real instants or open."""
    return (nbf == ALWAYS or is_instant(nbf)) and (exp == NEVER or is_instant(exp))
