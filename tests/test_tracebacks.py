"""Errors have no internal frames: a traceback with locals shows no personal data and no secret."""

from __future__ import annotations

import asyncio
import gc
import traceback
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from types import FrameType
from typing import Any

import anyio
import pytest
from fakes import TOKEN, VENDORS, FakeTransport, book_over, reply

from crossbook import AddressBook, Contact, CrossbookError, NotFoundError, RejectedError
from crossbook._http.request import TransportFailure
from crossbook._tracebacks import clear_internal_locals, copy_without_traceback
from crossbook.book import check_health

pytestmark = pytest.mark.anyio

PHONE, EMAIL, NAME = "+48500600799", "canary@example.com", "Kanarek"
CANARIES = (PHONE, PHONE[1:], EMAIL, NAME, TOKEN, "fake-password", "fake-token", "fake-authorization", "fake-key")


def locals_of(error: BaseException | None) -> Iterator[str]:
    """Return every local of every internal frame of an error and its causes."""
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
        TransportFailure("lost", "maybe", "ReadError"),
        reply(b"", 503),
        reply(b"<html>", 403),
        reply({"error": {"code": 2001, "type": "x", "message": f"{EMAIL} {PHONE}"}, "status": "error"}, 422),
        reply(b'{"items": 1, "success": true, "status": "success", "responsestatus": "OK", "data": 1, "meta": {}}'),
    ],
    ids=["lost", "503", "403", "refused", "another shape"],
)
@pytest.mark.parametrize("vendor", VENDORS)
async def test_internal_locals_show_no_values(vendor: str, answer: Any) -> None:
    async with book_over(vendor, FakeTransport(answer), max_attempts=1) as book:
        errors = [error for call in calls(book, vendor) if (error := await error_of(call)) is not None]
    assert len(errors) >= 6
    for error in errors:
        shown = [*locals_of(error), str(error), repr(vars(error))]
        assert not [text for text in shown if any(canary in text for canary in CANARIES)]
        assert error.__context__ is None


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_caller_timeout_shows_no_internal_locals() -> None:
    """asyncio makes the cancellation, with its frames, the context of the TimeoutError."""

    async def hangs(call: Any) -> Any:
        await anyio.sleep_forever()

    async with book_over("vercom", FakeTransport(hangs)) as book:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.01):
                await book.contacts.create(contact("vercom"))
        assert not [text for text in locals_of(caught.value) if any(canary in text for canary in CANARIES)]


REFUSED = reply({"error": {"code": "E-1", "message": "no"}, "errors": [{"title": "no"}], "status": "error"}, 422)
"""An error in the form of each vendor."""


def frames_behind(kept: object) -> list[FrameType]:
    """Return every frame that an object keeps alive; types, modules and functions are skipped."""
    found, known, waiting = [], set[int](), [kept]
    while waiting:
        each = waiting.pop()
        if id(each) in known or isinstance(each, (type, type(gc), type(frames_behind))):
            continue
        known.add(id(each))
        if isinstance(each, FrameType):
            found.append(each)
        else:
            waiting += gc.get_referents(each)
    return found


@pytest.mark.parametrize("answer", [REFUSED, TransportFailure("lost", "maybe", "ReadError")], ids=["refused", "lost"])
@pytest.mark.parametrize("vendor", VENDORS)
async def test_result_error_keeps_no_frame(vendor: str, answer: Any) -> None:
    async with book_over(vendor, FakeTransport(answer)) as book:
        async with book.contacts.create_many([contact(vendor)] * 3) as run:
            results = [result async for result in run]
        kept = [*results, *run.summary.failures, *run.summary.uncertain]
    assert len(kept) == 6
    assert all(result.error is not None for result in kept)
    assert [frames_behind(result) for result in kept] == [[]] * 6


async def test_raised_error_is_freed_at_once() -> None:
    async def failing(book: AddressBook) -> weakref.ref[CrossbookError]:
        try:
            await book.contacts.create(contact("vercom"))
        except CrossbookError as error:
            return weakref.ref(error)
        raise AssertionError

    async with book_over("vercom", FakeTransport(REFUSED)) as book:
        gc.disable()
        try:
            assert (await failing(book))() is None
            with pytest.raises(CrossbookError) as caught:
                book.contacts.list(page_size=0)
            dropped = weakref.ref(caught.value)
            del caught
            assert dropped() is None
        finally:
            gc.enable()


