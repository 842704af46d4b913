"""What can be put on record is this closed list, written in one canonical way.

Source: docs/audit-log.md, sections 2 and 3; RFC 8785, of which this is the part without fractions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from vault.ids import CaseId, PersonId

if TYPE_CHECKING:
    from collections.abc import Mapping

    Value = str | int

# Beyond this a JSON reader may round a number (RFC 8785, section 3.2.2.3).
_LARGEST_INTEGER = 2**53 - 1


class Tag(StrEnum):
    """What was done: `source:subject:action`; one word for a source that is its own subject."""

    CASE_OPEN = "case:open"
    CASE_LIST = "case:list"
    CASE_READ = "case:read"
    CASE_PHASE = "case:phase"
    CASE_EVENTS_READ = "case:events:read"
    CASE_PHASE_PREVIEW = "case:phase:preview"
    PARTICIPANT_SEAT = "case:participant:seat"
    SEAT_CHANGE = "case:participant:change"
    SEAT_STEP_DOWN = "case:participant:step-down"
    NOTICE_LIST = "case:notice:list"
    AGREEMENT_PROPOSE = "agreement:propose"
    AGREEMENT_LIST = "agreement:list"
    AGREEMENT_READ = "agreement:read"
    AGREEMENT_SIGN = "agreement:sign"
    AGREEMENT_IN_FORCE = "agreement:in-force"
    AGREEMENT_WITHDRAW = "agreement:withdraw"
    AGREEMENT_COMMENT = "agreement:comment"
    AGREEMENT_COMMENT_LIST = "agreement:comment:list"
    AGREEMENT_NOTICE = "agreement:notice"
    AGREEMENT_COMPARE = "agreement:compare"
    AGREEMENT_WHAT_IF = "agreement:what-if"
    SCOPE_EXPLAIN = "scope:explain"
    SCOPE_EVALUATE = "scope:evaluate"
    SCOPE_SEARCH = "scope:search"
    SCOPE_VIEW_AS = "scope:view-as"
    EXCEPTION_REQUEST = "exception:request"
    EXCEPTION_ANSWER = "exception:answer"
    EXCEPTION_LIST = "exception:list"
    GRANT_MAKE = "exception:grant"
    GRANT_END = "exception:grant:end"
    DOCUMENT_CLAW_BACK = "exception:claw-back"
    DOCUMENT_LIFT = "exception:claw-back:lift"
    DOCUMENT_READERS = "document:readers"
    DOCUMENT_COUNT = "document:count"
    DOCUMENT_EXPORT = "document:export"
    DOCUMENT_DEPOSIT = "document:deposit"
    DOCUMENT_SCAN = "document:scan"
    DOCUMENT_QUARANTINE = "document:quarantine"
    UPLOAD_BEGIN = "upload:begin"
    UPLOAD_READ = "upload:read"
    UPLOAD_CONTINUE = "upload:continue"
    UPLOAD_TERMINATE = "upload:terminate"
    DOCUMENT_LIST = "document:list"
    DOCUMENT_READ = "document:read"
    DOCUMENT_RELEASE = "document:release"
    DOCUMENT_DELIVERY = "document:delivery"
    RENDITION_DEPOSIT = "rendition:deposit"
    RENDITION_SCRUB = "rendition:scrub"
    VAULT_SCRUB = "vault:scrub"
    HOLD_PLACE = "hold:place"
    HOLD_LIFT = "hold:lift"
    DOCUMENT_ERASE = "document:erase"
    DOCUMENT_ERASED = "document:erased"
    CASE_ERASE = "case:erase"
    CASE_ERASED = "case:erased"
    PERSON_ENROL = "person:enrol"
    TOKEN_ISSUE = "token:issue"  # noqa: S105 — an action, not a secret
    TOKEN_REVOKE = "token:revoke"  # noqa: S105 — an action, not a secret
    SIGNING_KEY_REGISTER = "signing-key:register"
    SIGNING_KEY_LIST = "signing-key:list"
    KEY_ROTATE = "key:rotate"
    LOG_CHECKPOINT_READ = "log:checkpoint:read"


class Outcome(StrEnum):
    """How it ended: asked for and decided, or, for a delivery, how far it came."""

    GRANTED = "granted"
    REFUSED = "refused"
    COMPLETED = "completed"
    ABORTED = "aborted"
    TAMPERED = "tampered"


class Slot(IntEnum):
    """The four parts of an event, each of which can be disclosed or erased without the others."""

    META = 0
    ACTOR = 1
    NETWORK = 2
    DETAIL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One access, refusal or change.

    Attributes:
        tag: What was done.
        outcome: How it ended.
        at: When, by the vault's clock, aware UTC.
        case: The case it happened in; None for what belongs to no case.
        person: Who did it; None for the operator.
        seat: The seat held at that instant.
        purpose: Why, in the agreement's vocabulary.
        phase: The case's phase.
        view: The view asked for.
        scope_version: Version of the agreement in force.
        clause: The clause or floor that decided.
        address: Network address of the request.
        detail: What the tag's line in docs/audit-log.md says; integers are below 2^53.
    """

    tag: Tag
    outcome: Outcome
    at: datetime
    case: CaseId | None
    person: PersonId | None
    seat: str | None
    purpose: str | None
    phase: str | None
    view: str | None
    scope_version: int | None
    clause: str | None
    address: str | None
    detail: Mapping[str, Value]

    @property
    def name(self) -> str:
        """Tag and ending in one word, such as `document:release:denied`; a grant is the tag."""
        match self.outcome:
            case Outcome.GRANTED:
                return self.tag
            case Outcome.REFUSED:
                return f"{self.tag}:denied"
            case ending:
                return f"{self.tag}:{ending}"

    def slots(self) -> tuple[bytes, ...]:
        """Return the canonical JSON of each slot."""
        meta = {
            "tag": self.tag,
            "outcome": self.outcome,
            "at": instant_text(self.at),
            "case": _text(self.case),
            "purpose": self.purpose,
            "phase": self.phase,
            "view": self.view,
            "scope_version": self.scope_version,
            "clause": self.clause,
        }
        actor = {"person": _text(self.person), "seat": self.seat}
        network = {"address": self.address}
        return tuple(map(_canonical, (meta, actor, network, self.detail)))


