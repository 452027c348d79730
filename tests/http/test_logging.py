"""The log of a service: what is at INFO and WARNING, with which fields, and how `CROSSBOOK_LOG` shows it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from control import Server
from fakes import FakeTransport, book_over, reply
from runs import DOWN, FOUND
from virtual import virtually

from crossbook import AddressBook, AuthError, Contact
from crossbook._http.request import PreparedRequest, TransportResponse

THROTTLED = reply(b"", 429, retry_after="0")
COMMON = {"vendor", "operation", "attempt", "wait", "status", "sent"}


class Log(logging.Handler):
    """The records of our logger at a level and above."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def facts(self, *names: str, containing: str = "") -> list[tuple[Any, ...]]:
        return [
            tuple(getattr(record, name) for name in names)
            for record in self.records
            if containing in record.getMessage()
        ]


@pytest.fixture
def log() -> Any:
    handler, logger = Log(logging.INFO), logging.getLogger("crossbook")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)


def run(act: Callable[[AddressBook], Any], *answers: Any, vendor: str = "vercom", **options: Any) -> None:
    """Use an open book on a clock that jumps from one timer to the next."""

    async def main() -> None:
        async with book_over(vendor, FakeTransport(*answers), **options) as book:
            await act(book)

    virtually(main)


def test_each_retry_is_one_record(log: Log) -> None:
    run(lambda book: book.contacts.get("1"), DOWN, DOWN, FOUND)
    retries = log.facts("levelname", "vendor", "operation", "attempt", "status", "sent", containing="retry in")
    assert retries == [
        ("INFO", "vercom", "listContacts", 1, 503, "yes"),
        ("INFO", "vercom", "listContacts", 2, 503, "yes"),
    ]
    assert all(wait > 0 for (wait,) in log.facts("wait", containing="retry in"))
    assert len(log.records) == 3  # with the opened book: a success is at DEBUG


def test_wait_for_permit_over_a_second_is_one_record(log: Log) -> None:
    async def three(book: AddressBook) -> None:
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(book.contacts.get, "1")

    run(three, FOUND, rate=0.9)
    waits = log.facts("vendor", "operation", "attempt", "status", "sent", containing="permit")
    assert waits == [("vercom", "listContacts", 0, None, "no")] * 3
    assert [round(wait, 1) for (wait,) in log.facts("wait", containing="permit")] == [1.1, 2.2, 3.3]


def test_wait_of_a_batch_for_the_vendor_is_one_record(log: Log) -> None:
    people = [Contact(phone=f"+4850060070{digit}") for digit in range(3)]
    busy, created = (
        reply(b"", 429, retry_after="30"),
        reply({"data": [{"id": str(id)} for id in (5, 6, 7)], "meta": {}}),
    )
    run(lambda book: book.contacts.create_many(people).run(), busy, created)
    waits = log.facts("levelname", "vendor", "operation", "attempt", "status", "sent", containing="for the vendor")
    assert waits == [("INFO", "vercom", "contacts.create_many", 0, None, "no")]
    assert [30 <= wait <= 31 for (wait,) in log.facts("wait", containing="for the vendor")] == [True]


def test_short_wait_for_permit_is_not_logged(log: Log) -> None:
    async def two(book: AddressBook) -> None:
        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(book.contacts.get, "1")

    run(two, FOUND, rate=1.1)
    assert log.facts("wait", containing="permit") == []


def test_learned_limit_is_one_record_a_fall(log: Log) -> None:
    accepted: list[float] = []

    async def ten_a_second(call: PreparedRequest) -> TransportResponse:
        now = anyio.current_time()
        if len([moment for moment in accepted if moment > now - 1]) >= 10:
            return THROTTLED
        accepted.append(now)
        return FOUND

    async def many(book: AddressBook) -> None:
        async with anyio.create_task_group() as group:
            for _ in range(40):
                group.start_soon(book.with_options(max_attempts=50, timeout=60).contacts.get, "1")

    run(many, ten_a_second)
    learned = log.facts("vendor", "operation", "rate", containing="requests a second")
    assert 1 <= len(learned) <= 3
    assert learned[0][:2] == ("vercom", "listContacts")
    assert 2 <= learned[0][2] <= 20


def test_each_login_is_one_record(log: Log) -> None:
    async def read(book: AddressBook) -> None:
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(book.wire.groups.list_groups)  # type: ignore[attr-defined]

    run(read, reply({"responsestatus": "OK", "groups": []}), vendor="filemail")
    logins = log.facts("levelname", "vendor", "operation", "attempt", "status", "sent", containing="logged in")
    assert logins == [("INFO", "filemail", "login", 1, 200, "yes")]


