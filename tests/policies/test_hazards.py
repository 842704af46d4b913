"""The 24 hazards of pycasbin 2.8.0 (design page 3, section 1.3): each seen there, and closed here.

Those of roles and of loading (H7 to H15, H18, H23) are in test_hazards_of_roles.py. Where pycasbin
stops doing what is shown of it a test fails, and the reason for a defence is gone.
"""

from __future__ import annotations

import ast
import logging
from functools import cache
from pathlib import Path

import pytest

from policies.compiler import baseline, compile_terms
from policies.engine import Scope, TimedRoleManager
from policies.matcher import compile_matcher, has
from policies.policy import MODEL_TEXT, Policy, PolicyRefused, Row
from policies.terms import Marking, View, parse_terms
from tests.policies.bare_casbin import BOTH, NO_DENY, casbin, conf, enforcer
from tests.policies.samples import (
    CASE,
    CLINIC,
    CLINIC_HEAD,
    INSURER,
    MIRA,
    NOW,
    PAT,
    ROSTER,
    SIDES,
    STRANGER,
)

POLICY = compile_terms(CASE, parse_terms(CLINIC))
DENY = next(row for row in POLICY.rows if row.eft == "deny")
MEDICAL = Marking("medical", "claimant", "pre-existing", "-")

# What of pycasbin is used nowhere, and which hazard for.
LEFT_OUT = {
    "EnforceContext": "H6",
    "new_enforce_context": "H6",
    "add_named_link_condition_func": "H8",
    "load_filtered_policy": "H9, H15",
    "add_named_matching_func": "H10",
    "FastEnforcer": "H12, H13",
    "fast_policy_filter": "H13",
    "build_role_links": "H14",
    "SyncedEnforcer": "H14",
    "AsyncEnforcer": "H15",
    "enable_enforce": "H17",
    "DomainManager": "H18",
    "FileAdapter": "H20, H24",
    "StringAdapter": "H20, H24",
    "add_policy": "H20, H24",
    "save_policy": "H20, H24",
}


def stored(**changed: object) -> dict[str, object]:
    return {**POLICY.to_json(), **changed}


