"""A case in a few words: whoever reads a test sees what matters in it and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from vault import agreements, cases, deposits, documents, people
from vault.core import Subject
from vault.deposits import Bytes, Description
from vault.verification import check_vault

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policies.terms import View
    from tests.conftest import Clock
    from vault.core import Vault
    from vault.deposits import Deposited
    from vault.ids import CaseId, DocumentId

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


@dataclass(frozen=True)
class House:
    """Does to a vault what a test needs done before its own first line."""

    vault: Vault
    clock: Clock

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
        cases.seat(
            self.house.vault,
            self["mediator"],
            self.case_id,
            cases.NewParticipant(
                person=person.person, seat=seat, name=f"Somebody at {seat}", seated_until=until
            ),
        )
        self.people[seat] = person
        return person

    def agree(self, clauses: Iterable[dict[str, Any]] = CLAUSES) -> int:
        """Put an agreement in force by every party's signature; return its version."""
        sides = sorted({s.split(":")[1] for s in self.people if s.startswith("party:")})
        drafted = agreements.propose(
            self.house.vault, self["mediator"], self.case_id, terms(clauses, sides)
        )
        signed = [
            agreements.sign(self.house.vault, person, self.case_id, drafted.version, drafted.digest)
            for seat, person in self.people.items()
            if seat.startswith("party:")
        ]
        assert signed[-1].in_force
        return drafted.version

    def phase(self, phase: str) -> None:
        cases.enter_phase(self.house.vault, self["mediator"], self.case_id, phase)

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
        return deposits.deposit(self.house.vault, self[seat], self.case_id, [content], lambda: said)

    def redact(self, seat: str, document: DocumentId, content: bytes = b"chart of ####") -> None:
        deposits.deposit_redacted(self.house.vault, self[seat], document, [content], Bytes)

    def listed(self, seat: str) -> dict[str, str]:
        """Return what a seat sees in the list: title and view."""
        page = documents.list_documents(self.house.vault, self[seat], self.case_id)
        return {document.title: str(document.view) for document in page.documents}

    def read(self, seat: str, document: DocumentId, view: View) -> bytes:
        released = documents.release(self.house.vault, self[seat], document, view)
        return b"".join(released.chunks)
