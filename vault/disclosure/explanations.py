"""A refusal says what would be allowed instead, to those who may know that the document exists."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.decisions import Permit, Question, decide
from policies.explain import explain
from policies.vocabulary import CLASSES, PHASES, PROVENANCES, View, origins_of
from vault.access import person_text, stand
from vault.audit.events import Tag
from vault.errors import Invalid

if TYPE_CHECKING:
    from datetime import datetime

    from policies.decisions import Denial
    from policies.engine import Scope
    from policies.explain import Explanation
    from policies.vocabulary import Marking
    from vault.access import Seated
    from vault.core import Subject, Vault
    from vault.ids import CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposition:
    """A kind of document and a view, with the circumstances to suppose.

    Attributes:
        purpose: What goes with the seat if None.
        phase: The case's own if None.
        at: Now if None.
    """

    marking: Marking
    view: View
    purpose: str | None = None
    phase: str | None = None
    at: datetime | None = None

    def check(self, seated: Seated) -> None:
        """Raise Invalid where a word is none of the case's vocabulary."""
        marking = self.marking
        known = (
            ("/class", marking.document_class, (*CLASSES, *seated.scope.policy.classes)),
            ("/origin", marking.origin, origins_of(seated.details.sides)),
            ("/provenance", marking.provenance, PROVENANCES),
            ("/phase", self.phase or seated.state.phase, PHASES),
        )
        for pointer, word, words in known:
            if word not in words:
                raise Invalid(pointer, "This is not a word of the vocabulary.")


def explain_supposed(
    vault: Vault, subject: Subject, case_id: CaseId, supposed: Supposition
) -> Explanation:
    """Explain what one's own seat would have of a kind of document; on record.

    It follows from the agreement, which everybody seated reads, whether there is such a document
    or not. It is no decision: nothing is released by it, and no replay makes it again.

    Raises:
        NotFound: No such case, or the subject holds no seat in it.
        Invalid: A word is not of the vocabulary, or the instant is beyond the calendar.
    """
    with vault.database.snapshot() as tx:
        standing = stand(vault, tx, subject, case_id)
    seated = standing.must_sit(Tag.SCOPE_EXPLAIN)
    supposed.check(seated)
    question = Question(
        person=person_text(subject),
        marking=supposed.marking,
        view=supposed.view,
        purpose=standing.purpose(supposed.purpose),
        phase=supposed.phase or seated.state.phase,
        now=supposed.at or standing.at,
    )
    try:
        explanation = explain(seated.scope, question)
    except (ValueError, OverflowError) as error:
        raise Invalid("/at", "This is not an instant of the calendar.") from error
    marking = supposed.marking
    standing.record(
        Tag.SCOPE_EXPLAIN,
        detail={
            "class": marking.document_class,
            "origin": marking.origin,
            "provenance": marking.provenance,
            "label": marking.label,
        },
    )
    return explanation


def explanation_of(scope: Scope, denial: Denial) -> Explanation | None:
    """Explain a denial; None to whoever may not know that there is such a document."""
    known = decide(scope, replace(denial.question, view=View.METADATA))
    return explain(scope, denial.question) if isinstance(known, Permit) else None
