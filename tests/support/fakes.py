"""A vendor without a network: a transport that returns a test's responses and keeps the requests."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from crossbook._http.request import TIMED_OUT, PreparedRequest, TransportFailure, TransportResponse
from crossbook.book import AddressBook
from crossbook.registry import VENDORS as NAMES
from crossbook.registry import load_vendor

VENDORS = tuple(NAMES)
BASE_URL = "https://vendor.example.com"
TOKEN = "0123456789abcdef0123456789abcdef"
CREDENTIALS: dict[str, dict[str, str]] = {
    "serwersms": {"username": "fake-user", "password": "fake-password"},
    "atom": {"token": "fake-token"},
    "filemail": {"username": "user@example.com", "password": "fake-password"},
    "vercom": {"authorization": "fake-authorization", "application_key": "fake-key"},
}


def named(vendor: str) -> dict[str, str]:
    """Return a name for an account whose credentials have none, so that a journal can be resumed."""
    return {} if "username" in CREDENTIALS[vendor] else {"account": "tests"}


Answer = TransportResponse | TransportFailure
Answering = Callable[[PreparedRequest], Answer | Awaitable[Answer]]


def reply(body: object, status: int = 200, **headers: str) -> TransportResponse:
    """Return a JSON response, or bytes unchanged. Header names are written with underscores."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return TransportResponse(status, {"content-type": "application/json", **names}, content)


LOGIN = reply({"responsestatus": "ok", "logintoken": TOKEN})


class FakeTransport:
    """Return the responses in order, then the last one again; or call a function for each.

    Filemail's login is answered by itself and kept apart, unless `logins` is false.
    """

    name = "fake"

    def __init__(self, *answers: Answer | Answering, logins: bool = True) -> None:
        self._answers = list(answers)
        self._logins = logins
        self.sent: list[PreparedRequest] = []
        self.logged_in: list[PreparedRequest] = []
        self.closed = False

    async def send(self, call: PreparedRequest) -> Answer:
        await anyio.lowlevel.checkpoint()
        if self._logins and call.path.endswith("/authentication/login"):
            self.logged_in.append(call)
            return LOGIN
        self.sent.append(call)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if callable(answer):
            given, answer = answer(call), TIMED_OUT
            with anyio.CancelScope(deadline=call.deadline):
                answer = given if isinstance(given, TransportResponse | TransportFailure) else await given
        return answer

    async def aclose(self) -> None:
        self.closed = True

    @property
    def bodies(self) -> list[Any]:
        """Return the sent bodies as JSON."""
        return [json.loads(call.body) for call in self.sent if call.body]

    @property
    def targets(self) -> list[str]:
        return [call.target.decode() for call in self.sent]


def book_over(vendor: str, transport: FakeTransport, **options: Any) -> AddressBook:
    """Return a book over this transport."""
    arguments: dict[str, Any] = {"base_url": BASE_URL, **CREDENTIALS[vendor], **options}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("crossbook._transports.make_transport", lambda *_args, **_kwargs: transport)
        book: AddressBook = load_vendor(vendor)(**arguments)
    return book


SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def sample(vendor: str, name: str, status: int = 200, **headers: str) -> TransportResponse:
    """Return the recorded body of samples/<vendor>/<name>.json as a response."""
    return reply((SAMPLES / vendor / f"{name}.json").read_bytes(), status, **headers)


def book_of_samples(vendor: str, names: Sequence[str], status: int = 200, /, **headers: str) -> Any:
    """Return a book whose requests get these recorded bodies, in order; each call sends one attempt."""
    transport = FakeTransport(*(sample(vendor, name, status, **headers) for name in names))
    return book_over(vendor, transport, max_attempts=1, **({"default_group": "1"} if vendor == "atom" else {}))


@asynccontextmanager
async def book_without_capacity(found: TransportResponse) -> AsyncGenerator[AddressBook]:
    """Yield an open Vercom book whose only permit is held by a request that never ends within the test."""

    async def hangs(call: PreparedRequest) -> TransportResponse:
        await anyio.sleep(1000)
        return found

    async with book_over("vercom", FakeTransport(hangs), concurrency=1) as book, anyio.create_task_group() as tasks:
        tasks.start_soon(book.contacts.get, "1")
        await anyio.sleep(1)
        yield book
        tasks.cancel_scope.cancel()
