"""An error leaves without the frames below: a traceback that shows locals shows nobody and no secret."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import anyio
import pytest
from fakes import TOKEN, VENDORS, FakeTransport, book_over, reply

from crossbook import AddressBook, Contact, CrossbookError
from crossbook.core.exchange import Failure

pytestmark = pytest.mark.anyio

PHONE, EMAIL, NAME = "+48500600799", "canary@example.com", "Kanarek"
CANARIES = (PHONE, PHONE[1:], EMAIL, NAME, TOKEN, "fake-password", "fake-token", "fake-authorization", "fake-key")


def locals_of(error: BaseException | None) -> Iterator[str]:
    """Every local of every frame of ours, of an error and of all that it was raised from."""
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if "crossbook" in frame.f_code.co_filename and "tests" not in frame.f_code.co_filename:
                yield from (repr(value) for value in frame.f_locals.values())
        error = error.__cause__ or error.__context__


def contact(vendor: str, **more: Any) -> Contact:
    named = {"name": NAME} if vendor == "filemail" else {"first_name": NAME}
    reachable = {"phone": PHONE} if vendor == "atom" else {"phone": PHONE, "email": EMAIL}
    return Contact(**named, **reachable, groups=("1",), **more)


def calls(book: AddressBook, vendor: str) -> list[Callable[[], Awaitable[Any]]]:
    key = {"email": EMAIL} if vendor == "filemail" else {"phone": PHONE}
    name = "name" if vendor == "filemail" else "first_name"

    async def listed() -> None:
        _ = [each async for each in book.contacts.list(**{} if vendor in ("atom", "serwersms") else {"email": EMAIL})]

    async def listed_from_nowhere() -> None:
        await book.contacts.list(after=EMAIL)

    return [
        lambda: book.contacts.create(contact(vendor)),
        lambda: book.contacts.create(contact(vendor, archived=True, opted_out=frozenset({"sms"}))),
        lambda: book.contacts.update("1", **{name: NAME, "phone": PHONE}),
        lambda: book.contacts.find(**key),
        lambda: book.contacts.get(EMAIL),
        lambda: book.groups.create(NAME),
        listed,
        listed_from_nowhere,
    ]


async def error_of(call: Callable[[], Awaitable[Any]]) -> CrossbookError | None:
    try:
        await call()
    except CrossbookError as error:
        return error
    return None


@pytest.mark.parametrize(
    "answer",
    [
        Failure("lost", "maybe", "ReadError"),
        reply(b"", 503),
        reply(b"<html>", 403),
        reply({"error": {"code": 2001, "type": "x", "message": f"{EMAIL} {PHONE}"}, "status": "error"}, 422),
        reply(b'{"items": 1, "success": true, "status": "success", "responsestatus": "OK", "data": 1, "meta": {}}'),
    ],
    ids=["lost", "503", "403", "refused", "another shape"],
)
@pytest.mark.parametrize("vendor", VENDORS)
async def test_no_local_of_ours_shows_anything(vendor: str, answer: Any) -> None:
    async with book_over(vendor, FakeTransport(answer), attempts=1) as book:
        errors = [error for call in calls(book, vendor) if (error := await error_of(call)) is not None]
    assert len(errors) >= 6
    for error in errors:
        shown = [*locals_of(error), str(error), repr(vars(error))]
        assert not [text for text in shown if any(canary in text for canary in CANARIES)]
        assert error.__context__ is None


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_nor_does_a_timeout_of_the_callers() -> None:
    """asyncio hangs the cancellation, and its frames, on the TimeoutError."""

    async def hangs(call: Any) -> Any:
        await anyio.sleep_forever()

    async with book_over("vercom", FakeTransport(hangs)) as book:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.01):
                await book.contacts.create(contact("vercom"))
        assert not [text for text in locals_of(caught.value) if any(canary in text for canary in CANARIES)]
