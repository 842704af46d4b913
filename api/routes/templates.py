"""Templates over HTTP: known instruments, each as an agreement between the sides of a case."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.access import SubjectHere
from api.intake.limited import LimitedRoute
from api.problems import problems
from api.schemas.templates import TemplateOut, TemplatesOut, TemplateSummary
from policies import templates
from policies.vocabulary import TermsRefused
from vault.errors import Invalid, NotFound

router = APIRouter(tags=["agreements"], route_class=LimitedRoute)

Name = Annotated[str, Path(description="Name of the template.", examples=["cedr-model-2020"])]
Sides = Annotated[
    list[str],
    Query(description="Id of a side; once for each.", examples=[["claimant", "respondent"]]),
]
Provider = Annotated[
    list[str],
    Query(
        default_factory=list,
        description="A side of the professionals, where the template asks for them.",
        examples=[["respondent"]],
    ),
]


@router.get("/v1/scope/templates", responses=problems())
def list_templates(subject: SubjectHere) -> TemplatesOut:  # noqa: ARG001 — identified, no more
    """Read which instruments there is a template for."""
    every = [templates.describe(name) for name in templates.names()]
    return TemplatesOut(templates=[TemplateSummary.of(template) for template in every])


@router.get("/v1/scope/templates/{template}", responses=problems(404))
def read_template(
    subject: SubjectHere,  # noqa: ARG001 — identified, no more
    template: Name,
    side: Sides,
    provider: Provider,
) -> TemplateOut:
    """Read a template as an agreement between these sides, with what it does not carry."""
    if template not in templates.names():
        raise NotFound
    try:
        terms = templates.instantiate(
            template, side, **({"provider": provider} if provider else {})
        )
    except TermsRefused as refused:
        raise Invalid(refused.pointer.replace("/sides", "/side"), str(refused)) from refused
    return TemplateOut.of(templates.describe(template), terms)
