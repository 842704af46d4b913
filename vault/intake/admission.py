"""Whose bytes are let in, how many, and what may be made of them is decided here.

An upload is admitted when it begins. Whether it may still become a document is asked once more when
it is completed (vault/intake/completion.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from policies.vocabulary import CLASSES, JOINT, NAMED_ONLY, NO_LABEL, PHASES, Marking, Role
from vault.content import Room
from vault.database import documents
from vault.errors import Invalid, NotPermitted, TooLarge
from vault.intake.quotas import make_room
from vault.negotiation.readings import must_have_read
from vault.sealing.parts import part_size_for

if TYPE_CHECKING:
    from datetime import datetime

    from vault.access import Change
    from vault.details import Sealer
    from vault.intake.descriptions import Description
    from vault.sealing.parts import RenditionContext

_CLOSED = PHASES[-1]


@dataclass(frozen=True, slots=True)
class Admission:
    """Whose bytes were let in.

    Attributes:
        sealer: Seals the case's rows.
        origin: What the depositor's seat deposits for, all sides together apart.
        at: When.
    """

    sealer: Sealer
    origin: str
    at: datetime

    @classmethod
    def of(cls, act: Change, at: datetime) -> Self:
        """Return it as things stand; NotPermitted if the seat does not deposit."""
        return cls(act.seated.sealer, origin_of(act, joint=False), at)


def may_deposit(act: Change) -> None:
    """Return if the subject may deposit in the case as things stand.

    Raises:
        NotPermitted: The case is closed.
        Unread: The subject has neither read nor signed the version in force.
    """
    if act.seated.state.phase == _CLOSED:
        raise NotPermitted("The case is closed; nothing is deposited in it any more.")
    must_have_read(act)


def admit(
    act: Change,
    context: RenditionContext,
    declared_bytes: int | None,
    expires_at: datetime | None = None,
) -> Room:
    """Note that bytes are about to come, so that nothing in the store is without a name for it.

    Args:
        act: The change in which the upload begins.
        context: The rendition that it may become.
        declared_bytes: How long it will be; None if nobody has said.
        expires_at: Of an upload that lives across requests.

    Raises:
        NotPermitted: The case is closed.
        Unread: The subject has neither read nor signed the version in force.
        TooLarge: There is no room for it.
    """
    may_deposit(act)
    limit_bytes = act.standing.vault.limits.document_bytes
    if declared_bytes is not None and declared_bytes > limit_bytes:
        raise TooLarge
    part_size = part_size_for(declared_bytes)
    room = make_room(act, declared_bytes or 0)
    documents.insert_upload(
        act.tx,
        documents.UploadRow(
            rendition_id=context.rendition,
            document_id=context.document,
            case_id=context.case,
            person_id=act.standing.subject.person,
            alive_at=act.standing.at,
            declared_bytes=declared_bytes,
            expires_at=expires_at,
        ),
    )
    return Room(part_size, limit_bytes if room is None else min(limit_bytes, room))


def origin_of(act: Change, *, joint: bool) -> str:
    """Return the side that a document of this seat comes from.

    Raises:
        NotPermitted: The seat does not deposit, or not for all sides together.
    """
    origin = act.seated.participant.seat.origin()
    if origin is None:
        raise NotPermitted("Your seat does not deposit documents.")
    if joint:
        act.require(Role.MEDIATOR)
        return JOINT
    return origin


def new_marking(act: Change, description: Description) -> Marking:
    """Return what a new document bears, if its class is one that this case knows.

    Raises:
        Invalid: It is not, or is never joint.
        NotPermitted: The seat does not deposit, or not for all sides together.
    """
    if description.document_class not in (*CLASSES, *act.seated.scope.policy.classes):
        raise Invalid("class", "This is not a class of the vocabulary.")
    if description.joint and description.document_class in NAMED_ONLY:
        raise Invalid("class", "A record of this class is never joint: it belongs to one side.")
    return Marking(
        description.document_class,
        origin_of(act, joint=description.joint),
        description.provenance,
        NO_LABEL,
    )