async def test_results_do_not_share_an_error() -> None:
    """Raising the error of one result does not change the others."""
    async with book_over("vercom", FakeTransport(reply(b"", 403))) as book:
        summary = await book.contacts.create_many([contact("vercom", external_id=str(n)) for n in range(3)]).run()
    errors = [result.error for result in summary.failures]
    assert len({id(error) for error in errors}) == len(errors) == 3
    assert errors[0] == errors[1] == errors[2]
    assert errors[0] is not None
    with pytest.raises(CrossbookError):
        raise errors[0]
    assert [error.__traceback__ is None for error in errors if error] == [False, True, True]


def test_copy_without_traceback_has_facts_only() -> None:
    def failing(secret: str) -> None:
        try:
            raise ValueError(secret)
        except ValueError as below:
            error = NotFoundError("there is no such contact", status=404, sent="yes", id="5")
            error.add_note(f"asked for {secret}")
            raise error from below

    with pytest.raises(NotFoundError) as caught:
        failing(PHONE)
    own = copy_without_traceback(caught.value)
    assert (own, type(own), str(own)) == (caught.value, NotFoundError, str(caught.value))
    assert (own.__traceback__, own.__cause__, own.__context__) == (None, None, None)
    assert not hasattr(own, "__notes__")


def test_clear_internal_locals_ends_with_a_cycle() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    group = ExceptionGroup("both", [one, other])
    clear_internal_locals(group)
    assert (one.__cause__, other.__cause__) == (other, one)


async def test_health_error_keeps_no_frame() -> None:
    async with book_over("vercom", FakeTransport(REFUSED)) as book:
        health = await check_health(book, 5)
    assert type(health.error) is RejectedError
    assert frames_behind(health) == []


def failing_progress(seen: object) -> None:
    mine = "shown"  # noqa: F841  (a local of the user's frame)
    raise RuntimeError("the callback fails")


def failing_source() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "1", {"phone": PHONE}
    mine = "shown"  # noqa: F841
    raise RuntimeError("the source fails")


async def failing_at_its_end() -> AsyncIterator[tuple[str, dict[str, Any]]]:
    try:
        for id in range(1, 1000):
            yield str(id), {"phone": PHONE}
    finally:
        mine = "shown"  # noqa: F841
        raise RuntimeError("the source fails")


def changes() -> Iterable[tuple[str, dict[str, Any]]]:
    return [("1", {"phone": PHONE}), ("2", {"phone": PHONE})]


class Endless(list[Any]):
    def __len__(self) -> int:
        mine = "shown"  # noqa: F841
        raise RuntimeError("the source fails")


async def left_early(book: AddressBook) -> None:
    async with book.contacts.update_many(failing_at_its_end()) as run:
        await anext(run)


FOREIGN: dict[str, Callable[[AddressBook], Any]] = {
    "progress": lambda book: book.contacts.update_many(changes(), progress=failing_progress).run(),
    "source": lambda book: book.contacts.update_many(failing_source()).run(),
    "leaving": left_early,
    "length": lambda book: book.contacts.update_many(Endless(changes())).run(),
    "hook": lambda book: book.with_options(on_attempt=failing_progress).contacts.update("1", phone=PHONE),
    "hook of a batch": lambda book: (
        book.with_options(on_attempt=failing_progress).contacts.update_many(changes()).run()
    ),
}


@pytest.mark.parametrize("case", FOREIGN)
async def test_foreign_error_keeps_lines_only(case: str) -> None:
    """A user's error shows all lines that it passed, and the locals of the user's frames only."""
    async with book_over("serwersms", FakeTransport(REFUSED), max_attempts=1) as book:
        with pytest.raises(RuntimeError, match="fails") as caught:
            await FOREIGN[case](book)
        frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
        ours = [frame for frame in frames if frame.f_globals["__name__"].startswith("crossbook.")]
        theirs = [frame for frame in frames if frame not in ours]
        assert ours
        assert not [text for text in locals_of(caught.value) if any(canary in text for canary in CANARIES)]
        shown = {name: value for frame in ours for name, value in frame.f_locals.items() if name != "function"}
        assert shown == {"bare": None}
        assert theirs[-1].f_locals["mine"] == "shown"
