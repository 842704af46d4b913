"""The vault does not start on a root key that is away, missing, or not as it must be."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.keyring.servers import Bao, StrictKms, kms_address, make_token_key
from vault.keyring.addresses import KmsKey, RootKeyFile, TokenKey, TransitKey
from vault.keyring.hsm import TokenRootKey
from vault.keyring.kms import KmsRootKey
from vault.keyring.port import RootKeyRefused
from vault.keyring.providers import open_provider
from vault.keyring.transit import TransitRootKey

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from vault.keyring.addresses import RootKeyAddress


@contextmanager
def refused(words: str) -> Generator[None]:
    with pytest.raises(RootKeyRefused, match=words) as refusal:
        yield
    assert "\n" not in str(refusal.value)


def test_kms_that_is_away_is_refused_at_the_start() -> None:
    address = KmsKey(
        key="k",
        region="eu-central-1",
        endpoint="http://127.0.0.1:1",
        access_key="a",
        secret_key="b",
        wait_days=7,
        timeout_s=1,
    )
    with pytest.raises(RootKeyRefused, match=r"'k' cannot be asked for \(EndpointConnectionError"):
        open_provider(address)


def test_the_start_refuses_a_transit_key_that_is_not_as_it_must_be(bao: Bao) -> None:
    for name, settings in {
        "not-derived": {"derived": False},
        "exportable": {"exportable": True},
        "chacha": {"key_type": "chacha20-poly1305"},
    }.items():
        bao.make_key(name, **settings)
        with refused("can be exported" if name == "exportable" else "must be aes256-gcm96"):
            TransitRootKey(replace(bao.address, key=name))
    for changes, words in (
        ({"key": "nowhere"}, "There is no transit key 'nowhere'"),
        ({"mount": "nowhere"}, "There is no transit key"),
        ({"token": "wrong"}, r"cannot be asked for \(Forbidden\)"),
        ({"url": "http://127.0.0.1:1"}, r"cannot be asked for \(ConnectionError\)"),
    ):
        with refused(words):
            TransitRootKey(replace(bao.address, **changes))


def test_the_start_refuses_a_kms_key_that_is_not_as_it_must_be(kms: StrictKms) -> None:
    address = kms_address(kms)
    signing = kms.inner.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    with refused("must be enabled and symmetric"):
        KmsRootKey(kms, replace(address, key=signing["KeyId"]))
    with refused(r"cannot be asked for \(NotFoundException\)"):
        KmsRootKey(kms, replace(address, key="alias/nowhere"))
    kms.inner.disable_key(KeyId=address.key)
    with refused("must be enabled and symmetric"):
        KmsRootKey(kms, address)


def test_the_start_refuses_a_token_key_that_is_not_as_it_must_be(
    token: TokenKey, tmp_path: Path
) -> None:
    leaves, short = replace(token, key="leaves"), replace(token, key="short")
    make_token_key(leaves, extractable=True)
    make_token_key(short, bits=128)
    for address, words in ((leaves, "can leave its token"), (short, "of 256 bits")):
        with refused(words):
            TokenRootKey(address)
    twice = replace(token, key="twice")
    make_token_key(twice)
    make_token_key(twice)
    for changes, words in (
        ({"key": "twice"}, "holds 2 keys labelled 'twice'; there must be one"),
        ({"key": "nowhere"}, "holds 0 keys labelled 'nowhere'"),
        ({"token": "nowhere"}, r"cannot be used \(NoSuchToken\)"),
        ({"module": tmp_path / "no.so"}, r"cannot be used \(PKCS11Error\)"),
    ):
        with refused(words):
            TokenRootKey(replace(token, **changes))


def test_no_address_shows_a_secret() -> None:
    addresses: list[RootKeyAddress] = [
        RootKeyFile(path=os.devnull),  # pyright: ignore[reportArgumentType] -- shown, not opened
        TransitKey(url="u", token="SECRET", mount="m", key="k", ca_file=None, timeout_s=1),
        KmsKey(
            key="k",
            region="r",
            endpoint=None,
            access_key="a",
            secret_key="SECRET",
            wait_days=7,
            timeout_s=1,
        ),
        TokenKey(module=os.devnull, token="t", pin="SECRET", key="k"),  # pyright: ignore[reportArgumentType] -- as above
    ]
    for address in addresses:
        assert "SECRET" not in repr(address)