@cache
def names_in_the_code() -> set[str]:
    rooms = ("policies", "vault", "api")
    root = Path(__file__).parents[2]
    found: set[str] = set()
    for path in (path for room in rooms for path in (root / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                    found.add(name)
                case _:
                    pass
    return found


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_fails_open_in_casbin_is_named_nowhere(name: str) -> None:
    assert name not in names_in_the_code()


def test_h1_pycasbin_remembers_nothing_and_a_scope_asks_it_once() -> None:
    assert not hasattr(casbin, "CachedEnforcer")
    scope, asked = Scope(POLICY, ROSTER, 1), (MEDICAL, View.FULL, "mediation", "exchange", NOW)
    first = scope.ask(PAT, *asked)
    # The very tuple: Casbin would have made another.
    assert first[0]
    assert scope.ask(PAT, *asked) is first


def test_h2_an_empty_policy_matches_empty_words_and_ours_is_never_empty() -> None:
    assert enforcer(conf()).enforce("", "") is True
    assert enforcer(conf(e=NO_DENY)).enforce("anybody", "anything") is True
    with pytest.raises(PolicyRefused):
        Policy(CASE, SIDES, ())
    assert not has("", "")
    nobody = Scope(baseline(CASE, SIDES), [], 0)
    assert nobody.ask("", Marking("", "", "", ""), View.METADATA, "", "", NOW) == (False, None)


@pytest.mark.parametrize("effect", ["Deny", "DENY", "deny ", "denied", "forbid", ""])
def test_h3_a_misspelt_effect_is_refused_before_casbin_drops_the_row(effect: str) -> None:
    made = enforcer(conf())
    made.model["p"]["p"].policy = [["ann", "notes", "allow"], ["ann", "notes", effect]]
    assert made.enforce("ann", "notes") is True
    with pytest.raises(PolicyRefused):
        Policy(CASE, SIDES, (*POLICY.rows, DENY._replace(eft=effect)))


def test_h4_a_row_of_an_undefined_section_is_refused_and_not_dropped() -> None:
    made = enforcer(conf(), "p, ann, notes, allow", "p2, ann, notes, deny")
    assert made.enforce("ann", "notes") is True
    # A stored policy has rows of one section; another one, or a row that names one, is no policy.
    for changed in (
        stored(rows2=[[*DENY]]),
        stored(rows=[*map(list, POLICY.rows), ["p2", *DENY]]),
    ):
        with pytest.raises(PolicyRefused):
            Policy.from_json(changed)


def test_h5_a_short_row_is_refused_before_every_decision_raises() -> None:
    made = enforcer(conf(), "p, ann, notes, allow", "p, ben, notes")
    with pytest.raises(RuntimeError, match="invalid policy size"):
        made.enforce("ben", "notes")
    for row in (DENY[:-1], (*DENY, "more")):
        with pytest.raises(PolicyRefused):
            Policy.from_json(stored(rows=[*map(list, POLICY.rows), [*row]]))


def test_h6_a_second_effect_is_ignored_and_the_model_has_one_of_everything() -> None:
    second = (
        "request_definition: r2 = sub, obj\npolicy_definition: p2 = sub, obj, eft\n"
        f"policy_effect: e2 = {BOTH}\nmatchers: m2 = r2.sub == p2.sub && r2.obj == p2.obj"
    )
    made = enforcer(
        conf(e="some(where (p.eft == allow))", also=second),
        "p2, ann, notes, allow",
        "p2, ann, notes, deny",
    )
    assert made.enforce(made.new_enforce_context("2"), "ann", "notes") is True
    model = casbin.Enforcer.new_model(text=MODEL_TEXT)
    assert {section: list(model[section]) for section in "rpgem"} == {k: [k] for k in "rpgem"}


def test_h16_casbin_names_the_first_deny_the_last_allow_or_nothing() -> None:
    rows = [["ann", "notes", effect] for effect in ("allow", "allow", "deny", "deny")]
    numbered = [[*row, str(n)] for n, row in enumerate(rows)]
    made = enforcer(conf(p="sub, obj, eft, clause"))
    made.model["p"]["p"].policy = numbered
    assert made.enforce_ex("ann", "notes") == (False, numbered[2])
    made.model["p"]["p"].policy = numbered[:2]
    assert made.enforce_ex("ann", "notes") == (True, numbered[1])
    assert made.enforce_ex("ben", "notes") == (False, [])
    # So ours name it too, and that nothing speaks of it; why not is asked of the engine anew.
    scope, rest = Scope(POLICY, ROSTER, 1), ("mediation", "settlement", NOW)
    assert scope.ask(CLINIC_HEAD, MEDICAL, View.REDACTED, *rest) == (True, "3.2")
    assert scope.ask(INSURER, MEDICAL, View.FULL, *rest) == (False, None)


def test_h17_enforcement_switched_off_allows_everything_and_ours_has_no_switch() -> None:
    made = enforcer(conf(), "p, ann, notes, deny")
    made.enable_enforce(False)
    assert made.enforce("ann", "notes") is True
    assert made.enforce_ex("ann", "notes") == [True, []]
    scope = Scope(POLICY, ROSTER, 1)
    for name in ("enabled", "enable_enforce"):
        with pytest.raises(AttributeError):
            setattr(scope, name, False)
    assert scope.ask(STRANGER, MEDICAL, View.METADATA, "mediation", "exchange", NOW)[0] is False


def test_h19_an_enforcer_silences_the_loggers_of_casbin_and_no_question_is_printed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scope, logger = Scope(POLICY, ROSTER, 1), logging.getLogger("casbin.enforcer")
    logger.disabled = False
    with caplog.at_level(logging.DEBUG):
        scope.ask(PAT, MEDICAL, View.FULL, "mediation", "exchange", NOW)
        scope.ask(STRANGER, MEDICAL, View.FULL, "mediation", "exchange", NOW)
    assert logger.disabled
    assert not any(word in caplog.text for word in (PAT, "medical", "-->"))


@pytest.mark.parametrize(
    "columns",
    [
        ["eve, notes, allow", "(", "deny", "1"],
        ["ann", "notes", "deny", "1\np, eve, notes, allow, 2"],
    ],
)
def test_h20_h24_a_comma_or_a_line_break_in_a_value_is_another_row_after_a_text_adapter(
    tmp_path: Path, columns: list[str]
) -> None:
    held = tmp_path / "policy.csv"
    held.touch()
    made = enforcer(conf(p="sub, obj, eft, clause"))
    made.set_adapter(casbin.persist.adapters.FileAdapter(str(held)))
    made.model["p"]["p"].policy = [columns]
    assert made.enforce("eve", "notes") is False
    made.save_policy()
    made.load_policy()
    assert made.enforce("eve", "notes") is True


@pytest.mark.parametrize("column", Row._fields)
@pytest.mark.parametrize("more", [", allow", ",", "\n", "\np, eve", '"', " "])
def test_h20_h24_no_column_of_ours_can_hold_what_a_text_adapter_would_split(
    column: str, more: str
) -> None:
    changed = DENY._replace(**{column: getattr(DENY, column) + more})
    with pytest.raises(PolicyRefused):
        Policy(CASE, SIDES, (*POLICY.rows, changed))


def test_h21_eval_in_a_matcher_runs_what_a_row_says_and_ours_cannot_hold_it() -> None:
    made = enforcer(conf(p="rule, obj, eft", m="eval(p.rule) && r.obj == p.obj"))
    made.model["p"]["p"].policy = [["r.sub == 'ann' || 1 == 1", "notes", "allow"]]
    assert made.enforce("eve", "notes") is True
    for matcher in ("eval(p_rule)", "has(eval(p_rule), r_sub)"):
        with pytest.raises(ValueError, match="only compare"):
            compile_matcher(matcher, ("p_rule", "r_sub", "has"))
    assert "eval" not in MODEL_TEXT


def test_h22_a_matcher_that_gives_a_number_raises_and_ours_gives_truth_values_alone() -> None:
    made = enforcer(conf(m="one(r.sub)"), "p, a, notes, allow")
    made.add_function("one", len)
    with pytest.raises(RuntimeError, match="bool, int or float"):
        made.enforce("a", "notes")
    assert {type(has(pattern, "a")) for pattern in ("*", "a|b", "!a", "")} == {bool}
    assert type(TimedRoleManager(ROSTER).has_link(MIRA, "mediator", NOW)) is bool
