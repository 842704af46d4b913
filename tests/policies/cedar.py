"""Cedar decides the same questions, from the agreement and the sentences of the floors alone.

Nothing here reads a compiled row, a group of a seat or the matcher: who is addressed, what holds
without any clause and when a seat is held are written a second time, in another language.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, final

import cedarpy

from policies.instants import ALWAYS, NEVER
from policies.terms import Effect, View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policies.decisions import Question
    from policies.exceptions import Grant
    from policies.roster import RosterRow
    from policies.terms import Choice, Clause, Marking, Terms


class Reasons(NamedTuple):
    """Whether Cedar allows it, and the ids of all policies that say so, in the policies' order."""

    allowed: bool
    ids: tuple[str, ...]

    @property
    def clause(self) -> str | None:
        """The one that we name: the first of those that deny, the last of those that allow."""
        return self.ids[-1 if self.allowed else 0] if self.ids else None


# Nobody is asked about before or after these, so they stand for the open ends.
_FIRST, _LAST = -(2**63), 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SCHEMA = """
type Seat = { role: String, side?: String, organisation?: String, from: Long, until: Long };
entity Person = { PLACES };
entity Document = { class: String, origin: String, provenance: String, label: String };
action metadata, redacted, full appliesTo {
  principal: Person,
  resource: Document,
  context: { purpose: String, phase: String, now: Long }
};
"""
_UP_TO = {
    View.METADATA: ("metadata",),
    View.REDACTED: ("metadata", "redacted"),
    View.FULL: ("metadata", "redacted", "full"),
}
_FROM_ON = {
    View.METADATA: ("metadata", "redacted", "full"),
    View.REDACTED: ("redacted", "full"),
    View.FULL: ("full",),
}
_EVERY_VIEW = _UP_TO[View.FULL]

_ON_A_SIDE = '["party", "counsel"].contains(SEAT.role) && SEAT has side'
_OUTSIDER = '["insurer", "regulator", "expert", "auditor"].contains(SEAT.role)'
_NOT_SUBSTANCE_USE = 'resource.class != "substance-use-record"'
# "Each side sees what it deposited and what is joint; the mediator ...; the expert ...", where
# joint substance-use records go "to nobody but [their] own side by a rule that speaks of records
# in general".
_OWN = (
    f"{_ON_A_SIDE} && resource.origin == SEAT.side",
    f'{_ON_A_SIDE} && resource.origin == "joint" && {_NOT_SUBSTANCE_USE}',
    'SEAT.role == "mediator" && resource.origin == "mediator"',
    f'SEAT.role == "mediator" && resource.origin == "joint" && {_NOT_SUBSTANCE_USE}',
    'SEAT.role == "expert" && resource.origin == "expert"',
)
# "A statutory report reaches the licensing board in full, whatever was agreed." That no clause
# denies it is seen to before a version is signed; a forbid would win here as it does in Casbin.
_STATUTORY = (
    'SEAT.role == "regulator" && resource.class == "statutory-report"'
    ' && context.purpose == "regulatory"'
)
# "A caucus document is never shown to another side than the one it came from, nor to an insurer,
# a regulator, an expert or an auditor": two policies for any number of sides.
_CAUCUS = (
    f'resource.class == "caucus" && {_ON_A_SIDE} && resource.origin != SEAT.side',
    f'resource.class == "caucus" && {_OUTSIDER}',
)
# "An auditor may learn that a document exists … and never sees its content."
_AUDITOR = 'SEAT.role == "auditor"'
_CONTENT = ("redacted", "full")


