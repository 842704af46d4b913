"""AuthZEN's requests and answers, as the standard has them; members it does not name are ignored.

Source: OpenID Authorization API 1.0; docs/authzen.md says what they mean here.
"""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.bodies import CASE, DIGEST, DOCUMENT, PERSON, ResponseBody
from api.schemas.scope import WouldAllowOut
from policies.explain import sentences
from vault.disclosure.evaluation import Evaluated, Semantic


class AuthzenBody(BaseModel):
    """A body of which every known member is of its type; unknown ones say nothing."""

    model_config = ConfigDict(extra="ignore", strict=True)


class EntityType(AuthzenBody):
    """A subject or a resource that is searched for: an id is ignored."""

    type: str = Field(max_length=200, examples=["person"])
    properties: dict[str, Any] | None = None


class Entity(EntityType):
    """A subject or a resource."""

    id: str = Field(max_length=200, examples=[PERSON])


class Action(AuthzenBody):
    """What is to be done: `metadata`, `redacted` or `full`."""

    name: str = Field(max_length=200, examples=["redacted"])
    properties: dict[str, Any] | None = None


class EvaluationIn(AuthzenBody):
    """One evaluation; what is left out is taken from the level above."""

    subject: Entity | None = None
    action: Action | None = None
    resource: Entity | None = None
    context: dict[str, Any] | None = Field(default=None, examples=[{"purpose": "mediation"}])

    def over(self, defaults: "EvaluationIn") -> "EvaluationIn":
        """Return this evaluation with what it leaves out, member by member."""
        return EvaluationIn(
            subject=self.subject or defaults.subject,
            action=self.action or defaults.action,
            resource=self.resource or defaults.resource,
            context=self.context if self.context is not None else defaults.context,
        )


class OptionsIn(AuthzenBody):
    """How evaluations are made."""

    evaluations_semantic: Annotated[Semantic, Field(strict=False)] = Semantic.EXECUTE_ALL


class EvaluationsIn(EvaluationIn):
    """Several evaluations at once; without any, one."""

    evaluations: list[EvaluationIn] | None = None
    options: OptionsIn | None = None


class PageIn(AuthzenBody):
    """Which part of the results: `next_token` of the page before, and how many at most."""

    token: str | None = Field(default=None, max_length=600)
    limit: int | None = Field(default=None, ge=0, le=2**31 - 1)


class SubjectSearchIn(AuthzenBody):
    """Who may do this?"""

    subject: EntityType
    action: Action
    resource: Entity
    context: dict[str, Any] | None = None
    page: PageIn | None = None


class ResourceSearchIn(AuthzenBody):
    """On what may this be done?"""

    subject: Entity
    action: Action
    resource: EntityType
    context: dict[str, Any] | None = None
    page: PageIn | None = None


class ActionSearchIn(AuthzenBody):
    """What may be done?"""

    subject: Entity
    resource: Entity
    context: dict[str, Any] | None = None
    page: PageIn | None = None


Search = SubjectSearchIn | ResourceSearchIn | ActionSearchIn


class ObligationOut(ResponseBody):
    """What goes with a permit."""

    id: str = Field(examples=["42-cfr-part-2-notice"])


class DecisionContext(ResponseBody):
    """By what it was decided."""

    clause: str | None = Field(description="None where no clause allows it.", examples=["3.1"])
    scope_version: int = Field(examples=[2])
    policy: str = Field(description="SHA-256 of the compiled policy.", examples=[DIGEST])
    obligations: list[ObligationOut] | None = None
    reason_user: dict[str, str] | None = Field(
        default=None,
        examples=[{"en": "Clause 3.1 gives full in phase settlement."}],
    )
    would_allow: list[WouldAllowOut] | None = None


class DecisionOut(ResponseBody):
    """The answer. Without a context it says no more than that it is no."""

    decision: bool
    context: DecisionContext | None = None

    @classmethod
    def of(cls, evaluated: Evaluated) -> Self:
        """Describe an answer."""
        decision, explanation = evaluated.decision, evaluated.explanation
        if decision is None:
            return cls(decision=False)
        obligations = [ObligationOut(id=each.value) for each in evaluated.obligations]
        return cls(
            decision=evaluated.permitted,
            context=DecisionContext(
                clause=decision.clause,
                scope_version=decision.version,
                policy=decision.policy_sha256,
                obligations=obligations or None,
                reason_user=explanation and {"en": " ".join(sentences(explanation))},
                would_allow=explanation and [WouldAllowOut.of(c) for c in explanation.would_allow],
            ),
        )


class DecisionsOut(ResponseBody):
    """The answers, in the order of the questions; fewer if it was asked to end early."""

    evaluations: list[DecisionOut]


class PageOut(ResponseBody):
    """Where a search goes on; an empty token on the last page."""

    next_token: str
    count: int


class SubjectOut(ResponseBody):
    """Somebody who may."""

    type: str = Field(examples=["person"])
    id: str = Field(examples=[PERSON])


class ResourceOut(ResponseBody):
    """A document on which it may be done."""

    type: str = Field(examples=["document"])
    id: str = Field(examples=[DOCUMENT])
    properties: dict[str, str] = Field(
        examples=[{"case": CASE, "class": "medical", "origin": "claimant"}]
    )


class ActionOut(ResponseBody):
    """What may be done."""

    name: str = Field(examples=["redacted"])


class SubjectsOut(ResponseBody):
    """One page of those who may."""

    page: PageOut
    results: list[SubjectOut]


class ResourcesOut(ResponseBody):
    """One page of documents."""

    page: PageOut
    results: list[ResourceOut]


class ActionsOut(ResponseBody):
    """Everything that may be done."""

    page: PageOut
    results: list[ActionOut]


class MetadataOut(ResponseBody):
    """Where the endpoints are."""

    policy_decision_point: str
    access_evaluation_endpoint: str
    access_evaluations_endpoint: str
    search_subject_endpoint: str
    search_resource_endpoint: str
    search_action_endpoint: str
