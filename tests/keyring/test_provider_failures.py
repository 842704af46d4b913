"""A provider that is slow, denies, is gone or talks nonsense releases nothing, blames no bytes."""

from __future__ import annotations

import json
import logging
import signal
from base64 import b64encode
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.keyring.servers import (
    Bao,
    StrictKms,
    kms_address,
    running_bao,
)
from vault.errors import KeyDestroyed, Unavailable
from vault.ids import CaseId, new_id
from vault.keyring.addresses import TransitKey
from vault.keyring.keyring import Keyring
from vault.keyring.kms import KmsRootKey
from vault.keyring.port import Place, RootKeyRefused
from vault.keyring.transit import TransitRootKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vault.keyring.port import KeyProvider

KEY = b"PLAIN-KEY-BYTES-OF-THIRTY-TWO-XX"
CASE = CaseId(UUID(int=1))
PLACE = Place("case", CASE)


class Nonsense(ThreadingHTTPServer):
    """Answers what a test says, or nothing until it says so."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.status, self.body = 200, b"{}"
        self.silent, self.go_on = False, Event()
        self.location: str | None = None
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Nonsense)
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if server.silent:
            server.go_on.wait(30)
        server.paths.append(self.path)
        self.send_response(server.status)
        if server.location is not None:
            self.send_header("Location", server.location)
        self.send_header("Content-Length", str(len(server.body)))
        self.end_headers()
        self.wfile.write(server.body)

    do_GET = do_POST  # noqa: N815 — the library's name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the library's name
        """Say nothing."""


@pytest.fixture
def nonsense() -> Iterator[Nonsense]:
    server = Nonsense()
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    thread.join()
    server.server_close()


GOOD_KEY = {
    "data": {
        "type": "aes256-gcm96",
        "derived": True,
        "exportable": False,
        "allow_plaintext_backup": False,
    }
}


def over(nonsense: Nonsense) -> TransitRootKey:
    """Return a provider that found its key, over a server that will say something else."""
    nonsense.body = json.dumps(GOOD_KEY).encode()
    address = TransitKey(
        url=nonsense.url, token="t", mount="transit", key="k", ca_file=None, timeout_s=1
    )
    return TransitRootKey(address)


def wrapped_by(root: TransitRootKey) -> bytes:
    return bytes((2, 2, 0)) + bytes.fromhex(root.key_id) + bytes((0, 0, 0, 1)) + bytes(60)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"{}"),
        (200, b"[]"),
        (200, b"not JSON"),
        (200, b'{"data": null}'),
        (200, b'{"data": {"plaintext": 5}}'),
        (200, b'{"data": {"plaintext": "*"}}'),
        (200, b'{"data": {"plaintext": "c2hvcnQ="}}'),
        (200, b'{"data": {"ciphertext": "vault:v0:AAAA"}}'),
        (204, b""),
        (307, b""),
        (400, b'{"errors": ["something nobody has heard of"]}'),
        (400, b""),
        (403, b'{"errors": ["permission denied"]}'),
        (404, b'{"errors": ["no handler for route"]}'),
        (404, b""),
        (429, b""),
        (500, b'{"errors": ["internal error"]}'),
        (503, b'{"errors": ["Vault is sealed"]}'),
    ],
)
def test_whatever_the_engine_says_that_is_no_answer_is_unavailable(
    nonsense: Nonsense, status: int, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    root = over(nonsense)
    wrapped = wrapped_by(root)
    nonsense.status, nonsense.body = status, body
    for attempt in (
        lambda: root.unwrap(wrapped, PLACE),
        lambda: root.rewrap(wrapped, PLACE),
        lambda: root.wrap(KEY, PLACE, own=False),
    ):
        with pytest.raises(Unavailable) as refusal:
            attempt()
        said = "The provider of root keys does not answer; nothing was released."
        assert str(refusal.value) == said
    assert "The provider of root keys (transit) failed." in caplog.text


def test_a_silent_engine_is_given_up(nonsense: Nonsense) -> None:
    root = over(nonsense)
    nonsense.silent = True
    with pytest.raises(Unavailable):
        root.unwrap(wrapped_by(root), PLACE)


def test_a_token_is_not_carried_to_where_a_redirect_points(
    nonsense: Nonsense,
) -> None:
    root = over(nonsense)
    nonsense.status, nonsense.location = 307, f"{nonsense.url}/elsewhere"
    with pytest.raises(Unavailable):
        root.wrap(KEY, PLACE, own=False)
    assert not any("elsewhere" in path for path in nonsense.paths)


def test_an_engine_that_stops_answering_is_unavailable_and_goes_on_after(tmp_path: Path) -> None:
    with running_bao(tmp_path) as bao:
        root = TransitRootKey(replace(bao.make_key("subrosa"), timeout_s=1))
        keyring = Keyring(root)
        key, wrapped = keyring.new_case_key(CASE)
        bao.process.send_signal(signal.SIGSTOP)
        with pytest.raises(Unavailable):
            keyring.open_case_key(CASE, wrapped)
        bao.process.send_signal(signal.SIGCONT)
        assert keyring.open_case_key(CASE, wrapped).material() == key.material()
        bao.client().sys.seal()
        assert keyring.open_case_key(CASE, wrapped).material() == key.material()
        with pytest.raises(Unavailable):
            Keyring(root).open_case_key(CASE, wrapped)
    with pytest.raises(Unavailable):
        Keyring(root).open_case_key(CASE, wrapped)
    root.close()


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_an_engine_behind_tls_is_believed_by_the_certificate_that_is_trusted(
    tmp_path: Path,
) -> None:
    with running_bao(tmp_path, tls=True) as bao:
        address = bao.make_key("subrosa")
        root = TransitRootKey(address)
        assert root.unwrap(root.wrap(KEY, PLACE, own=False), PLACE) == KEY
        root.close()
        with pytest.raises(RootKeyRefused, match="SSLError"):
            TransitRootKey(replace(address, ca_file=None))


def test_an_engine_that_denies_is_unavailable(bao: Bao) -> None:
    address = bao.make_key("denied")
    wrapped = TransitRootKey(address).wrap(KEY, PLACE, own=False)
    token = bao.token_for('path "transit/keys/denied" { capabilities = ["read"] }')
    denied = TransitRootKey(replace(address, token=token))
    with pytest.raises(Unavailable):
        denied.unwrap(wrapped, PLACE)


def policy_of(page: str) -> str:
    """Return the policy that the deployment page tells operators to write."""
    return page.split("```hcl\n", 1)[1].split("```", 1)[0]


def test_the_documented_policy_is_enough_and_makes_no_root_key(
    bao: Bao, request: pytest.FixtureRequest
) -> None:
    page = (request.config.rootpath / "deploy" / "README.md").read_text(encoding="utf-8")
    address = bao.make_key("subrosa")
    root = TransitRootKey(replace(address, token=bao.token_for(policy_of(page))))
    keyring, case = Keyring(root, keys_per_case=True), CaseId(new_id())
    _, wrapped = keyring.new_case_key(case)
    keyring.rewrap(Place("case", case), keyring.renew_case_key(case, wrapped))
    assert [done.found for done in keyring.destroy_case_key(case, wrapped)] == [True]
    bao.transit().update_key_configuration("subrosa", deletion_allowed=True)
    bao.transit().delete_key("subrosa")
    with pytest.raises(Unavailable):
        root.wrap(KEY, PLACE, own=False)


def test_a_version_that_the_engine_no_longer_opens_is_no_changed_byte(bao: Bao) -> None:
    root = TransitRootKey(bao.make_key("aged"))
    wrapped = root.wrap(KEY, PLACE, own=False)
    bao.transit().rotate_key("aged")
    bao.transit().update_key_configuration("aged", min_decryption_version=2)
    with pytest.raises(Unavailable):
        root.unwrap(wrapped, PLACE)


def test_rewrapping_moves_to_the_newest_version_inside_the_engine(bao: Bao) -> None:
    root = TransitRootKey(bao.make_key("rotated"))
    wrapped = root.wrap(KEY, PLACE, own=False)
    assert root.rewrap(wrapped, PLACE) == wrapped
    bao.transit().rotate_key("rotated")
    anew = root.rewrap(wrapped, PLACE)
    assert (wrapped[11:15], anew[11:15]) == (bytes((0, 0, 0, 1)), bytes((0, 0, 0, 2)))
    assert root.unwrap(anew, PLACE) == KEY


def test_kms_is_shown_ids_and_no_names(kms: StrictKms) -> None:
    root = KmsRootKey(kms, kms_address(kms))
    root.unwrap(root.wrap(KEY, PLACE, own=False), PLACE)
    contexts = [asked["EncryptionContext"] for _, asked in kms.seen if "EncryptionContext" in asked]
    header = (bytes((2, 3, 0)) + bytes.fromhex(root.key_id)).hex()
    assert (
        contexts
        == [{"subrosa-wrap": header, "subrosa-kind": "case", "subrosa-holder": str(CASE)}] * 2
    )


def test_no_library_writes_a_key_to_a_debugging_log(
    provider: KeyProvider, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("", "botocore", "botocore.endpoint", "botocore.parsers", "urllib3", "hvac"):
        caplog.set_level(logging.DEBUG, logger=name)
    provider.new_case_key(CASE)
    for own in (False, True):
        wrapped = provider.wrap(KEY, PLACE, own=own)
        assert provider.unwrap(provider.rewrap(wrapped, PLACE), PLACE) == KEY
    for form in (KEY.decode(), KEY.hex(), b64encode(KEY).decode()):
        assert form not in caplog.text


def test_a_disabled_kms_key_is_unavailable(kms: StrictKms) -> None:
    address = kms_address(kms)
    root = KmsRootKey(kms, address)
    wrapped = root.wrap(KEY, PLACE, own=False)
    kms.inner.disable_key(KeyId=address.key)
    for attempt in (
        lambda: root.unwrap(wrapped, PLACE),
        lambda: root.rewrap(wrapped, PLACE),
        lambda: root.wrap(KEY, PLACE, own=False),
    ):
        with pytest.raises(Unavailable):
            attempt()


def test_kms_says_until_when_a_destruction_can_be_cancelled(kms: StrictKms) -> None:
    keyring = Keyring(KmsRootKey(kms, kms_address(kms)), keys_per_case=True)
    _, wrapped = keyring.new_case_key(CASE)
    (done,) = keyring.destroy_case_key(CASE, wrapped)
    assert done.request_id
    assert done.destroyed_at is not None
    assert "KMSInvalidStateException" in done.refused_with
    kms.inner.cancel_key_deletion(KeyId=done.key_id)
    kms.inner.enable_key(KeyId=done.key_id)
    assert keyring.open_case_key(CASE, wrapped)


def test_a_destroyed_key_is_told_from_one_that_does_not_answer(tmp_path: Path) -> None:
    with running_bao(tmp_path) as bao:
        keyring = Keyring(TransitRootKey(bao.make_key("subrosa")), keys_per_case=True)
        _, wrapped = keyring.new_case_key(CASE)
        _, other = keyring.new_case_key(CaseId(UUID(int=2)))
        keyring.destroy_case_key(CASE, wrapped)
        with pytest.raises(KeyDestroyed):
            keyring.open_case_key(CASE, wrapped)
    with pytest.raises(Unavailable) as away:
        keyring.open_case_key(CaseId(UUID(int=2)), other)
    assert away.type is Unavailable
    with pytest.raises(Unavailable) as refusal:
        keyring.destroy_case_key(CASE, wrapped)
    assert refusal.type is Unavailable
