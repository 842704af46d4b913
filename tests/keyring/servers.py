"""Real providers of root keys for tests: OpenBao on loopback, SoftHSM2 in a directory, moto's KMS.

moto opens under keys that are disabled or await their deletion, which AWS does not: `StrictKms`
stands before it and refuses as AWS documents. It also answers a ciphertext whose first bytes name
another key with AccessDenied, where AWS says that it is invalid.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

import boto3
import hvac
import pytest
import requests
from botocore.exceptions import ClientError

from vault.keyring.addresses import KmsKey, TokenKey, TransitKey

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

# As Debian's packages lay it out, installed or unpacked by `make setup`.
_ROOTS = (Path("/"), Path(__file__).parents[2] / ".tools" / "softhsm")
_MODULE = Path("usr/lib/softhsm/libsofthsm2.so")
_SOFTHSM = next((root for root in _ROOTS if (root / _MODULE).exists()), None)
HSM_MISSING = "NO HSM WAS TESTED: install Debian's packages softhsm2 and libsofthsm2"
PIN = "4711"


@dataclass(frozen=True)
class Bao:
    """A running OpenBao.

    Attributes:
        address: Of a root key in it, asked by its administrator.
        process: To be stopped and continued.
    """

    address: TransitKey
    process: subprocess.Popen[bytes]

    def client(self) -> Any:
        trusted = self.address.ca_file
        return hvac.Client(
            url=self.address.url,
            token=self.address.token,
            timeout=10,
            verify=True if trusted is None else str(trusted),
        )

    def transit(self) -> Any:
        return self.client().secrets.transit

    def make_key(self, name: str, **settings: Any) -> TransitKey:
        self.transit().create_key(name, **{"derived": True, "exportable": False, **settings})
        return replace(self.address, key=name)

    def token_for(self, policy: str) -> str:
        """Return a token that may do what a policy says and nothing else."""
        client = self.client()
        client.sys.create_or_update_policy("limited", policy)
        made: str = client.auth.token.create(policies=["limited"])["auth"]["client_token"]
        return made


@contextmanager
def running_bao(folder: Path, *, tls: bool = False) -> Generator[Bao]:
    """Run an OpenBao that keeps everything in memory, and stop it.

    With TLS it makes an authority of its own, whose certificate the address names.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("bao")),
        "server",
        "-dev",
        "-dev-no-store-token",
        "-dev-root-token-id=root",
        f"-dev-listen-address=127.0.0.1:{port}",
    ]
    if tls:
        command += ["-dev-tls", f"-dev-tls-cert-dir={folder}"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        _wait_for(f"{url}/v1/sys/health", process)
        address = TransitKey(
            url=url,
            token="root",
            mount="transit",
            key="subrosa",
            ca_file=folder / "vault-ca.pem" if tls else None,
            timeout_s=5,
        )
        bao = Bao(address, process)
        bao.client().sys.enable_secrets_engine("transit")
        yield bao
    finally:
        process.kill()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with suppress(requests.ConnectionError):
            # Whose certificate it is, is for the provider to ask.
            requests.get(url, timeout=5, verify=False)  # noqa: S501
            return
        sleep(0.05)
    pytest.fail("OpenBao ended before it answered")


def new_token(folder: Path) -> TokenKey:
    """Make a SoftHSM2 token with a root key in it; skip the test where there is no SoftHSM2.

    The library reads where its tokens are once in a process: all share a directory.
    """
    if _SOFTHSM is None:
        pytest.skip(HSM_MISSING)
    import pkcs11  # noqa: PLC0415 — loads what is not everywhere

    tokens = folder / "tokens"
    if not tokens.exists():
        tokens.mkdir()
        configuration = folder / "softhsm2.conf"
        configuration.write_text(f"directories.tokendir = {tokens}\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(configuration)
    label = f"token-{os.getpid()}-{len(list(tokens.iterdir()))}"
    module = _SOFTHSM / _MODULE
    words = [
        "--module",
        str(module),
        "--init-token",
        "--free",
        "--label",
        label,
        "--pin",
        PIN,
        "--so-pin",
        "0815",
    ]
    program = str(_SOFTHSM / "usr" / "bin" / "softhsm2-util")
    subprocess.run([program, *words], check=True, stdout=subprocess.DEVNULL)
    pkcs11.lib(str(module)).reinitialize()
    address = TokenKey(module=module, token=label, pin=PIN, key="subrosa")
    make_token_key(address)
    return address


def make_token_key(address: TokenKey, *, bits: int = 256, extractable: bool = False) -> None:
    """Make a key in a token as its administrator would."""
    from pkcs11 import Attribute, KeyType  # noqa: PLC0415 — as above

    template = {Attribute.SENSITIVE: not extractable, Attribute.EXTRACTABLE: extractable}
    with token_session(address) as session:
        session.generate_key(KeyType.AES, bits, label=address.key, store=True, template=template)


@contextmanager
def token_session(address: TokenKey) -> Generator[Any]:
    """Open a session of one's own beside the provider's."""
    import pkcs11  # noqa: PLC0415 — as above

    token = pkcs11.lib(str(address.module)).get_token(token_label=address.token)
    try:
        session = token.open(rw=True, user_pin=address.pin)
    except pkcs11.UserAlreadyLoggedIn:
        session = token.open(rw=True)
    with session:
        yield session


class StrictKms:
    """moto's client, refusing what AWS refuses in these states of a key."""

    def __init__(self) -> None:
        self.inner: Any = boto3.client(  # pyright: ignore[reportUnknownMemberType] -- untyped overloads
            "kms", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        # Every request's name and parameters, as CloudTrail would show them.
        self.seen: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def asked(**parameters: Any) -> Any:
            self.seen.append((name, parameters))
            if name in {"encrypt", "decrypt", "re_encrypt", "rotate_key_on_demand"}:
                self._refuse(name, parameters.get("KeyId") or parameters["SourceKeyId"])
            return getattr(self.inner, name)(**parameters)

        return asked

    def close(self) -> None:
        self.inner.close()

    def _refuse(self, operation: str, key: str) -> None:
        try:
            state = self.inner.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
        except ClientError:
            return
        refusals = {
            "PendingDeletion": ("KMSInvalidStateException", f"{key} is pending deletion."),
            "Disabled": ("DisabledException", f"{key} is disabled."),
        }
        if state in refusals:
            code, said = refusals[state]
            raise ClientError({"Error": {"Code": code, "Message": said}}, operation)


def kms_address(client: StrictKms) -> KmsKey:
    """Make a root key in a KMS; return how it is found."""
    key = client.inner.create_key()["KeyMetadata"]["KeyId"]
    return KmsKey(
        key=key,
        region="eu-central-1",
        endpoint=None,
        access_key=None,
        secret_key=None,
        wait_days=7,
        timeout_s=5,
    )
