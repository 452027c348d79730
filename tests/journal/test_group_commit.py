"""Test group commit: one sync serves many tasks, off the event loop, and survives cancellations and failures."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from journals import HEADING, SlowDisk, cancel_twice_while_opening, done, intent, open_journal

from crossbook.journal import SqliteJournal, _sqlite_file

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "import.sqlite"


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record the thread of each sync of the log."""
    threads: list[int] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        threads.append(threading.get_ident())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return threads


async def test_one_sync_serves_all_waiting_tasks(path: Path, syncs: list[int]) -> None:
    async with open_journal(path) as journal:
        async with anyio.create_task_group() as group:
            for index in range(32):
                group.start_soon(journal.record_intents, [intent(index)])
        assert len(syncs) == 1
        await journal.record_outcomes([done(index) for index in range(32)])
        assert len(syncs) == 1
        await journal.record_intents([intent(index) for index in range(32, 1032)])
        assert len(syncs) == 2
    assert threading.get_ident() not in syncs


def list_items_after_crash(path: Path, folder: Path) -> list[int]:
    """Return the items that a crash now would leave: those in a copy of the files."""
    for file in path.parent.glob(path.name + "*"):
        shutil.copy(file, folder)
    with closing(sqlite3.connect(folder / path.name)) as db:
        return [index for (index,) in db.execute('select "index" from entry order by "index"')]


async def test_slow_disk_delays_only_intents(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    intended: list[int] = []

    async def write_intent(index: int) -> None:
        await journal.record_intents([intent(index)])
        intended.append(index)

    async with open_journal(path) as journal, anyio.create_task_group() as group:
        disk = SlowDisk(monkeypatch)
        group.start_soon(write_intent, 0)
        await disk.busy()
        group.start_soon(write_intent, 1)
        with anyio.fail_after(30):
            await journal.record_outcomes([done(2, id="2")])
            assert await journal.find_owner("2") == 2
        disk.release()
        await disk.busy()
        # The first sync began before the second intent was written, so it does not cover it.
        assert intended == [0]
        disk.release(2)


async def test_written_rows_survive_the_process(
    path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_journal(path) as journal:
        disk = SlowDisk(monkeypatch)
        await journal.record_outcomes([done(0)])
        assert list_items_after_crash(path, tmp_path_factory.mktemp("0")) == [0]
        async with anyio.create_task_group() as group:
            group.start_soon(journal.record_intents, [intent(1)])
            await disk.busy()
            await journal.record_outcomes([done(2)])
            disk.release()
        assert list_items_after_crash(path, tmp_path_factory.mktemp("2")) == [0, 1, 2]
        with anyio.CancelScope() as scope:
            scope.cancel()
            disk.release()
            await journal.record_intents([intent(3)])
        assert list_items_after_crash(path, tmp_path_factory.mktemp("3")) == [0, 1, 2, 3]
        disk.release()


async def test_long_log_is_merged_into_the_file(path: Path, monkeypatch: pytest.MonkeyPatch, syncs: list[int]) -> None:
    monkeypatch.setattr(_sqlite_file, "_LOG_LIMIT", 100_000)
    log = path.with_name(path.name + "-wal")
    longest = 0
    async with open_journal(path) as journal:
        for begin in range(0, 4000, 100):
            write = journal.record_outcomes if begin % 200 else journal.record_intents
            await write([done(index, key=f"{index * 7919 % 10007:x}") for index in range(begin, begin + 100)])
            longest = max(longest, log.stat().st_size)
        assert await journal.find_first_open() == 4000
    assert longest < 500_000
    assert threading.get_ident() not in syncs


async def test_cancellation_at_any_moment_is_safe(path: Path) -> None:
    written = 0
    async with open_journal(path) as journal:
        for step in range(40):
            with anyio.move_on_after(step * 0.0003):
                async with anyio.create_task_group() as group:
                    for index in range(step * 8, step * 8 + 8):
                        group.start_soon(journal.record_intents, [intent(index)])
                written += 8
        with anyio.fail_after(60):
            await journal.record_intents([intent(9999)])
    async with open_journal(path) as journal:
        assert await journal.find_entry(9999) == intent(9999)
        found = [await journal.find_entry(index) for index in range(320)]
        assert len([entry for entry in found if entry]) >= written


async def open_on_slow_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[SqliteJournal, SlowDisk]:
    """Return an open journal, and the disk whose syncs wait until the test releases them."""
    journal = SqliteJournal(path)
    await journal.open("")
    await journal.begin(HEADING)
    return journal, SlowDisk(monkeypatch)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_leader_cancelled_by_asyncio(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, disk = await open_on_slow_disk(path, monkeypatch)
    leader, follower, third = (asyncio.create_task(journal.record_intents([intent(index)])) for index in range(3))
    await disk.busy()
    leader.cancel()
    await anyio.wait_all_tasks_blocked()
    third.cancel()
    disk.release(9)
    await asyncio.wait_for(follower, 60)
    assert leader.cancelled()
    await journal.close()
    async with open_journal(path) as again:
        assert [await again.find_entry(index) for index in range(3)] == [intent(0), intent(1), intent(2)]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_outcome_survives_cancelled_leader(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, disk = await open_on_slow_disk(path, monkeypatch)
    leader = asyncio.create_task(journal.record_intents([intent(0)]))
    await disk.busy()
    await journal.record_outcomes([done(0)])  # queued for the leader, which is cancelled now
    leader.cancel()
    disk.release(9)
    with pytest.raises(asyncio.CancelledError):
        await leader
    await journal.close()
    async with open_journal(path) as again:
        assert await again.find_entry(0) == done(0)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_open_cancelled_by_asyncio_twice(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second cancellation arrives while the file is closed. The file is free when `open` returns."""
    for passes in range(6):
        await cancel_twice_while_opening(SqliteJournal(path).open(""), monkeypatch, passes)
        async with open_journal(path) as again:
            await again.record_intents([intent(0)])


async def test_close_completes_when_cancelled(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, disk = await open_on_slow_disk(path, monkeypatch)

    async def close() -> None:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await journal.close()

    async with anyio.create_task_group() as group:
        group.start_soon(journal.record_intents, [intent(0)])
        await disk.busy()
        group.start_soon(journal.record_intents, [intent(1)])
        await anyio.wait_all_tasks_blocked()
        group.start_soon(close)
        await anyio.wait_all_tasks_blocked()
        disk.release(9)
    monkeypatch.undo()
    async with open_journal(path) as again:
        assert [await again.find_entry(index) for index in range(2)] == [intent(0), intent(1)]
