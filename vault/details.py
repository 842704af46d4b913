"""What a row says about rights, names and titles is sealed under the case key, bound to its row.

Whoever can write to the database but holds no root key can remove a row or put an old one back,
and can invent or alter none: a seat, a scope version, a class or an origin that was not sealed
here does not open.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from policies.compiler import Policy
from policies.terms import Marking, Seat, parse_terms, terms_json
from vault.errors import Tampered
from vault.sealing.fields import FieldContext, open_field, seal_field

if TYPE_CHECKING:
    from uuid import UUID

    from policies.terms import Terms
    from vault.ids import CaseId, ParticipantId, PersonId
    from vault.sealing.keys import CaseKey


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseState:
    """What changes in the life of a case.

    Attributes:
        phase: A phase of the vocabulary.
        scope_version: Version of the agreement in force; 0 before the first.
        roster_version: How many times somebody was seated.
    """

    phase: str
    scope_version: int
    roster_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDetails:
    """What a case is called, and its sides."""

    title: str
    sides: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantDetails:
    """One person's seat, `[seated_from, seated_until)`."""

    person: PersonId
    seat: Seat
    name: str
    organisation: str | None
    seated_from: datetime
    seated_until: datetime | None

    def holds_at(self, instant: datetime) -> bool:
        """Tell whether the seat is held at an instant."""
        return self.seated_from <= instant and (
            self.seated_until is None or instant < self.seated_until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDetails:
    """What a document is called, where it comes from, and how it is marked."""

    title: str
    provenance: str
    marking: Marking


@dataclass(frozen=True, slots=True, kw_only=True)
class RenditionDetails:
    """What the bytes of a rendition are."""

    file_name: str | None
    media_type: str
    sha256: str
    size_bytes: int
    view: str


@dataclass(frozen=True, slots=True)
class AgreementDetails:
    """The terms of one version and the policy compiled from them."""

    terms: Terms
    policy: Policy


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens the details of one case's rows."""

    case: CaseId
    key: CaseKey

    def seal_state(self, state: CaseState) -> bytes:
        """Seal the state of the case."""
        return self._seal(
            self.case,
            "state",
            {
                "phase": state.phase,
                "scope_version": state.scope_version,
                "roster_version": state.roster_version,
            },
        )

    def open_state(self, sealed: bytes) -> CaseState:
        """Open the state of the case; Tampered if it was not sealed for it."""
        return CaseState(**self._open(self.case, "state", sealed))

    def seal_case(self, details: CaseDetails) -> bytes:
        """Seal what the case is called."""
        return self._seal(self.case, "case", {"title": details.title, "sides": list(details.sides)})

    def open_case(self, sealed: bytes) -> CaseDetails:
        """Open what the case is called."""
        value = self._open(self.case, "case", sealed)
        return CaseDetails(title=value["title"], sides=tuple(value["sides"]))

    def seal_participant(self, row: ParticipantId, details: ParticipantDetails) -> bytes:
        """Seal a seat."""
        return self._seal(
            row,
            "participant",
            {
                "person": str(details.person),
                "seat": str(details.seat),
                "name": details.name,
                "organisation": details.organisation,
                "seated_from": details.seated_from.isoformat(),
                "seated_until": details.seated_until and details.seated_until.isoformat(),
            },
        )

    def open_participant(
        self, row: ParticipantId, person: PersonId, sealed: bytes
    ) -> ParticipantDetails:
        """Open a seat; Tampered if it was sealed for another row or another person."""
        value = self._open(row, "participant", sealed)
        if value["person"] != str(person):
            raise Tampered
        until = value["seated_until"]
        return ParticipantDetails(
            person=person,
            seat=Seat.parse(value["seat"]),
            name=value["name"],
            organisation=value["organisation"],
            seated_from=datetime.fromisoformat(value["seated_from"]),
            seated_until=datetime.fromisoformat(until) if until else None,
        )

    def seal_document(self, row: UUID, details: DocumentDetails) -> bytes:
        """Seal what a document is called and how it is marked."""
        return self._seal(
            row,
            "document",
            {
                "title": details.title,
                "provenance": details.provenance,
                "class": details.marking.document_class,
                "origin": details.marking.origin,
                "label": details.marking.label,
            },
        )

    def open_document(self, row: UUID, marking: Marking, sealed: bytes) -> DocumentDetails:
        """Open a document's details; Tampered if its row bears another marking."""
        value = self._open(row, "document", sealed)
        if marking != Marking(value["class"], value["origin"], value["label"]):
            raise Tampered
        return DocumentDetails(
            title=value["title"], provenance=value["provenance"], marking=marking
        )

    def seal_rendition(self, row: UUID, details: RenditionDetails) -> bytes:
        """Seal what the bytes of a rendition are."""
        return self._seal(
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
        details = RenditionDetails(**self._open(row, "rendition", sealed))
        if (details.view, details.size_bytes) != (view, size_bytes):
            raise Tampered
        return details

    def seal_agreement(self, version: int, details: AgreementDetails) -> bytes:
        """Seal one version of the agreement with its policy."""
        value = {"terms": terms_json(details.terms), "policy": details.policy.to_json()}
        return self._seal(self.case, f"agreement/{version}", value)

    def open_agreement(self, version: int, sealed: bytes) -> AgreementDetails:
        """Open one version; Tampered if it was sealed as another version or for another case."""
        value = self._open(self.case, f"agreement/{version}", sealed)
        return AgreementDetails(parse_terms(value["terms"]), Policy.from_json(value["policy"]))

    def seal_signature(self, version: int, person: PersonId, digest: str) -> bytes:
        """Seal that a person signed this digest of a version."""
        return self._seal(person, f"signature/{version}", {"digest": digest})

    def open_signature(self, version: int, person: PersonId, sealed: bytes) -> str:
        """Open the digest a person signed; Tampered if another person or version signed it."""
        digest: str = self._open(person, f"signature/{version}", sealed)["digest"]
        return digest

    def _seal(self, row: UUID, field: str, value: dict[str, Any]) -> bytes:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return seal_field(self.key, FieldContext(self.case, row, field), text.encode())

    def _open(self, row: UUID, field: str, sealed: bytes) -> dict[str, Any]:
        opened = open_field(self.key, FieldContext(self.case, row, field), sealed)
        return cast("dict[str, Any]", json.loads(opened))
