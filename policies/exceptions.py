"""One document is granted wider, or clawed back, without a word of the agreement being changed.

A document that was ever granted beyond scope bears a label of its own, `grant-N`; each grant is
one more row that allows that label to one recipient. So everything else goes on as agreed: ordinary
clauses hold for granted documents too, a deny and a floor still beat every grant, and a document
that is clawed back loses its grants together with its clauses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from policies.instants import are_ends
from policies.policy import PolicyRefused, Row
from policies.terms import Effect
from policies.vocabulary import NO_LABEL, PURPOSES, is_grant_label

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from uuid import UUID

    from policies.instants import Instant
    from policies.vocabulary import View

_PURPOSES: Final = frozenset(PURPOSES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A single document, opened to one recipient by the consent of everybody it belongs to.

    Attributes:
        number: Counts the grants of a case from 1; decisions name it `GRANT-number`.
        label: What the document bears: `grant-N`.
        to: A group of seats, or a person of the roster.
        view: The highest view granted.
        purposes: In alphabetical order, at least one.
        nbf: It holds in `[nbf, exp)`.

    Raises:
        PolicyRefused: One of them cannot be part of a row.
    """

    number: int
    label: str
    to: str
    view: View
    purposes: tuple[str, ...]
    nbf: Instant
    exp: Instant

    def __post_init__(self) -> None:
        sound = (
            self.number >= 1
            and is_grant_label(self.label)
            and self.purposes
            and _PURPOSES.issuperset(self.purposes)
            and are_ends(self.nbf, self.exp)
            and self.nbf < self.exp
        )
        if not sound:
            raise PolicyRefused("A grant of this case is malformed.")

    @property
    def clause(self) -> str:
        """The id under which a decision by this grant is quoted."""
        return f"GRANT-{self.number}"

    def row(self, case: str) -> Row:
        """Return the grant as the row that allows it."""
        return Row(
            sub=self.to,
            case=case,
            cls="*",
            origin="*",
            prov="*",
            label=self.label,
            view=str(self.view.value),
            purpose="|".join(self.purposes),
            phase="*",
            nbf=self.nbf,
            exp=self.exp,
            eft=Effect.ALLOW.value,
            clause=self.clause,
        )


@dataclass(frozen=True, slots=True)
class Exceptions:
    """The grants of a case at one moment of its life.

    Attributes:
        version: How many times an exception was made or ended before this.
        grants: Those not withdrawn, in the order of their numbers.
        labels: What documents must bear, by id; those not named bear none.
        erased: The ids of documents that are there no more.
    """

    version: int = 0
    grants: tuple[Grant, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    erased: frozenset[str] = frozenset()

    @property
    def grant_labels(self) -> tuple[str, ...]:
        """The labels of documents that are granted, or were once: a label outlives its grants."""
        labels = (*(grant.label for grant in self.grants), *self.labels.values())
        return tuple(dict.fromkeys(label for label in labels if is_grant_label(label)))

    def among(self, labels: Collection[str]) -> Exceptions:
        """Return as much of them as may be told to somebody who knows of these labels alone."""
        return Exceptions(
            self.version,
            tuple(grant for grant in self.grants if grant.label in labels),
            {document: label for document, label in self.labels.items() if label in labels},
        )

    def label_of(self, document: UUID) -> str:
        """Return the label that a document must bear."""
        return self.labels.get(str(document), NO_LABEL)

    def is_erased(self, document: UUID) -> bool:
        """Tell whether a document was erased: a row of it that is there was put back."""
        return str(document) in self.erased


NO_EXCEPTIONS: Final = Exceptions()
