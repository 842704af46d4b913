"""The operator's wish to stop is kept until the program asks for it; it interrupts nothing.

An exception raised by a signal handler comes up wherever the program happens to be: inside an event
loop that is starting it left a vault that could not be stopped any more, and inside a destructor it
is dropped without effect (both seen).
"""

from __future__ import annotations

import signal
import sys
from queue import SimpleQueue

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """One wish, of anybody's: of a signal, or of a part of the program that cannot go on."""

    def __init__(self) -> None:
        # Its `put` may be called from a signal handler, whatever the thread is doing.
        self._wishes: SimpleQueue[None] = SimpleQueue()

    def heed_signals(self) -> None:
        """Take SIGTERM and Ctrl-C as the wish to stop; a second one ends the process at once.

        Ending it so loses nothing that is on record: the object store ends with the process, and
        the next start takes the database over. Called in the main thread.
        """
        for number in _SIGNALS:
            signal.signal(number, self._heard)

    def ask(self) -> None:
        """Wish to stop, from any thread."""
        self._wishes.put(None)

    def wait(self) -> None:
        """Return when somebody has wished to stop."""
        self._wishes.get()

    def unwind(self) -> None:
        """End the program in order, if somebody has wished to stop.

        Raises:
            SystemExit: Somebody has; status 0.
        """
        if not self._wishes.empty():
            raise SystemExit(0)

    def _heard(self, number: int, _frame: object) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        if number == signal.SIGINT:
            sys.stderr.write("Stopping; Ctrl-C again to stop at once.\n")
        self.ask()
