"""pycasbin as it comes, with whatever model a hazard needs, so that we notice when it changes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Untyped here: typings/casbin holds what we use, and this is about the rest.
casbin: Any = import_module("casbin")

BOTH = "some(where (p.eft == allow)) && !some(where (p.eft == deny))"
NO_DENY = "!some(where (p.eft == deny))"


def conf(
    *,
    r: str = "sub, obj",
    p: str = "sub, obj, eft",
    g: str = "",
    e: str = BOTH,
    m: str = "r.sub == p.sub && r.obj == p.obj",
    also: str = "",
) -> str:
    """A model; `also` is `section: line` for a second definition in a section."""
    sections = {
        "request_definition": f"r = {r}",
        "policy_definition": f"p = {p}",
        "role_definition": g,
        "policy_effect": f"e = {e}",
        "matchers": f"m = {m}",
    }
    for line in filter(None, also.splitlines()):
        section, _, definition = line.partition(": ")
        sections[section] += f"\n{definition}"
    return "\n".join(f"[{name}]\n{text}" for name, text in sections.items() if text)


def enforcer(model: str, *lines: str, kind: str = "Enforcer", **options: Any) -> Any:
    """An enforcer of a kind, over lines as its own text adapter reads them."""
    made = getattr(casbin, kind)
    adapter = casbin.persist.adapters.StringAdapter("\n".join(lines)) if lines else None
    if kind == "FastEnforcer":
        # Its `new_model` is no static method, so that it needs an enforcer to be made for one.
        fast = made(casbin.Enforcer.new_model(text=model), **options)
        fast.set_model(fast.new_model(text=model))
        fast.set_adapter(adapter)
        fast.load_policy()
        return fast
    return made(made.new_model(text=model), adapter, **options)
