"""A version is in force once everybody required has signed it, each by a key of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vault.access import change
from vault.audit.events import Tag
from vault.audit.personal import KeyRefused
from vault.database import agreements, cases
from vault.details import SignatureDetails
from vault.errors import Conflict, Invalid, NotFound, NotPermitted
from vault.negotiation.signing_keys import current_key
from vault.negotiation.versions import State, open_version

if TYPE_CHECKING:
    from vault.access import Change
    from vault.core import Subject, Vault
    from vault.ids import CaseId
    from vault.negotiation.versions import Agreement

_UNSIGNABLE = {
    State.WITHDRAWN: "This draft was withdrawn; it cannot be signed any more.",
    State.SUPERSEDED: "Another version came into force since this one was drafted: what it would "
    "change is not what was shown. Propose it again.",
    State.REPLACED: "A later version is in force.",
}


def sign(
    vault: Vault, subject: Subject, case_id: CaseId, version: int, *, digest: str, signature: str
) -> Agreement:
    """Sign the exact version that was read; the last required signature puts it in force.

    Required are, at the moment of signing, all persons who hold a seat as `party`, of whom every
    side must have one, and each mediator or expert whose own documents the version opens wider.
    Signature and coming into force are one transaction: there is no instant at which a version is
    signed by all and not in force. Signing again adds no signature; where somebody else left
    meanwhile, it puts in force what now is complete.

    Args:
        vault: The collaborators.
        subject: Somebody whose signature is required.
        case_id: The case.
        version: The version signed.
        digest: Its digest as the signer saw it, 64 hex digits.
        signature: Ed25519 by the signer's own key (vault/audit/personal.py), in base64.

    Raises:
        NotFound: No such case or version, or the subject holds no seat in the case.
        NotPermitted: The subject's signature is not required.
        Invalid: The signature is not one of this digest by the signer's key.
        Conflict: The digest is another version's; it was withdrawn, or another is in force; or the
            signer has registered no key.
    """
    with change(vault, subject, case_id, Tag.AGREEMENT_SIGN) as act:
        before = open_version(act.tx, act.seated, version, act.standing.at)
        if before is None:
            raise NotFound
        _check_signer(act, before)
        details = _signed(act, before, digest, signature)
        if not before.signed_by(subject.person):
            _insert_signature(act, version, details)
        return _put_in_force_if_complete(act, version)


def _check_signer(act: Change, agreement: Agreement) -> None:
    """Raise unless the version can be signed, and it is this subject who must sign it."""
    person = act.standing.subject.person
    if agreement.state in _UNSIGNABLE:
        raise Conflict(_UNSIGNABLE[agreement.state])
    required = any(signatory.person == person for signatory in agreement.required)
    if not required and not agreement.signed_by(person):
        raise NotPermitted("Your signature is not required: you do not sign this version.")


def _signed(act: Change, agreement: Agreement, digest: str, signature: str) -> SignatureDetails:
    """Return what is kept of a signature, if it is one of this version by the subject's key."""
    if digest != agreement.digest:
        raise Conflict("This is not the digest of this version; read it again before signing.")
    key = current_key(act.standing.vault, act.tx, act.standing.subject.person)
    if key is None:
        raise Conflict("Register a signing key first: agreements are signed by a key of your own.")
    try:
        key.verify(digest, signature)
    except KeyRefused as error:
        raise Invalid("/signature", str(error)) from error
    return SignatureDetails(digest=digest, signature=signature, public_key=key.text())


def _insert_signature(act: Change, version: int, details: SignatureDetails) -> None:
    person = act.standing.subject.person
    recorded = act.append({"version": version, "digest": details.digest})
    agreements.insert_signature(
        act.tx,
        agreements.SignatureRow(
            case_id=act.seated.case,
            version=version,
            person_id=person,
            details=act.seated.sealer.seal_signature(version, person, details),
            signed_at=act.standing.at,
            log_index=recorded.index,
        ),
    )


def _put_in_force_if_complete(act: Change, version: int) -> Agreement:
    agreement = open_version(act.tx, act.seated, version, act.standing.at)
    assert agreement is not None
    if not agreement.complete:
        return agreement
    case_id, now = act.seated.case, act.standing.at
    act.append({"version": version, "digest": agreement.digest}, tag=Tag.AGREEMENT_IN_FORCE)
    agreements.mark_in_force(act.tx, case_id, version, now)
    state = replace(act.seated.state, scope_version=version)
    cases.update_state(act.tx, case_id, act.seated.sealer.seal_state(state))
    return replace(agreement, in_force_at=now, state=State.IN_FORCE)
