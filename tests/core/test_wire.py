"""One call and its attempts, in virtual time: what is repeated, when, how often, and how it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from fakes import FakeTransport, book_over, reply
from virtual import virtually

from crossbook import AddressBook, Attempt, Contact, CrossbookError, LostError, RateLimited, VendorDown
from crossbook.core.exchange import Failure, Outgoing, Reply

FOUND = reply({"meta": {}, "data": [{"id": "1"}]})
DOWN = reply(b"", 503)
LOST = Failure("lost", "maybe", "ReadError")
REFUSED = Failure("connect", "no", "ConnectError")
Answer = Any


class Run:
    """One call over a list of answers: what came of it, when, and what a hook saw."""

    def __init__(self, *answers: Answer, act: Callable[[AddressBook], Awaitable[Any]] | None = None, **options: Any):
        self.seen: list[Attempt] = []
        self.transport = FakeTransport(*answers)
        self.error: CrossbookError | None = None
        self.seconds = 0.0
        self._act = act or (lambda book: book.contacts.get("1"))
        self._options = {"on_attempt": self.seen.append, **options}
        virtually(self._run)

    async def _run(self) -> None:
        async with book_over("vercom", self.transport, **self._options) as book:
            began = anyio.current_time()
            try:
                await self._act(book)
            except CrossbookError as error:
                self.error = error
            self.seconds = anyio.current_time() - began


def create(book: AddressBook) -> Awaitable[Any]:
    return book.contacts.create(Contact(phone="+48500600700"))


@pytest.mark.parametrize("trouble", [DOWN, LOST, REFUSED, reply(b"{"), reply(b"", 429)], ids=str)
def test_a_read_is_repeated_until_it_passes(trouble: Answer) -> None:
    run = Run(trouble, trouble, FOUND)
    assert run.error is None
    assert [attempt.number for attempt in run.seen] == [1, 2, 3]
    assert [attempt.wait is None for attempt in run.seen] == [False, False, True]
    assert run.seconds == pytest.approx(sum(attempt.wait or 0 for attempt in run.seen))
    assert run.seen[0].cause
    assert run.seen[-1].cause is None


def test_it_gives_up_after_its_attempts() -> None:
    for attempts in (1, 2, 4):
        run = Run(DOWN, attempts=attempts)
        assert isinstance(run.error, VendorDown)
        assert (run.error.attempts, len(run.transport.sent)) == (attempts, attempts)


@pytest.mark.parametrize(
    ("trouble", "times"), [(DOWN, 1), (LOST, 1), (reply(b"{"), 1), (REFUSED, 4), (reply(b"", 429), 4)], ids=str
)
def test_a_create_is_repeated_only_if_nothing_can_have_happened(trouble: Answer, times: int) -> None:
    run = Run(trouble, act=create)
    assert run.error is not None
    assert len(run.transport.sent) == times


def test_what_the_vendor_asks_for_is_waited_and_never_undercut() -> None:
    for status in (429, 503):
        run = Run(reply(b"", status, retry_after="7"), FOUND)
        assert run.error is None
        assert 7 <= run.seconds <= 7.1


def test_a_wait_longer_than_what_is_left_ends_it_at_once() -> None:
    run = Run(reply(b"", 429, retry_after="61"), FOUND)
    assert isinstance(run.error, RateLimited)
    assert (run.error.retry_after, run.seconds, len(run.transport.sent)) == (61, 0, 1)
    run = Run(reply(b"", 503, retry_after="9"), FOUND, timeout=5)
    assert isinstance(run.error, VendorDown)
    assert run.seconds == 0


async def hangs(call: Outgoing) -> Reply:
    await anyio.sleep_forever()
    raise AssertionError("it never ends")


def test_a_call_ends_with_its_time_whoever_hangs() -> None:
    for act, kind in ((None, LostError), (create, LostError)):
        run = Run(hangs, act=act, timeout=12)
        assert isinstance(run.error, kind)
        assert (run.error.sent, run.error.cause) == ("maybe", "deadline")
        assert run.seconds == pytest.approx(12)
        assert run.seen[-1].seconds == pytest.approx(12)


def test_the_time_of_a_call_covers_its_repeats() -> None:
    async def slowly(call: Outgoing) -> Reply:
        await anyio.sleep(4)
        return DOWN

    run = Run(slowly, timeout=10, attempts=50)
    assert run.error is not None
    assert run.seconds <= 10
    assert 2 <= len(run.transport.sent) <= 3


def test_timeouts_of_one_request_are_cut_to_what_is_left() -> None:
    run = Run(FOUND, timeout=2, connect_timeout=9, read_timeout=1.5)
    (call,) = run.transport.sent
    assert (call.connect_timeout, call.read_timeout) == (2, 1.5)


def test_202_is_asked_again_until_it_is_done_and_costs_no_attempt() -> None:
    working = reply({"meta": {}, "data": []}, 202, retry_after="3")
    run = Run(*[working] * 9, FOUND, attempts=1)
    assert run.error is None
    assert (len(run.transport.sent), 27 <= run.seconds <= 30) == (10, True)
    run = Run(working, timeout=10)
    assert isinstance(run.error, VendorDown)
    assert (run.error.status, run.seconds <= 10) == (202, True)


def test_a_dead_vendor_is_not_hammered() -> None:
    """Repeats are paid from the book's purse, whatever each call would like."""

    async def calls(book: AddressBook) -> None:
        for _ in range(100):
            with pytest.raises(VendorDown):
                await book.contacts.get("1")

    run = Run(DOWN, act=calls)
    assert len(run.transport.sent) == 100 + 100


def test_a_hook_sees_each_attempt() -> None:
    run = Run(DOWN, FOUND)
    first, second = run.seen
    assert (first.vendor, first.operation, first.status, first.sent) == ("vercom", "listContacts", 503, "yes")
    assert (first.cause, second.cause, second.wait) == ("VendorDown", None, None)
    run = Run(LOST, attempts=1)
    assert [(seen.status, seen.sent, seen.cause) for seen in run.seen] == [(None, "maybe", "ReadError")]


def test_a_login_is_within_the_time_of_the_call() -> None:
    async def main() -> None:
        async def answer(call: Outgoing) -> Reply:
            await anyio.sleep(50)
            return reply({"responsestatus": "ok", "logintoken": "x"})

        async with book_over("filemail", FakeTransport(answer, logins=False)) as book:
            began = anyio.current_time()
            with pytest.raises(CrossbookError) as caught:
                await book.with_options(timeout=3).contacts.list()
            assert anyio.current_time() - began == pytest.approx(3)
            assert caught.value.sent == "no"

    virtually(main)


def test_a_refused_password_may_be_tried_again_after_a_while() -> None:
    refused = reply({"responsestatus": "WrongUsernamePassword", "errorcode": 2001, "errormessage": "no"})
    transport = FakeTransport(refused, logins=False)

    async def main() -> None:
        async with book_over("filemail", transport) as book:
            for expected in (1, 1, 1, 2):
                with pytest.raises(CrossbookError):
                    await book.contacts.list()
                assert len(transport.sent) == expected
                await anyio.sleep(12)

    virtually(main)
