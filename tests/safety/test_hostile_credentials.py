"""No credential forges a header, a parameter or a member, and no refused credential is shown."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import anyio
import hostile_values
import pytest
from canaries import CREDENTIALS as CANARIES
from fakes import CREDENTIALS, TOKEN, VENDORS, FakeTransport, book_over, reply
from flood import KINDS, book_of
from relay import Relay, response, say
from sinks import Sinks
from test_hostile_fields import unique
from test_hostile_ids import ANSWERS

from crossbook import CrossbookError, InvalidInputError
from crossbook._http.request import PreparedRequest
from crossbook.registry import load_vendor

# Each credential: the vendor, the parameter, and how it is sent.
WAYS = [
    ("serwersms", "username", "member username"), ("serwersms", "password", "member password"),
    ("serwersms", "token", "bearer authorization"), ("atom", "token", "bearer authorization"),
    ("filemail", "username", "query username"), ("filemail", "password", "query password"),
    ("filemail", "api_key", "query apikey"), ("filemail", "source", "query source"),
    ("vercom", "authorization", "header authorization"), ("vercom", "application_key", "header application-key"),
]  # fmt: skip
USUAL = {"accept", "accept-encoding", "user-agent", "content-type"}
HEADERS = {"serwersms": {"authorization"}, "atom": {"authorization"}, "vercom": {"authorization", "application-key"}}


def arguments(vendor: str, parameter: str, value: Any) -> dict[str, Any]:
    given: dict[str, Any] = {**CREDENTIALS[vendor], parameter: value}
    return given | {"username": None, "password": None} if (vendor, parameter) == ("serwersms", "token") else given


def cleaned(way: str, value: str) -> str:
    """Return the accepted credential: without its line end, and for a key without spaces around it."""
    text = value.rstrip("\r\n")
    text = text if way.endswith(("password", "member username")) else text.strip()
    return f"Bearer {text}" if way == "bearer authorization" else text


def travelled(call: PreparedRequest, vendor: str, way: str) -> Any:
    """Return the sent value, or None; fail on an unexpected header, parameter or member."""
    kind, _, name = way.partition(" ")
    headers = unique([(key.decode().lower(), value.decode()) for key, value in call.headers])
    assert set(headers) <= USUAL | HEADERS.get(vendor, set()), set(headers)
    assert not any(char in value for value in headers.values() for char in "\r\n\0")
    query = unique(parse_qsl(call.target.decode("ascii").partition("?")[2], keep_blank_values=True))
    assert set(query) <= {"username", "password", "apikey", "source", "logintoken", "offset", "limit"}
    body = json.loads(call.body, object_pairs_hook=unique) if call.body else {}
    assert set(body) <= {"username", "password", "page", "limit"}
    return {"header": headers, "bearer": headers, "query": query, "member": body}[kind].get(name)


async def problem(vendor: str, parameter: str, way: str, value: str) -> str | None:
    """Return the problem with one credential, or None."""
    transport = FakeTransport(reply(ANSWERS[vendor]))
    try:
        book = book_over(vendor, transport, **arguments(vendor, parameter, value), rate=1e9)
    except InvalidInputError as error:
        if error.field not in (parameter, "token"):
            return f"refused by the name of {error.field}"
        return "shown in an error" if len(value) > 8 and value in f"{error} {error.args} {vars(error)}" else None
    async with book:
        with suppress(CrossbookError):
            await book.groups.list()
    call = (transport.logged_in or transport.sent)[0]
    got = travelled(call, vendor, way)
    return None if got == cleaned(way, value) else f"{value[:40]!r} became {str(got)[:40]!r}"


def cases(vendor: str) -> Iterator[tuple[str, str, str]]:
    """Yield the cases of one vendor: the first hundred values in every way, and its share of the others."""
    ways = [(parameter, way) for name, parameter, way in WAYS if name == vendor]
    turn = itertools.cycle(ways)
    for number, value in enumerate(hostile_values.texts()):
        if number < 100:
            yield from ((parameter, way, value) for parameter, way in ways)
        elif number % len(VENDORS) == VENDORS.index(vendor):
            yield *next(turn), value


@pytest.mark.parametrize("vendor", VENDORS)
def test_ten_thousand_credentials(vendor: str) -> None:
    async def all_of_them() -> set[str]:
        return {f"{each[0]}: {wrong}" for each in cases(vendor) if (wrong := await problem(vendor, *each)) is not None}

    assert sorted(anyio.run(all_of_them))[:10] == []


@pytest.mark.parametrize(("vendor", "parameter", "way"), WAYS)
def test_line_end_is_removed_and_line_break_refused(vendor: str, parameter: str, way: str) -> None:
    for end in ("\n", "\r\n", "\n\n"):
        book_over(vendor, FakeTransport(), **arguments(vendor, parameter, f"s3cret-value{end}"))  # it is accepted
        assert anyio.run(problem, vendor, parameter, way, f"s3cret-value{end}") is None
    for broken in ("s3cret\nvalue", "s3cret\r\nX-Evil: 1", "s3cret\0", "s3cret\x7f", "s3cret\ud800"):
        with pytest.raises(InvalidInputError) as caught:
            book_over(vendor, FakeTransport(), **arguments(vendor, parameter, broken))
        assert caught.value.field == parameter
        assert "s3cret" not in f"{caught.value!r} {vars(caught.value)}"


@pytest.mark.parametrize("value", [17, b"bytes", ["x"], object(), "", "\n"])
@pytest.mark.parametrize(("vendor", "parameter", "way"), WAYS)
def test_invalid_credential_is_refused_by_name(vendor: str, parameter: str, way: str, value: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        book_over(vendor, FakeTransport(), **arguments(vendor, parameter, value))
    assert caught.value.field in (parameter, "token")


@pytest.mark.parametrize(
    "token", ["a&x=1", "a=b", "a b", "żółć", '"', "a\r\nX-Evil: 1", "../..", "#", "?", "%00", "a" * 5000]
)
def test_hostile_login_token_is_encoded(token: str) -> None:
    async def ask() -> PreparedRequest:
        login = reply({"responsestatus": "ok", "logintoken": token})
        transport = FakeTransport(login, reply(ANSWERS["filemail"]), logins=False)
        async with book_over("filemail", transport) as book:
            await book.groups.list()
        return transport.sent[1]

    call = anyio.run(ask)
    assert call.path == "/api/contacts/group/get"
    assert parse_qsl(call.target.decode("ascii").partition("?")[2]) == [("logintoken", token)]
    assert TOKEN not in call.target.decode()


@pytest.mark.parametrize("transport", ["httpx", "httpx2", "aiohttp"])
@pytest.mark.parametrize("name", ["serwersms", "serwersms by token", "atom", "filemail", "vercom"])
def test_server_gets_the_credentials_unchanged(
    name: str, transport: str, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over real sockets a server reads the intended headers, query and body."""
    kind = KINDS[name]
    [(parameter, way)] = [
        (p, w) for v, p, w in WAYS if v == kind.vendor and p == kind.credentials[-1 - (name == "vercom")]
    ]
    relay.behaviour = say(
        lambda seen: response(200, json.dumps(ANSWERS[kind.vendor] | {"logintoken": "t&=\n"}).encode())
    )
    relay.spoil_login = True
    relay.seen.clear()
    sample = itertools.islice(hostile_values.texts(), 0, None, 100)
    values = [value for value in sample if is_taken(kind.vendor, parameter, value)][:25]

    async def ask() -> None:
        for value in values:
            monkeypatch.setitem(CANARIES[kind.vendor], parameter, value)
            async with book_of(kind, transport, relay.url, Sinks()) as book:
                with suppress(CrossbookError):
                    await book.groups.list()

    anyio.run(ask)
    usual = USUAL | HEADERS.get(kind.vendor, set()) | {"host", "content-length", "connection"}
    got: list[Any] = []
    for seen in relay.seen:
        headers = unique(seen.headers)
        assert set(headers) <= usual
        kept = tuple(
            (name.encode(), value.encode()) for name, value in headers.items() if name in HEADERS.get(kind.vendor, ())
        )
        got.append(travelled(PreparedRequest("", "", "", seen.target, kept, seen.body, 1, 1, 1), kind.vendor, way))
    requests = 2 if parameter == "api_key" else 1  # the login and the call both send the key
    sent = [cleaned(way, value) for value in values for _ in range(requests)]
    assert [each for each in got if each is not None] == sent


def is_taken(vendor: str, parameter: str, value: str) -> bool:
    try:
        load_vendor(vendor)(**arguments(vendor, parameter, value), base_url="http://127.0.0.1:1")
    except InvalidInputError:
        return False
    return len(value) < 1000
