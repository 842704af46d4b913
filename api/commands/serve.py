"""`subrosa up` serves one vault until it is told to stop, and then stops all that it started."""

import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread
from typing import Annotated

import typer
import uvicorn

from api.app import build_app
from api.chores import doing_chores
from api.commands.options import Data
from api.commands.stopping import Stopping
from api.composition import announce, open_vault
from api.settings import Settings, read_settings
from vault.core import Vault

# Open requests get this long to end after a signal; the record of each is durable anyway.
_DRAIN_S = 10


class PortTaken(Exception):
    """Something else listens where the vault should."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            f"Port {settings.port} on {settings.host} is taken; stop what listens there, or "
            "choose another with --port."
        )


class ServingEnded(Exception):
    """The HTTP server ended although nobody had asked it to."""

    def __init__(self) -> None:
        super().__init__("The HTTP server ended by itself; what it wrote above says why.")


def up(
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (SUBROSA_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.")] = None,
) -> None:
    """Start the servers and serve the API until SIGTERM or Ctrl-C."""
    settings = with_address(read_settings(data=data), host, port)
    stopping = Stopping()
    stopping.heed_signals()
    with (
        listening(settings) as listener,
        open_vault(settings, alone=True) as vault,
        serving(vault, settings, listener, stopping) as url,
    ):
        typer.echo(f"Subrosa serves at {url} — data in {settings.data}; Ctrl-C stops it.")
        stopping.wait()


def with_address(settings: Settings, host: str | None, port: int | None) -> Settings:
    """Return the settings with the command line's address, where it gives one."""
    return replace(
        settings,
        host=settings.host if host is None else host,
        port=settings.port if port is None else port,
    )


@contextmanager
def listening(settings: Settings) -> Generator[socket.socket]:
    """Take the port before anything else starts.

    Raises:
        PortTaken: Somebody else has it.
    """
    try:
        listener = socket.create_server((settings.host, settings.port), backlog=512)
    except OSError as error:
        raise PortTaken(settings) from error
    with listener:
        yield listener


def address_of(listener: socket.socket) -> str:
    """Return the URL of what listens."""
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


@contextmanager
def serving(
    vault: Vault, settings: Settings, listener: socket.socket, stopping: Stopping
) -> Generator[str]:
    """Serve in a thread for as long as the block runs, and let every open request end.

    Raises:
        ServingEnded: The server ended by itself; `stopping` was asked to end the block.
    """
    server = _server(vault, settings)
    ended_by_itself = False

    def serve() -> None:
        nonlocal ended_by_itself
        try:
            server.run(sockets=[listener])
        finally:
            ended_by_itself = not server.should_exit
            stopping.ask()

    thread = Thread(target=serve, name="http")
    thread.start()
    try:
        with announce(settings, address_of(listener)), doing_chores(vault):
            yield address_of(listener)
    finally:
        server.should_exit = True
        thread.join()
    if ended_by_itself:
        raise ServingEnded


def _server(vault: Vault, settings: Settings) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            build_app(vault, settings),
            loop="uvloop",
            http="httptools",
            # Requests are on the vault's own log; a second one would name ids outside it.
            access_log=False,
            # The address on record is the connection's own, unless the operator names the proxy
            # whose X-Forwarded-For is to be believed.
            proxy_headers=settings.trusted_proxy is not None,
            forwarded_allow_ips=settings.trusted_proxy,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=_DRAIN_S,
        )
    )
