"""An agreement becomes policy rows in one way only: one row per clause, then what always holds."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from policies.floors import floors, own_rows
from policies.policy import MODEL_SHA256, Policy, PolicyRefused, Row, canonical
from policies.terms import terms_json
from policies.vocabulary import CLAWED_BACK, NO_LABEL, check_classes, check_sides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.terms import Choice, Clause, Terms

__all__ = ["Policy", "PolicyRefused", "agreement_digest", "baseline", "compile_terms"]

# Names what is signed, so that no other digest of ours can be taken for an agreement's.
_SIGNED: Final = "subrosa-agreement/1"


def compile_terms(case: str, terms: Terms) -> Policy:
    """Compile an agreement: its clauses in order, one row each, then own rows, then floors.

    The same case and terms give the same policy, byte for byte. Casbin names the last allow that
    matches, so a document seen both as one's own and by a clause is explained as one's own.

    Args:
        case: Id of the case, at most 64 letters, digits and hyphens.
        terms: As read by `parse_terms`.
    """
    clauses = (_row(case, clause) for clause in terms.clauses)
    always = (*own_rows(case, terms.sides), *floors(case, terms.sides))
    return Policy(case, terms.sides, (*clauses, *always), terms.organisations, terms.classes)


def baseline(case: str, sides: Sequence[str], classes: Sequence[str] = ()) -> Policy:
    """Return the policy of a case before its first agreement, scope version 0.

    Args:
        case: Id of the case.
        sides: Ids of its sides.
        classes: The classes that the institution added to the vocabulary when the case was opened.

    Raises:
        TermsRefused: These cannot be the sides of a case, or further classes.
    """
    checked = check_sides(sides)
    always = (*own_rows(case, checked), *floors(case, checked))
    return Policy(case, checked, always, classes=check_classes(classes))


def agreement_digest(case: str, version: int, terms: Terms, policy: Policy) -> str:
    """Return what a party signs: the SHA-256, in hex, of this version of the agreement.

    It covers the words of the agreement, the rows they were compiled to, the model that reads the
    rows, the case and the version. None of them can change under a signature.
    """
    signed = {
        "type": _SIGNED,
        "case": case,
        "version": version,
        "terms": terms_json(terms),
        "policy": policy.sha256,
        "model": MODEL_SHA256,
    }
    return sha256(canonical(signed)).hexdigest()


def _label(labels: Choice) -> str:
    """Return the pattern of the labels: a grant gives somebody more, and takes from nobody.

    So what holds for documents without a label holds for granted ones too: for all but clawed-back.
    """
    if labels.words == (NO_LABEL,):
        return f"!{CLAWED_BACK}"
    return CLAWED_BACK if labels.words == (CLAWED_BACK,) else "*"


def _row(case: str, clause: Clause) -> Row:
    return Row(
        sub=clause.to,
        case=case,
        cls=clause.classes.pattern,
        origin=clause.origins.pattern,
        prov=clause.provenances.pattern,
        label=_label(clause.labels),
        view=str(clause.view.value),
        purpose=clause.purposes.pattern,
        phase=clause.phases.pattern,
        nbf=clause.nbf,
        exp=clause.exp,
        eft=clause.effect.value,
        clause=clause.id,
    )
