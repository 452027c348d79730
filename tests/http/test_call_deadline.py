"""The deadline of a call, in virtual time: waits, cut time-outs, and its end."""

from __future__ import annotations

import anyio
import pytest
from fakes import FakeTransport, book_over, reply
from runs import DOWN, FOUND, LOST, Run, create
from virtual import virtually

from crossbook import ConnectError, CrossbookError, NoResponseError, RateLimitError, VendorUnavailableError
from crossbook._http.request import PreparedRequest, TransportFailure, TransportResponse


def test_retry_after_is_never_undercut() -> None:
    for status in (429, 503):
        run = Run(reply(b"", status, retry_after="7"), FOUND)
        assert run.error is None
        assert 7 <= run.seconds <= 7.1


def test_delay_beyond_the_deadline_fails_at_once() -> None:
    run = Run(reply(b"", 429, retry_after="61"), FOUND)
    assert isinstance(run.error, RateLimitError)
    assert (run.error.retry_after, run.seconds, len(run.transport.sent)) == (61, 0, 1)
    run = Run(reply(b"", 503, retry_after="9"), FOUND, timeout=5)
    assert isinstance(run.error, VendorUnavailableError)
    assert run.seconds == 0


def test_retry_without_permit_in_time_raises_last_error() -> None:
    """The error is not the limiter's, which would say that nothing was sent."""
    run = Run(LOST, FOUND, rate=0.1, timeout=5)
    assert isinstance(run.error, NoResponseError)
    assert (run.error.sent, run.error.attempts, len(run.transport.sent)) == ("maybe", 1, 1)


async def hangs(call: PreparedRequest) -> TransportResponse:
    await anyio.sleep_forever()
    raise AssertionError("it never ends")


def test_call_that_hangs_ends_at_its_deadline() -> None:
    for act, kind in ((None, NoResponseError), (create, NoResponseError)):
        run = Run(hangs, act=act, timeout=12)
        assert isinstance(run.error, kind)
        assert (run.error.sent, run.error.cause) == ("maybe", "deadline")
        assert run.seconds == pytest.approx(12)
        assert run.seen[-1].seconds == pytest.approx(12)


def test_timeout_covers_retries() -> None:
    async def slowly(call: PreparedRequest) -> TransportResponse:
        await anyio.sleep(4)
        return DOWN

    run = Run(slowly, timeout=10, max_attempts=50)
    assert run.error is not None
    assert run.seconds <= 10
    assert 2 <= len(run.transport.sent) <= 3


def test_request_timeouts_are_cut_to_the_deadline() -> None:
    run = Run(FOUND, timeout=2, connect_timeout=9, read_timeout=1.5)
    (call,) = run.transport.sent
    assert (call.connect_timeout, call.read_timeout) == (1.8, 1.5)


@pytest.mark.parametrize("timeout", [0.1, 3])
def test_hanging_connection_means_never_sent(timeout: float) -> None:
    async def connects(call: PreparedRequest) -> TransportFailure:
        await anyio.sleep(call.connect_timeout)
        return TransportFailure("connect", "no", "ConnectTimeout")

    run = Run(connects, act=create, timeout=timeout)
    assert isinstance(run.error, ConnectError)
    assert (run.error.sent, run.seconds <= timeout) == ("no", True)


def test_timeout_covers_the_login() -> None:
    async def main() -> None:
        async def answer(call: PreparedRequest) -> TransportResponse:
            await anyio.sleep(50)
            return reply({"responsestatus": "ok", "logintoken": "x"})

        async with book_over("filemail", FakeTransport(answer, logins=False)) as book:
            began = anyio.current_time()
            with pytest.raises(CrossbookError) as caught:
                await book.with_options(timeout=3).contacts.list()
            assert anyio.current_time() - began == pytest.approx(3)
            assert caught.value.sent == "no"

    virtually(main)


def test_refused_password_is_tried_again_after_backoff() -> None:
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
