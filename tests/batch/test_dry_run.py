"""Test that a dry run reads, decides and estimates, and writes nothing to the vendor or to a journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from batch_helpers import get_match_key, people, person, run_batch, statuses
from local_vendor import LocalVendor

from crossbook import Contact, InvalidInputError
from crossbook.vendor import VendorProfile

pytestmark = pytest.mark.anyio

WRITES = {"create", "update", "delete", "add", "remove", "unsubscribe", "resubscribe"}


def written(local_vendor: LocalVendor) -> int:
    return sum(count for name, count in local_vendor.count.items() if any(name.startswith(verb) for verb in WRITES))


@pytest.mark.parametrize("match", [False, True], ids=["plain", "matched"])
async def test_dry_create_estimates_the_real_run(
    local_vendor: LocalVendor, profile: VendorProfile, match: bool, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"match": get_match_key(profile), "on_duplicate": "update"} if match else {}
    group = local_vendor.group()
    async with local_vendor.book(rate=200) as book:
        await run_batch(book.contacts.create_many(people(profile, 5, group)))
        before = written(local_vendor)
        name = "name" if profile.name_format == "full" else "last_name"
        source = [
            *people(profile, 20, group), Contact(), person(profile, 3, group, **{name: "X"}),
            person(profile, 30, group), person(profile, 30, group, **{name: "Y"}),
        ]  # fmt: skip
        journal = tmp_path / "import.sqlite"
        batch = book.contacts.create_many(source, dry_run=True, ordered=True, journal=journal, **options)
        results = await run_batch(batch)
        dry = batch.summary
        assert written(local_vendor) == before
        assert not await anyio.Path(journal).exists()
        assert dry.dry_run
        assert all(result.attempts == 0 for result in results)
        real = book.contacts.create_many(source, ordered=True, journal=journal, **options)
        assert [result.status for result in await run_batch(real)] == [result.status for result in results]
        assert dry.requests == pytest.approx(real.summary.requests, rel=0.1)
        assert dry.seconds == pytest.approx(dry.requests / 200)
        assert dry.counts == real.summary.counts
        assert set(dry.steps) == {"contacts.create", *(["contacts.find"] if match else [])}
        assert "would be" in str(dry)
        assert all(verb in str(dry) for verb in dry.steps)


@pytest.mark.parametrize("vendor", ["vercom"])
@pytest.mark.parametrize("options", [{}, {"match": "email"}], ids=["without match", "with match"])
async def test_dry_run_names_inputs_per_call(local_vendor: LocalVendor, options: dict[str, Any]) -> None:
    """Looking inputs up does not make the calls smaller."""
    source = people(local_vendor.book().profile, 20)
    async with local_vendor.book() as book:
        dry = await book.contacts.create_many(source, dry_run=True, **options).run()
        assert dry.steps["contacts.create"] == "native, 1,000 at once"
        await run_batch(book.contacts.create_many(source, concurrency=1, **options))
        assert local_vendor.count["createContacts"] == 1
        if options:
            dry = await book.contacts.upsert_many(source, match="email", dry_run=True).run()
            assert dry.steps["contacts.update"].startswith("native, 1,000 at once (")


async def test_dry_run_names_unsupported_fields(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    group = local_vendor.group()
    rich = person(profile, 1, group, fields={"nickname": "y"})
    async with local_vendor.book() as book:
        summary = await book.contacts.create_many([rich, person(profile, 2, group)], dry_run=True).run()
    if profile.extra_fields is None:
        assert summary.counts == {"created": 2}
        return
    assert summary.counts == {"failed": 1, "created": 1}
    assert summary.dropped_fields == {"fields.nickname": 1}
    assert "the vendor cannot store: fields.nickname (1)" in str(summary)
    assert isinstance(summary.failures[0].error, InvalidInputError)


async def test_dry_run_of_other_operations(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    group = local_vendor.group()
    name = "name" if profile.name_format == "full" else "last_name"
    async with local_vendor.book() as book:
        ids = [result.id or "" for result in await run_batch(book.contacts.create_many(people(profile, 10, group)))]
        local_vendor.count.clear()
        batches: list[Any] = [
            book.contacts.delete_many(ids, dry_run=True),
            book.contacts.delete_many(book.contacts.list(), dry_run=True),
            book.contacts.update_many([(id, {name: "X"}) for id in ids], dry_run=True),
            book.contacts.upsert_many(
                [person(profile, n, group, **{name: "X"}) for n in range(12)],
                match=get_match_key(profile),
                dry_run=True,
            ),
        ]
        if profile.capability("groups.add").support != "unsupported":
            batches.append(book.groups.add_many([(group, id) for id in ids], dry_run=True))
        found = [statuses(await run_batch(batch)) for batch in batches]
        assert found[:4] == [{"deleted": 10}, {"deleted": 10}, {"updated": 10}, {"updated": 10, "created": 2}]
        assert written(local_vendor) == 0
        assert len(local_vendor.contacts()) == 10
