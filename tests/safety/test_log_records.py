"""Our log shows vendor, operation, outcome, duration and request id."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import canaries
import pytest
from fakes import FakeTransport, book_over, reply
from flood import KINDS, book_of
from relay import Relay
from sinks import Sinks
from virtual import virtually

from crossbook import AddressBook, AuthError, Contact, RateLimitError, RejectedError
from crossbook._http.request import TransportFailure

pytestmark = pytest.mark.anyio

OK = {
    "atom": {"status": "success", "result": {"id": 5}},
    "vercom": {"data": [{"id": "5"}], "meta": {"uniqId": "00d928f759"}},
}
PERSON = Contact(phone=canaries.PHONE, groups=("1",))


@asynccontextmanager
async def logged(
    caplog: pytest.LogCaptureFixture, vendor: str, *answers: Any, **options: Any
) -> AsyncIterator[AddressBook]:
    """Open a book whose log is recorded."""
    async with book_over(vendor, FakeTransport(*answers), **options) as book:
        caplog.clear()
        caplog.set_level(logging.DEBUG, logger="crossbook")
        yield book


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the records of our logger, with 0 for the milliseconds."""
    ours = [record for record in caplog.records if record.name == "crossbook"]
    return [re.sub(r"in \d+ ms", "in 0 ms", record.getMessage()) for record in ours]


@pytest.mark.parametrize(
    ("transport", "named"),
    [
        ("httpx", "httpx"), ("httpx2", "httpx2"), ("aiohttp", "aiohttp"),
        ("a client of httpx", "httpx, user client"), ("a client of httpx2", "httpx2, user client"),
        ("a client of aiohttp", "aiohttp, user client"),
    ],
)  # fmt: skip
async def test_open_line_names_the_transport(
    transport: str, named: str, relay: Relay, caplog: pytest.LogCaptureFixture, anyio_backend_name: str
) -> None:
    if transport == "a client of aiohttp" and anyio_backend_name != "asyncio":
        pytest.skip("aiohttp lives on asyncio alone")
    caplog.set_level(logging.INFO)
    async with book_of(KINDS["atom"], transport, relay.url, Sinks()):
        pass
    ours = [record for record in caplog.records if record.name == "crossbook"]
    faster = (
        "INFO",
        f"atom book: the transport aiohttp is installed and faster than {named}; to use it, pass transport='aiohttp'",
    )
    assert [(record.levelname, record.getMessage()) for record in ours] == [
        ("INFO", f"atom book open: transport {named}, {relay.url}/atom"),
        *([faster] if transport in ("httpx", "httpx2") and anyio_backend_name == "asyncio" else []),
    ]


