"""Two versions of an agreement stand side by side, clause by clause: nothing is slipped in."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

from policies.sentences import sentence
from policies.terms import Clause

if TYPE_CHECKING:
    from policies.terms import Terms

# The names of the language where ours differ.
_MEMBERS: Final = {"nbf": "from", "exp": "until"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseChange:
    """One clause that is not the same in both.

    Attributes:
        kind: `added`, `removed`, `changed`, or `renumbered`: the same clause under another id.
        before: The clause as it was; None if it was not there.
        after: The clause as it would be; None if it would not be there.
        members: Names of the members that differ, as the language writes them.
    """

    kind: str
    before: Clause | None
    after: Clause | None
    members: tuple[str, ...] = ()

    def sentences(self) -> tuple[str | None, str | None]:
        """Return what the clause says before and after."""
        return self.before and sentence(self.before), self.after and sentence(self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs between two agreements.

    Attributes:
        clauses: In the order of the newer one, removed clauses last.
        unchanged: How many clauses are the same in both.
        members: Names of the other members that differ: organisations, vocabulary, uploader_grants.
        reordered: The same clauses stand in another order, which changes no decision but may change
            which clause a decision names.
    """

    clauses: tuple[ClauseChange, ...]
    unchanged: int
    members: tuple[str, ...]
    reordered: bool


def differences(old: Terms, new: Terms) -> Comparison:
    """Compare two agreements.

    A clause that says the same is the same clause, if need be under another id, so that one put in
    between does not make changes of all that were numbered anew; else the one of the same id is.
    """
    before = {clause.id: clause for clause in old.clauses}
    after = {clause.id: clause for clause in new.clauses}
    moved = _renumbered(before, after)
    gone = {id_: clause for id_, clause in before.items() if after.get(id_) != clause}
    for clause in moved.values():
        del gone[clause.id]
    found: list[ClauseChange] = []
    for clause in new.clauses:
        if clause.id in moved:
            kind, was, members = "renumbered", moved[clause.id], ("id",)
        elif before.get(clause.id) == clause:
            continue
        else:
            was = gone.pop(clause.id, None)
            kind = "added" if was is None else "changed"
            members = () if was is None else _differing(was, clause)
        found.append(ClauseChange(kind=kind, before=was, after=clause, members=members))
    found += [ClauseChange(kind="removed", before=clause, after=None) for clause in gone.values()]
    kept = [id_ for id_ in before if id_ in after]
    return Comparison(
        clauses=tuple(found),
        unchanged=sum(before[id_] == after[id_] for id_ in kept),
        members=tuple(
            name
            for name, differ in (
                ("organisations", old.organisations != new.organisations),
                ("vocabulary", old.classes != new.classes),
                ("uploader_grants", old.uploader_grants != new.uploader_grants),
            )
            if differ
        ),
        reordered=kept != [id_ for id_ in after if id_ in before],
    )


def _renumbered(before: dict[str, Clause], after: dict[str, Clause]) -> dict[str, Clause]:
    """Return, by its new id, each clause that says what another id said before."""
    waiting: dict[Clause, list[Clause]] = {}
    for id_, clause in before.items():
        if after.get(id_) != clause:
            waiting.setdefault(_unnumbered(clause), []).append(clause)
    found: dict[str, Clause] = {}
    for id_, clause in after.items():
        same = waiting.get(_unnumbered(clause))
        if before.get(id_) != clause and same:
            found[id_] = same.pop(0)
    return found


def _unnumbered(clause: Clause) -> Clause:
    return replace(clause, id="")


def _differing(old: Clause, new: Clause) -> tuple[str, ...]:
    names = (field.name for field in fields(Clause))
    return tuple(
        _MEMBERS.get(name, name) for name in names if getattr(old, name) != getattr(new, name)
    )
