"""A store that lacks one feature, as real ones do: a proxy before SeaweedFS that spoils it."""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from vault.storage.s3 import S3Settings, S3Store

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Generator, Mapping

Lack = Literal[
    "",
    "condition on put",
    "condition on complete",
    "any condition answered by 501",
    "range",
    "range answered wholly with 206",
    "range shifted",
    "list",
    "list of nothing",
    "upload",
    "list of uploads",
    "length",
    "delete that keeps all",
    "part by its tag",
    "abort that keeps all",
    "overwriting",
    "list of versions",
    "delete of a version that keeps it",
]

_HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive"})
_NOT_IMPLEMENTED = b"<Error><Code>NotImplemented</Code></Error>"
_COMPLETED = b"<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"
_EMPTY_LIST = b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'


class _Asked(NamedTuple):
    """What a request asks for."""

    command: str
    query: Mapping[str, list[str]]
    conditional: bool

    def writes_over(self) -> bool:
        """Tell whether it writes an object whether or not there is one."""
        whole = self.command == "PUT" and "partNumber" not in self.query
        return whole and not self.conditional


# Which requests are answered in the store's place, and how.
_NEVER: tuple[Callable[[_Asked], bool], int, bytes] = (lambda _: False, 0, b"")
_INSTEAD: dict[Lack, tuple[Callable[[_Asked], bool], int, bytes]] = {
    "any condition answered by 501": (lambda asked: asked.conditional, 501, _NOT_IMPLEMENTED),
    "list": (lambda asked: "list-type" in asked.query, 501, _NOT_IMPLEMENTED),
    "list of nothing": (lambda asked: "list-type" in asked.query, 200, _EMPTY_LIST),
    "list of versions": (lambda asked: "versions" in asked.query, 501, _NOT_IMPLEMENTED),
    "upload": (
        lambda asked: asked.command == "POST" and "uploads" in asked.query,
        501,
        _NOT_IMPLEMENTED,
    ),
    "list of uploads": (
        lambda asked: asked.command == "GET" and "uploads" in asked.query,
        501,
        _NOT_IMPLEMENTED,
    ),
    "delete that keeps all": (
        lambda asked: asked.command == "DELETE" and "uploadId" not in asked.query,
        204,
        b"",
    ),
    "delete of a version that keeps it": (lambda asked: "versionId" in asked.query, 204, b""),
    "abort that keeps all": (
        lambda asked: asked.command == "DELETE" and "uploadId" in asked.query,
        204,
        b"",
    ),
    "overwriting": (_Asked.writes_over, 200, b""),
}
# With which status, and how much of the whole.
_RANGES: dict[Lack, tuple[int, int | None]] = {
    "range": (200, None),
    "range answered wholly with 206": (206, None),
    "range shifted": (206, 6),
}


class _Proxy(BaseHTTPRequestHandler):
    """Hands a request on as it is, signature and host included, unless it is to be spoilt."""

    protocol_version = "HTTP/1.1"
    lack: Lack = ""
    settings: S3Settings

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the library's name
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if not self._answered(query):
            self._say(*self._bent(query, *self._asked_of_the_store(body)))

    def _answered(self, query: Mapping[str, list[str]]) -> bool:
        """Answer in the store's place what it is not to be asked at all."""
        conditional = self.headers.get("If-None-Match") is not None
        spoils, status, body = _INSTEAD.get(self.lack, _NEVER)
        if spoils(_Asked(self.command, query, conditional)):
            self._say(status, {"Content-Type": "application/xml", "ETag": '"none"'}, body)
            return True
        if self.headers.get("Range") and self.lack in _RANGES:
            status, end = _RANGES[self.lack]
            self._say(status, {}, self._whole()[:end])
            return True
        return False

    def _asked_of_the_store(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Hand the request on as it was signed; return what the store says."""
        address = urlsplit(self.settings.endpoint or "").netloc
        connection = http.client.HTTPConnection(address, timeout=30)
        try:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            said = answer.read()
            told = {k: v for k, v in answer.getheaders() if k.lower() not in _HOP}
            if self.command == "HEAD":
                told["Content-Length"] = answer.getheader("Content-Length", "0")
            return answer.status, told, said
        finally:
            connection.close()

    def _bent(
        self, query: Mapping[str, list[str]], status: int, told: dict[str, str], said: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Say what a store would that does not look at a condition, or miscounts."""
        completing = self.command == "POST" and "uploadId" in query
        if status == 412 and self.lack == "condition on put" and self.command == "PUT":
            return 200, {"ETag": '"overwritten"'}, b""
        if status == 412 and self.lack == "condition on complete" and completing:
            return 200, {"Content-Type": "application/xml"}, _COMPLETED
        if status == 400 and self.lack == "part by its tag" and completing:
            return 200, {"Content-Type": "application/xml"}, _COMPLETED
        if self.lack == "length" and self.command == "HEAD" and status == 200:
            told = {**told, "Content-Length": "1"}
        return status, told, said

    def _whole(self) -> bytes:
        """Read an object as the store's own user: a request without its range is signed wrongly."""
        _, bucket, name = urlsplit(self.path).path.split("/", 2)
        store = S3Store(replace(self.settings, bucket=bucket), connections=1)
        try:
            return b"".join(store.read(unquote(name)))
        finally:
            store.close()

    def _say(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers and status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815 — the library's names


@contextmanager
def lacking_store(
    settings: S3Settings, lack: Lack = "", tls: ssl.SSLContext | None = None
) -> Generator[S3Settings]:
    """Run the proxy on loopback for as long as the block runs; yield the way to it."""
    handler = type("_Lacking", (_Proxy,), {"lack": lack, "settings": settings})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        address = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
        yield replace(settings, endpoint=address, attempts=1)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
