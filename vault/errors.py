"""Every way in which the vault says no, as one small tree of exceptions.

::

    VaultError
    ├── NotFound          nothing there for this subject; trying again does not help
    ├── NotPermitted      the agreement in force, or the seat, does not allow it
    ├── Invalid           a value the caller sent cannot be accepted; mend it and try again
    │   ├── TooLarge      the document, or what is already there with it, is more than is accepted
    │   └── Malware       the scanner found something in the document; nothing of it is kept
    ├── Conflict          the state of the case does not allow it now
    │   └── Unread        the version in force decides who will see it, and was not read
    ├── Unavailable       a part the vault needs does not answer; trying again may help
    │   └── KeyDestroyed  the provider has no such key any more; trying again does not help
    └── Tampered          stored bytes are not what was sealed; nothing more is released

No exception carries a status code (api/problems.py has the table), and no text is built from
content: a reason is a sentence fixed in the code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policies.explain import Explanation


class VaultError(Exception):
    """The root of the tree; `str()` is one sentence fit for the caller's eyes."""


class NotFound(VaultError):
    """Nothing there, or nothing this subject may know of: the two look alike on purpose."""

    def __init__(self) -> None:
        super().__init__("There is nothing here for you.")


class NotPermitted(VaultError):
    """The subject sits in the case, but the clause named here decides against the request.

    Attributes:
        clause: Id of the deciding clause or floor; None when no clause allows it at all.
        version: The scope version in force when it was decided; None where the seat decides.
        explanation: What would be allowed instead, made from words of the agreement alone; None
            for whoever may not know of what was asked for.
    """

    def __init__(
        self,
        reason: str,
        *,
        clause: str | None = None,
        version: int | None = None,
        explanation: Explanation | None = None,
    ) -> None:
        super().__init__(reason)
        self.clause = clause
        self.version = version
        self.explanation = explanation


class Invalid(VaultError):
    """A value cannot be accepted.

    Attributes:
        pointer: JSON pointer (RFC 6901) to the value, or the name of the header or field.
    """

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(reason)
        self.pointer = pointer


class TooLarge(Invalid):
    """More bytes than are accepted; a smaller document may be."""

    def __init__(self, reason: str = "The document is larger than this vault accepts.") -> None:
        super().__init__("", reason)


class Malware(Invalid):
    """The malware scanner found something; trying again does not help."""

    def __init__(self) -> None:
        super().__init__("", "The malware scanner found something in this; nothing of it is kept.")


class Conflict(VaultError):
    """The request is well formed, but the state of the case does not allow it now."""


class Unread(Conflict):
    """The subject has neither read nor signed the version in force; reading it helps."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"Read version {version} of the agreement first: it decides who will see what you "
            "deposit."
        )


class Unavailable(VaultError):
    """The database, the object store, the log or the key provider does not answer.

    Nothing was released and nothing half-done is visible. Trying again may help.
    """


class KeyDestroyed(Unavailable):
    """The key of a case's own, under which the case key was wrapped, is gone from its provider."""

    def __init__(self) -> None:
        super().__init__("The key of this case has been destroyed; nothing of it opens any more.")


class Tampered(VaultError):
    """Stored bytes fail authentication. Every byte released before was authentic."""

    def __init__(self) -> None:
        super().__init__("The stored bytes are not what was deposited; nothing more is released.")
