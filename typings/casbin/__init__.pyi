"""The part of pycasbin 2.8.0 that policies/engine.py and its reference in the tests use."""

from typing import Protocol

from casbin.model import FunctionMap, Model
from casbin.rbac import ConditionalRoleManager

class Expression(Protocol):
    def eval(self, names: dict[str, str]) -> bool: ...

class Enforcer:
    model: Model
    fm: FunctionMap
    cond_rm_map: dict[str, ConditionalRoleManager]
    def __init__(self, model: Model) -> None: ...
    @staticmethod
    def new_model(path: str = ..., text: str = ...) -> Model: ...
    @staticmethod
    def _get_expression(expr: str, functions: dict[str, object]) -> Expression: ...
    def add_function(self, name: str, func: object) -> None: ...
    def enforce_ex(self, *rvals: str) -> tuple[bool, list[str]]: ...
