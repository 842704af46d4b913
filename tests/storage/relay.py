"""A way to the store on which connections break, hang, or carry something else."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

_PIECE = 65536


@dataclass
class Relay:
    """Forwards connections to a port on loopback.

    Attributes:
        port: Where it listens.
        cuts: After so many bytes of answer each connection breaks, in the order they are made;
            those after the last one do not.
        carried: Bytes of answer that were forwarded.
        held: While it is clear, no answer passes.
        open: How many connections there are.
        made: How many there were.
        asked: How many requests were forwarded.
    """

    port: int
    cuts: list[int] = field(default_factory=list[int])
    carried: int = 0
    open: int = 0
    made: int = 0
    asked: int = 0
    held: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, listener: socket.socket, target: int) -> None:
        with suppress(OSError):
            while True:
                inward, _ = listener.accept()
                cut = self.cuts.pop(0) if self.cuts else 1 << 40
                threading.Thread(target=self.connect, args=(inward, target, cut)).start()

    def connect(self, inward: socket.socket, target: int, cut: int) -> None:
        with self.lock:
            self.open += 1
            self.made += 1
        with inward, socket.create_connection(("127.0.0.1", target)) as outward:
            asking = threading.Thread(target=self.forward, args=(inward, outward))
            asking.start()
            with suppress(OSError):
                while cut > 0 and (piece := outward.recv(min(cut, _PIECE))):
                    self.held.wait()
                    inward.sendall(piece)
                    cut -= len(piece)
                    self.carried += len(piece)
            for end in (inward, outward):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            asking.join()
        with self.lock:
            self.open -= 1

    def forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(_PIECE):
                with self.lock:
                    self.asked += piece.count(b" HTTP/1.1\r\n")
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)


@contextmanager
def relaying(target: int, cuts: list[int] | None = None) -> Generator[Relay]:
    """Run a relay to a port for as long as the block does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        relay = Relay(listener.getsockname()[1], list(cuts or ()))
        relay.held.set()
        serving = threading.Thread(target=relay.serve, args=(listener, target))
        serving.start()
        try:
            yield relay
        finally:
            relay.held.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            serving.join()
