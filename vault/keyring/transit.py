"""Root keys can stay in OpenBao or Vault: their transit engine wraps, and hands no key out."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, final

import hvac
import requests
from hvac.exceptions import InvalidPath, InvalidRequest, VaultError

from vault.errors import Tampered
from vault.keyring.port import Destroyed, KeyGone, RootKeyRefused, unavailable
from vault.keyring.wrapped import KEY_ID_SIZE, Header, taken_apart
from vault.sealing.keys import KEY_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from uuid import UUID

    from vault.ids import CaseId
    from vault.keyring.addresses import TransitKey
    from vault.keyring.port import Place

_ID_LABEL: Final = b"subrosa/transit-key/id/v1\0"
_CIPHERTEXT: Final = re.compile(r"vault:v([1-9][0-9]{0,8}):([A-Za-z0-9+/]+={0,2})")
_VERSION_SIZE: Final = 4

# What the engine says of a ciphertext that is not its own; anything else says nothing of the bytes.
_NOT_ITS_OWN: Final = (
    "message authentication failed",
    "unable to decrypt",
    "invalid ciphertext",
)
_NO_SUCH_KEY: Final = ("encryption key not found", "could not delete key; not found", "no existing")


@final
class TransitRootKey:
    """A `KeyProvider` over the transit engine.

    The place goes in as the context from which the engine derives a key, not as associated data,
    which its `rewrap` does not take. A context that differs in one bit gives another key.
    """

    __slots__ = ("_client", "_key", "_mount", "key_id")

    name: ClassVar[str] = "transit"
    number: ClassVar[int] = 2

    def __init__(self, address: TransitKey) -> None:
        """Find the root key.

        Raises:
            RootKeyRefused: The server does not answer or refuses us, or the key is not there, can
                be exported, or is of another kind.
        """
        session = requests.Session()
        # Neither a proxy nor a .netrc of the environment comes between us and the keys.
        session.trust_env = False
        # The client takes these from a session that it is given, whatever it is told beside it.
        session.verify = True if address.ca_file is None else str(address.ca_file)
        self._client: Any = hvac.Client(
            url=address.url,
            token=address.token,
            timeout=address.timeout_s,  # pyright: ignore[reportArgumentType] -- seconds go to requests as they are
            session=session,
            # A token is not carried to where a redirect points.
            allow_redirects=False,
        )
        self._mount, self._key = address.mount, address.key
        self.key_id = sha256(_ID_LABEL + address.key.encode()).hexdigest()[: 2 * KEY_ID_SIZE]
        self._check(address)

    def wrap(self, key: bytes, place: Place, *, own: bool) -> bytes:
        """See `KeyProvider.wrap`."""
        header, name = Header.by(self, own=own), self._name(place, own=own)
        if own:
            # The engine makes a key that it is asked to encrypt under, if its policy lets it.
            self._must_exist(name)
        answer = self._asked(
            lambda transit: transit.encrypt_data(
                name, _text(key), context=_text(header.binding(place)), mount_point=self._mount
            )
        )
        return header.encoded() + self._packed(answer)

    def unwrap(self, wrapped: bytes, place: Place) -> bytes:
        """See `KeyProvider.unwrap`."""
        header, body = taken_apart(self, wrapped, place)
        name = self._name(place, own=header.own)
        answer = self._asked(
            lambda transit: transit.decrypt_data(
                name,
                _unpacked(body),
                context=_text(header.binding(place)),
                mount_point=self._mount,
            )
        )
        with self._well_formed():
            key = b64decode(answer["data"]["plaintext"], validate=True)
            if len(key) != KEY_SIZE:
                raise ValueError("not a key")
            return key

    def rewrap(self, wrapped: bytes, place: Place) -> bytes:
        """See `KeyProvider.rewrap`; the key does not leave the engine."""
        header, body = taken_apart(self, wrapped, place)
        name = self._name(place, own=header.own)
        answer = self._asked(
            lambda transit: transit.rewrap_data(
                name,
                _unpacked(body),
                context=_text(header.binding(place)),
                mount_point=self._mount,
            )
        )
        newest = self._packed(answer)
        if newest[:_VERSION_SIZE] == body[:_VERSION_SIZE]:
            return wrapped
        return header.encoded() + newest

    def new_case_key(self, case: CaseId) -> None:
        """See `KeyProvider.new_case_key`."""
        name = self._name_of(case)
        try:
            self._must_exist(name)
        except KeyGone:
            self._asked(
                lambda transit: transit.create_key(
                    name, derived=True, exportable=False, mount_point=self._mount
                )
            )
        else:
            self._asked(lambda transit: transit.rotate_key(name, mount_point=self._mount))

    def destroy_case_key(self, case: CaseId) -> Destroyed:
        """See `KeyProvider.destroy_case_key`: deleted, not soft-deleted, with all its versions.

        Allowed to be deleted just before: until then the engine keeps it from a slip of the hand.
        """
        name = self._name_of(case)
        try:
            self._asked(
                lambda transit: transit.update_key_configuration(
                    name, deletion_allowed=True, mount_point=self._mount
                )
            )
            self._asked(lambda transit: transit.delete_key(name, mount_point=self._mount))
        except KeyGone:
            return Destroyed(key_id=name, found=False)
        # The engine answers a deletion without a body, and so without the id of the request.
        return Destroyed(key_id=name, found=True)

    def close(self) -> None:
        """See `KeyProvider.close`."""
        self._client.adapter.close()

    def _check(self, address: TransitKey) -> None:
        """Refuse a key that is not what section 6 of docs/sealed-document.md asks for."""
        place = f"transit key {address.key!r} at {address.mount!r}"
        try:
            said = self._client.secrets.transit.read_key(address.key, mount_point=address.mount)
            found = said["data"]
            kind, derived = found["type"], found["derived"]
            exportable = found["exportable"] or found["allow_plaintext_backup"]
        except InvalidPath as error:
            raise RootKeyRefused(f"There is no {place}; make it first.") from error
        except (VaultError, requests.RequestException, KeyError, TypeError, ValueError) as error:
            kind = type(error).__name__
            raise RootKeyRefused(f"The {place} cannot be asked for ({kind}).") from error
        if kind != "aes256-gcm96" or not derived:
            raise RootKeyRefused(f"The {place} must be aes256-gcm96 and derived.")
        if exportable:
            raise RootKeyRefused(f"The {place} can be exported; make one that cannot.")

    def _must_exist(self, name: str) -> None:
        self._asked(lambda transit: transit.read_key(name, mount_point=self._mount), missing=True)

    def _asked(self, ask: Callable[[Any], Any], *, missing: bool = False) -> Any:  # noqa: ANN401 — what JSON holds
        """Return the engine's answer.

        Args:
            ask: One request.
            missing: A path that is not there is a key that is not there.

        Raises:
            Tampered: It says that the ciphertext is not what it made under this context.
            KeyGone: It says that there is no such key.
            Unavailable: Anything else went wrong.
        """
        try:
            return ask(self._client.secrets.transit)
        except InvalidRequest as error:
            said = str(error)
            if any(text in said for text in _NO_SUCH_KEY):
                raise KeyGone(_first_words(error)) from error
            if any(text in said for text in _NOT_ITS_OWN):
                raise Tampered from error
            raise unavailable(self.name, error) from error
        except InvalidPath as error:
            if missing and not error.errors:
                raise KeyGone("404: no such key") from error
            raise unavailable(self.name, error) from error
        except (VaultError, requests.RequestException, ValueError) as error:
            raise unavailable(self.name, error) from error

    def _packed(self, answer: Any) -> bytes:  # noqa: ANN401 — what JSON holds
        """Return be32(key version) ‖ the engine's bytes."""
        with self._well_formed():
            match = _CIPHERTEXT.fullmatch(answer["data"]["ciphertext"])
            if match is None:
                raise ValueError("no ciphertext")
            return int(match[1]).to_bytes(_VERSION_SIZE, "big") + b64decode(match[2], validate=True)

    @contextmanager
    def _well_formed(self) -> Generator[None]:
        """Treat an answer that is not what the engine gives as no answer."""
        try:
            yield
        except (KeyError, TypeError, ValueError) as error:
            raise unavailable(self.name, type(error)("malformed answer")) from None

    def _name(self, place: Place, *, own: bool) -> str:
        return self._name_of(place.holder) if own else self._key

    def _name_of(self, case: UUID | None) -> str:
        return f"{self._key}-case-{case}"

    def __repr__(self) -> str:
        return f"<TransitRootKey {self.key_id}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A root key cannot be pickled or copied.")


def _unpacked(body: bytes) -> str:
    """Return a ciphertext as the engine writes it.

    Raises:
        Tampered: It has no version. Version 0 is none, though the engine takes it for version 1.
    """
    version = int.from_bytes(body[:_VERSION_SIZE], "big")
    if len(body) <= _VERSION_SIZE or version == 0:
        raise Tampered
    return f"vault:v{version}:{_text(body[_VERSION_SIZE:])}"


def _text(binary: bytes) -> str:
    return b64encode(binary).decode()


def _first_words(error: InvalidRequest) -> str:
    """Return what the engine said, without the URL that the client adds."""
    return f"400: {' '.join(error.errors or ['no such key'])}"