@final
class CedarScope:
    """One case, asked in batches; the policies are parsed once."""

    def __init__(
        self, terms: Terms, roster: Iterable[RosterRow], grants: Iterable[Grant] = ()
    ) -> None:
        self._sittings: dict[str, list[RosterRow]] = {}
        for row in roster:
            self._sittings.setdefault(row.person, []).append(row)
        # Cedar has no loops: each policy looks at every seat that somebody may hold.
        most = max(map(len, self._sittings.values()), default=0)
        self._places = tuple(f"seat{n}" for n in range(most)) or ("seat0",)
        places = ", ".join(f"{place}?: Seat" for place in self._places)
        self._schema = cedarpy.Schema.from_str(_SCHEMA.replace("PLACES", places))
        made = [*self._clauses(terms), *self._always(), *self._grants(grants)]
        self._order = {policy_id: place for place, (policy_id, _) in enumerate(made)}
        text = "\n".join(policy for _, policy in made)
        # A policy that raises is left out of Cedar's decision; a well-typed one cannot raise.
        checked = cedarpy.validate_policies(text, self._schema)
        assert checked.validation_passed, [fault.error for fault in checked.errors]
        self.policies = cedarpy.PolicySet.from_str(text)

    def answers(self, questions: Sequence[Question]) -> list[Reasons]:
        """Decide each question."""
        entities = self.entities({question.marking for question in questions})
        requests = [request(question) for question in questions]
        results = cedarpy.is_authorized_batch(requests, self.policies, entities)
        return [self._reasons(result) for result in results]

    def entities(self, markings: Iterable[Marking]) -> cedarpy.Entities:
        """Return the people of the roster and a document of each marking, parsed."""
        people = [
            _entity("Person", name, dict(zip(self._places, map(_seat, held), strict=False)))
            for name, held in self._sittings.items()
        ]
        everything = [*people, *map(document, markings)]
        return cedarpy.Entities.from_json_str(json.dumps(everything), self._schema)

    def _reasons(self, result: cedarpy.AuthzResult) -> Reasons:
        said = result.diagnostics
        assert not said.errors
        # Each by its annotation; Cedar's own ids are positions, in no order here.
        ids = {said.id_annotations_by_reason[reason] for reason in said.reasons}
        return Reasons(result.allowed, tuple(sorted(ids, key=self._order.__getitem__)))

    def _clauses(self, terms: Terms) -> Iterator[tuple[str, str]]:
        for clause in terms.clauses:
            allows = clause.effect is Effect.ALLOW
            tests = [*conditions(clause), _addressed(clause.to)]
            yield self._policy(clause.id, views_of(clause), *tests, allows=allows)

    def _always(self) -> Iterator[tuple[str, str]]:
        for own in _OWN:
            yield self._policy("OWN", _EVERY_VIEW, own)
        yield self._policy("FLOOR-4", _EVERY_VIEW, _STATUTORY)
        for outside in _CAUCUS:
            yield self._policy("FLOOR-1", _EVERY_VIEW, outside, allows=False)
        yield self._policy("FLOOR-2", _CONTENT, _AUDITOR, allows=False)

    def _grants(self, grants: Iterable[Grant]) -> Iterator[tuple[str, str]]:
        for grant in grants:
            yield self._policy(
                f"GRANT-{grant.number}",
                _UP_TO[grant.view],
                f"resource.label == {_text(grant.label)}",
                f"{_listed(grant.purposes)}.contains(context.purpose)",
                *_during(grant.nbf, grant.exp),
                _addressed(grant.to),
            )

    def _policy(
        self, policy_id: str, views: Sequence[str], *tests: str, allows: bool = True
    ) -> tuple[str, str]:
        """Write a policy about whoever holds, at this very instant, a seat that passes all tests.

        Returns:
            Its id and its text.
        """
        somebody = " || ".join(
            f"(principal has {place} && {' && '.join(tests).replace('SEAT', f'principal.{place}')}"
            f" && principal.{place}.from <= context.now && context.now < principal.{place}.until)"
            for place in self._places
        )
        actions = ", ".join(f'Action::"{view}"' for view in views)
        effect = "permit" if allows else "forbid"
        scope = f"principal, action in [{actions}], resource"
        text = f"@id({_text(policy_id)})\n{effect} ({scope}) when {{ {somebody} }};"
        return policy_id, text


