"""What has come whole becomes a document in one change: its rows, its event and its receipt.

However its bytes came, and whenever the change is made: at once, or after it has waited for the
malware scan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, Self
from uuid import UUID

from policies.vocabulary import View
from vault.audit.receipts import Receipt, sign_receipt
from vault.database import documents
from vault.details import DocumentDetails, RenditionDetails
from vault.disclosure.documents import marking_detail
from vault.ids import DocumentId, RenditionId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.vocabulary import Marking
    from vault.access import Change, Recorded
    from vault.content import SealedContent
    from vault.core import Vault
    from vault.database.connection import Transaction
    from vault.details import Sealer
    from vault.ids import PersonId
    from vault.manifests import Named


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposited:
    """A deposit that is durable: what was received, and the signed receipt (docs/audit-log.md)."""

    document_id: DocumentId
    rendition_id: RenditionId
    sha256: str
    size_bytes: int
    deposited_at: datetime
    log_index: int
    receipt: str

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON value, to be sealed for whoever does not get the answer."""
        return {
            "document": str(self.document_id),
            "rendition": str(self.rendition_id),
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "deposited_at": self.deposited_at.isoformat(),
            "log_index": self.log_index,
            "receipt": self.receipt,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return what was kept."""
        return cls(
            document_id=DocumentId(UUID(value["document"])),
            rendition_id=RenditionId(UUID(value["rendition"])),
            sha256=value["sha256"],
            size_bytes=value["size_bytes"],
            deposited_at=datetime.fromisoformat(value["deposited_at"]),
            log_index=value["log_index"],
            receipt=value["receipt"],
        )


class Append(Protocol):
    """Puts the change on record, inside its transaction."""

    def __call__(self, detail: Mapping[str, str | int], /) -> Recorded:
        """Return where it will be found."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Accession:
    """An open change in which a person's document enters a case.

    Attributes:
        at: When, by the vault's clock.
        append: Puts it on record; called once, before the rows.
    """

    vault: Vault
    tx: Transaction
    sealer: Sealer
    person: PersonId
    at: datetime
    append: Append

    @classmethod
    def of(cls, act: Change) -> Self:
        """Return it for whoever deposits now."""
        return cls(
            vault=act.standing.vault,
            tx=act.tx,
            sealer=act.seated.sealer,
            person=act.standing.subject.person,
            at=act.standing.at,
            append=act.append,
        )


def insert_document(
    entering: Accession, stored: SealedContent, title: str, marking: Marking, said: Named
) -> Deposited:
    """Add a document with its full version, and put it on record."""
    document_id = stored.context.document
    recorded = entering.append(record_of(stored, View.FULL, document_detail(stored, marking)))
    details = DocumentDetails(title=title, marking=marking)
    documents.insert_document(
        entering.tx,
        documents.DocumentRow(
            document_id=document_id,
            case_id=stored.context.case,
            document_class=marking.document_class,
            origin=marking.origin,
            provenance=marking.provenance,
            label=marking.label,
            details=entering.sealer.seal_document(document_id, details),
            deposited_by=entering.person,
            deposited_at=entering.at,
            log_index=recorded.index,
        ),
    )
    return _insert_rendition(entering, stored, said, View.FULL, recorded)


def insert_redacted(
    entering: Accession, stored: SealedContent, said: Named, about: Mapping[str, str | int]
) -> Deposited:
    """Add the redacted version of a document, and put it on record.

    Args:
        entering: The change.
        stored: What has come of it.
        said: What the depositor says of the bytes.
        about: What the record says of the document.

    Raises:
        DuplicateRow: The document has a redacted version already.
    """
    recorded = entering.append(record_of(stored, View.REDACTED, about))
    return _insert_rendition(entering, stored, said, View.REDACTED, recorded)


def document_detail(stored: SealedContent, marking: Marking) -> dict[str, str | int]:
    """Return what the record says of a document that enters."""
    return {"document": str(stored.context.document), **marking_detail(marking)}


def record_of(
    stored: SealedContent, view: View, about: Mapping[str, str | int]
) -> dict[str, str | int]:
    """Return what the record says of a deposit."""
    return {
        **about,
        "rendition": str(stored.context.rendition),
        "deposited_view": str(view),
        "sha256": stored.sha256,
        "bytes": stored.size_bytes,
    }


def _insert_rendition(
    entering: Accession, stored: SealedContent, said: Named, view: View, recorded: Recorded
) -> Deposited:
    context, at = stored.context, entering.at
    details = RenditionDetails(
        file_name=said.file_name,
        media_type=said.media_type,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        view=str(view),
    )
    documents.insert_rendition(
        entering.tx,
        documents.RenditionRow(
            rendition_id=context.rendition,
            document_id=context.document,
            view=str(view),
            size_bytes=stored.size_bytes,
            part_size=stored.part_size,
            headers=stored.headers,
            wrapped_key=stored.wrapped_key,
            details=entering.sealer.seal_rendition(context.rendition, details),
            deposited_by=entering.person,
            deposited_at=at,
            log_index=recorded.index,
        ),
    )
    receipt = Receipt(
        case=context.case,
        document=context.document,
        view=str(view),
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        deposited_at=at,
        log_index=recorded.index,
        leaf=recorded.leaf,
    )
    return Deposited(
        document_id=context.document,
        rendition_id=context.rendition,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        deposited_at=at,
        log_index=recorded.index,
        receipt=sign_receipt(receipt, entering.vault.receipt_key),
    )
