"""SeaweedFS serves S3 on loopback for as long as the process that started it lives."""

from __future__ import annotations

import ctypes
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.embedded.directory import EmbeddedRefused, read_private, write_private
from vault.storage.s3 import S3Settings

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

_HOST = "127.0.0.1"
_ROLES = ("master", "volume", "filer", "s3", "admin")
_STARTS = 3
_READY_WITHIN_S = 30.0
# One stop in two hangs on its own inner connections (measured). What it has answered for is in the
# kernel's hands by then, so that ending it loses nothing that a crash of the machine would not.
_STOP_WITHIN_S = 3.0
_PR_SET_PDEATHSIG = 1
_BUCKET = "subrosa"
_USER = "subrosa"


@contextmanager
def running_seaweed(folder: Path) -> Generator[S3Settings]:
    """Run the server over a folder; stop it when the block ends.

    Only the S3 port asks for credentials, made at the first start: the others answer anybody who
    reaches them, so all are bound to loopback.

    Raises:
        EmbeddedRefused: It did not come up; its log file says why.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = _secret(folder / "s3.json")
    process, port = _started(folder)
    try:
        yield S3Settings(
            endpoint=f"http://{_HOST}:{port}",
            bucket=_BUCKET,
            region="us-east-1",
            access_key=_USER,
            secret_key=secret,
        )
    finally:
        _stop(process)


def _started(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server; with other ports if somebody was quicker to take one of those."""
    log = folder / "weed.log"
    for _ in range(_STARTS):
        ports: dict[str, int] = dict(zip(_ROLES, _free_ports(len(_ROLES)), strict=True))
        process = _launched(_command(folder, ports), log)
        try:
            if _is_ready(process, f"http://{_HOST}:{ports['s3']}"):
                return process, ports["s3"]
        except BaseException:
            _stop(process)
            raise
        _stop(process)
    raise EmbeddedRefused(f"The object store did not come up; {log} says why.")


def _launched(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 — our own program and arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Its own session: Ctrl-C in a terminal stops the API first, which then stops this.
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 — one system call
        )


def _secret(path: Path) -> str:
    """Return the S3 secret of this folder, made at the first start."""
    config = read_private(path)
    if config is None:
        credentials = {"accessKey": _USER, "secretKey": secrets.token_urlsafe(32)}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        identity = {"name": _USER, "credentials": [credentials], "actions": actions}
        config = dict[str, Any](identities=[identity])
        write_private(path, config)
    secret: str = config["identities"][0]["credentials"][0]["secretKey"]
    return secret


def _command(folder: Path, ports: Mapping[str, int]) -> list[str]:
    data = folder / "data"
    data.mkdir(exist_ok=True)
    return [
        str(Path(sys.executable).with_name("weed")),
        "-logtostderr",
        "mini",
        f"-dir={data}",
        f"-ip={_HOST}",
        f"-ip.bind={_HOST}",
        "-webdav=false",
        "-admin.ui=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.config={folder / 's3.json'}",
        *(f"-{role}.port={port}" for role, port in ports.items()),
    ]


def _free_ports(count: int) -> list[int]:
    """Find ports that are free now, each with its neighbour 10000 above, which gRPC takes."""
    with ExitStack() as held:
        found: list[int] = []
        while len(found) < count:
            port = 20_000 + secrets.randbelow(25_000)
            try:
                for taken in (port, port + 10_000):
                    held.enter_context(socket.create_server((_HOST, taken)))
            except OSError:
                continue
            found.append(port)
        return found


def _die_with_parent() -> None:
    """Ask the kernel to end the server when its parent is killed: a second start finds no orphan.

    It is killed, not asked to stop: stopping can take it more than ten seconds, in which a second
    start would run another server over the same files. What it acknowledged is in them by then.

    Runs in the child between fork and exec. Linux only; `start` is called from the main thread,
    whose end is the process's.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _is_ready(process: subprocess.Popen[bytes], endpoint: str) -> bool:
    """Wait until the server answers; False if it ended, or did not answer in time."""
    deadline = time.monotonic() + _READY_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{endpoint}/healthz", timeout=1):  # noqa: S310 — http
                return True
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.05)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
