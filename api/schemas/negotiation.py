"""Comments, comparisons and foresight, as they go in and out over HTTP."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from api.schemas.bodies import (
    DOCUMENT,
    INSTANT,
    PERSON,
    VIEW_NAMES,
    RequestBody,
    ResponseBody,
    ViewName,
)
from policies.comparison import ClauseChange
from policies.instants import ALWAYS, NEVER
from policies.whatif import Sight
from vault.negotiation.comments import Comment
from vault.negotiation.foresight import Compared, Outlook, Said, Touched, WhatIf

_SENTENCE = "Clause 3.1: the parties and counsel of respondent may see in full documents of ..."


class NewComment(RequestBody):
    """Say something of a version to everybody seated."""

    text: str = Field(
        max_length=4000,
        description="1 to 2000 characters, in several lines if need be; sealed.",
        examples=["We agree to the redacted view if the period ends with the mediation."],
    )
    clause: str | None = Field(
        default=None, max_length=32, description="The clause it is about.", examples=["3.1"]
    )


class CommentOut(ResponseBody):
    """What one person said of a version."""

    comment: UUID
    person: UUID = Field(examples=[PERSON])
    text: str
    clause: str | None = Field(examples=["3.1"])
    commented_at: datetime = Field(examples=[INSTANT])

    @classmethod
    def of(cls, comment: Comment) -> Self:
        """Describe a comment."""
        return cls(
            comment=comment.comment_id,
            person=comment.person,
            text=comment.text,
            clause=comment.clause,
            commented_at=comment.commented_at,
        )


class CommentsOut(ResponseBody):
    """What was said of a version, oldest first."""

    comments: list[CommentOut]
    next: int | None = Field(description="`after` of the next page; null on the last.")


class ClauseChangeOut(ResponseBody):
    """One clause that is not the same in both versions."""

    kind: str = Field(description="`added`, `removed`, `changed` or `renumbered`.")
    clause: str = Field(description="Its id in the newer version that has it.", examples=["3.1"])
    members: list[str] = Field(description="What differs in it.", examples=[["view", "until"]])
    before: str | None = Field(description="The clause as a sentence.", examples=[_SENTENCE])
    after: str | None = Field(description="The clause as a sentence.", examples=[_SENTENCE])
    text_before: str | None = Field(description="The parties' own words.")
    text_after: str | None = Field(description="The parties' own words.")

    @classmethod
    def of(cls, change: ClauseChange) -> Self:
        """Describe a change of a clause."""
        before, after = change.sentences()
        clause = change.after or change.before
        assert clause is not None
        return cls(
            kind=change.kind,
            clause=clause.id,
            members=list(change.members),
            before=before,
            after=after,
            text_before=change.before.text if change.before else None,
            text_after=change.after.text if change.after else None,
        )


class ComparisonOut(ResponseBody):
    """What one version says otherwise than another."""

    version: int = Field(examples=[2])
    against: int = Field(description="0 is the baseline before the first version.", examples=[1])
    clauses: list[ClauseChangeOut]
    unchanged: int = Field(description="How many clauses are the same in both.")
    members: list[str] = Field(
        description="What differs beside clauses.", examples=[["vocabulary"]]
    )
    reordered: bool = Field(description="The same clauses stand in another order.")

    @classmethod
    def of(cls, compared: Compared) -> Self:
        """Describe a comparison."""
        found = compared.comparison
        return cls(
            version=compared.version,
            against=compared.against,
            clauses=[ClauseChangeOut.of(change) for change in found.clauses],
            unchanged=found.unchanged,
            members=list(found.members),
            reordered=found.reordered,
        )


class SightOut(ResponseBody):
    """How much is seen, and what decides it."""

    view: ViewName | None = Field(description="null for nothing.")
    clause: str | None = Field(description="Clause, floor or grant.", examples=["3.1"])

    @classmethod
    def of(cls, sight: Sight) -> Self:
        """Describe a sight."""
        return cls(view=None if sight.view is None else VIEW_NAMES[sight.view], clause=sight.clause)


class ChangeOut(ResponseBody):
    """A view that a seat would gain or lose, of every combination of the words listed."""

    effect: Literal["gained", "lost"]
    classes: list[str] = Field(examples=[["medical", "imaging"]])
    origins: list[str] = Field(examples=[["claimant"]])
    provenances: list[str]
    labels: list[str]
    purposes: list[str] = Field(examples=[["mediation"]])
    phases: list[str] = Field(examples=[["exchange"]])
    since: str | None = Field(description="From when; null is from ever.", examples=[INSTANT])
    until: str | None = Field(description="Until when; null is for ever.", examples=[INSTANT])
    before: SightOut
    after: SightOut
    sentence: str

    @classmethod
    def of(cls, said: Said) -> Self:
        """Describe a change."""
        change = said.change
        return cls(
            effect="gained" if change.gains else "lost",
            classes=list(change.box.cls),
            origins=list(change.box.origin),
            provenances=list(change.box.prov),
            labels=list(change.box.label),
            purposes=list(change.box.purpose),
            phases=list(change.box.phase),
            since=None if change.interval.nbf == ALWAYS else change.interval.nbf,
            until=None if change.interval.exp == NEVER else change.interval.exp,
            before=SightOut.of(change.before),
            after=SightOut.of(change.after),
            sentence=said.sentence,
        )


class TitleOut(ResponseBody):
    """A document that the reader may know of."""

    document: UUID = Field(examples=[DOCUMENT])
    title: str = Field(examples=["Chart, 3 March"])


class TouchedOut(ResponseBody):
    """Documents that a seat would see more or less of."""

    count: int = Field(description="Of those that you may know of.", examples=[12])
    documents: list[TitleOut] = Field(description="The oldest of them, at most 50.")

    @classmethod
    def of(cls, touched: Touched) -> Self:
        """Describe documents."""
        return cls(
            count=touched.count,
            documents=[TitleOut(document=id_, title=title) for id_, title in touched.titles],
        )


class OutlookOut(ResponseBody):
    """What a version would change for one person of the roster."""

    person: UUID = Field(examples=[PERSON])
    seat: str = Field(examples=["insurer:respondent"])
    organisation_id: str | None = Field(examples=["cantonal-mutual"])
    changes: list[ChangeOut]
    unlisted: int = Field(description="Changes that were left out for their number.")
    gained: TouchedOut
    lost: TouchedOut

    @classmethod
    def of(cls, outlook: Outlook) -> Self:
        """Describe an outlook."""
        return cls(
            person=outlook.person,
            seat=outlook.seat,
            organisation_id=outlook.organisation,
            changes=[ChangeOut.of(said) for said in outlook.changes],
            unlisted=outlook.unlisted,
            gained=TouchedOut.of(outlook.gained),
            lost=TouchedOut.of(outlook.lost),
        )


class WhatIfOut(ResponseBody):
    """What would be otherwise if a version were in force instead of the one that is."""

    version: int = Field(examples=[2])
    against: int = Field(description="Version in force; 0 is the baseline.", examples=[1])
    seats: list[OutlookOut]
    note: str = (
        "Documents that you may not know of now are neither counted nor named here; the changes "
        "hold for them too."
    )

    @classmethod
    def of(cls, what_if: WhatIf) -> Self:
        """Describe what would be."""
        return cls(
            version=what_if.version,
            against=what_if.against,
            seats=[OutlookOut.of(outlook) for outlook in what_if.outlooks],
        )
