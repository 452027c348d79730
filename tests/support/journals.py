"""Make entries and journals for tests, and run a process that writes a journal until it is killed."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
import python_path
from attrs import evolve

from crossbook.journal import JournalEntry, RunKey, SqliteJournal, _sqlite_file

HEADING = RunKey("atom", "contacts.create_many", "phone", "https://sms.example.com", "", "5f3a", b"k" * 32, None)


def intent(index: int, **more: Any) -> JournalEntry:
    return evolve(JournalEntry(index, None, f"{index:04x}", None, "intent", 1.0), **more)


def done(index: int, **more: Any) -> JournalEntry:
    return intent(index, **{"state": "done", "status": "created", **more})


@asynccontextmanager
async def open_journal(path: Path, run: str = "") -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(path)
    stored = await journal.open(run)
    try:
        if stored is None:
            await journal.begin(HEADING)
        yield journal
    finally:
        await journal.close()


class SlowDisk:
    """Make each sync wait until it is released."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._begun, self._released = threading.Semaphore(0), threading.Semaphore(0)
        monkeypatch.setattr(os, "fsync", self._sync)

    def _sync(self, _: int) -> None:
        self._begun.release()
        assert self._released.acquire(timeout=60)

    def release(self, count: int = 1) -> None:
        self._released.release(count)

    async def busy(self) -> None:
        assert await anyio.to_thread.run_sync(self._begun.acquire, True, 60)


class SlowOpening:
    """Make the opening of a journal's file wait, in its thread, until it is released."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._begun, self._released = threading.Event(), threading.Event()
        self._connect = _sqlite_file.connect
        monkeypatch.setattr(_sqlite_file, "connect", self._slowly)

    def _slowly(self, path: Path) -> tuple[sqlite3.Connection, int]:
        self._begun.set()
        assert self._released.wait(60)
        return self._connect(path)

    def release(self) -> None:
        self._released.set()

    async def begun(self) -> None:
        assert await anyio.to_thread.run_sync(self._begun.wait, 60)


async def cancel_twice_while_opening(
    opener: Coroutine[Any, Any, Any], monkeypatch: pytest.MonkeyPatch, passes: int
) -> None:
    """Cancel a task that opens a journal, and again after `passes` passes of the loop, while the file is closed.

    The next opener of the file does not wait for its lock.
    """
    file = SlowOpening(monkeypatch)
    task = asyncio.create_task(opener)
    await file.begun()
    task.cancel()
    for _ in range(passes):
        await asyncio.sleep(0)
    file.release()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    monkeypatch.undo()
    monkeypatch.setattr(_sqlite_file, "_LOCK_TIMEOUT", 0)


_CHILD = """
import sys
from pathlib import Path
import anyio
import crossbook.journal._sqlite_file as _sqlite_file
from crossbook import JournalBusyError
from journals import HEADING, done, intent
from crossbook.journal import SqliteJournal

def say(*words):
    print(*words, flush=True)

async def main():
    journal = SqliteJournal(sys.argv[2])
    try:
        if await journal.open("") is None:
            await journal.begin(HEADING)
    except JournalBusyError:
        return say("busy")
    say("open")
    if sys.argv[3] == "hold":
        return sys.stdin.read()
    _sqlite_file._LOG_LIMIT = 300_000
    indices = iter(range(await journal.find_first_open(), 10**9))

    async def work():
        for index in indices:
            entry = await journal.find_entry(index)
            if entry is None:
                await journal.record_intents([intent(index, key=f"{index * 7919 % 10007:x}")])
                say(index)
            if entry is None or entry.state == "intent":
                await journal.record_outcomes([done(index, id=str(index))])

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(work)

if sys.argv[3] == "hold":
    say("ready")
    sys.stdin.readline()
anyio.run(main, backend=sys.argv[1])
"""


@contextmanager
def child(path: Path, does: str, backend: str = "asyncio") -> Iterator[subprocess.Popen[str]]:
    """Run a process with the journal: `write` writes until it is killed; `hold` opens it after a line on stdin."""
    process = subprocess.Popen(
        [sys.executable, "-c", _CHILD, backend, str(path), does],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": python_path.prepend(Path(__file__).parent),
        },
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def send_line(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()
