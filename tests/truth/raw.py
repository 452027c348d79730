"""Facts about the vendors' wire, each with the raw requests that check it against a running sandbox.

The requests are made with httpx alone, so that an error of crossbook's own client cannot hide an error of the sandbox.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, TypeVar
from urllib.parse import urlencode

import httpx

from crossbook_sandbox import Running, running

Evidence = Literal["S", "P", "I"]
"""How a fact is known: the vendor's page says so (S), other public material says so (P), or it is inferred (I)."""
Json = dict[str, Any]
ANY = ...
ABSENT = object()
_SECRETS = frozenset(("username", "password", "logintoken", "apikey", "authorization", "application-key", "cookie"))


class Exactly(dict[str, Any]):
    """An expected JSON object that has these keys only, in this order. A plain dict may have more keys."""


class UnexpectedResponseError(Exception):
    """The error that ends the check of a fact at the first response that is not as expected."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with the expected and the received response, as texts for the table."""

    request: str
    expected: str
    received: str
    holds: bool


@dataclass(slots=True)
class Answer:
    """A response, which `expect` compares with what the fact says."""

    request: str
    response: httpx.Response
    exchanges: list[Exchange]

    @property
    def body(self) -> Any:
        """The decoded JSON body, or the text if it is not JSON."""
        try:
            return self.response.json()
        except ValueError:
            return self.response.text

    def expect(self, body: object = ANY, status: int = 200, headers: Mapping[str, object] | None = None) -> Any:
        """Record whether the response is as expected, and return its body.

        Args:
            body: the expected body; `matches` has the rules.
            status: the expected status.
            headers: expected headers, by lower-case name.

        Raises:
            UnexpectedResponseError: it is not.
        """
        received = dict(self.response.headers)
        holds = (
            self.response.status_code == status
            and matches(body, self.body)
            and all(matches(value, received.get(name, ABSENT)) for name, value in (headers or {}).items())
        )
        named = "".join(f", {name}: {describe(value)}" for name, value in (headers or {}).items())
        shown = "".join(f", {name}: {received.get(name, 'absent')}" for name in headers or ())
        self.exchanges.append(
            Exchange(
                self.request,
                f"{status}{named} {describe(body)}",
                f"{self.response.status_code}{shown} {describe(self.body)}",
                holds,
            )
        )
        if not holds:
            raise UnexpectedResponseError
        return self.body


