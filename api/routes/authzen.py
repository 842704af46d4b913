"""OpenID AuthZEN Authorization API 1.0: a gateway asks for decisions, and gets no content.

The caller is the person whose token the gateway bears. `context.time` is ignored: the clock is the
vault's. docs/authzen.md has the mapping.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request

from api.access import SubjectHere, VaultHere
from api.intake.limited import LimitedRoute
from api.problems import Malformed, problems
from api.schemas import authzen as wire
from api.search_pages import SearchPage, malformed
from policies.terms import View
from policies.vocabulary import NO_LABEL, Marking
from vault.access import NOWHERE
from vault.disclosure import evaluation, searches
from vault.disclosure.evaluation import Evaluation, Kind, Person
from vault.ids import CaseId, DocumentId

router = APIRouter(tags=["authzen"], route_class=LimitedRoute)

_VIEWS = {str(view): view for view in View}
_PEOPLE = ("person", "participant")


@router.post("/access/v1/evaluation", response_model_exclude_none=True, responses=problems(400))
def evaluate(subject: SubjectHere, vault: VaultHere, asked: wire.EvaluationIn) -> wire.DecisionOut:
    """Ask whether somebody may see something at a view; on record before the answer."""
    (answer,) = evaluation.evaluate(vault, subject, [_evaluation(asked, "")])
    return wire.DecisionOut.of(answer)


@router.post("/access/v1/evaluations", response_model_exclude_none=True, responses=problems(400))
def evaluate_several(
    subject: SubjectHere, vault: VaultHere, asked: wire.EvaluationsIn
) -> wire.DecisionsOut | wire.DecisionOut:
    """Ask several questions at once, each on record by itself; without any, one."""
    if not asked.evaluations:
        return evaluate(subject, vault, asked)
    questions = [
        _evaluation(one.over(asked), f"/evaluations/{position}")
        for position, one in enumerate(asked.evaluations)
    ]
    options = asked.options or wire.OptionsIn()
    with malformed("/evaluations"):
        answers = evaluation.evaluate(vault, subject, questions, options.evaluations_semantic)
    return wire.DecisionsOut(evaluations=[wire.DecisionOut.of(answer) for answer in answers])


@router.post("/access/v1/search/subject", responses=problems(400))
def search_subjects(
    subject: SubjectHere, vault: VaultHere, asked: wire.SubjectSearchIn
) -> wire.SubjectsOut:
    """Ask who may see something, of those for whose seat you answer."""
    paging = SearchPage.of(subject.person, asked, 1)
    found = searches.search_subjects(
        vault,
        subject,
        _resource(asked.resource),
        _VIEWS.get(asked.action.name) if asked.subject.type in _PEOPLE else None,
        _purpose(asked.context),
    )
    ids = sorted(
        str(person if asked.subject.type == "person" else participant)
        for participant, person in found
    )
    shown, page = paging.cut(ids)
    results = [wire.SubjectOut(type=asked.subject.type, id=identifier) for identifier in shown]
    return wire.SubjectsOut(page=page, results=results)


@router.post("/access/v1/search/resource", responses=problems(400))
def search_resources(
    subject: SubjectHere, vault: VaultHere, asked: wire.ResourceSearchIn
) -> wire.ResourcesOut:
    """Ask for the documents that somebody may see and you may know of, page by page."""
    paging = SearchPage.of(subject.person, asked, 4)
    found = searches.search_documents(
        vault,
        subject,
        _person(asked.subject),
        _VIEWS.get(asked.action.name) if asked.resource.type == "document" else None,
        _purpose(asked.context),
        case=_case(asked.resource.properties),
        after=paging.place(),
        limit=paging.limit,
    )
    results = [
        wire.ResourceOut(
            type="document",
            id=str(document.document_id),
            properties={
                "case": str(document.case_id),
                "class": document.marking.document_class,
                "origin": document.marking.origin,
                "provenance": document.marking.provenance,
            },
        )
        for document in found.documents
    ]
    return wire.ResourcesOut(
        page=paging.behind(found.after, len(results)),
        results=results,
    )


@router.post("/access/v1/search/action", responses=problems(400))
def search_actions(
    subject: SubjectHere, vault: VaultHere, asked: wire.ActionSearchIn
) -> wire.ActionsOut:
    """Ask at which views somebody may see something."""
    paging = SearchPage.of(subject.person, asked, 1)
    views = searches.search_actions(
        vault,
        subject,
        _person(asked.subject),
        _resource(asked.resource),
        _purpose(asked.context),
    )
    shown, page = paging.cut([str(view.value) for view in views])
    results = [wire.ActionOut(name=str(View(int(number)))) for number in shown]
    return wire.ActionsOut(page=page, results=results)


@router.get("/.well-known/authzen-configuration")
def authzen_configuration(request: Request) -> wire.MetadataOut:
    """Say where the endpoints are."""
    base = str(request.base_url).rstrip("/")
    return wire.MetadataOut(
        policy_decision_point=base,
        access_evaluation_endpoint=f"{base}/access/v1/evaluation",
        access_evaluations_endpoint=f"{base}/access/v1/evaluations",
        search_subject_endpoint=f"{base}/access/v1/search/subject",
        search_resource_endpoint=f"{base}/access/v1/search/resource",
        search_action_endpoint=f"{base}/access/v1/search/action",
    )


def _evaluation(asked: wire.EvaluationIn, pointer: str) -> Evaluation:
    """Read one question.

    Raises:
        Malformed: It has no subject, no action or no resource.
    """
    for name, member in (
        ("subject", asked.subject),
        ("action", asked.action),
        ("resource", asked.resource),
    ):
        if member is None:
            raise Malformed(f"{pointer}/{name}", "This is required.")
    assert asked.subject is not None
    assert asked.action is not None
    assert asked.resource is not None
    return Evaluation(
        about=_person(asked.subject),
        resource=_resource(asked.resource),
        view=_VIEWS.get(asked.action.name),
        purpose=_purpose(asked.context),
    )


def _person(entity: wire.Entity) -> Person | None:
    return Person(entity.type, _uuid(entity.id)) if entity.type in _PEOPLE else None


def _resource(entity: wire.Entity) -> DocumentId | Kind | None:
    if entity.type == "document":
        found = _uuid(entity.id)
        return None if found is None else DocumentId(found)
    case = _case(entity.properties)
    if entity.type != "marking" or case is None:
        return None
    said = {"label": NO_LABEL, **(entity.properties or {})}
    marking = [str(said.get(name)) for name in ("class", "origin", "provenance", "label")]
    return Kind(case, Marking(*marking))


def _case(properties: Mapping[str, Any] | None) -> CaseId | None:
    case = (properties or {}).get("case")
    return None if case is None else CaseId(_uuid(str(case)) or NOWHERE)


def _purpose(context: Mapping[str, Any] | None) -> str | None:
    """Return the purpose that a context names; what is no text is no purpose of the vocabulary."""
    purpose = (context or {}).get("purpose")
    return None if purpose is None else str(purpose)


def _uuid(text: str) -> UUID | None:
    """Read an id; one that is not well formed is nobody's."""
    try:
        return UUID(text)
    except ValueError:
        return None
