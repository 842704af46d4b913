"""A case in a few words: whoever reads a test sees what matters in it and nothing else."""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vault.audit.personal import signed_bytes
from vault.core import Subject
from vault.disclosure import documents, listing
from vault.errors import NotFound
from vault.inspection.verification import check_vault
from vault.intake import deposits
from vault.intake.accession import Deposited
from vault.intake.descriptions import Bytes, Description
from vault.negotiation import agreements, signing, signing_keys
from vault.proceedings import cases, people, phases, seats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policies.terms import View
    from tests.conftest import Clock
    from vault.core import Vault
    from vault.ids import CaseId, DocumentId, PersonId
    from vault.negotiation.versions import Agreement

# Enough for most tests: the clinic sees the patient's records redacted, then in full.
CLAUSES: tuple[dict[str, Any], ...] = (
    {
        "id": "1.1",
        "to": "mediator",
        "classes": "*",
        "origins": "*",
        "view": "full",
        "purposes": ["mediation"],
        "phases": {"not": ["closed"]},
    },
    {
        "id": "2.1",
        "to": "side:respondent",
        "classes": ["medical", "imaging"],
        "origins": ["claimant"],
        "view": "redacted",
        "purposes": ["mediation"],
        "phases": ["exchange", "mediation"],
    },
    {
        "id": "2.2",
        "to": "side:respondent",
        "classes": ["medical"],
        "origins": ["claimant"],
        "view": "full",
        "purposes": ["mediation"],
        "phases": ["mediation"],
    },
    {
        "id": "3.1",
        "to": "insurer:respondent",
        "classes": ["billing", "settlement"],
        "origins": "*",
        "view": "full",
        "purposes": ["claims"],
        "phases": "*",
    },
    {
        "id": "4.1",
        "to": "expert",
        "classes": ["medical", "imaging"],
        "origins": "*",
        "view": "full",
        "purposes": ["opinion"],
        "phases": ["exchange", "mediation"],
    },
    {
        "id": "5.1",
        "to": "auditor",
        "classes": "*",
        "origins": "*",
        "view": "metadata",
        "purposes": ["audit"],
        "phases": "*",
    },
)


def terms(
    clauses: Iterable[dict[str, Any]] = CLAUSES, sides: Sequence[str] = ("claimant", "respondent")
) -> dict[str, Any]:
    """Write an agreement."""
    return {"language": "subrosa-scope/1", "sides": list(sides), "clauses": list(clauses)}


def public_text(key: Ed25519PrivateKey) -> str:
    """Write the public half of a key as it is registered."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


@dataclass(frozen=True)
class House:
    """Does to a vault what a test needs done before its own first line."""

    vault: Vault
    clock: Clock
    keys: dict[PersonId, Ed25519PrivateKey] = field(
        default_factory=dict["PersonId", Ed25519PrivateKey]
    )

    def key(self, subject: Subject) -> Ed25519PrivateKey:
        """Return the key that a person signs by, made and registered when it is first needed."""
        if subject.person not in self.keys:
            self.keys[subject.person] = Ed25519PrivateKey.generate()
            signing_keys.register_key(self.vault, subject, public_text(self.keys[subject.person]))
        return self.keys[subject.person]

    def signature(self, subject: Subject, digest: str) -> str:
        """Sign a digest as a person's own program does."""
        return base64.b64encode(self.key(subject).sign(signed_bytes(digest))).decode()

    def person(self, *, opens_cases: bool = False) -> Subject:
        return Subject(
            person=people.enrol(self.vault, opens_cases=opens_cases),
            opens_cases=opens_cases,
            address="127.0.0.1",
        )

    def case(self, *seats: str, sides: Sequence[str] = ("claimant", "respondent")) -> Case:
        """Open a case with a mediator, and a person on each of the seats."""
        mediator = self.person(opens_cases=True)
        opened = cases.open_case(
            self.vault, mediator, title="Delayed diagnosis", sides=sides, name="Mira Okafor"
        )
        case = Case(self, opened.case_id, {"mediator": mediator})
        for seat in seats or [f"party:{side}" for side in sides]:
            case.seat(seat)
        return case

    def check(self) -> None:
        """Assert that rows, objects and log agree."""
        assert check_vault(self.vault, content=True).problems == ()


