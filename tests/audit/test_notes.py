"""Notes are those of other implementations, and one that was bent in any way is refused."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from vault.audit.notes import Checkpoint, NoteRefused, VerifyKey, open_note
from vault.audit.signing import SigningKey
from vault.audit.tlog import EMPTY_ROOT
from vault.sealing.keys import OperationsKey

ORIGIN = "vault.example/audit/2026"
KEY = SigningKey.of(OperationsKey(bytes(range(32))), ORIGIN, "checkpoint")
OTHER = SigningKey.of(OperationsKey(bytes(32)), "witness.example", "checkpoint")
TEXT = Checkpoint(ORIGIN, 0, EMPTY_ROOT).text()
NOTE = KEY.sign(TEXT)

# From the documentation of Go's golang.org/x/mod/sumdb/note.
GO_KEYS = [
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
]
GO_TEXT = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.
"""
GO_NOTE = (Path(__file__).parent.parent / "vectors" / "go-sumdb.note").read_text(encoding="utf-8")
# From the text of c2sp.org/signed-note.
C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"


@pytest.mark.parametrize("vkey", GO_KEYS)
def test_a_note_signed_by_other_code_is_opened(vkey: str) -> None:
    assert open_note(GO_NOTE, VerifyKey.parse(vkey)) == GO_TEXT


@pytest.mark.parametrize("vkey", [*GO_KEYS, C2SP_KEY, KEY.vkey()])
def test_a_verifier_key_survives_its_text(vkey: str) -> None:
    assert VerifyKey.parse(vkey).vkey() == vkey


def line(name: str, material: bytes) -> str:
    return f"\N{EM DASH} {name} {base64.b64encode(material).decode()}\n"


def with_flipped_signature() -> str:
    name, value = NOTE.rstrip("\n").rsplit(" ", 1)
    material = bytearray(base64.b64decode(value))
    material[-1] ^= 1
    return f"{name} {base64.b64encode(material).decode()}\n"


