"""How a bucket is spoken to is one frozen value that shows no secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

Addressing = Literal["path", "virtual", "auto"]
Checksums = Literal["when_required", "when_supported"]

# The first of each is the default.
ADDRESSINGS: tuple[Addressing, ...] = get_args(Addressing)
CHECKSUMS: tuple[Checksums, ...] = get_args(Checksums)


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Settings:
    """Where the bucket is and who asks.

    Attributes:
        endpoint: URL of the store; None for AWS.
        prefix: Every name in the bucket begins with it: "" or folders, each ended by a slash.
        addressing: `path` puts the bucket in the path, `virtual` in the host name; `auto` leaves
            it to boto3.
        request_checksums: `when_required` sends none beyond what the store demands: every byte is
            authenticated by its seal, and many stores refuse the newer default.
        response_checksums: `when_required` verifies none that was not asked for.
        sign_payloads: Over plain http, digest each body into its signature. Without it botocore
            sends the word that stands for "unsigned", which a few stores refuse; with it each byte
            is digested once more (2.4 against 0.7 CPU seconds per GB, measured). Over TLS boto3
            signs no payload by itself.
        ca_bundle: File of the certificates that the store's is verified by; None for the
            system's.
        connect_timeout_s: Seconds to wait for a connection.
        read_timeout_s: Seconds to wait for an answer, or for its next bytes.
        attempts: Times that a request is sent before the store counts as away.
    """

    endpoint: str | None
    bucket: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    prefix: str = ""
    addressing: Addressing = "path"
    request_checksums: Checksums = "when_required"
    response_checksums: Checksums = "when_required"
    sign_payloads: bool = False
    ca_bundle: str | None = None
    connect_timeout_s: int = 5
    read_timeout_s: int = 60
    attempts: int = 3
