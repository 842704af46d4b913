"""Each kind of provider, real and new for each test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from tests.keyring.servers import (
    Bao,
    StrictKms,
    kms_address,
    make_token_key,
    new_token,
    running_bao,
)
from vault.keyring.hsm import TokenRootKey
from vault.keyring.kms import KmsRootKey
from vault.keyring.root import FileRootKey
from vault.keyring.transit import TransitRootKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.keyring.addresses import TokenKey
    from vault.keyring.port import KeyProvider

_NUMBERS = count()
KINDS = ("file", "transit", "aws-kms", "pkcs11")


@dataclass(frozen=True)
class Two:
    """Two providers of one kind, each with a root key of its own."""

    first: KeyProvider
    second: KeyProvider


@pytest.fixture(scope="session")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bao]:
    with running_bao(tmp_path_factory.mktemp("bao")) as bao:
        yield bao


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> TokenKey:
    return new_token(tmp_path_factory.mktemp("hsm"))


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[StrictKms]:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with mock_aws():
        client = StrictKms()
        yield client
        client.close()


@pytest.fixture(params=KINDS)
def two(request: pytest.FixtureRequest) -> Iterator[Two]:
    makers = {"file": _files, "transit": _transit, "aws-kms": _kms, "pkcs11": _token}
    made = makers[request.param](request)
    yield made
    made.first.close()
    made.second.close()


@pytest.fixture
def provider(two: Two) -> KeyProvider:
    return two.first


def _files(request: pytest.FixtureRequest) -> Two:
    folder = request.getfixturevalue("tmp_path")
    return Two(FileRootKey.create(folder / "a.key"), FileRootKey.create(folder / "b.key"))


def _transit(request: pytest.FixtureRequest) -> Two:
    bao: Bao = request.getfixturevalue("bao")
    first, second = (bao.make_key(f"root-{next(_NUMBERS)}") for _ in range(2))
    return Two(TransitRootKey(first), TransitRootKey(second))


def _kms(request: pytest.FixtureRequest) -> Two:
    client: StrictKms = request.getfixturevalue("kms")
    return Two(KmsRootKey(client, kms_address(client)), KmsRootKey(client, kms_address(client)))


def _token(request: pytest.FixtureRequest) -> Two:
    address: TokenKey = request.getfixturevalue("token")
    named = [replace(address, key=f"root-{next(_NUMBERS)}") for _ in range(2)]
    for one in named:
        make_token_key(one)
    return Two(TokenRootKey(named[0]), TokenRootKey(named[1]))
