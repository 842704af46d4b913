"""Casbin decides every question, and this is the only file that knows it.

What is not used here is left out on purpose; each fails open or wrong in pycasbin 2.8.0 (design
page 3, section 1.3): FastEnforcer, AsyncEnforcer, filtered loading, the built-in conditional role
manager, every call that changes a policy, switching enforcement off, `eval()` in a matcher, more
than one definition of `g`, `p` or `e`. A scope never changes: another version is another scope.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, Final, final

import casbin
from casbin.model import Assertion, Model
from casbin.rbac import ConditionalRoleManager

from policies.exceptions import NO_EXCEPTIONS, Exceptions
from policies.instants import ALWAYS, NEVER, Instant, is_instant
from policies.matcher import compile_matcher, has
from policies.policy import MODEL_TEXT, Policy, Row
from policies.roster import RosterRefused, RosterRow, check_roster
from policies.vocabulary import (
    CLASSES,
    LABELS,
    PHASES,
    PROVENANCES,
    PURPOSES,
    Marking,
    View,
    origins_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Answer", "RosterRow", "Scope", "TimedRoleManager", "stock_enforcer"]

# Whether it is allowed, and the clause or floor that decided; None when none speaks of it.
Answer = tuple[bool, str | None]

# A person named so cannot sit anywhere (policies/roster.py), so all strangers are this one.
_STRANGER: Final = "u:stranger"
_UNANSWERABLE: Final[Answer] = (False, None)
# Casbin tries an empty policy as one row of empty strings, and may find that it matches.
_SENTINEL: Final = Row(
    sub="nobody",
    case="-",
    cls="*",
    origin="*",
    prov="*",
    label="*",
    view="1",
    purpose="*",
    phase="*",
    nbf=ALWAYS,
    exp=NEVER,
    eft="deny",
    clause="-",
)
_CLAUSE: Final = Row._fields.index("clause")
# About 4 MiB. Reached only by asking one scope everything the vocabulary can ask.
_MOST_ANSWERS: Final = 16_384

_PROVENANCES = frozenset(PROVENANCES)
_PURPOSES, _PHASES = frozenset(PURPOSES), frozenset(PHASES)
_VIEWS: Final = {view: str(view.value) for view in View}


class TimedRoleManager(ConditionalRoleManager):
    """Who belongs to which group at an instant, by the clock of the question.

    The built-in manager takes a link for valid until a function was registered for it, and stores
    every unknown name it is asked about. This one is built once from the roster, is never written
    again, and says no to whatever it was not told. Groups have no groups, so no chain is too deep.
    """

    def __init__(self, roster: Iterable[RosterRow]) -> None:
        """Take each person's seats with the groups they belong to."""
        held: dict[str, list[tuple[str, Instant, Instant]]] = {}
        for row in roster:
            links = held.setdefault(row.person, [])
            links.extend((group, row.nbf, row.exp) for group in sorted(row.groups()))
        self._held = held

    def has_link(self, name1: str, name2: str, *domain: str) -> bool:
        """Tell whether a person belongs to a group at the one instant given; never without one."""
        return len(domain) == 1 and name2 in self.groups_at(name1, domain[0])

    def groups_at(self, person: str, now: str) -> frozenset[str]:
        """Return the groups a person belongs to at an instant; the person is one of them."""
        held = self._held.get(person, ())
        return frozenset([group for group, nbf, exp in held if nbf <= now < exp])


_MODEL: Final = casbin.Enforcer.new_model(text=MODEL_TEXT)
_NAMES: Final = (*_MODEL["r"]["r"].tokens, *_MODEL["p"]["p"].tokens, "has", "g")
# Once per process, under the import lock: Casbin parses the matcher anew in every decision, which
# costs 40 us and, from several threads on CPython 3.11, raises SystemError (gh-106905).
_MATCHER: Final = compile_matcher(_MODEL["m"]["m"].value, _NAMES)
# Stands for the matcher in our enforcers. Casbin searches the text for `eval(` in every decision
# (5 us for the real one), and if ever it parses this itself, the name is unknown and it raises.
_COMPILED: Final = "compiled"
_MODEL["m"]["m"].value = _COMPILED


