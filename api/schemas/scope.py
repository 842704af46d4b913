"""Explanations, and what a seat may see, as they go in and out over HTTP."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from api.schemas.bodies import (
    DOCUMENT,
    INSTANT,
    PERSON,
    VIEW_NAMES,
    RequestBody,
    ResponseBody,
    ViewName,
)
from policies.decisions import Permit
from policies.explain import Counterfactual, Explanation, sentences
from policies.terms import Marking, View
from policies.vocabulary import NO_LABEL
from vault.disclosure.explanations import Supposition
from vault.disclosure.view_as import Cell, SeenBy, ViewAs


class SuppositionIn(RequestBody):
    """A kind of document, a view, and the circumstances to suppose."""

    document_class: str = Field(alias="class", max_length=40, examples=["medical"])
    origin: str = Field(max_length=40, examples=["claimant"])
    provenance: str = Field(max_length=40, examples=["pre-existing"])
    view: ViewName = Field(examples=["full"])
    purpose: str | None = Field(
        default=None, max_length=40, description="What goes with your seat if left out."
    )
    phase: str | None = Field(
        default=None,
        max_length=40,
        description="The case's own if left out.",
        examples=["exchange"],
    )
    at: Annotated[AwareDatetime | None, Field(strict=False)] = Field(
        default=None, description="Now if left out.", examples=[INSTANT]
    )

    def supposed(self) -> Supposition:
        """Return it as the vault takes it."""
        return Supposition(
            marking=Marking(self.document_class, self.origin, self.provenance, NO_LABEL),
            view=View.parse(self.view),
            purpose=self.purpose,
            phase=self.phase,
            at=self.at,
        )


class WouldAllowOut(ResponseBody):
    """What would be allowed by which clause, if one thing were otherwise; null is as asked."""

    view: ViewName = Field(examples=["full"])
    purpose: str | None = Field(default=None, examples=["claims"])
    phase: str | None = Field(default=None, examples=["settlement"])
    at: str | None = Field(default=None, description="From this instant on.", examples=[INSTANT])
    clause: str = Field(examples=["3.2"])

    @classmethod
    def of(cls, would: Counterfactual) -> Self:
        """Describe what would be allowed."""
        return cls(
            view=VIEW_NAMES[would.view],
            purpose=would.value if would.attribute == "purpose" else None,
            phase=would.value if would.attribute == "phase" else None,
            at=would.value if would.attribute == "now" else None,
            clause=would.clause,
        )


class ExplanationOut(ResponseBody):
    """Why something is allowed or denied, and what would change it."""

    allowed: bool
    clause: str | None = Field(description="What decides.", examples=["3.1"])
    clauses: list[str] = Field(description="Everything that speaks of it.", examples=[["3.1"]])
    scope_version: int = Field(examples=[1])
    explanation: list[str] = Field(
        examples=[
            ["No clause allows it.", "It may be seen in full in phase settlement, by clause 3.2."]
        ]
    )
    would_allow: list[WouldAllowOut]

    @classmethod
    def of(cls, explanation: Explanation) -> Self:
        """Describe an explanation."""
        decision = explanation.decision
        return cls(
            allowed=isinstance(decision, Permit),
            clause=decision.clause,
            clauses=list(explanation.clauses),
            scope_version=decision.version,
            explanation=list(sentences(explanation)),
            would_allow=[WouldAllowOut.of(each) for each in explanation.would_allow],
        )


class CellOut(ResponseBody):
    """What the seat has of the documents of one kind; nulls for nothing."""

    document_class: str = Field(serialization_alias="class", examples=["medical"])
    origin: str = Field(examples=["claimant"])
    provenance: str = Field(examples=["pre-existing"])
    view: ViewName | None
    clause: str | None = Field(examples=["3.1"])

    @classmethod
    def of(cls, cell: Cell) -> Self:
        """Describe a cell."""
        return cls(
            document_class=cell.marking.document_class,
            origin=cell.marking.origin,
            provenance=cell.marking.provenance,
            view=None if cell.view is None else VIEW_NAMES[cell.view],
            clause=cell.clause,
        )


class SeenByOut(ResponseBody):
    """A document that you may know of, and what the seat has of it; nulls for nothing."""

    document: UUID = Field(examples=[DOCUMENT])
    title: str = Field(examples=["Clinic chart, March"])
    document_class: str = Field(serialization_alias="class", examples=["medical"])
    origin: str = Field(examples=["claimant"])
    provenance: str = Field(examples=["pre-existing"])
    view: ViewName | None
    clause: str | None = Field(examples=["3.1"])

    @classmethod
    def of(cls, seen: SeenBy) -> Self:
        """Describe a document as the seat has it."""
        marking = seen.document.marking
        return cls(
            document=seen.document.document_id,
            title=seen.document.title,
            document_class=marking.document_class,
            origin=marking.origin,
            provenance=marking.provenance,
            view=None if seen.view is None else VIEW_NAMES[seen.view],
            clause=seen.clause,
        )


class ViewAsOut(ResponseBody):
    """What a seat may see now."""

    participant: UUID
    person: UUID = Field(examples=[PERSON])
    seat: str = Field(examples=["counsel:claimant"])
    purpose: str = Field(examples=["mediation"])
    phase: str = Field(examples=["exchange"])
    scope_version: int = Field(examples=[1])
    matrix: list[CellOut] = Field(
        description="Every kind of document there can be, whether there is one or not: what "
        "follows from the agreement alone."
    )
    documents: list[SeenByOut] = Field(description="One page of those you may know of.")
    next: str | None = Field(description="Cursor of the next page; null on the last.")

    @classmethod
    def of(cls, shown: ViewAs) -> Self:
        """Describe what a seat may see."""
        return cls(
            participant=shown.participant_id,
            person=shown.participant.person,
            seat=str(shown.participant.seat),
            purpose=shown.purpose,
            phase=shown.phase,
            scope_version=shown.scope_version,
            matrix=[CellOut.of(cell) for cell in shown.matrix],
            documents=[SeenByOut.of(seen) for seen in shown.documents],
            next=shown.after,
        )
