"""What is deployed is what was tested: roles, compose file and image agree with the code."""

from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
import yaml

from tests.builders import House
from tests.conftest import Place

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
CHANGES: list[LiteralString] = [
    "UPDATE log_entries SET slots = ''",
    "DELETE FROM log_entries",
    "TRUNCATE log_entries CASCADE",
    "DELETE FROM log_head",
    "UPDATE log_head SET origin = 'other'",
    "DELETE FROM documents",
    "UPDATE documents SET class = 'other'",
    "DELETE FROM renditions",
    "DELETE FROM signatures",
    "UPDATE participants SET details = ''",
    "DELETE FROM keys",
    "UPDATE keys SET wrapped = ''",
    "DROP TABLE log_entries",
    "CREATE TABLE mine (x int)",
    "ALTER TABLE log_entries DISABLE TRIGGER ALL",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_the_applications_role_cannot_rewrite_the_past(
    house: House, place: Place, statement: LiteralString
) -> None:
    house.case("party:claimant")
    with (
        psycopg.connect(place.database_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)
    house.check()


@pytest.mark.parametrize("statement", [s for s in CHANGES if "log_entries" in s][:3])
def test_the_owner_does_not_rewrite_the_log_by_accident(
    house: House, place: Place, statement: LiteralString
) -> None:
    house.case("party:claimant")
    with (
        psycopg.connect(place.owner_url) as connection,
        pytest.raises(psycopg.errors.RaiseException),
    ):
        connection.execute(statement)


def test_the_deployed_roles_are_the_tested_ones() -> None:
    deployed = ROOT / "deploy" / "roles.sql"
    assert deployed.is_symlink()
    assert deployed.resolve() == ROOT / "vault" / "database" / "roles.sql"


def test_only_the_api_is_reached_from_outside() -> None:
    services = COMPOSE["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["api"]
    assert services["api"]["ports"] == ["127.0.0.1:8420:8420"]
    assert services["store"]["networks"] == services["database"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_the_api_writes_no_disk_and_holds_no_owners_secret() -> None:
    api = COMPOSE["services"]["api"]
    assert api["read_only"] is True
    assert [mount.partition(":")[0] for mount in api["tmpfs"]] == ["/tmp"]  # noqa: S108 — the mount
    assert api["ulimits"]["core"] == 0
    assert api["cap_drop"] == ["ALL"]
    assert "owner_database_url" not in api["secrets"]
    assert not any("OWNER" in name for name in api["environment"])


def test_every_secret_and_network_of_the_compose_file_is_defined() -> None:
    for service in COMPOSE["services"].values():
        assert set(service.get("secrets", ())) <= COMPOSE["secrets"].keys()
        assert set(service["networks"]) <= COMPOSE["networks"].keys()
        assert set(service.get("depends_on", {})) <= COMPOSE["services"].keys()


def test_every_setting_of_the_compose_file_exists() -> None:
    read = (ROOT / "api" / "settings.py").read_text("utf-8")
    for service in ("api", "migrate"):
        for name in COMPOSE["services"][service]["environment"]:
            assert name.removesuffix("_FILE") in read, name


def test_the_image_does_not_run_as_root() -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text("utf-8").splitlines()
    assert "USER 10001:10001" in lines
    assert lines.index("USER 10001:10001") > max(
        number for number, line in enumerate(lines) if line.startswith(("RUN", "COPY"))
    )