class _Expression:
    """The compiled matcher with the functions of one enforcer."""

    __slots__ = ("_functions",)

    def __init__(self, functions: dict[str, object]) -> None:
        self._functions = functions

    def eval(self, names: dict[str, str]) -> bool:
        # No builtins, and every name and node was checked when the matcher was compiled.
        matched: bool = eval(_MATCHER, self._functions, names)  # noqa: S307 — see above
        return matched


@final
class _RoleSetEnforcer(casbin.Enforcer):
    """Casbin's own loop and effect over the rows that one set of groups can match.

    Rows addressed to other groups can never satisfy `g`, so leaving them out changes no answer
    and no explanation (tests/policies/test_engine_against_stock.py). pycasbin disables the loggers
    named casbin.* when an enforcer is made; that suits us, since they would print the questions.
    """

    def __init__(self, rows: Iterable[Row], roles: TimedRoleManager) -> None:
        super().__init__(_model_of(rows))
        self.model["g"]["g"].cond_rm = roles
        self.cond_rm_map["g"] = roles
        # Not shared between enforcers: each decision writes `g` into it.
        self.fm.fm = {"__builtins__": {}, "has": has}

    @staticmethod
    def _get_expression(expr: str, functions: dict[str, object]) -> _Expression:
        assert expr == _COMPILED
        return _Expression(functions)


@lru_cache(maxsize=4096)
def _answer(allowed: bool, clause: str | None) -> Answer:  # noqa: FBT001 — the two parts, in order
    """Return the answer, which many questions share, from one place."""
    return allowed, clause


def _model_of(rows: Iterable[Row]) -> Model:
    """Return a model that shares what is parsed and owns what an enforcer writes to.

    Rows go in as lists. Casbin's own loaders join columns with commas and split them again, drop
    rows of an unknown section and take short ones; `Policy` has refused all of these before.
    """
    model = Model()
    for section in ("r", "e", "m"):
        model[section] = _MODEL[section]
    for section in ("p", "g"):
        parsed, own = _MODEL[section][section], Assertion()
        own.key, own.value = parsed.key, parsed.value
        own.tokens, own.params_tokens = parsed.tokens, parsed.params_tokens
        model[section] = {section: own}
    model["p"]["p"].policy = [list(row) for row in rows]
    return model


def stock_enforcer(rows: Iterable[Sequence[str]], roster: Iterable[RosterRow]) -> casbin.Enforcer:
    """Return pycasbin as it comes over all rows: its own parser and evaluator, no memo, no subset.

    Slow, and by another path than `Scope`: what a replay and the tests hold decisions to.
    """
    enforcer = casbin.Enforcer(casbin.Enforcer.new_model(text=MODEL_TEXT))
    roles = TimedRoleManager(roster)
    enforcer.model["g"]["g"].cond_rm = roles
    enforcer.cond_rm_map["g"] = roles
    enforcer.add_function("has", has)
    enforcer.model["p"]["p"].policy = [list(row) for row in rows]
    return enforcer