class Api:
    """Raw requests to one vendor's account.

    Args:
        client: sends the requests. It keeps no cookies between facts.
        account: the credentials of the account.
        encoding: how `call` of a subclass sends parameters.
        control: sends requests to `/_sandbox`.
    """

    vendor: ClassVar[str]
    encodings: ClassVar[tuple[str, ...]] = ("json",)

    def __init__(self, client: httpx.Client, account: Mapping[str, str], encoding: str, control: httpx.Client) -> None:
        self.client = client
        self.account = account
        self.encoding = encoding
        self.control = control
        self.exchanges: list[Exchange] = []

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        form: Mapping[str, object] | None = None,
        body: object = ANY,
        text: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and return its response."""
        arguments: Json = {"headers": dict(headers or {})}
        parts = [method, path]
        if query:
            pairs = encode_form(query)
            arguments["params"] = pairs
            parts[1] += f"?{describe_pairs(pairs)}"
        if form is not None:
            pairs = encode_form(form)
            arguments["content"] = urlencode(pairs).encode()
            arguments["headers"]["Content-Type"] = "application/x-www-form-urlencoded"
            parts.append(describe_pairs(pairs))
        if text is not None:
            arguments["content"] = text.encode()
            parts.append(text)
        if body is not ANY:
            arguments["json"] = body
            parts.append(describe(_without_secrets(body)))
        shown_headers = [f"{name}: {value}" for name, value in (headers or {}).items() if name.lower() not in _SECRETS]
        parts += [f"[{', '.join(shown_headers)}]"] if shown_headers else []
        return Answer(" ".join(filter(None, parts)), self.client.request(method, path, **arguments), self.exchanges)

    def record(self, request: str, expected: Any, received: Any) -> None:
        """Record an exchange that was observed elsewhere, such as a request of the vendor to a receiver.

        Raises:
            UnexpectedResponseError: it is not as expected.
        """
        holds = matches(expected, received)
        self.exchanges.append(Exchange(request, describe(expected), describe(received), holds))
        if not holds:
            raise UnexpectedResponseError


A = TypeVar("A", bound=Api)


@dataclass(frozen=True)
class Fact(Generic[A]):
    """One fact of the wire, and the function that sends the requests which check it."""

    api: type[A]
    evidence: Evidence
    text: str
    check: Callable[[A], None]
    encoding: str
    switches: Mapping[str, object]

    def __str__(self) -> str:
        switches = "".join(f", {name}={value}" for name, value in self.switches.items())
        return f"{self.api.vendor}: {self.text} ({self.encoding}{switches})"


@dataclass
class Facts(Generic[A]):
    """The facts about one vendor, in the order in which they are defined."""

    api: type[A]
    found: list[Fact[A]] = field(default_factory=list[Fact[A]])

    def add(
        self, evidence: Evidence, text: str, *encodings: str, **switches: object
    ) -> Callable[[Callable[[A], None]], Callable[[A], None]]:
        """Return a decorator that adds a fact for each encoding; by default all encodings of the vendor.

        Args:
            evidence: how the fact is known.
            text: the fact.
            encodings: the encodings in which it is sent.
            switches: the sandbox's switches under which it holds.
        """

        def added(check: Callable[[A], None]) -> Callable[[A], None]:
            for encoding in encodings or self.api.encodings:
                self.found.append(Fact(self.api, evidence, text, check, encoding, switches))
            return check

        return added


@dataclass(frozen=True)
class Result:
    """A checked fact: its requests, and the error if the check itself failed."""

    fact: Fact[Any]
    exchanges: tuple[Exchange, ...]
    error: str = ""

    @property
    def holds(self) -> bool:
        return bool(self.exchanges) and not self.error and all(exchange.holds for exchange in self.exchanges)


@contextmanager
def running_sandbox() -> Generator[Callable[[Fact[Any]], Result]]:
    """Start a sandbox on loopback; yield a function that checks one fact against new accounts."""
    with (
        running(rates={}, vercom_segment_wait=0) as sandbox,
        httpx.Client(base_url=f"{sandbox.url}/_sandbox", timeout=60, trust_env=False) as control,
        httpx.Client(timeout=60, trust_env=False) as client,
    ):
        yield lambda fact: check(fact, sandbox, client, control)


def check(fact: Fact[Any], sandbox: Running, client: httpx.Client, control: httpx.Client) -> Result:
    """Send the requests of one fact, with new accounts and the fact's switches."""
    control.post("/reset").raise_for_status()
    client.cookies.clear()
    client.base_url = httpx.URL(sandbox.base_urls[fact.api.vendor])
    api = fact.api(client, sandbox.credentials[fact.api.vendor], fact.encoding, control)
    error = ""
    try:
        if fact.switches:
            control.post("/options", json=dict(fact.switches)).raise_for_status()
        fact.check(api)
    except UnexpectedResponseError:
        pass
    except (KeyError, IndexError, TypeError, httpx.HTTPError) as failed:
        error = f"{type(failed).__name__}: {failed}"
    return Result(fact, tuple(api.exchanges), error)


def matches(expected: Any, received: Any) -> bool:
    """Return whether a received value is as expected.

    `...` is any value, a type is any value of that type, and a compiled pattern is a text that it matches whole. A dict
    is an object with at least these keys (`Exactly`: only these, in this order; `ABSENT`: not this key). A list is an
    array of as many elements. Any other value must be equal and have the same type.
    """
    if expected is ANY:
        return True
    if isinstance(expected, type):
        return type(received) is expected
    if isinstance(expected, re.Pattern):
        return isinstance(received, str) and expected.fullmatch(received) is not None
    if isinstance(expected, dict):
        if not isinstance(received, dict) or (isinstance(expected, Exactly) and list(expected) != list(received)):
            return False
        return all(
            (name not in received) if value is ABSENT else (name in received and matches(value, received[name]))
            for name, value in expected.items()
        )
    if isinstance(expected, list):
        same_length = isinstance(received, list) and len(received) == len(expected)
        return same_length and all(map(matches, expected, received))
    return type(received) is type(expected) and received == expected


def _without_secrets(body: Any) -> Any:
    return {name: value for name, value in body.items() if name not in _SECRETS} if isinstance(body, dict) else body


def describe(value: Any) -> str:
    """Return an expected or received value as short text."""
    if value is ANY:
        return "…"
    if value is ABSENT:
        return "absent"
    if isinstance(value, type):
        return f"<{value.__name__}>"
    if isinstance(value, re.Pattern):
        return f"/{value.pattern}/"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {describe(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(describe, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def describe_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the pairs of a query or form as text, without the credentials."""
    return "&".join(f"{name}={value}" for name, value in pairs if name.lower() not in _SECRETS)


def encode_form(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return the pairs of a form as PHP's `http_build_query` writes them: `id[0]=1`, true as 1, and no null."""
    pairs: list[tuple[str, str]] = []

    def add(name: str, value: object) -> None:
        if isinstance(value, Mapping):
            for key, each in value.items():
                add(f"{name}[{key}]", each)
        elif isinstance(value, list | tuple):
            for number, each in enumerate(value):
                add(f"{name}[{number}]", each)
        elif isinstance(value, bool):
            pairs.append((name, "1" if value else "0"))
        elif value is not None:
            pairs.append((name, str(value)))

    for name, value in values.items():
        add(name, value)
    return pairs