def request(question: Question) -> cedarpy.Request:
    """Return a question as Cedar is asked it."""
    return {
        "principal": {"type": "Person", "id": question.person},
        "action": {"type": "Action", "id": question.view.name.lower()},
        "resource": {"type": "Document", "id": _name(question.marking)},
        "context": {
            "purpose": question.purpose,
            "phase": question.phase,
            "now": _microseconds(question.now),
        },
    }


def views_of(clause: Clause) -> Sequence[str]:
    """Return the views a clause speaks of."""
    return (_UP_TO if clause.effect is Effect.ALLOW else _FROM_ON)[clause.view]


def conditions(clause: Clause) -> Iterator[str]:
    """Write what a clause asks of document and context, whoever asks."""
    yield from _among("resource.class", clause.classes)
    if clause.effect is Effect.ALLOW and clause.classes.excluded:
        yield _NOT_SUBSTANCE_USE
    yield from _among("resource.origin", clause.origins)
    yield from _among("resource.provenance", clause.provenances)
    # What was granted beyond scope is still what it was: only a claw-back takes it from a clause.
    if clause.labels.words == ("-",):
        yield 'resource.label != "claw-back"'
    elif clause.labels.words == ("claw-back",):
        yield 'resource.label == "claw-back"'
    yield from _among("context.purpose", clause.purposes)
    yield from _among("context.phase", clause.phases)
    yield from _during(clause.nbf, clause.exp)


def _among(what: str, choice: Choice) -> Iterator[str]:
    if choice.words:
        yield f"{'!' if choice.excluded else ''}{_listed(choice.words)}.contains({what})"


def _during(nbf: str, exp: str) -> Iterator[str]:
    if nbf != ALWAYS:
        yield f"{_microseconds_of(nbf)} <= context.now"
    if exp != NEVER:
        yield f"context.now < {_microseconds_of(exp)}"


def _addressed(to: str) -> str:
    kind, _, whose = to.partition(":")
    match kind:
        case "u":
            return f"principal == Person::{_text(to)}"
        case "side":
            return f"{_ON_A_SIDE} && SEAT.side == {_text(whose)}"
        case "organisation":
            return f"SEAT has organisation && SEAT.organisation == {_text(whose)}"
        case _:
            of_side = f" && SEAT has side && SEAT.side == {_text(whose)}" if whose else ""
            return f"SEAT.role == {_text(kind)}{of_side}"


def _seat(row: RosterRow) -> dict[str, object]:
    side = {} if row.seat.side is None else {"side": row.seat.side}
    sits_for = {} if row.organisation is None else {"organisation": row.organisation}
    begins = _FIRST if row.nbf == ALWAYS else _microseconds_of(row.nbf)
    ends = _LAST if row.exp == NEVER else _microseconds_of(row.exp)
    return {"role": row.seat.role.value, **side, **sits_for, "from": begins, "until": ends}


def _entity(kind: str, name: str, attributes: dict[str, object]) -> dict[str, object]:
    return {"uid": {"type": kind, "id": name}, "attrs": attributes, "parents": []}


def document(marking: Marking) -> dict[str, object]:
    """Return a document as Cedar knows it."""
    attributes: dict[str, object] = {
        "class": marking.document_class,
        "origin": marking.origin,
        "provenance": marking.provenance,
        "label": marking.label,
    }
    return _entity("Document", _name(marking), attributes)


def _name(marking: Marking) -> str:
    parts = (marking.document_class, marking.origin, marking.provenance, marking.label)
    return " ".join(parts)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _microseconds_of(text: str) -> int:
    return _microseconds(datetime.fromisoformat(text))


def _listed(words: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, words))}]"


def _text(word: str) -> str:
    """Write a word as Cedar and JSON both write it: ours hold nothing that they escape apart."""
    return json.dumps(word)
