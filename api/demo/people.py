"""Everybody in the cast speaks to the vault over HTTP, with a token of their own alone."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

import httpx2

from api.demo.story import CAST
from api.identity.signing import PrivateKey

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

# Between two bytes; the vault opens what it releases part by part.
_SILENCE_S = 120


class Stopped(Exception):
    """The sample case cannot go on; `str()` says at which request, and the vault's own sentence."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person the vault knows, the token that stands for them, and the key they sign by."""

    person: str
    token: str = field(repr=False)
    key: PrivateKey = field(default_factory=PrivateKey.generate, repr=False)


class Enrol(Protocol):
    """Makes a person whom the vault knows."""

    def __call__(self, *, opens_cases: bool) -> tuple[str, str]:
        """Return the id and the bearer token of a new person who may, or may not, open cases."""
        ...


@dataclass(frozen=True, slots=True)
class People:
    """The cast, by their keys in the story."""

    members: Mapping[str, Person]

    @classmethod
    def enrolled(cls, enrol: Enrol) -> Self:
        """Enrol everybody of the cast as a new person."""
        return cls(
            {member.key: Person(*enrol(opens_cases=member.seat == "mediator")) for member in CAST}
        )

    def __getitem__(self, key: str) -> Person:
        return self.members[key]


@contextmanager
def connected(base_url: str) -> Generator[httpx2.Client]:
    """Speak to the vault at this address, past any proxy that the environment names.

    Raises:
        Stopped: From the block, if the vault does not answer, or breaks off.
    """
    try:
        with httpx2.Client(base_url=base_url, timeout=_SILENCE_S, trust_env=False) as http:
            yield http
    except httpx2.HTTPError as error:
        raise Stopped("The vault does not answer, or broke off in the middle.") from error


@dataclass(frozen=True, slots=True)
class MultipartForm:
    """A multipart form with one file: its name, its bytes and its media type."""

    fields: Mapping[str, str]
    file: tuple[str, bytes, str]


@dataclass(frozen=True, slots=True)
class Caller:
    """One person at the vault's door."""

    http: httpx2.Client
    token: str = field(repr=False)

    @property
    def authorization(self) -> dict[str, str]:
        """The header that says who asks."""
        return {"Authorization": f"Bearer {self.token}"}

    def ask(self, path: str, **params: str) -> httpx2.Response:
        """Ask for something that may be refused."""
        return self.http.get(path, params=params, headers=self.authorization)

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """Ask for something that must be given.

        Raises:
            Stopped: It was not.
        """
        return _given(self.ask(path, **params))

    @contextmanager
    def opened(self, path: str, **params: str) -> Generator[httpx2.Response]:
        """Ask for something and have its body as it comes; leaving earlier cuts it off."""
        with self.http.stream("GET", path, params=params, headers=self.authorization) as answer:
            yield answer

    def send(
        self,
        path: str,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        json: object = None,
        content: Iterable[bytes] | None = None,
        form: MultipartForm | None = None,
    ) -> dict[str, Any]:
        """Do something that must be accepted; with one of the three kinds of body.

        Raises:
            Stopped: It was not.
        """
        fields, files = (None, None) if form is None else (form.fields, {"file": form.file})
        return _given(
            self.http.request(
                method,
                path,
                headers={**(headers or {}), **self.authorization},
                json=json,
                content=content,
                data=fields,
                files=files,
            )
        )


def _given(answer: httpx2.Response) -> dict[str, Any]:
    if answer.is_success:
        return answer.json() if answer.content else {}
    request = answer.request
    detail = answer.json()["detail"] if "json" in answer.headers.get("content-type", "") else ""
    raise Stopped(
        f"{request.method} {request.url.path} was answered with {answer.status_code}. {detail}"
    )
