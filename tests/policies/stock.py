"""pycasbin as it comes decides the same questions, slowly and by another path: the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.engine import Answer, stock_enforcer
from policies.exceptions import NO_EXCEPTIONS, Exceptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.policy import Policy
    from policies.roster import RosterRow
    from policies.terms import Marking, View


class StockScope:
    """Asked like a Scope."""

    def __init__(
        self, policy: Policy, roster: Iterable[RosterRow], exceptions: Exceptions = NO_EXCEPTIONS
    ) -> None:
        self._case = policy.case
        granted = (grant.row(policy.case) for grant in exceptions.grants)
        self._enforcer = stock_enforcer((*policy.rows, *granted), roster)

    def ask(
        self, person: str, marking: Marking, view: View, purpose: str, phase: str, now: str
    ) -> Answer:
        allowed, row = self._enforcer.enforce_ex(
            person,
            self._case,
            marking.document_class,
            marking.origin,
            marking.provenance,
            marking.label,
            str(view.value),
            purpose,
            phase,
            now,
        )
        return allowed, row[-1] if row else None
