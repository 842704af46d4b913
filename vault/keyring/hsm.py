"""Root keys can stay in an HSM behind PKCS#11: it wraps by AES-GCM, and gives no key out."""

from __future__ import annotations

import os
from contextlib import contextmanager
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, final

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import FunctionRejected, ObjectHandleInvalid, PKCS11Error

from vault.errors import Tampered
from vault.keyring.port import Destroyed, KeyGone, RootKeyRefused, unavailable
from vault.keyring.wrapped import KEY_ID_SIZE, Header, taken_apart
from vault.sealing.keys import KEY_SIZE

if TYPE_CHECKING:
    from collections.abc import Generator
    from uuid import UUID

    from pkcs11 import Session

    from vault.ids import CaseId
    from vault.keyring.addresses import TokenKey
    from vault.keyring.port import Place

_ID_LABEL: Final = b"subrosa/pkcs11-key/id/v1\0"
_NONCE_SIZE: Final = 12
_TAG_BITS: Final = 128
_SEALED_SIZE: Final = KEY_SIZE + _TAG_BITS // 8
_NOT_FOUND: Final = "the token finds no key of this label"

# A login is the process's and not a session's, and so is a logout: while one provider opens its
# session anew, a search of another on the same token would find nothing.
_ALONE: Final = Lock()