@dataclass(frozen=True)
class Case:
    """A case, and who sits where in it."""

    house: House
    case_id: CaseId
    people: dict[str, Subject]

    def __getitem__(self, seat: str) -> Subject:
        return self.people[seat]

    def seat(self, seat: str, *, days: int | None = None) -> Subject:
        """Seat a new person, for a number of days if given."""
        person = self.house.person()
        until = None if days is None else self.house.clock() + timedelta(days=days)
        seats.seat(
            self.house.vault,
            self["mediator"],
            self.case_id,
            seats.NewParticipant(
                person=person.person, seat=seat, name=f"Somebody at {seat}", seated_until=until
            ),
        )
        self.people[seat] = person
        return person

    def agree(self, clauses: Iterable[dict[str, Any]] = CLAUSES) -> int:
        """Put an agreement in force by every signature it needs; return its version."""
        sides = sorted({s.split(":")[1] for s in self.people if s.startswith("party:")})
        drafted = self.propose("mediator", clauses, sides=sides)
        required = {signatory.person for signatory in drafted.required}
        signed = [
            self.sign(seat, drafted)
            for seat, subject in self.people.items()
            if subject.person in required
        ]
        assert signed[-1].in_force
        for seat in self.people:
            # Whoever has left reads nothing any more.
            with suppress(NotFound):
                self.read_agreement(seat, drafted.version)
        return drafted.version

    def propose(
        self,
        seat: str,
        clauses: Iterable[dict[str, Any]] = CLAUSES,
        *,
        sides: Sequence[str] = ("claimant", "respondent"),
        amends: int | None = None,
    ) -> Agreement:
        """Put a draft before everybody."""
        return agreements.propose(
            self.house.vault, self[seat], self.case_id, terms(clauses, sides), amends=amends
        )

    def sign(self, seat: str, version: Agreement) -> Agreement:
        """Sign a version as it was shown, by the person's own key."""
        return signing.sign(
            self.house.vault,
            self[seat],
            self.case_id,
            version.version,
            digest=version.digest,
            signature=self.house.signature(self[seat], version.digest),
        )

    def read_agreement(self, seat: str, version: int) -> Agreement:
        return agreements.read_agreement(self.house.vault, self[seat], self.case_id, version)

    def phase(self, phase: str) -> None:
        phases.enter_phase(self.house.vault, self["mediator"], self.case_id, phase)

    def deposit(
        self,
        seat: str,
        content: bytes = b"chart of 3 March",
        *,
        document_class: str = "medical",
        title: str = "Clinic chart",
    ) -> Deposited:
        said = Description(
            document_class=document_class,
            title=title,
            provenance="pre-existing",
            content=Bytes(file_name="chart.txt", media_type="text/plain"),
        )
        done = deposits.deposit(self.house.vault, self[seat], self.case_id, [content], lambda: said)
        assert isinstance(done, Deposited)
        return done

    def redact(self, seat: str, document: DocumentId, content: bytes = b"chart of ####") -> None:
        deposits.deposit_redacted(self.house.vault, self[seat], document, [content], Bytes)

    def listed(self, seat: str) -> dict[str, str]:
        """Return what a seat sees in the list: title and view."""
        page = listing.list_documents(self.house.vault, self[seat], self.case_id)
        return {document.title: str(document.view) for document in page.documents}

    def read(self, seat: str, document: DocumentId, view: View) -> bytes:
        released = documents.release(self.house.vault, self[seat], document, view)
        return b"".join(released.chunks)
