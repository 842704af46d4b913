"""A store that fails on purpose, before or after the real one did what it was asked."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Literal

from vault.errors import Unavailable
from vault.storage.port import Buffer, Kept, Listed, ObjectStore

# `lost`: the call fails and had no effect. `kept`: it had its effect, and the answer is lost.
Fault = Literal["lost", "kept"]


@dataclass
class FailingStore:
    """Hands every call on to a real store, unless a fault is planned for it.

    It also holds the vault to its side of the contract: no name is ever written twice, but by what
    says that it replaces.

    Attributes:
        real: The store.
        faults: What happens to a call, by its name.
        written: Names that were put.
        withheld: Names that it answers for with an error when they are read, as a store does whose
            own check of the bytes has failed.
    """

    real: ObjectStore
    faults: dict[str, Fault] = field(default_factory=dict[str, Fault])
    written: set[str] = field(default_factory=set[str])
    withheld: set[str] = field(default_factory=set[str])

    def put(self, name: str, parts: Iterable[Buffer]) -> int:
        assert name not in self.written, "a name is used once"
        self.written.add(name)
        if self.faults.get("put") == "lost":
            # As if the connection broke with a part under way.
            next(iter(parts))
            raise Unavailable("planned")
        length = self.real.put(name, parts)
        self._fail("put")
        return length

    def begin(self, name: str) -> str:
        if self.faults.get("begin") == "lost":
            raise Unavailable("planned")
        write = self.real.begin(name)
        self._fail("begin")
        return write

    def put_parts(
        self, name: str, write: str, parts: Iterable[Buffer], first: int = 0
    ) -> Iterator[str]:
        if self.faults.get("put_parts") == "lost":
            next(iter(parts))
            raise Unavailable("planned")
        for tag in self.real.put_parts(name, write, parts, first):
            self._fail("put_parts")
            yield tag

    def complete(self, name: str, write: str, tags: Sequence[str], length: int) -> None:
        if self.faults.get("complete") == "lost":
            raise Unavailable("planned")
        self.real.complete(name, write, tags, length)
        self._fail("complete")

    def replace(self, name: str, body: bytes) -> None:
        call = "write manifest" if name.endswith(".manifest") else "replace"
        if self.faults.get(call) == "lost":
            raise Unavailable("planned")
        self.real.replace(name, body)
        self._fail(call)

    def read(
        self, name: str, start: int = 0, end: int | None = None, *, length: int | None = None
    ) -> Generator[bytes]:
        if name in self.withheld:
            raise Unavailable("planned")
        with closing(self.real.read(name, start, end, length=length)) as pieces:
            for piece in pieces:
                self._fail("read")
                yield piece

    def length(self, name: str) -> int | None:
        self._fail("length")
        return self.real.length(name)

    def abandon(self, name: str) -> None:
        if self.faults.get("abandon") == "lost":
            raise Unavailable("planned")
        self.real.abandon(name)
        self._fail("abandon")

    def destroy(self, name: str) -> tuple[Kept, ...]:
        if self.faults.get("destroy") == "lost":
            raise Unavailable("planned")
        kept = self.real.destroy(name)
        self._fail("destroy")
        return kept

    def destroy_under(self, prefix: str) -> tuple[Kept, ...]:
        self._fail("destroy under")
        return self.real.destroy_under(prefix)

    def objects(self, prefix: str = "") -> Iterator[Listed]:
        self._fail("objects")
        return self.real.objects(prefix)

    def writes(self) -> Iterator[Listed]:
        self._fail("writes")
        return self.real.writes()

    def names(self) -> Iterator[str]:
        self._fail("names")
        return self.real.names()

    def prepare(self) -> None:
        self.real.prepare()

    def ping(self) -> None:
        self._fail("ping")
        self.real.ping()

    def _fail(self, call: str) -> None:
        if call in self.faults:
            raise Unavailable("planned")
