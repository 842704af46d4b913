"""A case's own key is destroyed when whoever had it refuses to use it; else nothing says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vault.errors import Unavailable
from vault.keyring.port import KeyGone, Place
from vault.sealing.keys import KEY_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vault.ids import CaseId
    from vault.keyring.port import KeyProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class Destruction:
    """That a provider has no key of a case's own any more, and that nothing opens there.

    Attributes:
        provider: As SUBROSA_ROOT_KEYS names it.
        key_id: The name the provider knew the key by.
        found: It was there, and this destroyed it. If not, the provider has nothing by this name:
            an earlier attempt destroyed it, or somebody else took it away, we cannot tell where.
        destroyed_at: From when nobody can bring it back, where the provider lets that wait; None:
            at once.
        request_id: The provider's own mark for the request, to be found in its log.
        refused_with: What the provider answered when it was asked to use the key after that.
    """

    provider: str
    key_id: str
    found: bool
    destroyed_at: datetime | None
    request_id: str | None
    refused_with: str


def destroy_at_each(
    providers: Iterable[KeyProvider], case: CaseId, wrapped: bytes, wrapped_by: KeyProvider | None
) -> tuple[Destruction, ...]:
    """Destroy a case's own key at each provider, and see that none uses it any more.

    Args:
        providers: Whom to ask.
        case: The case.
        wrapped: Its wrapped key.
        wrapped_by: Who wrapped it under a key of the case's own; None: it is under a root key.

    Returns:
        What was done and seen at each that had such a key, or should have.

    Raises:
        Unavailable: One does not answer, or still uses the key.
    """
    asked = [(provider, provider.destroy_case_key(case)) for provider in providers]
    done: list[Destruction] = []
    for provider, destroyed in asked:
        mine = wrapped if provider is wrapped_by else None
        if not destroyed.found and mine is None:
            continue
        refused_with = _refusal(provider, Place("case", case), mine)
        done.append(
            Destruction(
                provider=provider.name,
                key_id=destroyed.key_id,
                found=destroyed.found,
                destroyed_at=destroyed.at,
                request_id=destroyed.request_id,
                refused_with=destroyed.refused_with or refused_with,
            )
        )
    return tuple(done)


def _refusal(provider: KeyProvider, place: Place, wrapped: bytes | None) -> str:
    """Return how a provider refuses to use the key that it has destroyed.

    Args:
        provider: The provider.
        place: The case.
        wrapped: What it must not open; None if nothing that it wrapped is at hand: then it must
            not wrap.

    Raises:
        Unavailable: It does not answer, or does not refuse.
    """
    try:
        if wrapped is None:
            provider.wrap(bytes(KEY_SIZE), place, own=True)
        else:
            provider.unwrap(wrapped, place)
    except KeyGone as gone:
        return str(gone)
    raise Unavailable("The provider still uses the key of this case; it is not destroyed.")