@final
class Scope:
    """What one case allows at one scope version to the people on one roster.

    Nothing observable changes after construction, so that any number of threads may ask. What is
    found out on the way (enforcers, answers) is published by one assignment each; two threads that
    find out the same thing publish the same thing.
    """

    __slots__ = (
        "_bounds",
        "_classes",
        "_enforcers",
        "_exceptions",
        "_labels",
        "_memo",
        "_origins",
        "_people",
        "_policy",
        "_roles",
        "_rows",
        "_subjects",
        "_version",
    )

    def __init__(
        self,
        policy: Policy,
        roster: Iterable[RosterRow],
        version: int,
        exceptions: Exceptions = NO_EXCEPTIONS,
    ) -> None:
        """Build the scope completely; no decision depends on anything learned later.

        Args:
            policy: The compiled policy in force.
            roster: Everybody ever seated in the case.
            version: The scope version, as it will be quoted.
            exceptions: Single documents granted beyond it. A grant speaks last, and cannot be
                heard against a deny or a floor.

        Raises:
            RosterRefused: A seat is on a side that the case does not have, or one person would
                hold two that do not go together.
        """
        rows = check_roster(roster)
        if any(row.seat.side is not None and row.seat.side not in policy.sides for row in rows):
            raise RosterRefused("A seat of the roster is on no side of the case.")
        self._policy, self._version, self._exceptions = policy, version, exceptions
        self._roles = TimedRoleManager(rows)
        self._people = frozenset(row.person for row in rows)
        self._rows = (*policy.rows, *(grant.row(policy.case) for grant in exceptions.grants))
        self._subjects = frozenset(row.sub for row in self._rows)
        self._classes = frozenset((*CLASSES, *policy.classes))
        self._origins = frozenset(origins_of(policy.sides))
        self._labels = frozenset((*LABELS, *exceptions.grant_labels))
        # An answer can change at these instants only, since the clock is compared with nothing
        # else: between two of them the memo is exact, and nothing in it grows stale.
        ends = {end for row in (*self._rows, *rows) for end in (row.nbf, row.exp)}
        self._bounds = sorted(ends)
        self._enforcers: dict[frozenset[str], _RoleSetEnforcer] = {}
        self._memo: dict[tuple[str, Marking, View, str, str, int], Answer] = {}

    @property
    def policy(self) -> Policy:
        """The compiled policy that decides."""
        return self._policy

    @property
    def version(self) -> int:
        """The scope version in force; 0 is the baseline before the first agreement."""
        return self._version

    @property
    def exceptions(self) -> Exceptions:
        """The single documents granted beyond it, and the label that each must bear."""
        return self._exceptions

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every row that decides: those of the policy, then one for each grant."""
        return self._rows

    @property
    def bounds(self) -> Sequence[str]:
        """The instants, in order, at which an answer may change; open ends included."""
        return self._bounds

    def groups_at(self, person: str, now: Instant) -> frozenset[str]:
        """Return the groups a person of the roster belongs to at an instant; empty if unseated."""
        return self._roles.groups_at(person, now)

    def ask(
        self, person: str, marking: Marking, view: View, purpose: str, phase: str, now: Instant
    ) -> Answer:
        """Decide one question; whatever is not of the vocabulary is denied.

        Args:
            person: `u:` and a UUID. Whoever is not on the roster is a stranger.
            marking: All that a decision may look at in the document.
            view: How much of it.
            purpose: What for.
            phase: The phase the case is in.
            now: The server's clock, as `instant` writes it.

        Returns:
            Whether it is allowed, and the deciding clause: the first deny that matches, else the
            last allow that matches, else None.
        """
        person = person if person in self._people else _STRANGER
        key = (person, marking, view, purpose, phase, bisect_right(self._bounds, now))
        known = self._memo.get(key)
        if known is not None:
            return known
        cls, origin, prov, label = marking
        # Only questions that can be answered are remembered, so that nobody can fill the memory.
        if not (
            cls in self._classes
            and origin in self._origins
            and prov in _PROVENANCES
            and label in self._labels
            and view in _VIEWS
            and purpose in _PURPOSES
            and phase in _PHASES
            and is_instant(now)
        ):
            return _UNANSWERABLE
        case, level = self._policy.case, _VIEWS[view]
        allowed, row = self._enforcer(person, now).enforce_ex(
            person, case, cls, origin, prov, label, level, purpose, phase, now
        )
        answer = _answer(allowed, row[_CLAUSE] if row else None)
        if len(self._memo) >= _MOST_ANSWERS:
            self._memo = {}
        self._memo[key] = answer
        return answer

    def matching(
        self, person: str, marking: Marking, view: View, purpose: str, phase: str, now: Instant
    ) -> tuple[str, ...]:
        """Return every clause that speaks of a question, asked of Casbin row by row, in order.

        `ask` names the one that decides. Nothing is said of what is not of the vocabulary.
        """
        if self.ask(person, marking, view, purpose, phase, now) is _UNANSWERABLE:
            return ()
        groups = self._roles.groups_at(person, now)
        asked = (person, self._policy.case, *marking, _VIEWS[view], purpose, phase, now)
        return tuple(
            row.clause
            for row in self._rows
            if row.sub in groups and _RoleSetEnforcer([row], self._roles).enforce_ex(*asked)[1]
        )

    def _enforcer(self, person: str, now: Instant) -> _RoleSetEnforcer:
        groups = self._roles.groups_at(person, now) & self._subjects
        enforcer = self._enforcers.get(groups)
        if enforcer is None:
            rows = [row for row in self._rows if row.sub in groups]
            enforcer = _RoleSetEnforcer(rows or [_SENTINEL], self._roles)
            self._enforcers[groups] = enforcer
        return enforcer
