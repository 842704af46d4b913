"""Root keys can stay in AWS KMS, whose own log shows a context of ids and never a name."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, Self, final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from vault.errors import Tampered
from vault.keyring.port import Destroyed, KeyGone, RootKeyRefused, unavailable
from vault.keyring.wrapped import KEY_ID_SIZE, Header, taken_apart

if TYPE_CHECKING:
    from collections.abc import Generator
    from uuid import UUID

    from vault.ids import CaseId
    from vault.keyring.addresses import KmsKey
    from vault.keyring.port import Place

_ID_LABEL: Final = b"subrosa/kms-key/id/v1\0"
_NOT_ITS_OWN: Final = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
_PENDING: Final = "PendingDeletion"
# How the service names, in a refusal, the state that _PENDING is.
_PENDING_WORDS: Final = "pending deletion"

# At DEBUG these write requests and answers as they are, and so every key in base64.
_TALKATIVE: Final = ("endpoint", "hooks", "parsers", "retryhandler", "utils")


def _unless_debugging(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


for _name in _TALKATIVE:
    # A filter and not a level: whoever turns debugging on for a logger by its name sets its level.
    logging.getLogger(f"botocore.{_name}").addFilter(_unless_debugging)


@final
class KmsRootKey:
    """A `KeyProvider` over AWS KMS.

    The encryption context holds the kind and the id of the holder and our header, and nothing
    else: CloudTrail shows it in clear. AWS keeps a case's key for 7 to 30 days after its
    destruction was ordered, opens nothing with it meanwhile, and lets whoever may cancel the order
    cancel it; `Destroyed.at` says until when.
    """

    __slots__ = ("_client", "_key", "_wait_days", "key_id")

    name: ClassVar[str] = "aws-kms"
    number: ClassVar[int] = 3

    def __init__(self, client: Any, address: KmsKey) -> None:  # noqa: ANN401 — boto3 makes its clients as it goes
        """Find the root key.

        Args:
            client: boto3's for KMS.
            address: What to look for.

        Raises:
            RootKeyRefused: The service does not answer or refuses us, or the key is not there, not
                enabled, or not a symmetric one for encryption.
        """
        self._client, self._wait_days = client, address.wait_days
        try:
            said = client.describe_key(KeyId=address.key)["KeyMetadata"]
        except (ClientError, BotoCoreError, KeyError) as error:
            kind = _code(error)
            raise RootKeyRefused(
                f"The KMS key {address.key!r} cannot be asked for ({kind})."
            ) from error
        if said.get("KeySpec") != "SYMMETRIC_DEFAULT" or said.get("KeyState") != "Enabled":
            raise RootKeyRefused(
                f"The KMS key {address.key!r} must be enabled and symmetric, for encryption."
            )
        # An alias can come to mean another key; the key's own id cannot.
        self._key = str(said["KeyId"])
        self.key_id = sha256(_ID_LABEL + self._key.encode()).hexdigest()[: 2 * KEY_ID_SIZE]

    @classmethod
    def connect(cls, address: KmsKey) -> Self:
        """Connect to the service and find the root key; raises as making it does."""
        client: Any = boto3.client(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- boto3 has one untyped overload for each service
            "kms",
            region_name=address.region,
            endpoint_url=address.endpoint,
            aws_access_key_id=address.access_key,
            aws_secret_access_key=address.secret_key,
            config=Config(
                connect_timeout=address.timeout_s,
                read_timeout=address.timeout_s,
                # Whoever asked us is told to try again, instead of waiting several times as long.
                retries={"total_max_attempts": 1},
            ),
        )
        return cls(client, address)

    def wrap(self, key: bytes, place: Place, *, own: bool) -> bytes:
        """See `KeyProvider.wrap`."""
        header = Header.by(self, own=own)
        with self._translated():
            said = self._client.encrypt(
                KeyId=self._name(place, own=own),
                Plaintext=key,
                EncryptionContext=_context(header, place),
            )
            return header.encoded() + bytes(said["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, place: Place) -> bytes:
        """See `KeyProvider.unwrap`."""
        header, body = taken_apart(self, wrapped, place)
        with self._translated():
            said = self._client.decrypt(
                KeyId=self._name(place, own=header.own),
                CiphertextBlob=_not_empty(body),
                EncryptionContext=_context(header, place),
            )
            return bytes(said["Plaintext"])

    def rewrap(self, wrapped: bytes, place: Place) -> bytes:
        """See `KeyProvider.rewrap`: always anew, since KMS does not say under which version.

        The key does not leave the service.
        """
        header, body = taken_apart(self, wrapped, place)
        name, context = self._name(place, own=header.own), _context(header, place)
        with self._translated():
            said = self._client.re_encrypt(
                CiphertextBlob=_not_empty(body),
                SourceKeyId=name,
                SourceEncryptionContext=context,
                DestinationKeyId=name,
                DestinationEncryptionContext=context,
            )
            return header.encoded() + bytes(said["CiphertextBlob"])

    def new_case_key(self, case: CaseId) -> None:
        """See `KeyProvider.new_case_key`; AWS rotates one key so only a number of times."""
        alias = self._alias(case)
        try:
            found = self._described(alias)
        except KeyGone:
            with self._translated():
                made = self._client.create_key(Description="Subrosa: key of one case")
                self._client.create_alias(AliasName=alias, TargetKeyId=made["KeyMetadata"]["KeyId"])
        else:
            with self._translated():
                self._client.rotate_key_on_demand(KeyId=found["KeyId"])

    def destroy_case_key(self, case: CaseId) -> Destroyed:
        """See `KeyProvider.destroy_case_key`: ordered, and final after the days of waiting."""
        alias = self._alias(case)
        try:
            found = self._described(alias)
        except KeyGone:
            return Destroyed(key_id=alias, found=False)
        if found["KeyState"] == _PENDING:
            return Destroyed(key_id=found["KeyId"], found=True, at=found.get("DeletionDate"))
        with self._translated():
            said = self._client.schedule_key_deletion(
                KeyId=found["KeyId"], PendingWindowInDays=self._wait_days
            )
        return Destroyed(
            key_id=found["KeyId"],
            found=True,
            at=said.get("DeletionDate"),
            request_id=said.get("ResponseMetadata", {}).get("RequestId"),
        )

    def close(self) -> None:
        """See `KeyProvider.close`."""
        self._client.close()

    def _described(self, alias: str) -> Any:  # noqa: ANN401 — what the service answers
        with self._translated():
            return self._client.describe_key(KeyId=alias)["KeyMetadata"]

    @contextmanager
    def _translated(self) -> Generator[None]:
        """Turn what the service says into what it means; what is not clear is no answer."""
        try:
            yield
        except ClientError as error:
            code, said = _code(error), str(error)
            if code in _NOT_ITS_OWN:
                raise Tampered from error
            pending = code == "KMSInvalidStateException" and _PENDING_WORDS in said
            if code == "NotFoundException" or pending:
                raise KeyGone(
                    f"{code}: {error.response.get('Error', {}).get('Message', '')}"
                ) from error
            raise unavailable(self.name, error) from error
        except (BotoCoreError, KeyError, TypeError, ValueError) as error:
            raise unavailable(self.name, error) from error

    def _name(self, place: Place, *, own: bool) -> str:
        return self._alias(place.holder) if own else self._key

    def _alias(self, case: UUID | None) -> str:
        return f"alias/subrosa-case-{self.key_id}-{case}"

    def __repr__(self) -> str:
        return f"<KmsRootKey {self.key_id}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A root key cannot be pickled or copied.")


def _context(header: Header, place: Place) -> dict[str, str]:
    context = {"subrosa-wrap": header.encoded().hex(), "subrosa-kind": place.kind}
    return context if place.holder is None else {**context, "subrosa-holder": str(place.holder)}


def _not_empty(body: bytes) -> bytes:
    """Return the bytes; Tampered if there are none, which boto3 would take for a caller's error."""
    if not body:
        raise Tampered
    return body


def _code(error: Exception) -> str:
    """Return the service's own name for an error, or ours."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "ClientError"))
    return type(error).__name__
