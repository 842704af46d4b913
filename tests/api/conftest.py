"""The API on a socket, as a caller meets it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from api.commands.serve import listening, serving
from api.commands.stopping import Stopping
from api.identity.tokens import issue_token
from api.settings import read_settings
from tests.builders import Case, House
from vault.core import Subject, Vault


@dataclass(frozen=True)
class Server:
    """A served vault, and how to speak to it as somebody."""

    url: str
    vault: Vault

    def token(self, subject: Subject, **lifetime: float) -> str:
        return issue_token(self.vault, subject.person, timedelta(**(lifetime or {"hours": 1})))

    def as_(self, subject: Subject) -> httpx2.Client:
        return httpx2.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.token(subject)}"},
            timeout=30,
        )

    def connect(self) -> socket.socket:
        """Open a bare connection, for what no HTTP client would send."""
        host, port = self.url.removeprefix("http://").split(":")
        return socket.create_connection((host, int(port)), timeout=20)


@pytest.fixture
def server(vault: Vault, tmp_path: Path) -> Iterator[Server]:
    settings = replace(
        read_settings({}, data=tmp_path),
        port=0,
        threads=16,
        upload_slots=4,
        upload_silence_s=1.0,
    )
    with listening(settings) as listener, serving(vault, settings, listener, Stopping()) as url:
        yield Server(url, vault)


@pytest.fixture
def case(house: House) -> Case:
    """A case with an agreement in force, in exchange."""
    case = house.case("party:claimant", "party:respondent", "insurer:respondent", "auditor")
    case.agree()
    case.phase("exchange")
    return case
