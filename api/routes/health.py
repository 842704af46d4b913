"""Whether the process lives, and whether it can do its work; open to all, and says no more."""

from fastapi import APIRouter

from api.access import VaultHere
from api.problems import problems
from api.schemas.problems import Health

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz(vault: VaultHere) -> Health:
    """Answer that the process lives, and whether it has raised alerts."""
    return Health(alerts=vault.alerts.raised)


@router.get("/readyz", responses={503: problems()[503]})
def readyz(vault: VaultHere) -> Health:
    """Answer that the database, the store and the log answer."""
    vault.database.ping()
    vault.store.ping()
    vault.log.head()
    return Health(alerts=vault.alerts.raised)
