"""Test that a journal returns what was written, by the name of its run, and serves one run at a time."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from attrs import evolve
from journal_conformance import JournalConformance, Reopen
from journals import HEADING, done, intent, open_journal

from crossbook import InvalidInputError, JournalBusyError, UsageError
from crossbook.journal import Journal, MemoryJournal, SqliteJournal, StoredRun

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "import.sqlite"


class TestSqlite(JournalConformance):
    @pytest.fixture
    def reopen(self, path: Path) -> Reopen:
        @asynccontextmanager
        async def reopen() -> AsyncIterator[tuple[Journal, StoredRun | None]]:
            journal = SqliteJournal(path)
            try:
                yield journal, await journal.open("")
            finally:
                await journal.close()

        return reopen


async def test_closed_journal_is_one_file(path: Path) -> None:
    async with open_journal(path) as journal:
        await journal.record_intents([intent(3)])
    assert [file.name for file in path.parent.iterdir()] == [path.name]


async def test_find_first_uncertain_of_its_run(path: Path) -> None:
    async with open_journal(path) as journal:
        await journal.record_outcomes([done(3, status="uncertain")])
    async with open_journal(path, "again") as journal:
        await journal.record_outcomes([done(0)])
        assert await journal.find_first_uncertain() is None


async def test_runs_have_names_and_states(path: Path) -> None:
    journal = SqliteJournal(path)
    assert await journal.open("") is None
    await journal.begin(HEADING)
    await journal.record_outcomes([done(0, id="1")])
    await journal.finish(1)
    await journal.close()
    other = evolve(HEADING, operation="contacts.delete_many", tag=b"tag")
    assert await journal.open("again") is None
    await journal.begin(other)
    assert (await journal.find_entry(0), await journal.find_owner("1"), await journal.find_first_open()) == (
        None,
        None,
        0,
    )
    await journal.close()
    assert await journal.open("") == StoredRun(HEADING, "finished", empty=False)
    assert await journal.find_entry(0) == done(0, id="1")
    await journal.close()
    assert await journal.open("again") == StoredRun(other, "begun", empty=True)
    await journal.begin(HEADING)
    await journal.checkpoint("page-1", 50)
    await journal.close()
    assert await journal.open("again") == StoredRun(HEADING, "begun", empty=False)
    await journal.close()


async def test_journal_serves_one_run_at_a_time(path: Path) -> None:
    async with open_journal(path) as journal:
        with pytest.raises(JournalBusyError):
            await journal.open("other")
        with pytest.raises(JournalBusyError, match="open in another run"):
            await SqliteJournal(path).open("other")
        await journal.record_intents([intent(0)])
    with pytest.raises(UsageError):
        await journal.record_intents([intent(1)])
    await journal.close()
    await SqliteJournal(path).close()


async def test_item_key_with_invalid_unicode_is_refused(path: Path) -> None:
    async with open_journal(path) as journal:
        with pytest.raises(InvalidInputError, match="item_key"):
            await journal.record_intents([intent(0), intent(1, item_key="\ud800")])
        assert await journal.find_entry(0) is None


@pytest.mark.parametrize("make", [SqliteJournal, lambda _: MemoryJournal()], ids=["file", "memory"])
async def test_memory_stays_flat(path: Path, make: Callable[[Path], Journal]) -> None:
    journal = make(path)
    await journal.open("")
    await journal.begin(HEADING)

    async def write(begin: int) -> None:
        for index in range(begin, begin + 2000):
            key = f"{index * 7919 % 1000003:x}"
            if await journal.find_key(key) is None:
                await journal.record_outcomes([done(index, key=key, id=str(index))])

    await write(0)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    await write(2000)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    await journal.close()
    assert grown < 50_000


async def test_memory_journal_finds_keys_and_ids(tmp_path: Path) -> None:
    journal = MemoryJournal()
    assert await journal.open("") is None
    await journal.begin(HEADING)
    await journal.record_intents([intent(7, key="k")])
    await journal.record_outcomes([done(9, key="k", id="1"), done(7, key="k", id="1"), done(8, id="2")])
    assert (await journal.find_key("k"), await journal.find_key("x")) == (7, None)
    assert (await journal.find_owner("1"), await journal.find_owner("2"), await journal.find_owner("3")) == (7, 8, None)
    await journal.record_outcomes([done(6, id="2"), evolve(done(5, id="1"), status="skipped")])
    assert (await journal.find_owner("1"), await journal.find_owner("2")) == (7, 6)  # a skipped item owns no id
    found = await journal.find_entry(7)
    assert found is not None
    assert (found.key, found.id) == ("k", "1")
    assert (await journal.find_first_open(), await journal.find_checkpoints()) == (0, ())
    await journal.close()
    await journal.close()


async def test_memory_journal_without_rows_is_empty() -> None:
    journal: Journal = MemoryJournal()
    assert await journal.open("") is None
    await journal.begin(HEADING)
    await journal.checkpoint("page", 1)
    await journal.finish(1)
    assert (await journal.find_entry(0), await journal.find_owner("1"), await journal.find_key("k")) == (
        None,
        None,
        None,
    )
    assert (await journal.find_checkpoints(), await journal.find_first_open(), await journal.find_samples(3)) == (
        (),
        0,
        (),
    )
    await journal.close()