def event_of(meta: bytes, actor: bytes, network: bytes, detail: bytes) -> Event:
    """Return the event that these slots were written from; `{}` stands for a withheld one."""
    said, who, where = _parsed(meta), _parsed(actor), _parsed(network)
    case, person = said.get("case"), who.get("person")
    return Event(
        tag=Tag(said["tag"]),
        outcome=Outcome(said["outcome"]),
        at=datetime.fromisoformat(said["at"]),
        case=None if case is None else CaseId(UUID(case)),
        person=None if person is None else PersonId(UUID(person)),
        seat=who.get("seat"),
        purpose=said.get("purpose"),
        phase=said.get("phase"),
        view=said.get("view"),
        scope_version=said.get("scope_version"),
        clause=said.get("clause"),
        address=where.get("address"),
        detail=_parsed(detail),
    )


def instant_text(at: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with six digits of a second and `Z`."""
    assert at.utcoffset() == timedelta(0), "an instant of the vault is aware UTC"
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _text(identifier: UUID | None) -> str | None:
    return None if identifier is None else str(identifier)


def _canonical(fields: Mapping[str, Value | None]) -> bytes:
    """Write a JSON object in the one way that its bytes can be hashed: RFC 8785."""
    written = [
        f"{encode_basestring(name)}:{_written(value)}"
        for name, value in sorted(fields.items())
        if value is not None
    ]
    return f"{{{','.join(written)}}}".encode()


def _written(value: Value) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    assert type(value) is int
    assert abs(value) <= _LARGEST_INTEGER
    return str(value)


def _parsed(slot: bytes) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(slot))
