from casbin.rbac import ConditionalRoleManager

class Assertion:
    key: str
    value: str
    tokens: list[str]
    params_tokens: list[str]
    policy: list[list[str]]
    cond_rm: ConditionalRoleManager | None

class Model:
    def __getitem__(self, item: str) -> dict[str, Assertion]: ...
    def __setitem__(self, key: str, value: dict[str, Assertion]) -> None: ...

class FunctionMap:
    fm: dict[str, object]
