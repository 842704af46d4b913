"""pycasbin as it comes decides the same questions, slowly and by another path: the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import casbin

from policies.engine import Answer, TimedRoleManager
from policies.matcher import has
from policies.policy import MODEL_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policies.policy import Policy
    from policies.roster import RosterRow
    from policies.terms import Marking, View


def stock_enforcer(rows: Iterable[Sequence[str]], roster: Iterable[RosterRow]) -> casbin.Enforcer:
    """One plain enforcer over all rows: Casbin's own parser, simpleeval, no memo."""
    enforcer = casbin.Enforcer(casbin.Enforcer.new_model(text=MODEL_TEXT))
    roles = TimedRoleManager(roster)
    enforcer.model["g"]["g"].cond_rm = roles
    enforcer.cond_rm_map["g"] = roles
    enforcer.add_function("has", has)
    enforcer.model["p"]["p"].policy = [list(row) for row in rows]
    return enforcer


class StockScope:
    """Asked like a Scope."""

    def __init__(self, policy: Policy, roster: Iterable[RosterRow]) -> None:
        self._case = policy.case
        self._enforcer = stock_enforcer(policy.rows, roster)

    def ask(
        self, person: str, marking: Marking, view: View, purpose: str, phase: str, now: str
    ) -> Answer:
        allowed, row = self._enforcer.enforce_ex(
            person,
            self._case,
            marking.document_class,
            marking.origin,
            marking.label,
            str(view.value),
            purpose,
            phase,
            now,
        )
        return allowed, row[-1] if row else None
