"""Test `kill -9`: all intents that were recorded are in the journal, and the next process resumes it."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
from journals import child, done, intent, open_journal, read_line

KILLS = 4


def test_recorded_intents_survive_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "import.sqlite"
    rng = random.Random(4)
    intended: set[int] = set()
    for kill in range(KILLS):
        with child(path, "write", ("asyncio", "trio")[kill % 2]) as writer:
            assert read_line(writer) == "open"
            for _ in range(rng.randrange(1, 1200)):
                intended.add(int(read_line(writer)))
            writer.kill()
            assert writer.stdout
            intended.update(int(line) for line in writer.stdout if line.endswith("\n"))
        anyio.run(check, path, intended)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    assert len(intended) > 1000


async def check(path: Path, intended: set[int]) -> None:
    async with open_journal(path) as journal:
        first = await journal.find_first_open()
        for index in range(max(intended) + 1):
            key = f"{index * 7919 % 10007:x}"
            entry = await journal.find_entry(index)
            if entry is None:
                assert index not in intended
                assert index >= first
            else:
                settled = done(index, id=str(index))
                assert entry in (intent(index, key=key), settled)
                assert entry == settled or index >= first
