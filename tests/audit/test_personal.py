"""A person's key is a point of prime order in its one encoding, and signs one thing alone."""

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vault.audit.personal import KeyRefused, PersonalKey, signed_bytes

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

# The eight points of small order, and encodings that are another point's or none.
NO_KEYS = {
    "the neutral element": "01" + "00" * 31,
    "order 2": "ec" + "ff" * 30 + "7f",
    "order 4": "00" * 32,
    "order 4, the other": "00" * 31 + "80",
    "order 8, first": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "order 8, second": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "order 8, third": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "order 8, fourth": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "the neutral element, with a sign": "01" + "00" * 30 + "80",
    "the neutral element, not reduced": "ee" + "ff" * 30 + "7f",
    "zero, not reduced": "ed" + "ff" * 30 + "7f",
    "no point of the curve": "02" + "00" * 31,
    "mixed order": "fbb3211d177bccefd763d01a88f6473e43e5cf0a0740e44ab5c64460eefd4675",
    "too short": "11" * 31,
    "too long": "11" * 33,
    "nothing": "",
}


@pytest.mark.parametrize("what", NO_KEYS)
def test_what_is_no_point_of_prime_order_is_no_key(what: str) -> None:
    with pytest.raises(KeyRefused):
        PersonalKey(bytes.fromhex(NO_KEYS[what]))


@pytest.mark.parametrize(
    "text", ["", "x", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURp=", "é" * 44]
)
def test_a_key_is_written_in_canonical_base64(text: str) -> None:
    with pytest.raises(KeyRefused):
        PersonalKey.parse(text)


def test_a_signature_of_small_order_that_nobody_made_would_verify_if_the_key_were_taken() -> None:
    """Under the neutral element any R = sB verifies for every text: why such keys are refused."""
    neutral = bytes.fromhex(NO_KEYS["the neutral element"])
    forged = neutral + bytes(32)
    Ed25519PublicKey.from_public_bytes(neutral).verify(forged, b"whatever")


def test_keys_that_are_drawn_are_taken_and_their_ids_differ() -> None:
    keys = [
        PersonalKey(Ed25519PrivateKey.generate().public_key().public_bytes_raw()) for _ in range(20)
    ]
    assert len({key.key_id for key in keys}) == 20
    assert all(PersonalKey.parse(key.text()) == key for key in keys)


def test_the_id_of_a_key_follows_from_it() -> None:
    key = PersonalKey.parse("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    assert str(key.key_id) == "c3242ada-61a7-ab2d-9317-6c534c606c2d"


def test_a_signature_is_of_one_digest_by_one_key() -> None:
    one, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    key = PersonalKey(one.public_key().public_bytes_raw())

    def signed(by: Ed25519PrivateKey, what: bytes) -> str:
        return base64.b64encode(by.sign(what)).decode()

    good = signed(one, signed_bytes(DIGEST))
    key.verify(DIGEST, good)
    for wrong in (
        signed(other, signed_bytes(DIGEST)),
        signed(one, DIGEST.encode()),
        signed(one, signed_bytes(DIGEST)[:-1]),
        signed(one, signed_bytes("0" * 64)),
        good[:-2],
        good + "=",
        "",
        "A" * 86 + "==",
        base64.b64encode(base64.b64decode(good)[:63]).decode(),
    ):
        with pytest.raises(KeyRefused):
            key.verify(DIGEST, wrong)
    with pytest.raises(KeyRefused):
        key.verify("0" * 64, good)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")
def test_openssl_makes_the_same_signature(tmp_path: Path) -> None:
    def openssl(*words: str) -> bytes:
        return subprocess.run(
            ["openssl", *words], cwd=tmp_path, capture_output=True, check=True
        ).stdout

    openssl("genpkey", "-algorithm", "ed25519", "-out", "key.pem")
    public = openssl("pkey", "-in", "key.pem", "-pubout", "-outform", "DER")[-32:]
    (tmp_path / "signed.txt").write_bytes(signed_bytes(DIGEST))
    made = openssl("pkeyutl", "-sign", "-rawin", "-inkey", "key.pem", "-in", "signed.txt")
    PersonalKey(public).verify(DIGEST, base64.b64encode(made).decode())