KEY_ID = KEY.verify_key.key_id
SIGNATURE_LINE = NOTE.removeprefix(TEXT + "\n")
FAULTS = {
    "nothing at all": "",
    "the text alone": TEXT,
    "no signature line": TEXT + "\n",
    "no empty line": TEXT + SIGNATURE_LINE,
    "no line feed at the end": NOTE[:-1],
    "two line feeds at the end": NOTE + "\n",
    "a changed text": NOTE.replace("\n0\n", "\n1\n", 1),
    "a text before": "x" + NOTE,
    "an empty line more before the signature": NOTE.replace("\n\n", "\n\n\n"),
    "a flipped bit in the signature": with_flipped_signature(),
    "another name": NOTE.replace(f"\N{EM DASH} {ORIGIN}", "\N{EM DASH} other"),
    "another key's signature alone": OTHER.sign(TEXT),
    "a hyphen for the dash": NOTE.replace("\N{EM DASH}", "-"),
    "no dash": NOTE.replace("\N{EM DASH} ", ""),
    "no name": TEXT + "\n" + line("", KEY_ID + bytes(64)),
    "a plus in a name": NOTE + line("a+b", bytes(68)),
    "a space in a name": NOTE + line("a\u2003b", bytes(68)),
    "a control character in a name": NOTE + line("a\x01b", bytes(68)),
    "a key id and no signature": NOTE + line("other", bytes(4)),
    "a signature without a value": NOTE + "\N{EM DASH} other\n",
    "a broken base64": NOTE + "\N{EM DASH} other AAAAAAA\n",
    "a base64 with a stranger in it": NOTE + "\N{EM DASH} other AAAA*AAA\n",
    "a base64 with a character beyond ASCII": NOTE + "\N{EM DASH} other AAAAé\n",
    "a base64 with loose bits": NOTE.replace(
        SIGNATURE_LINE[-3:-1], chr(ord(SIGNATURE_LINE[-3]) + 1) + "="
    ),
    "a bad signature beside the good one": NOTE + line(ORIGIN, KEY_ID + bytes(64)),
    "a short signature beside the good one": NOTE + line(ORIGIN, KEY_ID + bytes(63)),
    "a carriage return": NOTE.replace("\n0\n", "\r\n0\n"),
    "a tab in the text": "\t" + NOTE,
    "half a character in the text": "\ud800" + NOTE,
    "a hundred and one signatures": NOTE + line("other", bytes(68)) * 100,
    "more than a million characters": TEXT + "x" * 1_000_000 + "\n" + SIGNATURE_LINE,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_note_with_a_fault_is_refused(fault: str) -> None:
    assert open_note(NOTE, KEY.verify_key) == TEXT
    assert FAULTS[fault] != NOTE
    with pytest.raises(NoteRefused):
        open_note(FAULTS[fault], KEY.verify_key)


@given(st.integers(0, len(NOTE) - 1), st.characters())
def test_a_note_with_any_other_character_is_refused(at: int, other: str) -> None:
    changed = NOTE[:at] + other + NOTE[at + 1 :]
    if changed != NOTE:
        with pytest.raises(NoteRefused):
            open_note(changed, KEY.verify_key)


def test_signatures_by_others_are_ignored() -> None:
    others = OTHER.sign(TEXT).removeprefix(TEXT + "\n") + line("nobody", bytes(68)) * 16
    assert open_note(NOTE + others, KEY.verify_key) == TEXT
    assert open_note(NOTE + others, OTHER.verify_key) == TEXT


def test_the_same_signature_twice_is_still_one() -> None:
    assert open_note(NOTE + SIGNATURE_LINE, KEY.verify_key) == TEXT


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_any_text_of_a_note_is_opened_as_it_was_signed(text: str) -> None:
    assert open_note(KEY.sign(text + "\n"), KEY.verify_key) == text + "\n"


def test_a_text_may_have_empty_lines() -> None:
    assert open_note(KEY.sign("a\n\nb\n\n"), KEY.verify_key) == "a\n\nb\n\n"


@pytest.mark.parametrize("text", ["", "a", "a\n\nb", "\x00\n", "a\r\n", "\udfff\n"])
def test_what_cannot_be_a_note_is_not_signed(text: str) -> None:
    with pytest.raises(NoteRefused):
        KEY.sign(text)


BAD_KEYS = {
    "empty": "",
    "no name": KEY.vkey().replace(ORIGIN, "", 1),
    "no key": f"{ORIGIN}+{KEY_ID.hex()}+",
    "another id": KEY.vkey().replace(KEY_ID.hex(), "00000000"),
    "an id in capitals": "EnochRoot+AF0CFE78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
    "another name": KEY.vkey().replace(ORIGIN, "other"),
    "a space in the name": KEY.vkey().replace(ORIGIN, "a b"),
    "another algorithm": f"{ORIGIN}+{KEY_ID.hex()}+{base64.b64encode(bytes(33)).decode()}",
    "a short key": f"{ORIGIN}+{KEY_ID.hex()}+{base64.b64encode(bytes((1,)) + bytes(31)).decode()}",
    "a broken base64": KEY.vkey()[:-1],
    "a line feed at the end": KEY.vkey() + "\n",
}


@pytest.mark.parametrize("fault", BAD_KEYS)
def test_a_verifier_key_with_a_fault_is_refused(fault: str) -> None:
    with pytest.raises(NoteRefused):
        VerifyKey.parse(BAD_KEYS[fault])


def test_a_checkpoint_survives_its_text() -> None:
    checkpoint = Checkpoint(ORIGIN, 1234, bytes(range(32)))
    assert checkpoint.text() == f"{ORIGIN}\n1234\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert Checkpoint.parse(checkpoint.text()) == checkpoint


ROOT_LINE = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
BAD_CHECKPOINTS = {
    "empty": "",
    "no origin": f"\n1\n{ROOT_LINE}",
    "a leading zero": f"o\n01\n{ROOT_LINE}",
    "a sign": f"o\n+1\n{ROOT_LINE}",
    "a negative size": f"o\n-1\n{ROOT_LINE}",
    "digits of another script": f"o\n١\n{ROOT_LINE}",
    "a size beyond all measure": f"o\n{10**19}\n{ROOT_LINE}",
    "no root": "o\n1\n\n",
    "a short root": "o\n1\nAAEC\n",
    "a root that is not canonical": f"o\n1\n{ROOT_LINE.replace('h8=', 'h9=')}",
    "a line more": f"o\n1\n{ROOT_LINE}extension\n",
    "a line feed less": f"o\n1\n{ROOT_LINE}"[:-1],
}


@pytest.mark.parametrize("fault", BAD_CHECKPOINTS)
def test_a_checkpoint_with_a_fault_is_refused(fault: str) -> None:
    with pytest.raises(NoteRefused):
        Checkpoint.parse(BAD_CHECKPOINTS[fault])


Make = Callable[[], SigningKey]
SECRET = OperationsKey(bytes(range(32)))
KINDS: dict[str, Make] = {
    "checkpoint": lambda: SigningKey.of(SECRET, ORIGIN, "checkpoint"),
    "receipt": lambda: SigningKey.of(SECRET, ORIGIN, "receipt"),
    "another log": lambda: SigningKey.of(SECRET, "vault.example/audit/2027", "checkpoint"),
    "another vault": lambda: SigningKey.of(OperationsKey(bytes(32)), ORIGIN, "checkpoint"),
}


def test_each_purpose_and_log_and_vault_has_a_key_of_its_own() -> None:
    assert len({make().verify_key.public for make in KINDS.values()}) == len(KINDS)
    assert KINDS["receipt"]().verify_key.name == f"{ORIGIN}/receipts"
    for make in KINDS.values():
        assert make().vkey() == make().vkey()


def test_the_derivation_of_the_keys_has_not_changed() -> None:
    # Computed from docs/audit-log.md with hmac and hashlib alone.
    assert KINDS["checkpoint"]().vkey() == (
        "vault.example/audit/2026+233d9fc9+AW26pGIyk7/TzLc7WyxsQUY9u501XRzofnrdhABlwfZw"
    )
    assert KINDS["receipt"]().vkey() == (
        "vault.example/audit/2026/receipts+1dcd4c58+AZA/B4bpWAZj352xBASqCIVhUUhxtyFXYerEeIMNwmGz"
    )


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb"])
def test_an_origin_that_cannot_name_a_key_is_refused(origin: str) -> None:
    with pytest.raises(NoteRefused):
        SigningKey.of(SECRET, origin, "checkpoint")


def test_a_signing_key_shows_and_leaves_nothing() -> None:
    assert repr(KEY) == f"<SigningKey {KEY.vkey()}>"
    with pytest.raises(TypeError):
        KEY.__reduce__()


def test_the_signature_is_ed25519_over_the_text_alone() -> None:
    key = SigningKey("a", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    signed = base64.b64decode(key.sign("text\n").rsplit(" ", 1)[1])
    Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().verify(signed[4:], b"text\n")
