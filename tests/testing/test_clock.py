"""`Clock`: virtual time under asyncio and trio, with and without automatic jumps."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from crossbook import AuthError, Contact, NoResponseError, UsageError
from crossbook_testing import BookFactory, Clock, Sandbox

pytestmark = pytest.mark.anyio


async def test_retry_waits_take_no_real_time(
    crossbook_sandbox: Sandbox, crossbook_book: BookFactory, crossbook_clock: Clock
) -> None:
    crossbook_sandbox.inject_fault("list", kind=429, retry_after=3000, times=3, vendor="vercom")
    began = time.monotonic()
    async with crossbook_book("vercom", timeout=100_000) as book:
        await book.contacts.list()
    crossbook_sandbox.assert_called("list", times=4)
    assert 9000 <= crossbook_clock.elapsed < 10_000
    assert time.monotonic() - began < 900


async def test_rate_limit_takes_no_real_time(
    crossbook_sandbox: Sandbox, crossbook_book: BookFactory, crossbook_clock: Clock
) -> None:
    async with crossbook_book("atom", rate=0.1) as book:
        for _ in range(5):
            await book.groups.list()
    assert 40 <= crossbook_clock.elapsed < 41


async def test_read_timeout_takes_no_real_time(
    crossbook_sandbox: Sandbox, crossbook_book: BookFactory, crossbook_clock: Clock
) -> None:
    crossbook_sandbox.inject_fault("create", kind="delay", seconds=3600)
    async with crossbook_book("vercom") as book:
        with pytest.raises(NoResponseError) as caught:
            await book.contacts.create(Contact(email="anna@example.com"))
        assert caught.value.cause == "ReadTimeout"
        assert crossbook_clock.elapsed == pytest.approx(30)
        assert crossbook_sandbox.contacts("vercom") == ()
        await anyio.sleep(3600)
        assert [contact.email async for contact in book.contacts.list()] == ["anna@example.com"]


async def test_batch_waits_for_late_commit(
    crossbook_sandbox: Sandbox, crossbook_book: BookFactory, crossbook_clock: Clock
) -> None:
    crossbook_sandbox.inject_fault("create", kind="late_commit", seconds=20)
    async with crossbook_book("vercom") as book:
        people = [Contact(email="anna@example.com")]
        summary = await book.contacts.create_many(people, match="email").run()
    assert dict(summary.counts) == {"created": 1}
    assert len(crossbook_sandbox.contacts("vercom")) == 1


async def test_tokens_expire_by_the_clock(
    crossbook_sandbox: Sandbox, crossbook_book: BookFactory, crossbook_clock: Clock
) -> None:
    crossbook_sandbox.configure(filemail_token_lifetime=600)
    async with crossbook_book("filemail") as book:
        for seconds, logins in ((0, 1), (599, 1), (2, 2)):
            crossbook_clock.advance(seconds)
            await book.groups.list()
            crossbook_sandbox.assert_called("login", times=logins)
        crossbook_sandbox.inject_fault("login", kind=401)
        crossbook_clock.advance(601)
        with pytest.raises(AuthError):
            await book.groups.list()


async def test_window_fault_follows_the_clock(
    crossbook_sandbox: Sandbox, crossbook_book: BookFactory, crossbook_clock: Clock
) -> None:
    crossbook_sandbox.inject_fault("groups.list", kind="window", vendor="vercom", rate=0.01, burst=1, retry_after=True)
    async with crossbook_book("vercom", timeout=1000) as book:
        for _ in range(3):
            await book.groups.list()
    assert 200 <= crossbook_clock.elapsed < 500


async def test_advance_without_autojump(
    crossbook_sandbox: Sandbox, crossbook_book: BookFactory, crossbook_clock: Clock
) -> None:
    crossbook_clock.autojump = False
    crossbook_sandbox.inject_fault("list", kind=429, retry_after=30, vendor="vercom")
    done: list[Any] = []
    async with crossbook_book("vercom") as book, anyio.create_task_group() as tasks:

        async def read() -> None:
            done.append(await book.contacts.list())

        tasks.start_soon(read)
        for _ in range(50):
            await checkpoint()
        crossbook_clock.advance(29)
        for _ in range(50):
            await checkpoint()
        assert (done, crossbook_clock.elapsed) == ([], 29)
        crossbook_clock.advance(10)
    assert len(done) == 1
    assert crossbook_clock.elapsed == 39


async def test_clock_stands_still_while_tasks_run(crossbook_book: BookFactory, crossbook_clock: Clock) -> None:
    crossbook_clock.advance(5)
    async with crossbook_book("vercom") as book:
        await book.contacts.list()
        assert crossbook_clock.elapsed == 5
        with anyio.move_on_after(60) as scope:
            await anyio.sleep_forever()
        assert scope.cancelled_caught
        assert crossbook_clock.elapsed == pytest.approx(65)


async def test_release_continues_with_real_time(anyio_backend_name: str) -> None:
    clock = Clock()
    clock.install()
    before = anyio.current_time()
    clock.advance(1000)
    assert anyio.current_time() == pytest.approx(before + 1000)
    clock.release()
    after = anyio.current_time()
    assert 1000 <= after - before < 1900
    with anyio.fail_after(60):
        await anyio.sleep(0.01)
    assert anyio.current_time() >= after + 0.01
    assert clock.elapsed == pytest.approx(1000)


async def test_threshold_waits_for_threads(crossbook_book: BookFactory, crossbook_clock: Clock) -> None:
    crossbook_clock.threshold = 30
    async with crossbook_book("vercom"):
        with anyio.fail_after(1):
            await anyio.to_thread.run_sync(time.sleep, 0.05)


async def test_invalid_use_raises(crossbook_clock: Clock) -> None:
    for seconds in (-1, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="cannot advance"):
            crossbook_clock.advance(seconds)
    with pytest.raises(UsageError, match="real time"):
        Sandbox(socket=True, clock=crossbook_clock)


def test_uvloop_is_refused() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> None:
        with pytest.raises(UsageError, match="uvloop cannot be replaced"):
            Clock().install()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
