"""Group commit: one sync serves many, off the event loop, and no cancellation or failure leaves the journal halfway."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from journals import HEADING, done, intent, opened

from crossbook import CrossbookError
from crossbook.core import group_commit
from crossbook.core.sqlite_journal import SqliteJournal

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "import.sqlite"


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The thread of each sync of the log."""
    threads: list[int] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        threads.append(threading.get_ident())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return threads


async def test_one_sync_serves_all_who_wait(path: Path, syncs: list[int]) -> None:
    async with opened(path) as journal:
        async with anyio.create_task_group() as group:
            for index in range(32):
                group.start_soon(journal.intend, [intent(index)])
        assert len(syncs) == 1
        await journal.settle([done(index) for index in range(32)])
        assert len(syncs) == 1
        await journal.intend([intent(index) for index in range(32, 1032)])
        assert len(syncs) == 2
    assert threading.get_ident() not in syncs


async def test_a_slow_disk_holds_up_nothing_but_intents(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    intended: list[int] = []

    async def intend(index: int) -> None:
        await journal.intend([intent(index)])
        intended.append(index)

    async with opened(path) as journal:
        monkeypatch.setattr(os, "fsync", lambda _: release.wait(5))
        async with anyio.create_task_group() as group:
            group.start_soon(intend, 0)
            await anyio.sleep(0.05)
            began = time.perf_counter()
            group.start_soon(intend, 1)
            await journal.settle([done(2, id="2")])
            assert await journal.owner("2") == 2
            await anyio.sleep(0.05)
            assert time.perf_counter() - began < 1
            assert intended == []
            release.set()
    assert intended == [0, 1]


async def test_the_log_is_folded_into_the_file(path: Path, monkeypatch: pytest.MonkeyPatch, syncs: list[int]) -> None:
    monkeypatch.setattr(group_commit, "_LOG_LIMIT", 100_000)
    log = path.with_name(path.name + "-wal")
    longest = 0
    async with opened(path) as journal:
        for begin in range(0, 4000, 100):
            write = journal.settle if begin % 200 else journal.intend
            await write([done(index, key=f"{index * 7919 % 10007:x}") for index in range(begin, begin + 100)])
            longest = max(longest, log.stat().st_size)
        assert await journal.first_open() == 4000
    assert longest < 500_000
    assert threading.get_ident() not in syncs


async def test_cancelled_at_any_moment_it_goes_on(path: Path) -> None:
    written = 0
    async with opened(path) as journal:
        for step in range(40):
            with anyio.move_on_after(step * 0.0003):
                async with anyio.create_task_group() as group:
                    for index in range(step * 8, step * 8 + 8):
                        group.start_soon(journal.intend, [intent(index)])
                written += 8
        with anyio.fail_after(5):
            await journal.intend([intent(9999)])
    async with opened(path) as journal:
        assert await journal.entry(9999) == intent(9999)
        found = [await journal.entry(index) for index in range(320)]
        assert len([entry for entry in found if entry]) >= written


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_who_leads_may_be_cancelled_from_outside(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda _: release.wait(5))
    journal = SqliteJournal(path)
    await journal.open(HEADING, "")
    leader, follower, third = (asyncio.create_task(journal.intend([intent(index)])) for index in range(3))
    await asyncio.sleep(0.05)
    leader.cancel()
    await asyncio.sleep(0.05)
    third.cancel()
    release.set()
    await asyncio.wait_for(follower, 5)
    assert leader.cancelled()
    await journal.close()
    async with opened(path) as again:
        assert [await again.entry(index) for index in range(3)] == [intent(0), intent(1), intent(2)]


async def test_it_is_closed_whoever_is_cancelled(path: Path) -> None:
    journal = SqliteJournal(path)
    with anyio.CancelScope() as scope:
        await journal.open(HEADING, "")
        await journal.settle([done(0)])
        scope.cancel()
        await journal.close()
    async with opened(path) as again:
        assert await again.entry(0) == done(0)


async def test_what_waits_when_it_is_closed_is_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync
    async with anyio.create_task_group() as group, opened(path) as journal:
        monkeypatch.setattr(os, "fsync", lambda descriptor: (time.sleep(0.1), real(descriptor)))
        group.start_soon(journal.intend, [intent(0)])
        await anyio.wait_all_tasks_blocked()
        group.start_soon(journal.intend, [intent(1)])
        await anyio.wait_all_tasks_blocked()
    async with opened(path) as again:
        assert await again.entry(1) == intent(1)


async def test_a_sync_that_failed_is_not_forgotten(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    async with opened(path) as journal:
        await journal.intend([intent(0)])
        monkeypatch.setattr(os, "fsync", fsync)
        async with anyio.create_task_group() as group:
            for index in (1, 2):
                group.start_soon(refused, journal.intend, [intent(index)])
        monkeypatch.undo()
        await refused(journal.settle, [done(0)])
        await refused(journal.entry, 0)
    async with opened(path) as again:
        assert await again.entry(0) == intent(0)


async def refused(method: Callable[..., Any], value: object) -> None:
    with pytest.raises(CrossbookError, match="cannot be written: the disk is full"):
        await method(value)


async def test_a_full_disk_keeps_what_was_intended(path: Path) -> None:
    async with opened(path) as journal:
        await journal.intend([intent(0)])
        journal._file._do(lambda db: db.execute("pragma max_page_count = 12").fetchall())
        with pytest.raises(CrossbookError, match="the disk is full"):
            await journal.intend([intent(index, ref="r" * 500) for index in range(1, 200)])
        await refused(journal.intend, [intent(1)])
    async with opened(path) as again:
        assert [await again.entry(index) for index in (0, 1)] == [intent(0), None]
