"""Each floor promises something of a part of all that can be asked, for each way to sit there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from policies.floors import (
    CAUCUS,
    FLOOR_AUDITOR,
    FLOOR_BOARD,
    FLOOR_CAUCUS,
    FLOOR_NAMED,
    FLOOR_STATUTORY,
    OUTSIDERS,
    REGULATORY,
    STATUTORY,
)
from policies.terms import Effect
from policies.vocabulary import NAMED_ONLY, PROVENANCES, Role, View

if TYPE_CHECKING:
    from collections.abc import Callable

    from policies.atoms import Box
    from policies.policy import Row
    from policies.seatings import Seating

_PRE_EXISTING: Final = PROVENANCES[0]


class Promise(NamedTuple):
    """Within a region no row of one effect has it its way: none allows, or none denies.

    Attributes:
        floor: Whose promise it is.
        effect: Of the rows that could break it.
        view: Allowed from this one on, or denied up to this one, it is broken.
        region: Where it holds for whoever sits so; None if nowhere.
        concerns: Tells whether it speaks of a row of that effect.
        given: Besides, it must be allowed there.
    """

    floor: str
    effect: Effect
    view: View
    region: Callable[[Seating, Box], Box | None]
    concerns: Callable[[Row], bool]
    given: bool = False


def _caucus(seating: Seating, space: Box) -> Box | None:
    """Caucus papers are for their own side and the mediator."""
    papers = space._replace(cls=(CAUCUS,))
    if seating.is_one_of(*OUTSIDERS):
        return papers
    others = tuple(origin for origin in space.origin if origin != seating.side)
    return None if seating.side is None else papers._replace(origin=others)


def _content(seating: Seating, space: Box) -> Box | None:
    """No document has content for an auditor."""
    return space if seating.is_one_of(Role.AUDITOR) else None


def _named(seating: Seating, space: Box) -> Box:
    """Records that are opened by name alone are otherwise for those who deposited them."""
    others = tuple(origin for origin in space.origin if origin not in seating.own)
    return space._replace(cls=NAMED_ONLY, origin=others)


def _statutory(seating: Seating, space: Box) -> Box | None:
    """A statutory report reaches a board in every phase and despite any label."""
    if not seating.is_one_of(Role.REGULATOR):
        return None
    return space._replace(cls=(STATUTORY,), purpose=(REGULATORY,))


def _board(seating: Seating, space: Box) -> Box | None:
    """What was there before the mediation is not barred from a board.

    Caucus papers are FLOOR-1's and statutory reports FLOOR-4's. Whoever sits for an organisation
    may sit as a regulator, so what is said to one is held to this too; a clause for an insurer's
    people leaves out the purpose `regulatory`, or speaks to the insurers.
    """
    if not seating.is_one_of(Role.REGULATOR):
        return None
    rest = tuple(word for word in space.cls if word not in {CAUCUS, STATUTORY})
    return space._replace(cls=rest, prov=(_PRE_EXISTING,), purpose=(REGULATORY,))


def _any(_: Row) -> bool:
    return True


def _is_general(row: Row) -> bool:
    """Tell whether a row speaks of records in general and does not name their class."""
    return row.cls.startswith(("*", "!"))


PROMISES: Final = (
    Promise(FLOOR_CAUCUS, Effect.ALLOW, View.METADATA, _caucus, _any),
    Promise(FLOOR_AUDITOR, Effect.ALLOW, View.REDACTED, _content, _any),
    Promise(FLOOR_NAMED, Effect.ALLOW, View.METADATA, _named, _is_general),
    Promise(FLOOR_STATUTORY, Effect.DENY, View.FULL, _statutory, _any, given=True),
    Promise(FLOOR_BOARD, Effect.DENY, View.FULL, _board, _any),
)