@final
class TokenRootKey:
    """A `KeyProvider` over PKCS#11.

    One session, used by one thread at a time. A call into the vendor's library cannot be given up:
    an HSM that hangs holds whoever waits for it.

    A session that lost its login sees no key and says so of each. So that a key is not there is
    believed only of a session that sees the root key.
    """

    __slots__ = ("_address", "_label", "_session", "key_id")

    name: ClassVar[str] = "pkcs11"
    number: ClassVar[int] = 4

    def __init__(self, address: TokenKey) -> None:
        """Log in and find the root key.

        Raises:
            RootKeyRefused: The library, the token or the key is not there, the PIN is refused, or
                the key is of another kind or could leave the token.
        """
        self._address, self._label = address, address.key
        self._session: Session | None = None
        self.key_id = sha256(_ID_LABEL + address.key.encode()).hexdigest()[: 2 * KEY_ID_SIZE]
        try:
            found = self._keys(self._open(), self._label)
            if len(found) != 1:
                raise RootKeyRefused(
                    f"Token {address.token!r} holds {len(found)} keys labelled {address.key!r}; "
                    "there must be one."
                )
            if found[0][Attribute.EXTRACTABLE] or not found[0][Attribute.SENSITIVE]:
                raise RootKeyRefused(f"Key {address.key!r} can leave its token; it must not.")
            if found[0][Attribute.VALUE_LEN] != KEY_SIZE:
                raise RootKeyRefused(f"Key {address.key!r} must be an AES key of 256 bits.")
            _must_work(found[0])
        except PKCS11Error as error:
            kind = type(error).__name__
            raise RootKeyRefused(f"Token {address.token!r} cannot be used ({kind}).") from error

    def wrap(self, key: bytes, place: Place, *, own: bool) -> bytes:
        """See `KeyProvider.wrap`."""
        header = Header.by(self, own=own)
        with self._using() as session:
            under, key_id = self._newest(session, place, own=own)
            nonce = os.urandom(_NONCE_SIZE)
            params = GCMParams(nonce, header.binding(place, key_id), _TAG_BITS)
            sealed = _run(under, "encrypt", key, params)
        return header.encoded() + key_id + nonce + sealed

    def unwrap(self, wrapped: bytes, place: Place) -> bytes:
        """See `KeyProvider.unwrap`."""
        header, body = taken_apart(self, wrapped, place)
        key_id, body = (body[:KEY_ID_SIZE], body[KEY_ID_SIZE:]) if header.own else (b"", body)
        nonce, sealed = body[:_NONCE_SIZE], body[_NONCE_SIZE:]
        if len(sealed) != _SEALED_SIZE:
            raise Tampered
        params = GCMParams(nonce, header.binding(place, key_id), _TAG_BITS)
        with self._using() as session:
            under = self._version(session, place, key_id) if header.own else self._root(session)
            try:
                return _run(under, "decrypt", sealed, params)
            except PKCS11Error as error:
                # A wrong tag is a GeneralError here and another one there, as a broken token is:
                # so it is asked for something that must work.
                _must_work(under)
                raise Tampered from error

    def rewrap(self, wrapped: bytes, place: Place) -> bytes:
        """See `KeyProvider.rewrap`; the key passes through our memory, as no token does both."""
        header, body = taken_apart(self, wrapped, place)
        key = self.unwrap(wrapped, place)
        if not header.own:
            return wrapped
        with self._using() as session:
            _, newest = self._newest(session, place, own=True)
        return wrapped if body.startswith(newest) else self.wrap(key, place, own=True)

    def new_case_key(self, case: CaseId) -> None:
        """See `KeyProvider.new_case_key`: one more object under the case's label."""
        with self._using() as session:
            label = self._label_of(case)
            number = len(self._keys(session, label))
            session.generate_key(
                KeyType.AES,
                8 * KEY_SIZE,
                label=label,
                # Ordered by age, and never the same twice.
                id=number.to_bytes(2, "big") + os.urandom(KEY_ID_SIZE - 2),
                store=True,
                template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
            )

    def destroy_case_key(self, case: CaseId) -> Destroyed:
        """See `KeyProvider.destroy_case_key`."""
        label = self._label_of(case)
        with self._using() as session:
            found = self._keys(session, label)
            for key in found:
                key.destroy()
            answers = dict.fromkeys(map(_answer, found))
        return Destroyed(key_id=label, found=bool(found), refused_with=", ".join(answers) or None)

    def close(self) -> None:
        """See `KeyProvider.close`."""
        with _ALONE:
            self._drop()

    def _open(self) -> Session:
        """Return the session, opened and logged in if it is not."""
        if self._session is None:
            token = pkcs11.lib(str(self._address.module)).get_token(token_label=self._address.token)
            try:
                self._session = token.open(rw=True, user_pin=self._address.pin)
            except pkcs11.UserAlreadyLoggedIn:
                # The process logs in, not the session: somebody else in it has.
                self._session = token.open(rw=True)
        return self._session

    @contextmanager
    def _using(self) -> Generator[Session]:
        """Use a session that sees the root key; what fails in it makes the next use open another.

        Raises:
            Unavailable: There is none, or the token failed.
        """
        with _ALONE:
            try:
                yield self._logged_in()
            except PKCS11Error as error:
                self._drop()
                raise unavailable(self.name, error) from error

    def _logged_in(self) -> Session:
        """Return the session if it sees the root key, or else another one that does."""
        session = self._open()
        if self._keys(session, self._label):
            return session
        self._drop()
        session = self._open()
        if not self._keys(session, self._label):
            raise ObjectHandleInvalid("the token shows no root key")
        return session

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except PKCS11Error as error:
                unavailable(self.name, error)

    def _root(self, session: Session) -> Any:  # noqa: ANN401 — the library's keys are mixed from parts
        return self._keys(session, self._label)[0]

    def _newest(self, session: Session, place: Place, *, own: bool) -> tuple[Any, bytes]:
        if not own:
            return self._root(session), b""
        found = self._keys(session, self._label_of(place.holder))
        if not found:
            raise KeyGone(_NOT_FOUND)
        return found[-1], bytes(found[-1][Attribute.ID])

    def _version(self, session: Session, place: Place, key_id: bytes) -> Any:  # noqa: ANN401 — as above
        found = self._keys(session, self._label_of(place.holder))
        if not found:
            raise KeyGone(_NOT_FOUND)
        for key in found:
            if key[Attribute.ID] == key_id:
                return key
        raise Tampered

    def _keys(self, session: Session, label: str) -> list[Any]:
        """Return the AES keys of a label, oldest first."""
        sought = {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.AES,
            Attribute.LABEL: label,
        }
        found: list[Any] = list(session.get_objects(sought))
        return sorted(found, key=lambda key: bytes(key[Attribute.ID])) if len(found) > 1 else found

    def _label_of(self, case: UUID | None) -> str:
        return f"{self._label}-case-{case}"

    def __repr__(self) -> str:
        return f"<TokenRootKey {self.key_id}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A root key cannot be pickled or copied.")


def _run(key: Any, function: str, data: bytes, params: GCMParams) -> bytes:  # noqa: ANN401 — one of the library's keys
    """Encrypt or decrypt.

    Raises:
        PKCS11Error: The token refused, or the key may not do this.
    """
    # The library gives a key only the methods that its attributes allow.
    operation: Any = getattr(key, function, None)
    if operation is None:
        raise FunctionRejected(f"the key may not {function}")
    return bytes(operation(data, mechanism=Mechanism.AES_GCM, mechanism_param=params))


def _must_work(key: Any) -> None:  # noqa: ANN401 — one of the library's keys
    """Return if a key opens what it seals; raise the library's error if not."""
    params = GCMParams(os.urandom(_NONCE_SIZE), b"", _TAG_BITS)
    _run(key, "decrypt", _run(key, "encrypt", bytes(KEY_SIZE), params), params)


def _answer(destroyed: Any) -> str:  # noqa: ANN401 — one of the library's keys
    """Return what a token answers when a key that it has destroyed is used by its handle.

    Raises:
        PKCS11Error: It still works.
    """
    try:
        _must_work(destroyed)
    except PKCS11Error as refusal:
        return f"{type(refusal).__name__} (PKCS#11)"
    raise FunctionRejected("the key still works after it was destroyed")
