"""A permit exists only if the agreement in force was asked and said yes."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, final

from policies.floors import OWN
from policies.instants import instant
from policies.vocabulary import NAMED_ONLY, Marking, Role, View

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from policies.engine import Scope
    from policies.instants import Instant


class _Decided:
    """Shows that `decide` made what bears it: only this module has one."""

    __slots__ = ()


_DECIDED: Final = _Decided()

_PURPOSE_OF: Final = {
    Role.MEDIATOR: "mediation",
    Role.PARTY: "mediation",
    Role.COUNSEL: "mediation",
    Role.INSURER: "claims",
    Role.EXPERT: "opinion",
    Role.REGULATOR: "regulatory",
    Role.AUDITOR: "audit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this person see documents of this marking at this view, for this purpose, now?

    Attributes:
        person: `u:` and a UUID.
        phase: The phase the case is in.
        now: The server's clock, aware; never the client's.
    """

    person: str
    marking: Marking
    view: View
    purpose: str
    phase: str
    now: datetime


class Obligation(StrEnum):
    """What a reader takes on with a permit (XACML 3.0, 7.18)."""

    # The notice against redisclosure that goes with every disclosure of such a record.
    PART_2_NOTICE = "42-cfr-part-2-notice"
    # What was granted for a time is returned or destroyed when the time is over.
    RETURN_OR_DESTROY = "return-or-destroy"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """The agreement in force allows it. Only `decide` makes one.

    Making one elsewhere takes a private name, which the type checker refuses, or raises TypeError.
    It guards against a path that forgot to ask, not against code that means harm.

    Attributes:
        version: The scope version in force.
        clause: The clause, grant, floor or baseline row that allows it.
        obligations: What the reader takes on with it.
    """

    proof: InitVar[_Decided]
    case: str
    version: int
    policy_sha256: str
    question: Question
    clause: str
    obligations: tuple[Obligation, ...] = ()

    def __post_init__(self, proof: _Decided) -> None:
        _check(proof)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """The agreement in force does not allow it. Only `decide` makes one.

    Attributes:
        version: The scope version in force.
        clause: The clause or floor that denies it; None when nothing allows it.
    """

    proof: InitVar[_Decided]
    case: str
    version: int
    policy_sha256: str
    question: Question
    clause: str | None

    def __post_init__(self, proof: _Decided) -> None:
        _check(proof)


def decide(scope: Scope, question: Question) -> Permit | Denial:
    """Ask the agreement in force. Every question has an answer; what is not understood is denied.

    A clock without a time zone, or beyond the calendar, is not understood either.
    """
    allowed, clause = False, None
    now = _understood(question.now)
    if now is not None:
        allowed, clause = scope.ask(
            question.person,
            question.marking,
            question.view,
            question.purpose,
            question.phase,
            now,
        )
    if allowed and clause is not None:
        return Permit(
            proof=_DECIDED,
            case=scope.policy.case,
            version=scope.version,
            policy_sha256=scope.policy.sha256,
            question=question,
            clause=clause,
            obligations=obligations_of(question.marking, clause),
        )
    return Denial(
        proof=_DECIDED,
        case=scope.policy.case,
        version=scope.version,
        policy_sha256=scope.policy.sha256,
        question=question,
        clause=clause,
    )


def visible_markings(
    scope: Scope,
    person: str,
    purpose: str,
    phase: str,
    now: datetime,
    markings: Iterable[Marking],
) -> dict[Marking, tuple[View, str]]:
    """Return the markings a person may know of, each with its highest view and the clause for it.

    A list of documents is asked for by these markings. It equals asking about every document,
    since a decision looks at nothing else in one.
    """
    visible: dict[Marking, tuple[View, str]] = {}
    asked_at = _understood(now)
    if asked_at is None:
        return visible
    for marking in markings:
        for view in _LOWEST_FIRST:
            allowed, clause = scope.ask(person, marking, view, purpose, phase, asked_at)
            if not allowed or clause is None:
                break
            visible[marking] = (view, clause)
    return visible


# Views are downward closed: an allow covers all lower ones and a deny all higher ones.
_LOWEST_FIRST: Final = tuple(sorted(View))


def default_purpose(role: Role) -> str:
    """Return the purpose that goes with a seat when none is stated."""
    return _PURPOSE_OF[role]


def obligations_of(marking: Marking, clause: str) -> tuple[Obligation, ...]:
    """Return what goes with a permit by this clause; nobody owes anything for what is their own."""
    if clause == OWN:
        return ()
    owed: list[Obligation] = []
    if marking.document_class in NAMED_ONLY:
        owed.append(Obligation.PART_2_NOTICE)
    if clause.startswith("GRANT-"):
        owed.append(Obligation.RETURN_OR_DESTROY)
    return tuple(owed)


def _understood(moment: datetime) -> Instant | None:
    try:
        return instant(moment)
    except (ValueError, OverflowError):
        return None


def _check(proof: object) -> None:
    if proof is not _DECIDED:
        raise TypeError("Only decide() makes permits and denials.")
