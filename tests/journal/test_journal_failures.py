"""Test a full or failing disk: every later call fails, and intents that were recorded before are in the file."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from journals import HEADING, done, intent, open_journal

from crossbook import CrossbookError
from crossbook.journal import SqliteJournal

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "import.sqlite"


async def test_failed_sync_fails_all_later_calls(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    async with open_journal(path) as journal:
        await journal.record_intents([intent(0)])
        monkeypatch.setattr(os, "fsync", fsync)
        async with anyio.create_task_group() as group:
            for index in (1, 2):
                group.start_soon(assert_refused, journal.record_intents, [intent(index)])
        monkeypatch.undo()
        await assert_refused(journal.record_outcomes, [done(0)])
        await assert_refused(journal.find_entry, 0)
    async with open_journal(path) as again:
        assert await again.find_entry(0) == intent(0)


async def test_invalid_row_fails_all_calls_of_its_commit(path: Path) -> None:
    ended: list[type[Exception]] = []

    async def write_intent(index: int, attempts: int) -> None:
        try:
            await journal.record_intents([intent(index, attempts=attempts)])
        except (CrossbookError, OverflowError) as error:
            ended.append(type(error))

    async with open_journal(path) as journal:
        async with anyio.create_task_group() as group:
            for index, attempts in enumerate((1, 1 << 64, 1)):
                group.start_soon(write_intent, index, attempts)
        assert len(ended) == 3
    async with open_journal(path) as again:
        assert [await again.find_entry(index) for index in range(3)] == [None] * 3


async def test_failed_sync_in_close_raises_and_closes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    journal = SqliteJournal(path)
    await journal.open("")
    await journal.begin(HEADING)
    await journal.record_intents([intent(0)])
    await journal.record_outcomes([done(0)])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(CrossbookError, match="the disk or its file system refused"):
            await journal.close()
    async with open_journal(path) as again:
        assert await again.find_entry(0) == done(0)


async def assert_refused(method: Callable[..., Any], value: object) -> None:
    with pytest.raises(CrossbookError, match="cannot be written: the disk is full"):
        await method(value)


async def test_full_disk_keeps_recorded_intents(path: Path) -> None:
    async with open_journal(path) as journal:
        await journal.record_intents([intent(0)])
        journal._file._run_now(lambda db: db.execute("pragma max_page_count = 12").fetchall())
        with pytest.raises(CrossbookError, match="the disk is full"):
            await journal.record_intents([intent(index, item_key="r" * 500) for index in range(1, 200)])
        await assert_refused(journal.record_intents, [intent(1)])
    async with open_journal(path) as again:
        assert [await again.find_entry(index) for index in (0, 1)] == [intent(0), None]
