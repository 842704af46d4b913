"""The part of cedarpy 4.12 that the tests use; its own annotations leave dictionaries unknown."""

from collections.abc import Sequence

Request = dict[str, object]

class PolicySet:
    @staticmethod
    def from_str(s: str) -> PolicySet: ...

class Schema:
    @staticmethod
    def from_str(s: str) -> Schema: ...

class Entities:
    @staticmethod
    def from_json_str(s: str, schema: Schema | None = ...) -> Entities: ...

class Diagnostics:
    errors: list[str]
    reasons: list[str]
    id_annotations_by_reason: dict[str, str]

class AuthzResult:
    allowed: bool
    diagnostics: Diagnostics

class ValidationError:
    error: str

class ValidationResult:
    validation_passed: bool
    errors: list[ValidationError]

def is_authorized(request: Request, policies: PolicySet, entities: Entities) -> AuthzResult: ...
def is_authorized_batch(
    requests: Sequence[Request], policies: PolicySet, entities: Entities
) -> list[AuthzResult]: ...
def validate_policies(policies: str, schema: Schema) -> ValidationResult: ...
