"""What a row says about rights, names and titles is sealed under the case key, bound to its row.

Whoever can write to the database but holds no root key can remove a row or put an old one back,
and can invent or alter none: a seat, a scope version, a class or an origin that was not sealed
here does not open.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from policies.compiler import Policy
from policies.terms import Marking, Seat, parse_terms, terms_json
from vault.errors import Tampered
from vault.ids import PersonId
from vault.sealing.fields import FieldContext, open_field, seal_field

if TYPE_CHECKING:
    from policies.terms import Terms
    from vault.ids import CaseId, ParticipantId
    from vault.sealing.keys import CaseKey


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseState:
    """What changes in the life of a case.

    Attributes:
        phase: A phase of the vocabulary.
        scope_version: Version of the agreement in force; 0 before the first.
        roster_version: How many times a seat was taken or changed.
        exceptions_version: How many exceptions were made or ended.
    """

    phase: str
    scope_version: int
    roster_version: int
    exceptions_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDetails:
    """What a case is called, its sides, and the classes its institution had when it was opened."""

    title: str
    sides: tuple[str, ...]
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantDetails:
    """One person's seat, `[seated_from, seated_until)`.

    Attributes:
        organisation: What the organisation is called.
        organisation_id: The id under which clauses may speak to it.
        stepped_down: The person gave the seat up for a conflict, and never comes back.
    """

    person: PersonId
    seat: Seat
    name: str
    organisation: str | None
    seated_from: datetime
    seated_until: datetime | None
    organisation_id: str | None = None
    stepped_down: bool = False

    def holds_at(self, instant: datetime) -> bool:
        """Tell whether the seat is held at an instant."""
        return self.seated_from <= instant and (
            self.seated_until is None or instant < self.seated_until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDetails:
    """What a document is called, and how it is marked."""

    title: str
    marking: Marking


@dataclass(frozen=True, slots=True, kw_only=True)
class RenditionDetails:
    """What the bytes of a rendition are."""

    file_name: str | None
    media_type: str
    sha256: str
    size_bytes: int
    view: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementDetails:
    """The terms of one version, the policy compiled from them, and what it was drafted upon.

    Attributes:
        proposed_by: Who put it before everybody.
        base: The scope version in force when it was drafted: what it was compared with.
        amends: The draft it was made from; None if it stands by itself.
    """

    terms: Terms
    policy: Policy
    proposed_by: PersonId
    base: int
    amends: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureDetails:
    """What one person signed, and all that is needed to verify it without the vault.

    Attributes:
        digest: Of the version, in hex.
        signature: Ed25519, in base64 (vault/audit/personal.py).
        public_key: What verifies it, in base64.
    """

    digest: str
    signature: str
    public_key: str


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens the details of one case's rows."""

    case: CaseId
    key: CaseKey

    def seal_state(self, state: CaseState) -> bytes:
        """Seal the state of the case."""
        return self.seal(
            self.case,
            "state",
            {
                "phase": state.phase,
                "scope_version": state.scope_version,
                "roster_version": state.roster_version,
                "exceptions_version": state.exceptions_version,
            },
        )

    def open_state(self, sealed: bytes) -> CaseState:
        """Open the state of the case; Tampered if it was not sealed for it."""
        return CaseState(**self.open(self.case, "state", sealed))

    def seal_case(self, details: CaseDetails) -> bytes:
        """Seal what the case is called."""
        return self.seal(
            self.case,
            "case",
            {
                "title": details.title,
                "sides": list(details.sides),
                "classes": list(details.classes),
            },
        )

    def open_case(self, sealed: bytes) -> CaseDetails:
        """Open what the case is called."""
        value = self.open(self.case, "case", sealed)
        return CaseDetails(
            title=value["title"], sides=tuple(value["sides"]), classes=tuple(value["classes"])
        )

    def seal_participant(self, row: ParticipantId, details: ParticipantDetails) -> bytes:
        """Seal a seat."""
        return self.seal(
            row,
            "participant",
            {
                "person": str(details.person),
                "seat": str(details.seat),
                "name": details.name,
                "organisation": details.organisation,
                "organisation_id": details.organisation_id,
                "seated_from": details.seated_from.isoformat(),
                "seated_until": details.seated_until and details.seated_until.isoformat(),
            },
        )

    def open_participant(
        self, row: ParticipantId, person: PersonId, sealed: bytes
    ) -> ParticipantDetails:
        """Open a seat; Tampered if it was sealed for another row or another person."""
        value = self.open(row, "participant", sealed)
        if value["person"] != str(person):
            raise Tampered
        until = value["seated_until"]
        return ParticipantDetails(
            person=person,
            seat=Seat.parse(value["seat"]),
            name=value["name"],
            organisation=value["organisation"],
            organisation_id=value["organisation_id"],
            seated_from=datetime.fromisoformat(value["seated_from"]),
            seated_until=datetime.fromisoformat(until) if until else None,
        )

    def seal_document(self, row: UUID, details: DocumentDetails) -> bytes:
        """Seal what a document is called and how it is marked."""
        return self.seal(
            row,
            "document",
            {
                "title": details.title,
                "class": details.marking.document_class,
                "origin": details.marking.origin,
                "provenance": details.marking.provenance,
                "label": details.marking.label,
            },
        )

    def open_document(self, row: UUID, marking: Marking, sealed: bytes) -> DocumentDetails:
        """Open a document's details; Tampered if its row bears another marking."""
        value = self.open(row, "document", sealed)
        sealed_with = (value["class"], value["origin"], value["provenance"], value["label"])
        if marking != Marking(*sealed_with):
            raise Tampered
        return DocumentDetails(title=value["title"], marking=marking)

    def seal_rendition(self, row: UUID, details: RenditionDetails) -> bytes:
        """Seal what the bytes of a rendition are."""
        return self.seal(
            row,
            "rendition",
            {
                "file_name": details.file_name,
                "media_type": details.media_type,
                "sha256": details.sha256,
                "size_bytes": details.size_bytes,
                "view": details.view,
            },
        )

    def open_rendition(
        self, row: UUID, view: str, size_bytes: int, sealed: bytes
    ) -> RenditionDetails:
        """Open a rendition's details; Tampered if its row bears another view or size."""
        details = RenditionDetails(**self.open(row, "rendition", sealed))
        if (details.view, details.size_bytes) != (view, size_bytes):
            raise Tampered
        return details

    def seal_agreement(self, version: int, details: AgreementDetails) -> bytes:
        """Seal one version of the agreement with its policy."""
        value = {
            "terms": terms_json(details.terms),
            "policy": details.policy.to_json(),
            "proposed_by": str(details.proposed_by),
            "base": details.base,
            "amends": details.amends,
        }
        return self.seal(self.case, f"agreement/{version}", value)

    def open_agreement(self, version: int, sealed: bytes) -> AgreementDetails:
        """Open one version; Tampered if it was sealed as another version or for another case."""
        value = self.open(self.case, f"agreement/{version}", sealed)
        return AgreementDetails(
            terms=parse_terms(value["terms"]),
            policy=Policy.from_json(value["policy"]),
            proposed_by=PersonId(UUID(value["proposed_by"])),
            base=value["base"],
            amends=value["amends"],
        )

    def open_policy(self, version: int, sealed: bytes) -> Policy:
        """Open what one version was compiled to, without its wording."""
        return Policy.from_json(self.open(self.case, f"agreement/{version}", sealed)["policy"])

    def seal_signature(self, version: int, person: PersonId, details: SignatureDetails) -> bytes:
        """Seal what a person signed of a version."""
        return self.seal(person, f"signature/{version}", asdict(details))

    def open_signature(self, version: int, person: PersonId, sealed: bytes) -> SignatureDetails:
        """Open what a person signed; Tampered if another person or version signed it."""
        return SignatureDetails(**self.open(person, f"signature/{version}", sealed))

    def seal(self, row: UUID, field: str, value: dict[str, Any]) -> bytes:
        """Seal a JSON object as one field of one row of this case."""
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return seal_field(self.key, FieldContext(self.case, row, field), text.encode())

    def open(self, row: UUID, field: str, sealed: bytes) -> dict[str, Any]:
        """Open what was sealed as this field of this row; Tampered if it is another's."""
        opened = open_field(self.key, FieldContext(self.case, row, field), sealed)
        return cast("dict[str, Any]", json.loads(opened))
