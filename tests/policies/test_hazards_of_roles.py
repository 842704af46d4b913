"""Hazards H7 to H15, H18 and H23: who has a role in pycasbin 2.8.0, and what holds during a load.

More of H10 and H23 is in test_engine.py; the other hazards are in test_hazards.py.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from policies.compiler import compile_terms
from policies.engine import Scope, TimedRoleManager
from policies.instants import ALWAYS, NEVER, Instant
from policies.policy import MODEL_TEXT
from policies.roster import RosterRefused, RosterRow
from policies.terms import Marking, Seat, View, parse_terms
from tests.policies.bare_casbin import BOTH, NO_DENY, casbin, conf, enforcer
from tests.policies.samples import (
    CASE,
    CLINIC,
    EXPERT,
    MIRA,
    NOW,
    ROSTER,
    person,
    seated,
)

POLICY = compile_terms(CASE, parse_terms(CLINIC))
MEDICAL = Marking("medical", "claimant", "pre-existing", "-")
TIMED = "g = _, _, (_, _)"
OF_A_ROLE = "g(r.sub, p.sub) && r.obj == p.obj"
ENDED = "g, ann, expert, 2020-01-01 00:00:00, 2020-02-01 00:00:00"


def test_h7_plain_roles_beside_timed_ones_stop_matching_and_the_model_has_one_kind() -> None:
    lines = ("p, expert, notes, allow", "g, ann, expert")
    assert enforcer(conf(g="g = _, _", m=OF_A_ROLE), *lines).enforce("ann", "notes") is True
    both = conf(g="g = _, _\ng2 = _, _, (_, _)", m=OF_A_ROLE)
    assert enforcer(both, *lines).enforce("ann", "notes") is False
    assert list(casbin.Enforcer.new_model(text=MODEL_TEXT)["g"]) == ["g"]


def test_h8_a_seat_that_ended_gives_nothing_without_anything_being_registered() -> None:
    made = enforcer(conf(g=TIMED, m=OF_A_ROLE), "p, expert, notes, allow", ENDED)
    assert made.enforce("ann", "notes") is True
    made.add_named_link_condition_func("g", "ann", "expert", casbin.util.time_match_func)
    assert made.enforce("ann", "notes") is False
    scope = Scope(POLICY, [seated(6, "expert", ALWAYS, NOW)], 1)
    asked = (MEDICAL, View.FULL, "opinion", "exchange")
    assert scope.ask(EXPERT, *asked, Instant("2026-03-05T11:59:59Z")) == (True, "5.1")
    assert scope.ask(EXPERT, *asked, NOW) == (False, None)


def test_h8_a_reload_brings_nobody_back() -> None:
    made = enforcer(conf(g=TIMED, m=OF_A_ROLE), "p, expert, notes, allow", ENDED)
    made.add_named_link_condition_func("g", "ann", "expert", casbin.util.time_match_func)
    made.load_policy()
    assert made.enforce("ann", "notes") is True
    # Ours has no reload: another version is another scope, complete before anybody asks it.
    assert not hasattr(Scope, "load_policy")


def test_h9_filtered_loading_forgets_timed_roles_and_ours_are_built_from_the_roster(
    tmp_path: Path,
) -> None:
    held = tmp_path / "policy.csv"
    held.write_text("p, expert, notes, allow\ng, ann, expert, _, _\n")
    model = casbin.Enforcer.new_model(text=conf(g=TIMED, m=OF_A_ROLE))
    adapters = import_module("casbin.persist.adapters.filtered_file_adapter")
    made = casbin.Enforcer(model, adapters.FilteredFileAdapter(str(held)))
    wanted = adapters.Filter()
    wanted.P, wanted.G = ["expert"], ["ann"]
    made.load_filtered_policy(wanted)
    assert made.model["g"]["g"].policy
    assert made.enforce("ann", "notes") is False
    assert TimedRoleManager(ROSTER).has_link(MIRA, "mediator", NOW)


def test_h10_a_question_about_a_stranger_writes_nothing_to_the_roles() -> None:
    made = enforcer(conf(g="g = _, _", m=OF_A_ROLE), "p, expert, notes, allow", "g, ann, expert")
    known = len(made.get_role_manager().all_roles)
    for number in range(200):
        made.enforce(f"ghost{number}", "notes")
    assert len(made.get_role_manager().all_roles) == known + 200
    roles = TimedRoleManager(ROSTER)
    before = {name: dict(held) for name, held in vars(roles).items()}
    for number in range(200):
        assert not roles.has_link(person(1000 + number), f"group{number}", NOW)
    assert vars(roles) == before


def test_h11_a_long_chain_of_roles_is_cut_and_ours_have_no_chains() -> None:
    chain = [f"g, role{n}, role{n + 1}" for n in range(12)]
    made = enforcer(conf(g="g = _, _", m=OF_A_ROLE), "p, role12, notes, allow", *chain)
    assert made.enforce("role3", "notes") is True
    assert made.enforce("role2", "notes") is False
    # Who is in a group is a person: neither a group in a group nor a circle can be written down.
    for member in ("side:claimant", "party", "mediator"):
        with pytest.raises(RosterRefused):
            RosterRow(member, Seat.parse("mediator"), ALWAYS, NEVER)


def test_h12_the_fast_enforcer_does_not_see_a_deny_for_everybody() -> None:
    model = conf(m='(p.sub == "*" || r.sub == p.sub) && r.obj == p.obj')
    lines = ("p, ann, notes, allow", "p, *, notes, deny")
    assert enforcer(model, *lines).enforce("ann", "notes") is False
    fast = enforcer(model, *lines, kind="FastEnforcer", cache_key_order=[0, 1])
    assert fast.enforce("ann", "notes") is True
    assert fast.enforce_ex("ann", "notes")[0] is False


def test_h13_the_filter_of_the_fast_enforcer_is_everybodys() -> None:
    lines = ("p, ann, notes, allow", "p, ben, bills, allow")
    fast = enforcer(conf(), *lines, kind="FastEnforcer", cache_key_order=[0, 1])
    assert fast.enforce("ann", "notes") is True
    # What two threads do by chance: one asks for Ann while the filter is set for Ben.
    rows = fast.model["p"]["p"].policy
    with import_module("casbin.model").fast_policy_filter(rows, "ben", "bills"):
        assert fast.enforce_ex("ann", "notes")[0] is False


def test_h14_in_the_middle_of_a_reload_nobody_has_a_role() -> None:
    made = enforcer(conf(g="g = _, _", m=OF_A_ROLE), "p, expert, notes, allow", "g, ann, expert")
    meanwhile: list[bool] = []

    class Watched(casbin.rbac.default_role_manager.RoleManager):
        def clear(self) -> None:
            casbin.rbac.default_role_manager.RoleManager.clear(self)
            meanwhile.append(made.enforce("ann", "notes"))

    made.set_role_manager(Watched(10))
    made.build_role_links()
    assert made.enforce("ann", "notes") is True
    made.load_policy()
    assert meanwhile[-1] is False
    assert not {name for name in dir(Scope) if name.startswith(("load", "set_", "clear", "build"))}


def test_h15_while_an_async_reload_waits_nothing_is_denied() -> None:
    async def reload() -> bool:
        made = casbin.AsyncEnforcer(casbin.Enforcer.new_model(text=conf(e=NO_DENY)))
        made.model["p"]["p"].policy = [["ann", "notes", "deny"]]
        assert made.enforce("ann", "notes") is False
        waiting, answered = asyncio.Event(), asyncio.Event()

        class Slow:
            def is_filtered(self) -> bool:
                return True

            async def load_filtered_policy(self, model: Any, _: object) -> None:
                waiting.set()
                await answered.wait()
                model["p"]["p"].policy = [["ann", "notes", "deny"]]

        made.set_adapter(Slow())
        loading = asyncio.create_task(made.load_filtered_policy(None))
        await waiting.wait()
        meanwhile: bool = made.enforce("ann", "notes")
        answered.set()
        await loading
        assert made.enforce("ann", "notes") is False
        return meanwhile

    assert asyncio.run(reload()) is True
    assert casbin.Enforcer.new_model(text=MODEL_TEXT)["e"]["e"].value == BOTH.replace("p.", "p_")


def test_h18_the_first_question_in_a_domain_compares_everybody_with_everybody() -> None:
    def compared(members: int) -> int:
        count = 0

        def same(one: str, other: str) -> bool:
            nonlocal count
            count += 1
            return one == other

        roles = casbin.rbac.default_role_manager.DomainManager(10)
        roles.add_matching_func(same)
        for number in range(members):
            roles.add_link(f"u{number}", "expert", "case")
        assert roles.has_link("u0", "expert", "case")
        return count

    assert compared(200) > 3.5 * compared(100)
    # Ours have no domains: two names, and two columns that are not compared.
    roles = casbin.Enforcer.new_model(text=MODEL_TEXT)["g"]["g"]
    assert (len(roles.tokens), len(roles.params_tokens)) == (2, 2)


def test_h23_whoever_is_called_like_a_role_has_it_in_casbin_and_cannot_sit_here() -> None:
    made = enforcer(conf(g="g = _, _", m=OF_A_ROLE), "p, admin, notes, allow")
    assert made.enforce("admin", "notes") is True
    for name in ("mediator", "side:claimant", "organisation:mutual", "u:stranger"):
        with pytest.raises(RosterRefused):
            RosterRow(name, Seat.parse("auditor"), ALWAYS, NEVER)
    assert not TimedRoleManager(ROSTER).has_link("mediator", "mediator", NOW)
    # A person is a group of its own while seated, so that one document can be granted to it.
    assert TimedRoleManager(ROSTER).has_link(EXPERT, EXPERT, NOW)
    assert not TimedRoleManager(ROSTER).has_link(EXPERT, EXPERT, "2026-04-15T00:00:00Z")
