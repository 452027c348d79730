"""What every journal that is stored must do, whatever its database. A subclass with `reopen` runs these tests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from attrs import evolve
from journals import HEADING, done, intent

from crossbook.journal import Journal, JournalEntry, StoredRun

FULL = JournalEntry(
    3, "księga-7", "9c1d", "77aa", "done", 1700000000.25, ("1", "2"), 2, "failed", "17",
    {"kind": "RejectedError", "message": "no", "status": 200, "retry_after": None, "candidates": ["1"]},
    ("company",), ("mobile",),
)  # fmt: skip
Reopen = Callable[[], AbstractAsyncContextManager[tuple[Journal, StoredRun | None]]]


class JournalConformance:
    """The tests. The fixture `reopen` opens the same run again, in a new journal, and closes it at the end."""

    async def test_entries_and_checkpoints_are_read_back(self, reopen: Reopen) -> None:
        async with reopen() as (journal, stored):
            assert stored is None
            await journal.begin(HEADING)
            await journal.record_intents([intent(3), intent(4, key="77aa", id="17")])
            assert await journal.find_entry(3) == intent(3)
            await journal.record_outcomes([FULL])
            await journal.checkpoint("page-2", 100)
            await journal.checkpoint("page-1", 50)
        async with reopen() as (journal, stored):
            assert stored == StoredRun(HEADING, "begun", empty=False)
            assert await journal.find_entry(3) == FULL
            assert await journal.find_entry(5) is None
            assert list(await journal.find_entries(0, 4)) == [FULL]
            assert (await journal.find_owner("17"), await journal.find_owner("18")) == (3, None)
            assert (await journal.find_key("77aa"), await journal.find_key("0")) == (3, None)
            assert await journal.find_checkpoints() == (("page-1", 50), ("page-2", 100))

    async def test_run_has_key_and_state(self, reopen: Reopen) -> None:
        async with reopen() as (journal, _):
            await journal.begin(HEADING)
        other = evolve(HEADING, base_url="https://other.example.com")
        async with reopen() as (journal, stored):
            assert stored == StoredRun(HEADING, "begun", empty=True)
            await journal.begin(other)
            await journal.record_outcomes([done(0, id="1")])
            await journal.finish(1)
        async with reopen() as (journal, stored):
            assert stored == StoredRun(other, "finished", empty=False)

    async def test_find_last_written_ignores_skipped_and_failed(self, reopen: Reopen) -> None:
        async with reopen() as (journal, _):
            await journal.begin(HEADING)
            assert await journal.find_last_written("77aa") is None
            await journal.record_outcomes([done(index, key="77aa", status="updated") for index in (1, 4)])
            await journal.record_outcomes([done(5, key="77aa", status="skipped"), done(6, key="77aa", status="failed")])
            await journal.record_intents([intent(7, key="77aa")])
            await journal.record_outcomes([done(8, key="77bb", status="updated")])
            assert await journal.find_last_written("77aa") == 4

    async def test_find_owner_follows_last_entry(self, reopen: Reopen) -> None:
        async with reopen() as (journal, _):
            await journal.begin(HEADING)
            await journal.record_intents([intent(2, key="k", id="1"), intent(5, key="k", id="1")])
            await journal.record_outcomes([done(2, key="j", id="2")])
            assert (await journal.find_owner("1"), await journal.find_key("k"), await journal.find_key("j")) == (
                5,
                5,
                2,
            )
            await journal.record_outcomes([done(5, key="k", id="1", status="skipped")])
            assert await journal.find_owner("1") is None

    async def test_find_first_open(self, reopen: Reopen) -> None:
        async with reopen() as (journal, _):
            await journal.begin(HEADING)
            for entries, first in (
                ([], 0), ([done(1)], 0), ([done(0)], 2), ([intent(2), done(3)], 2), ([done(5)], 2), ([done(2)], 4),
            ):  # fmt: skip
                await journal.record_outcomes(entries)
                assert await journal.find_first_open() == first

    async def test_find_first_uncertain(self, reopen: Reopen) -> None:
        async with reopen() as (journal, _):
            await journal.begin(HEADING)
            assert await journal.find_first_uncertain() is None
            for entries, first in (
                ([done(0, status="uncertain")], 0), ([done(0)], None), ([intent(1)], None),
                ([done(3, status="uncertain")], 3),
                ([done(2, status="uncertain")], 2), ([done(2, status="skipped")], 3),
            ):  # fmt: skip
                await journal.record_outcomes(entries)
                assert await journal.find_first_uncertain() == first

    async def test_samples_are_last_comparable_entries(self, reopen: Reopen) -> None:
        async with reopen() as (journal, _):
            await journal.begin(HEADING)
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
