"""Test what ends a batch early, repeated keys, and fields that the vendor cannot store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from batch_helpers import get_match_key, people, person, run_batch, statuses, stored
from local_vendor import LocalVendor

from crossbook import AmbiguousMatchError, AuthError, Contact, InvalidInputError, UnsupportedError, UsageError
from crossbook._http.request import TransportResponse
from crossbook.vendor import VendorProfile

pytestmark = pytest.mark.anyio


async def group_of(book: Any) -> str:
    return str((await book.groups.create("Friends")).id)


async def test_on_error_stop_begins_nothing_more(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    async with local_vendor.book() as book:
        group = await group_of(book)
        source = [person(profile, n, group) if n != 3 else Contact() for n in range(200)]
        batch = book.contacts.create_many(source, on_error="stop", concurrency=2, ordered=True)
        results = await run_batch(batch)
        # A native call takes all items. Elsewhere only items in flight are completed.
        assert results[3].status == "failed"
        if profile.capability("contacts.create").bulk_size == 1:
            assert len(results) <= 6
            assert batch.summary.stopped == "input 3 failed (on_error='stop')"
        assert statuses(results)["created"] == len(results) - 1 == len(local_vendor.contacts())


async def test_stop_completes_items_in_flight() -> None:
    local_vendor = LocalVendor("atom")
    async with local_vendor.book() as book:
        batch = book.contacts.create_many(people(book.profile, 200, await group_of(book)), concurrency=4)
        results = []
        async with batch as run:
            async for result in run:
                results.append(result)
                run.stop("enough")
    assert statuses(results) == {"created": len(local_vendor.contacts())}
    assert 1 <= len(results) < 200
    assert batch.summary.stopped == "enough"


@pytest.mark.parametrize(("most", "failed"), [(None, 20), (0, 1), (1, 1), (5, 5)])
async def test_max_failures(local_vendor: LocalVendor, profile: VendorProfile, most: int | None, failed: int) -> None:
    async with local_vendor.book() as book:
        source = [Contact()] * 20
        summary = await book.contacts.create_many(source, max_failures=most, concurrency=1).run()
        if profile.capability("contacts.create").bulk_size == 1:
            assert summary.counts == {"failed": failed}
        assert (summary.stopped is None) == (most is None)


async def test_awaited_batch_says_what_to_write(local_vendor: LocalVendor) -> None:
    async with local_vendor.book() as book:
        batch: Any = book.contacts.create_many([])
        with pytest.raises(UsageError, match=r"write `summary = await batch.run\(\)`"):
            await batch


async def test_refused_credentials_stop_the_batch(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    async with local_vendor.book(concurrency=2) as book:
        group = await group_of(book)

        async def refuse(*_: Any) -> TransportResponse:
            body = b'{"errorcode":2008,"status":0,"error":{"code":1001},"errors":[{}],"meta":{}}'
            return TransportResponse(403, {"content-type": "application/json"}, body)

        local_vendor.choose_fault = lambda operation: refuse
        results = await run_batch(book.contacts.create_many(people(profile, 5000, group), concurrency=2))
        assert {type(result.error) for result in results} == {AuthError}
        assert len(results) <= 2 * profile.capability("contacts.create").bulk_size
        assert local_vendor.count["createContact"] + local_vendor.count["createContacts"] <= 2


async def test_repeated_key_of_existing_contact(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    match = get_match_key(profile)
    async with local_vendor.book() as book:
        group = await group_of(book)
        twice = [person(profile, n // 2, group) for n in range(20)]
        results = await run_batch(book.contacts.create_many(twice, match=match, on_duplicate="skip", ordered=True))
        assert [result.status for result in results] == ["created", "skipped"] * 10
        results = await run_batch(book.contacts.create_many(twice, match=match, on_duplicate="error", ordered=True))
        assert {type(result.error) for result in results} == {InvalidInputError}
        results = await run_batch(book.contacts.create_many(twice, match=match, on_duplicate="update", ordered=True))
        assert statuses(results) == {"unchanged": 20}
        results = await run_batch(book.contacts.create_many(twice, match=match, ordered=True))
        assert statuses(results) == {"created": 20}
        assert len(await stored(book)) == 30
        results = await run_batch(book.contacts.upsert_many(twice, match=match, ordered=True))
        assert {type(result.error) for result in results} == {AmbiguousMatchError}


@pytest.mark.parametrize("on_duplicate", ["update", "skip", "error"])
@pytest.mark.parametrize("verb", ["create_many", "upsert_many"])
async def test_repeated_key_of_new_contact(
    local_vendor: LocalVendor, profile: VendorProfile, verb: str, on_duplicate: Any
) -> None:
    match = get_match_key(profile)
    name = "name" if profile.name_format == "full" else "last_name"
    async with local_vendor.book() as book:
        group = await group_of(book)
        source = [person(profile, n % 10, group, **{name: f"Version {n // 10}"}) for n in range(30)]
        batch = getattr(book.contacts, verb)(source, match=match, on_duplicate=on_duplicate, ordered=True)
        found = statuses(await run_batch(batch))
        assert found == {"created": 10, {"update": "updated", "skip": "skipped", "error": "failed"}[on_duplicate]: 20}
        # The last input wins, or the first, whichever request was faster.
        version = 2 if on_duplicate == "update" else 0
        there = await stored(book)
        assert len(there) == 10
        assert all((contact.name or "").endswith(f"Version {version}") for contact in there)


async def test_several_matches_are_listed_in_error(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    match = get_match_key(profile)
    async with local_vendor.book() as book:
        group = await group_of(book)
        twins = await run_batch(book.contacts.create_many([person(profile, 1, group)] * 2))
        for batch in (
            book.contacts.upsert_many([person(profile, 1, group)], match=match),
            book.contacts.create_many([person(profile, 1, group)], match=match, on_duplicate="update"),
        ):
            (result,) = await run_batch(batch)
            assert isinstance(result.error, AmbiguousMatchError)
            assert sorted(result.error.candidates) == sorted(twin.id or "" for twin in twins)


async def test_item_after_refused_one_is_no_duplicate(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    match = get_match_key(profile)
    async with local_vendor.book() as book:
        group = await group_of(book)
        bad = person(profile, 1, "999999999" if profile.vendor != "filemail" else "f" * 32)
        results = await run_batch(
            book.contacts.create_many([bad, person(profile, 1, group)], match=match, on_duplicate="skip", ordered=True)
        )
        # Filemail creates the contact, and then refuses the group.
        half = profile.vendor == "filemail"
        assert [result.status for result in results] == ["failed", "skipped" if half else "created"]
        (contact,) = await stored(book)
        assert results[0].id == (contact.id if half else None)


async def test_failed_update_has_the_contact_id(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    name = "name" if profile.name_format == "full" else "last_name"

    async def refuse(*_: Any) -> TransportResponse:
        return TransportResponse(400, {"content-type": "application/json"}, b"{}")

    async with local_vendor.book() as book:
        (created,) = await run_batch(book.contacts.create_many(people(profile, 1, await group_of(book))))
        local_vendor.choose_fault = lambda operation: refuse if operation.startswith("update") else None
        (result,) = await run_batch(book.contacts.update_many([(created.id or "", {name: "New"})]))
    assert (result.status, result.id) == ("failed", created.id)


async def test_contact_without_match_key_fails(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    match = get_match_key(profile)
    keyless = person(profile, 1, **{match: None})
    async with local_vendor.book() as book:
        for batch in (
            book.contacts.upsert_many([keyless], match=match),
            book.contacts.create_many([keyless], match=match, on_duplicate="skip"),
        ):
            (result,) = await run_batch(batch)
            assert isinstance(result.error, InvalidInputError)
            assert result.error.field == match or profile.single_group


@pytest.mark.parametrize("vendor", ["vercom"])
async def test_create_without_key_and_policy_is_written(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """Without `on_duplicate` the key is needed only if a response is lost, so that it may be missing."""
    async with local_vendor.book() as book:
        (result,) = await run_batch(book.contacts.create_many([person(profile, 1, phone=None)], match="phone"))
    assert (result.status, len(local_vendor.contacts())) == ("created", 1)


async def test_phone_without_country_fails_with_advice(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    if "phone" not in profile.match_keys:
        pytest.skip(f"{profile.title} is not matched by phone")
    async with local_vendor.book() as book:
        invalid = person(profile, 1, await group_of(book), phone="1234567")
        (result,) = await run_batch(book.contacts.upsert_many([invalid], match="phone"))
    advice = f"phone is not a valid number of region {profile.default_region}: write +<country><number>"
    assert advice in str(result.error)


async def test_on_unsupported_field(local_vendor: LocalVendor, profile: VendorProfile, tmp_path: Path) -> None:
    async with local_vendor.book() as book:
        group = await group_of(book)
        rich = person(profile, 1, group, fields={"custom_1": "x", "nickname": "y"})
        results = await run_batch(book.contacts.create_many([rich]))
        if profile.extra_fields is None:
            assert results[0].dropped_fields == ()
            return
        assert isinstance(results[0].error, InvalidInputError)
        lost = results[0].dropped_fields
        assert "fields.nickname" in lost
        options: dict[str, Any] = {
            "on_unsupported_field": "drop",
            "journal": tmp_path / "import.sqlite",
            "ordered": True,
        }
        for replayed in (False, True):
            batch = book.contacts.create_many([rich, person(profile, 2, group)], **options)
            results = await run_batch(batch)
            assert [(result.status, result.dropped_fields) for result in results] == [
                ("created", lost),
                ("created", ()),
            ]
            assert {result.replayed for result in results} == {replayed}
            assert batch.summary.dropped_fields == dict.fromkeys(lost, 1)


async def test_suppressed_contact_is_skipped(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    async with local_vendor.book() as book:
        group = await group_of(book)
        off = person(profile, 1, group)
        off = Contact(**{name: getattr(off, name) for name in off.known_fields}, opted_out=frozenset({"sms"}))
        on = Contact(**{name: getattr(off, name) for name in off.known_fields - {"opted_out"}}, opted_out=frozenset())
        batch = book.contacts.create_many([off, on], ordered=True)
        results = await run_batch(batch)
        assert [(result.status, result.dropped_fields) for result in results] == [
            ("skipped", ("opted_out",)), ("created", ()),
        ]  # fmt: skip
        assert batch.summary.dropped_fields == {"opted_out": 1}


@pytest.mark.parametrize("vendor", ["vercom"])
@pytest.mark.parametrize(
    "options",
    [
        {"on_error": "retry"}, {"concurrency": 0}, {"concurrency": True}, {"max_failures": -1}, {"settle_timeout": "1"},
        {"settle_timeout": float("inf")}, {"on_duplicate": "skip"}, {"match": "phone", "on_duplicate": "merge"},
        {"colour": "red"}, {"on_unsupported_field": "ignore"}, {"item_key": "phone"}, {"progress": 5}, {"run": 5},
        {"journal": 5}, {"dry_run": "false"}, {"ordered": 0}, {"on_opted_out": "include"}, {"on_opted_out": True},
        {"item_key": anyio.sleep}, {"progress": anyio.sleep},
    ],
)  # fmt: skip
async def test_invalid_options_are_refused(local_vendor: LocalVendor, options: Any) -> None:
    async with local_vendor.book() as book:
        with pytest.raises(InvalidInputError) as caught:
            book.contacts.create_many([], **options)
        assert caught.value.field in {*options, "match"}
        for match in ("name", ["phone"]):
            with pytest.raises(UnsupportedError, match="phone, email, external_id"):
                book.contacts.create_many([], match=match)  # type: ignore[arg-type]
        with pytest.raises(InvalidInputError, match="phone, email, external_id"):
            book.contacts.upsert_many([], match=None)  # type: ignore[arg-type]
        with pytest.raises(InvalidInputError, match="on_duplicate must be one of 'skip', 'update', 'error'"):
            book.contacts.upsert_many([], match="phone", on_duplicate=None)  # type: ignore[arg-type]


async def test_batch_without_enter_raises(local_vendor: LocalVendor) -> None:
    async with local_vendor.book() as book:
        with pytest.raises(UsageError, match="async with"), anyio.fail_after(60):
            await anext(book.contacts.create_many([]))


async def test_item_errors_name_the_operation(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    async with local_vendor.book() as book:
        for batch, verb in (
            (book.contacts.create_many([Contact()]), "contacts.create"),
            (book.contacts.update_many([("no id!", {"phone": "1"})]), "contacts.update"),
            (book.contacts.delete_many(["no id!"]), "contacts.delete"),
        ):
            (result,) = await run_batch(batch)
            assert result.error is not None
            assert (result.error.vendor, result.error.operation) == (profile.vendor, verb)