async def test_faster_transport_is_named_if_installed(
    relay: Relay, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    caplog.set_level(logging.INFO)
    async with book_of(KINDS["atom"], "httpx", relay.url, Sinks()):
        pass
    assert not any("faster" in record.getMessage() for record in caplog.records)


async def test_success_line(caplog: pytest.LogCaptureFixture) -> None:
    async with logged(caplog, "vercom", reply(OK["vercom"])) as book:
        await book.contacts.create(Contact(phone=canaries.PHONE, email=canaries.EMAIL, first_name="Anna"))
    assert lines(caplog) == [
        "vercom.createContacts attempt 1: 200 in 0 ms, request id 00d928f759, about s***@e***, +48******00"
    ]
    assert [record.levelname for record in caplog.records] == ["DEBUG"]


async def test_request_id_of_success_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    said = f"{canaries.PHONE} {canaries.FIRST} fake-authorization"
    async with logged(caplog, "vercom", reply({"data": [{"id": "5"}], "meta": {"uniqId": said}})) as book:
        await book.contacts.create(Contact(phone=canaries.OTHER_PHONE, first_name=canaries.FIRST))
    assert lines(caplog) == ["vercom.createContacts attempt 1: 200 in 0 ms, request id ***, about +48******33"]


@pytest.mark.parametrize("said", ["48500600700", "a48500600700", "500600700f", "00-500600700", "Anna Kowalska"])
async def test_request_id_with_request_values_is_masked(caplog: pytest.LogCaptureFixture, said: str) -> None:
    async with logged(caplog, "vercom", reply({"data": [{"id": "5"}], "meta": {"uniqId": said}})) as book:
        await book.contacts.create(Contact(phone="+48500600700"))
    assert "request id ***, about" in lines(caplog)[0]


async def test_query_values_are_masked(caplog: pytest.LogCaptureFixture) -> None:
    async with logged(caplog, "vercom", reply({"data": [], "meta": {}})) as book:
        await book.contacts.list(phone=canaries.PHONE, email=canaries.EMAIL)
    assert lines(caplog) == ["vercom.listContacts attempt 1: 200 in 0 ms, about s***@e***, +48******00"]


async def test_refusal_line(caplog: pytest.LogCaptureFixture) -> None:
    refusal = {"errors": [{"title": "No", "message": f"not {canaries.EMAIL}", "code": "E-1"}], "meta": {"uniqId": "77"}}
    async with logged(caplog, "vercom", reply(refusal, 422)) as book:
        with pytest.raises(RejectedError):
            await book.contacts.create(PERSON)
    assert lines(caplog) == [
        "vercom.createContacts attempt 1: 422 in 0 ms, RejectedError, request id 77, about +48******00"
    ]


async def test_refusal_line_without_json(caplog: pytest.LogCaptureFixture) -> None:
    async with logged(caplog, "vercom", reply(b"<html>", 403), max_attempts=1) as book:
        with pytest.raises(AuthError):
            await book.contacts.create(PERSON)
    assert lines(caplog) == ["vercom.createContacts attempt 1: 403 in 0 ms, AuthError, about +48******00"]


def test_attempt_lines_name_the_wait(caplog: pytest.LogCaptureFixture) -> None:
    answers = (TransportFailure("connect", "no", "ConnectError"), reply({}, 429, retry_after="1"), reply(OK["atom"]))

    async def create() -> None:
        async with logged(caplog, "atom", *answers) as book:
            await book.contacts.create(PERSON)

    virtually(create)
    said = [re.sub(r"retry in \d\.\d\d s", "retry in … s", line) for line in lines(caplog)]
    assert said == [
        "atom.createContact attempt 1: no response in 0 ms, ConnectError, retry in … s",
        "atom.createContact attempt 2: 429 in 0 ms, RateLimitError, retry in … s",
        "atom.createContact attempt 3: 200 in 0 ms, about +48******00",
    ]


async def test_last_attempt_line_has_no_wait(caplog: pytest.LogCaptureFixture) -> None:
    async with logged(caplog, "atom", reply({}, 429), max_attempts=1) as book:
        with pytest.raises(RateLimitError):
            await book.contacts.create(PERSON)
    assert lines(caplog) == ["atom.createContact attempt 1: 429 in 0 ms, RateLimitError, about +48******00"]


async def test_login_line(caplog: pytest.LogCaptureFixture) -> None:
    async with logged(caplog, "filemail", reply({"responsestatus": "OK", "contacts": []})) as book:
        await book.contacts.list()
    assert lines(caplog) == [
        "filemail.login attempt 1: 200 in 0 ms",
        "filemail.login: logged in",
        "filemail.listContacts attempt 1: 200 in 0 ms",
    ]


async def test_a_vendor_cannot_forge_a_line(caplog: pytest.LogCaptureFixture) -> None:
    forged = {"errors": [{"message": "no\nINFO crossbook all is well", "code": "1\r\n2"}], "meta": {"uniqId": "7\n7"}}
    async with logged(caplog, "vercom", reply(forged, 422)) as book:
        with pytest.raises(RejectedError) as caught:
            await book.contacts.create(PERSON)
    assert len(str(caught.value).splitlines()) == 1
    assert [len(line.splitlines()) for line in lines(caplog)] == [1]


async def test_success_is_not_above_debug(caplog: pytest.LogCaptureFixture) -> None:
    async with logged(caplog, "atom", reply(OK["atom"])) as book:
        caplog.set_level(logging.INFO, logger="crossbook")
        await book.contacts.create(PERSON)
    assert lines(caplog) == []
