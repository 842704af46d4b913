"""An erasure ends with a signed statement of what was destroyed, and of what could not be reached.

Source: NIST SP 800-88 Rev. 2, cryptographic erase; docs/erasure.md has the fields side by side.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Self
from uuid import UUID

from vault.audit.events import instant_text
from vault.audit.notes import NoteRefused, decoded, encoded, open_note
from vault.ids import CaseId, DocumentId

if TYPE_CHECKING:
    from vault.audit.notes import VerifyKey
    from vault.audit.signing import SigningKey

_FIRST_LINE: Final = "subrosa-erasure/v1"
_TECHNIQUE: Final = "cryptographic-erase"
_NONE: Final = "-"
_FORMAT = re.compile(
    r"""subrosa-erasure/v1
erasure ([0-9a-f-]{36})
case ([0-9a-f-]{36})
document ([0-9a-f-]{36}|-)
technique cryptographic-erase
method ([^\n]+)
provider ([^\n]+)
key ([^\n]+)
request ([^\n]+)
tool ([^\n]+)
ordered_by ([^\n]+)
reason ([^\n]+)
ordered_at ([-0-9]{10}T[:0-9]{8}\.[0-9]{6}Z)
destroyed_at ([-0-9]{10}T[:0-9]{8}\.[0-9]{6}Z)
certified_at ([-0-9]{10}T[:0-9]{8}\.[0-9]{6}Z)
((?:refused [^\n]+\n)+)objects ([0-9]{1,19})
objects_bytes ([0-9]{1,19})
inventory_sha256 ([0-9a-f]{64})
((?:remains [^\n]+\n)*)((?:unreached [^\n]+\n)*)backups_until ([-0-9]{10}T[:0-9]{8}\.[0-9]{6}Z)
log_index ([0-9]{1,19})
leaf ([A-Za-z0-9+/]{43}=)
""",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What the vault says it has erased. Every text is one line.

    Attributes:
        erasure: Its id.
        case: The case.
        document: The document; None for the whole case.
        method: How the key was destroyed.
        provider: Where it was held.
        key: The key: its id at the provider, or the SHA-256 of its wrapped form.
        request: What the provider calls the request; None if it gives it no name.
        tool: Program and version.
        ordered_by: Who ordered it.
        reason: Why.
        ordered_at: From then on the vault refused.
        destroyed_at: When the key was gone.
        certified_at: When everything else was done.
        refused: The negative test: what was tried with the key, and how it failed.
        objects: Stored objects that were removed.
        objects_bytes: Their length in all.
        inventory_sha256: Of their list: name, size and tag of each.
        remains: What stays by design, and opens nothing.
        unreached: What could not be reached, and until when.
        backups_until: When the database's backups from before have expired.
        log_index: Where in the log the order is recorded.
        leaf: Hash of the entry there.
    """

    erasure: UUID
    case: CaseId
    document: DocumentId | None
    method: str
    provider: str
    key: str
    request: str | None
    tool: str
    ordered_by: str
    reason: str
    ordered_at: datetime
    destroyed_at: datetime
    certified_at: datetime
    refused: tuple[str, ...]
    objects: int
    objects_bytes: int
    inventory_sha256: str
    remains: tuple[str, ...]
    unreached: tuple[str, ...]
    backups_until: datetime
    log_index: int
    leaf: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `text` writes; raise NoteRefused for anything else."""
        match = _FORMAT.fullmatch(text)
        if match is None:
            raise NoteRefused("This is not a certificate of erasure.")
        said = match.groups()
        try:
            certificate = cls(
                erasure=UUID(said[0]),
                case=CaseId(UUID(said[1])),
                document=None if said[2] == _NONE else DocumentId(UUID(said[2])),
                method=said[3],
                provider=said[4],
                key=said[5],
                request=None if said[6] == _NONE else said[6],
                tool=said[7],
                ordered_by=said[8],
                reason=said[9],
                ordered_at=datetime.fromisoformat(said[10]),
                destroyed_at=datetime.fromisoformat(said[11]),
                certified_at=datetime.fromisoformat(said[12]),
                refused=_values("refused", said[13]),
                objects=int(said[14]),
                objects_bytes=int(said[15]),
                inventory_sha256=said[16],
                remains=_values("remains", said[17]),
                unreached=_values("unreached", said[18]),
                backups_until=datetime.fromisoformat(said[19]),
                log_index=int(said[20]),
                leaf=decoded(said[21]),
            )
        except ValueError as error:
            raise NoteRefused("This is not a certificate of erasure.") from error
        if certificate.text() != text:
            raise NoteRefused("The certificate is not written in the one canonical way.")
        return certificate

    def text(self) -> str:
        """Return the text to be signed."""
        lines = [
            ("erasure", str(self.erasure)),
            ("case", str(self.case)),
            ("document", str(self.document or _NONE)),
            ("technique", _TECHNIQUE),
            ("method", self.method),
            ("provider", self.provider),
            ("key", self.key),
            ("request", self.request or _NONE),
            ("tool", self.tool),
            ("ordered_by", self.ordered_by),
            ("reason", self.reason),
            ("ordered_at", instant_text(self.ordered_at)),
            ("destroyed_at", instant_text(self.destroyed_at)),
            ("certified_at", instant_text(self.certified_at)),
            *(("refused", refusal) for refusal in self.refused),
            ("objects", str(self.objects)),
            ("objects_bytes", str(self.objects_bytes)),
            ("inventory_sha256", self.inventory_sha256),
            *(("remains", what) for what in self.remains),
            *(("unreached", what) for what in self.unreached),
            ("backups_until", instant_text(self.backups_until)),
            ("log_index", str(self.log_index)),
            ("leaf", encoded(self.leaf)),
        ]
        return f"{_FIRST_LINE}\n" + "".join(f"{name} {value}\n" for name, value in lines)


def sign_certificate(certificate: Certificate, key: SigningKey) -> str:
    """Return a certificate as a signed note."""
    return key.sign(certificate.text())


def verify_certificate(note: str, key: VerifyKey) -> Certificate:
    """Return what a certificate says, if the key signed it.

    Raises:
        NoteRefused: It did not, or the certificate was changed since.
    """
    return Certificate.parse(open_note(note, key))


def _values(name: str, lines: str) -> tuple[str, ...]:
    return tuple(line.removeprefix(f"{name} ") for line in lines.split("\n")[:-1])