def test_failed_login_is_one_record(log: Log) -> None:
    refusal = reply({"responsestatus": "ERROR", "errorcode": 2001, "errormessage": "wrong password"})

    async def read(book: AddressBook) -> None:
        with pytest.raises(AuthError):
            await book.contacts.list()

    async def main() -> None:
        async with book_over("filemail", FakeTransport(refusal, logins=False)) as book:
            await read(book)

    virtually(main)
    assert log.facts("operation", "cause", containing="login failed") == [("login", "AuthError")]


def test_every_record_of_a_call_has_the_common_fields(log: Log) -> None:
    run(lambda book: book.groups.list(), DOWN, reply({"responsestatus": "OK", "groups": []}), vendor="filemail")
    calls = [record for record in log.records if hasattr(record, "operation")]
    assert len(calls) == 2
    assert all(vars(record).keys() >= COMMON for record in calls)


def test_info_records_show_no_personal_data(log: Log) -> None:
    person = Contact(phone="+48500600700", email="anna@example.com", first_name="Anna")
    run(lambda book: book.contacts.create(person), THROTTLED, reply({"data": [{"id": "5"}], "meta": {}}))
    (record,) = [record for record in log.records if "retry" in record.getMessage()]
    shown = f"{record.getMessage()} {vars(record)}"
    assert not [part for part in ("500600", "48***", "***00", "anna", "a***", "Anna") if part in shown]


@asynccontextmanager
async def two_books(server: Server, first: dict[str, Any], second: dict[str, Any]) -> AsyncIterator[None]:
    from crossbook import Vercom

    def make(options: dict[str, Any]) -> AddressBook:
        return Vercom(**server.credentials["vercom"], base_url=server.base_urls["vercom"], **options)

    async with make(first), make(second):
        yield


@pytest.mark.anyio
@pytest.mark.parametrize("swapped", [False, True])
async def test_different_rates_of_one_account_are_warned_of(server: Server, log: Log, swapped: bool) -> None:
    options = [{"rate": 200.0}, {"rate": 5.0}]
    async with two_books(server, *(options[::-1] if swapped else options)):
        pass
    (warning,) = [record for record in log.records if record.levelname == "WARNING"]
    assert "rate 200/s" in warning.getMessage()
    assert "apply to both: rate 5/s" in warning.getMessage()
    assert (vars(warning)["vendor"], vars(warning)["rate"]) == ("vercom", 5.0)


@pytest.mark.anyio
async def test_rate_next_to_no_rate_is_warned_of(server: Server, log: Log) -> None:
    async with two_books(server, {}, {"rate": 5.0}):
        pass
    (warning,) = [record for record in log.records if record.levelname == "WARNING"]
    assert "rate unlimited" in warning.getMessage()


@pytest.mark.anyio
async def test_different_concurrency_of_one_account_is_warned_of(server: Server, log: Log) -> None:
    async with two_books(server, {"concurrency": 8}, {"concurrency": 2}):
        pass
    (warning,) = [record for record in log.records if record.levelname == "WARNING"]
    assert "apply to both: rate unlimited, concurrency 2" in warning.getMessage()


@pytest.mark.anyio
async def test_equal_limits_of_one_account_are_silent(server: Server, log: Log) -> None:
    async with two_books(server, {"rate": 5.0}, {"rate": 5.0}):
        pass
    assert {record.levelname for record in log.records} == {"INFO"}


PROGRAM = """
import asyncio
import crossbook

async def main():
    async with crossbook.open("vercom") as book:
        await book.groups.list()

asyncio.run(main())
"""


def printed(server: Server, variable: str | None) -> list[str]:
    """Return what a program that configures no logging writes to standard error."""
    environment = {**os.environ, **server.env, **({} if variable is None else {"CROSSBOOK_LOG": variable})}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stderr.splitlines()


def test_variable_shows_the_log(server: Server) -> None:
    assert printed(server, None) == []
    opened, faster = printed(server, "info")
    assert "INFO crossbook: vercom book open" in opened
    assert "INFO crossbook: vercom book: the transport aiohttp is installed and faster" in faster
    *_, attempt = printed(server, "DEBUG")
    assert "DEBUG crossbook: vercom.listGroups attempt 1: 200" in attempt
    (warning,) = printed(server, "verbose")
    assert "CROSSBOOK_LOG must be info or debug" in warning
