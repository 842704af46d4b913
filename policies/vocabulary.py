"""The words of the language are closed lists: nothing else can be agreed, asked or matched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# The lists below under one name, which every agreement bears: words are added under a new number.
VOCABULARY: Final = "subrosa-vocabulary/1"
CLASSES: Final = (
    "medical",
    "billing",
    "correspondence",
    "statement",
    "admission",
    "apology",
    "caucus",
    "expert-report",
    "settlement",
    "commitment-evidence",
    "progress-report",
    "peer-review",
    "substance-use-record",
    "statutory-report",
    "imaging",
    "insurance",
    "other",
)
# Never opened by a clause that speaks of classes in general: by 42 CFR Part 2 each disclosure of
# such a record, onward ones included, is consented to by name.
NAMED_ONLY: Final = ("substance-use-record",)
PROVENANCES: Final = ("pre-existing", "made-for-mediation")
PURPOSES: Final = ("mediation", "claims", "opinion", "regulatory", "audit")
PHASES: Final = ("intake", "exchange", "mediation", "settlement", "implementation", "closed")
NO_LABEL: Final = "-"
CLAWED_BACK: Final = "claw-back"
LABELS: Final = (NO_LABEL, CLAWED_BACK)
_GRANT_LABEL = re.compile("grant-[1-9][0-9]{0,5}")

JOINT: Final = "joint"
FEWEST_SIDES: Final = 2
MOST_SIDES: Final = 16
# Ids of sides and organisations, and the classes that an institution adds.
WORD_PATTERN: Final = "[a-z][a-z0-9-]{0,31}"
MOST_FURTHER_CLASSES: Final = 64
MOST_ORGANISATIONS: Final = 64
_WORD = re.compile(WORD_PATTERN)


class TermsRefused(ValueError):
    """A value does not belong to the scope language.

    Attributes:
        pointer: JSON pointer (RFC 6901) to the value within what was given.
    """

    def __init__(self, pointer: str, reason: str) -> None:
        """Keep where and why; the reason is a fixed sentence and never holds the value."""
        super().__init__(reason)
        self.pointer = pointer


class View(IntEnum):
    """How much of a document is shown. Each view includes those below it."""

    METADATA = 1
    REDACTED = 2
    FULL = 3

    # Enum's own hashes the name in Python, and every decision looks its view up.
    __hash__ = int.__hash__

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> View:
        """Return the view of this name.

        Raises:
            TermsRefused: There is none.
        """
        for view in cls:
            if str(view) == text:
                return view
        raise TermsRefused("", "This is not a view of the vocabulary.")


class Role(StrEnum):
    """What a person sits in a case as."""

    MEDIATOR = "mediator"
    PARTY = "party"
    COUNSEL = "counsel"
    INSURER = "insurer"
    REGULATOR = "regulator"
    EXPERT = "expert"
    AUDITOR = "auditor"


ON_A_SIDE: Final = frozenset({Role.PARTY, Role.COUNSEL})
_DEPOSITORS: Final = frozenset({Role.MEDIATOR, Role.EXPERT})
# A side of one of these names would be taken for an origin or a group of that name.
RESERVED: Final = frozenset({*Role, JOINT, "side", "organisation"})


def is_side(text: str) -> bool:
    """Tell whether a text can be the id of a side."""
    return _WORD.fullmatch(text) is not None and text not in RESERVED


def is_organisation(text: str) -> bool:
    """Tell whether a text can be the id of an organisation."""
    return _WORD.fullmatch(text) is not None


def is_grant_label(text: str) -> bool:
    """Tell whether a label says that a document was granted beyond scope: `grant-7`."""
    return _GRANT_LABEL.fullmatch(text) is not None


def check_classes(further: Sequence[str]) -> tuple[str, ...]:
    """Return the classes that an institution adds to the vocabulary, if they can be classes.

    Raises:
        TermsRefused: They are too many, not distinct, known already, or not words.
    """
    if len(further) > MOST_FURTHER_CLASSES:
        raise TermsRefused("", "A vocabulary has at most 64 further classes.")
    for position, word in enumerate(further):
        if not _WORD.fullmatch(word) or word in CLASSES:
            raise TermsRefused(f"/{position}", "This cannot be a further class.")
    if len(set(further)) < len(further):
        raise TermsRefused("", "Each class is named once.")
    return tuple(sorted(further))


def check_sides(sides: Sequence[str]) -> tuple[str, ...]:
    """Return the sides of a case if they can be sides.

    Raises:
        TermsRefused: They are too few, too many, not distinct, or not ids of sides.
    """
    if not FEWEST_SIDES <= len(sides) <= MOST_SIDES:
        raise TermsRefused("/sides", "A case has between 2 and 16 sides.")
    for position, side in enumerate(sides):
        if not is_side(side):
            raise TermsRefused(f"/sides/{position}", "This cannot be the id of a side.")
    if len(set(sides)) < len(sides):
        raise TermsRefused("/sides", "Each side is named once.")
    return tuple(sides)


def origins_of(sides: Sequence[str]) -> tuple[str, ...]:
    """Return every origin that a document of a case with these sides may bear."""
    return (*sides, JOINT, Role.MEDIATOR.value, Role.EXPERT.value)


def groups_of(sides: Sequence[str], organisations: Iterable[str] = ()) -> frozenset[str]:
    """Return every group of seats that a clause between these sides may be addressed to."""
    per_side = {
        f"{group}:{side}" for side in sides for group in ("side", "party", "counsel", "insurer")
    }
    named = {organisation_group(organisation) for organisation in organisations}
    return frozenset(per_side | named | {role.value for role in Role})


def organisation_group(organisation: str) -> str:
    """Return the group of everybody who sits in a case for an organisation."""
    return f"organisation:{organisation}"


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a case: `party:claimant`, `insurer`, `mediator`.

    Attributes:
        role: What the person sits as.
        side: Whose; always for party and counsel, possibly for an insurer, never for others.
    """

    role: Role
    side: str | None

    def __post_init__(self) -> None:
        if self.side is None:
            if self.role in ON_A_SIDE:
                raise TermsRefused("", "This seat needs a side.")
        elif self.role not in ON_A_SIDE and self.role is not Role.INSURER:
            raise TermsRefused("", "This seat belongs to no side.")
        elif not is_side(self.side):
            raise TermsRefused("", "This cannot be the id of a side.")

    def __str__(self) -> str:
        return self.role.value if self.side is None else f"{self.role.value}:{self.side}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the seat of this text.

        Raises:
            TermsRefused: There is none.
        """
        name, colon, side = text.partition(":")
        if name not in set(Role):
            raise TermsRefused("", "This is not a seat of the vocabulary.")
        return cls(Role(name), side if colon else None)

    def groups(self) -> frozenset[str]:
        """Return the groups this seat belongs to, each of which a clause may address."""
        groups = {str(self), self.role.value}
        if self.role in ON_A_SIDE:
            groups.add(f"side:{self.side}")
        return frozenset(groups)

    def origin(self) -> str | None:
        """Return the origin that deposits from this seat bear; None if it may not deposit."""
        if self.role in ON_A_SIDE:
            return self.side
        return self.role.value if self.role in _DEPOSITORS else None


class Marking(NamedTuple):
    """All that a decision may look at in a document.

    Attributes:
        document_class: What kind of record it is.
        origin: The side that deposited it, or `joint`, `mediator`, `expert`.
        provenance: Whether it existed before, or was made for the mediation.
        label: A named exception, or `-` for none.
    """

    document_class: str
    origin: str
    provenance: str
    label: str
