"""A wire to the database that can be cut at the worst moment."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

if TYPE_CHECKING:
    from collections.abc import Callable


class Wire:
    """Passes bytes between a client and the server behind a Unix socket.

    Attributes:
        url: Of the database, through the wire.
        open: Requests wait while this is not set.
        answers_lost: Once set, requests arrive and their answers never do.
    """

    def __init__(self, url: str) -> None:
        self.open = Event()
        self.open.set()
        self.answers_lost = Event()
        parts = conninfo_to_dict(url)
        self._server = f"{parts['host']}/.s.PGSQL.{parts.get('port', 5432)}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        port = self._listener.getsockname()[1]
        self.url = make_conninfo(url, host="127.0.0.1", port=port, sslmode="disable")
        Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.open.set()
        for end in (self._listener, *self._ends):
            # Wakes whoever reads from it, where closing alone does not.
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._ends += [client, server]
                Thread(target=self._pass, args=(client, server, self._wait), daemon=True).start()
                Thread(target=self._pass, args=(server, client, self._lose), daemon=True).start()

    def _wait(self) -> bool:
        return self.open.wait()

    def _lose(self) -> bool:
        return not self.answers_lost.is_set()

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket, passes: Callable[[], bool]) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                if passes():
                    target.sendall(piece)
                else:
                    # The connection breaks where the answer should have been.
                    target.shutdown(socket.SHUT_RDWR)
            target.shutdown(socket.SHUT_RDWR)
