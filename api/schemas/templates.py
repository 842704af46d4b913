"""Templates of agreements, as they go out over HTTP."""

from typing import Any, Self

from pydantic import Field

from api.schemas.bodies import ResponseBody
from policies.sentences import sentence
from policies.templates import Note, Template
from policies.terms import Terms, terms_json

_EXAMPLE = "cedr-model-2020"


class TemplateSummary(ResponseBody):
    """One template: which instrument it is for."""

    name: str = Field(examples=[_EXAMPLE])
    title: str = Field(examples=["CEDR Model Mediation Agreement"])
    instrument: str = Field(
        description="Exactly which text, and which clauses of it.",
        examples=["Centre for Effective Dispute Resolution, Model Mediation Agreement, 2020"],
    )
    jurisdiction: str = Field(examples=["England and Wales"])
    parameters: dict[str, str] = Field(
        description="What it asks for beside the sides: by name, which of them.",
        examples=[{"provider": "The sides of the professionals."}],
    )

    @classmethod
    def of(cls, template: Template) -> Self:
        """Describe a template."""
        return cls(
            name=template.name,
            title=template.title,
            instrument=template.instrument,
            jurisdiction=template.jurisdiction,
            parameters=dict(template.parameters),
        )


class TemplatesOut(ResponseBody):
    """Every template there is."""

    templates: list[TemplateSummary]


class NoteOut(ResponseBody):
    """One provision of the instrument, and what becomes of it."""

    provision: str = Field(examples=["4.1, insurers"])
    says: str = Field(description="In our words.", examples=["A party may notify its insurers."])
    carried_by: list[str] = Field(
        description="`clause N`, of which N.1, N.2 and so on are what it is for each side; "
        "`floor FLOOR-N`; or `rule NAME`. Empty where nothing carries it.",
        examples=[["clause 3.1"]],
    )
    why_not: str = Field(description="What of it is not carried, and why; empty where all is.")

    @classmethod
    def of(cls, note: Note) -> Self:
        """Describe a provision."""
        return cls(
            provision=note.provision,
            says=note.says,
            carried_by=list(note.carried_by),
            why_not=note.why_not,
        )


class TemplateOut(ResponseBody):
    """A template between the sides of a case, ready to propose or to change first."""

    template: TemplateSummary
    terms: dict[str, Any] = Field(description="The agreement, as it is proposed.")
    sentences: dict[str, str] = Field(
        description="Each clause in plain words, generated from its fields.",
        examples=[{"1.1": "Clause 1.1: the mediator may see in full documents of any class."}],
    )
    notes: list[NoteOut] = Field(description="Every provision of the instrument's clauses.")

    @classmethod
    def of(cls, template: Template, terms: Terms) -> Self:
        """Describe what was made of a template."""
        return cls(
            template=TemplateSummary.of(template),
            terms=terms_json(terms),
            sentences={clause.id: sentence(clause) for clause in terms.clauses},
            notes=[NoteOut.of(note) for note in template.notes],
        )
