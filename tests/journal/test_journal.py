"""Test that a journal returns what was written, by the name of its run, and serves one run at a time."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve
from journals import HEADING, done, intent, open_journal

from crossbook import InvalidInputError, JournalBusyError, UsageError
from crossbook.journal import Journal, JournalEntry, MemoryJournal, SqliteJournal, StoredRun

pytestmark = pytest.mark.anyio

FULL = JournalEntry(
    3, "księga-7", "9c1d", "77aa", "done", 1700000000.25, ("1", "2"), 2, "failed", "17",
    {"kind": "RejectedError", "message": "no", "status": 200, "retry_after": None, "candidates": ["1"]},
    ("company",), ("mobile",),
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "import.sqlite"


async def test_entries_and_checkpoints_are_read_back(path: Path) -> None:
    async with open_journal(path) as journal:
        await journal.record_intents([intent(3), intent(4, key="77aa", id="17")])
        assert await journal.find_entry(3) == intent(3)
        await journal.record_outcomes([FULL])
        await journal.checkpoint("page-2", 100)
        await journal.checkpoint("page-1", 50)
    async with open_journal(path) as journal:
        assert await journal.find_entry(3) == FULL
        assert await journal.find_entry(5) is None
        assert (await journal.find_owner("17"), await journal.find_owner("18")) == (3, None)
        assert (await journal.find_key("77aa"), await journal.find_key("0")) == (3, None)
        assert await journal.find_checkpoints() == (("page-1", 50), ("page-2", 100))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


async def test_find_last_written_ignores_skipped_and_failed(path: Path) -> None:
    async with open_journal(path) as journal:
        assert await journal.find_last_written("77aa") is None
        await journal.record_outcomes([done(index, key="77aa", status="updated") for index in (1, 4)])
        await journal.record_outcomes([done(5, key="77aa", status="skipped"), done(6, key="77aa", status="failed")])
        await journal.record_intents([intent(7, key="77aa")])
        await journal.record_outcomes([done(8, key="77bb", status="updated")])
        assert await journal.find_last_written("77aa") == 4


async def test_find_first_open(path: Path) -> None:
    async with open_journal(path) as journal:
        for entries, first in (
            ([], 0), ([done(1)], 0), ([done(0)], 2), ([intent(2), done(3)], 2), ([done(5)], 2), ([done(2)], 4),
        ):  # fmt: skip
            await journal.record_outcomes(entries)
            assert await journal.find_first_open() == first


async def test_find_first_uncertain(path: Path) -> None:
    async with open_journal(path) as journal:
        assert await journal.find_first_uncertain() is None
        for entries, first in (
            ([done(0, status="uncertain")], 0), ([done(0)], None), ([intent(1)], None),
            ([done(3, status="uncertain")], 3),
            ([done(2, status="uncertain")], 2), ([done(2, status="skipped")], 3),
        ):  # fmt: skip
            await journal.record_outcomes(entries)
            assert await journal.find_first_uncertain() == first
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


async def test_samples_are_last_comparable_entries(path: Path) -> None:
    async with open_journal(path) as journal:
        assert list(await journal.find_samples(3)) == []
        fit = [
            done(index, key="k", id=str(index), status=status)
            for index, status in enumerate(("created", "updated", "unchanged", "skipped"))
        ]
        await journal.record_outcomes(
            [*fit, done(4, key="k"), done(5, id="5"), done(6, key="k", id="6", status="failed")]
        )
        await journal.record_intents([intent(7, key="k", id="7", status="created")])
        assert list(await journal.find_samples(3)) == [fit[3], fit[2], fit[1]]
        assert list(await journal.find_samples(9)) == fit[::-1]


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
