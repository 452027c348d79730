"""Test random faults and interruptions: each input has one result, and each contact is written once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from typing import Any

import anyio
import pytest
from attrs import frozen
from batch_helpers import get_match_key, person
from call_faults import UNKNOWN, no_connection, too_many
from dict_journal import DictJournal
from hypothesis import given, settings
from hypothesis import strategies as st
from local_vendor import Answer, LocalVendor, Run
from virtual import virtually

from crossbook import Contact
from crossbook._batch.results import Result
from crossbook.vendor import VendorProfile

SETTLE = 2.0
LATE = 1.5
FAULTS = [*UNKNOWN, no_connection, too_many]


@frozen
class Story:
    """What happens in one example.

    Args:
        keys: the inputs' match keys, small numbers; two inputs with the same number share a key.
        before: keys of contacts that exist before.
        cuts: virtual seconds after which a run is interrupted; the last run is not.
        faults: the probability of a fault in a call.
    """

    vendor: str
    verb: str
    keys: list[int]
    before: list[int]
    cuts: list[float]
    faults: float
    seed: int
    ordered: bool
    concurrency: int
    source: str


STORIES = st.builds(
    Story,
    vendor=st.sampled_from(["serwersms", "atom", "filemail", "vercom"]),
    verb=st.sampled_from(["create", "plain", "skip", "upsert", "update", "delete"]),
    keys=st.integers(0, 40).flatmap(lambda count: st.lists(st.integers(0, 12), min_size=count, max_size=count)),
    before=st.lists(st.integers(0, 12), max_size=6),
    cuts=st.integers(0, 4).flatmap(lambda count: st.lists(st.floats(0.0, 8.0), min_size=count, max_size=count)),
    faults=st.sampled_from([0.0, 0.1, 0.4]),
    seed=st.integers(0, 2**32),
    ordered=st.booleans(),
    concurrency=st.integers(1, 5),
    source=st.sampled_from(["list", "generator", "slow"]),
)


class FaultyNetwork:
    """Delay each call, and apply random faults. A run that is interrupted during a call does not get its response."""

    def __init__(self, story: Story) -> None:
        self._dice = random.Random(story.seed)
        self._faults = story.faults
        self.clear = False

    def __call__(self, operation: str) -> Any:
        return None if self.clear else self._call

    async def _call(self, local_vendor: LocalVendor, run: Run) -> Answer:
        dice = self._dice
        try:
            await anyio.sleep(dice.random() * 0.4)
        except BaseException:
            if dice.random() < 0.5:
                local_vendor.later(dice.random() * LATE, run)
            raise
        if dice.random() < self._faults:
            answer: Answer = await dice.choice(FAULTS)(local_vendor, run)
        else:
            answer = run()
        await anyio.sleep(dice.random() * 0.4)
        return answer


class StoryRun:
    """Run one story, from its first run to its last."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.local_vendor = LocalVendor(story.vendor)
        self.group = self.local_vendor.group()
        self.weather = FaultyNetwork(story)
        self.journal = DictJournal()
        self.taken = self.read = 0

    def someone(self, profile: VendorProfile, who: str, key: int) -> Contact:
        name = (
            {"name": who}
            if profile.name_format == "full"
            else {"first_name": who.split()[0], "last_name": who.split()[1]}
        )
        return person(profile, key, self.group, **name)

    async def source(self, items: list[Any]) -> AsyncIterator[Any]:
        for item in items:
            if self.story.source == "slow":
                await anyio.sleep(0.1)
            self.taken += 1
            yield item

    async def items(self, book: Any) -> list[Any]:
        story = self.story
        if story.verb in ("update", "delete"):
            ids = [
                (await book.contacts.create(self.someone(book.profile, f"P {n}", n))).id for n in range(len(story.keys))
            ]
            name = "name" if book.profile.name_format == "full" else "last_name"
            return ids if story.verb == "delete" else [(id, {name: f"Changed {at}"}) for at, id in enumerate(ids)]
        for at, key in enumerate(story.before):
            await book.contacts.create(self.someone(book.profile, f"Before {at}", key))
        return [self.someone(book.profile, f"P {at}", key) for at, key in enumerate(story.keys)]

    def batch(self, book: Any, items: list[Any], **options: Any) -> Any:
        story, match = self.story, get_match_key(book.profile)
        options |= {
            "journal": self.journal, "settle_timeout": SETTLE, "ordered": story.ordered,
            "concurrency": story.concurrency,
        }  # fmt: skip
        self.taken = self.read = 0
        source: Any = items if story.source == "list" else self.source(items)
        match story.verb:
            case "update":
                return book.contacts.update_many(source, **options)
            case "delete":
                return book.contacts.delete_many(source, **options)
            case "upsert":
                return book.contacts.upsert_many(source, match=match, **options)
            case "skip":
                return book.contacts.create_many(source, match=match, on_duplicate="skip", **options)
            case "create":
                return book.contacts.create_many(source, match=match, **options)
            case _:
                return book.contacts.create_many(source, **options)

    async def run(self, batch: Any) -> list[Result]:
        """Read a batch to its end, and check its limits."""
        results: list[Result] = []
        async with batch as run:
            async for result in run:
                results.append(result)
                self.read += 1
                chunk = 1000 if self.story.vendor == "vercom" else 1
                assert self.taken - self.read <= max(64, 3 * self.story.concurrency * chunk)
        return results

    async def run_all(self) -> list[Result]:
        story, local_vendor = self.story, self.local_vendor
        self.weather.clear = True
        local_vendor.choose_fault = self.weather
        async with local_vendor.book(concurrency=16) as book:
            items = await self.items(book)
            self.weather.clear, local_vendor.peak = False, 0
            for cut in story.cuts:
                with anyio.move_on_after(cut):
                    await self.run(self.batch(book, items))
            results: list[Result] = []
            for _ in range(20):
                results = await self.run(self.batch(book, items))
                assert [result.index for result in sorted_by(results, story.ordered)] == list(range(len(items)))
                if self.journal.finished is not None:
                    break
            else:
                raise AssertionError(f"never finished: {Counter(result.status for result in results)}")
            assert local_vendor.peak <= story.concurrency
            before = local_vendor.count.total()
            assert [result.status for result in sorted_by(await self.run(self.batch(book, items)))] == [
                result.status for result in sorted_by(results)
            ]
            assert local_vendor.count.total() == before
            await anyio.sleep(LATE)
            local_vendor.settle()
            return sorted_by(results)

    def check(self, results: list[Result]) -> None:
        story = self.story
        rows = self.local_vendor.contacts()
        there = Counter(row["name"] or f"{row['first_name']} {row['last_name']}" for row in rows)
        statuses = Counter(result.status for result in results)
        if story.verb == "delete":
            assert (rows, statuses.keys() - {"deleted"}) == ([], set())
            return
        if story.verb == "update":
            assert statuses.keys() <= {"updated"}
            assert len(rows) == len(story.keys)
            assert all("Changed" in name for name in there)
            return
        allowed = {
            "create": {"created", "uncertain"}, "plain": {"created", "uncertain"},
            "skip": {"created", "skipped", "uncertain"},
            "upsert": {"created", "updated", "unchanged", "failed", "skipped"},
        }[story.verb]  # fmt: skip
        assert statuses.keys() <= allowed, [result for result in results if result.status not in allowed]
        ids = [result.id for result in results if result.status == "created"]
        assert len(ids) == len(set(ids))
        if story.verb == "upsert":
            # At most one contact for each key, apart from those that existed before.
            assert len(rows) <= len(set(story.keys) | set(story.before)) + len(story.before) - len(set(story.before))
            for result in results:
                assert (result.status == "failed") == (story.before.count(story.keys[result.index]) > 1)
            return
        for result in results:
            who = f"P {result.index}"
            times = there[who]
            assert times <= 1, f"{who} is doubled"
            if result.status in ("created", "skipped"):
                assert times == (result.status == "created"), f"{who} is lost"
        if story.verb in ("create", "skip"):
            assert not statuses["uncertain"]
        assert sum(there.values()) == len(story.before) + sum(there[f"P {at}"] for at in range(len(results)))


def sorted_by(results: Iterable[Result], as_they_are: bool = False) -> list[Result]:
    return list(results) if as_they_are else sorted(results, key=lambda result: result.index)


def check_story(story: Story) -> None:
    run = StoryRun(story)
    run.check(virtually(run.run_all))


@settings(max_examples=60)
@given(STORIES)
def test_stories(story: Story) -> None:
    check_story(story)


@pytest.mark.slow
@settings(max_examples=1000)
@given(STORIES)
def test_a_thousand_stories(story: Story) -> None:
    check_story(story)
