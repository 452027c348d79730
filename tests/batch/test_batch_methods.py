"""Test every batch method, on every vendor whose profile allows it."""

from __future__ import annotations

import pytest
from batch_helpers import get_match_key, people, person, run_batch, statuses, stored
from control import Server
from fakes import VENDORS

from crossbook import AddressBook, Contact, ExternalId, InvalidInputError, UnsupportedError
from crossbook.vendor import VendorProfile

pytestmark = pytest.mark.anyio

COUNT = 40


async def filled(book: AddressBook, group: str, count: int = COUNT) -> list[str]:
    results = await run_batch(book.contacts.create_many(people(book.profile, count, group), ordered=True))
    assert statuses(results) == {"created": count}
    return [result.id or "" for result in results]


async def test_create_many(book: AddressBook, profile: VendorProfile, group: str) -> None:
    contacts = people(profile, COUNT, group)
    results = await run_batch(book.contacts.create_many(contacts, item_key=lambda contact: contact.phone))
    assert statuses(results) == {"created": COUNT}
    assert sorted(result.index for result in results) == list(range(COUNT))
    assert all(result.item_key == contacts[result.index].phone and result.attempts == 1 for result in results)
    assert all(result.write_only_fields == (("phone",) if profile.vendor == "filemail" else ()) for result in results)
    there = {contact.id: contact for contact in await stored(book)}
    assert len(there) == COUNT
    for result in results:
        ours, theirs = contacts[result.index], there[result.id or ""]
        for name in ("phone", "email", "name" if profile.name_format == "full" else "first_name"):
            assert name not in theirs.known_fields or getattr(theirs, name) == getattr(ours, name)
    members = [contact.id async for contact in book.contacts.list(group=group)]
    assert sorted(members) == sorted(there)


@pytest.mark.parametrize("match", ["phone", "email", "external_id"])
async def test_upsert_many(book: AddressBook, profile: VendorProfile, group: str, match: str) -> None:
    def someone(number: int) -> Contact:
        return person(profile, number, group, external_id=f"crm-{number}")

    if match not in profile.match_keys:
        with pytest.raises(UnsupportedError, match="finds contacts only by"):
            book.contacts.upsert_many([], match=match)
        return
    contacts = [someone(number) for number in range(COUNT)]
    first = await run_batch(book.contacts.upsert_many(contacts[:30], match=match))
    assert statuses(first) == {"created": 30}
    ids = {result.index: result.id for result in first}
    changed = "name" if profile.name_format == "full" else "last_name"
    contacts[0] = person(profile, 0, group, external_id="crm-0", **{changed: "Changed"})
    second = await run_batch(book.contacts.upsert_many(contacts, match=match))
    assert statuses(second) == {"created": 10, "updated": 1, "unchanged": 29}
    assert all(result.id == ids.get(result.index, result.id) for result in second)
    there = await stored(book)
    assert len(there) == COUNT
    assert {contact.id: contact.name or "" for contact in there}[ids[0] or ""].endswith("Changed")


async def test_upsert_many_keeps_omitted_fields(book: AddressBook, profile: VendorProfile, group: str) -> None:
    match = get_match_key(profile)
    full = person(profile, 1, group)
    await run_batch(book.contacts.upsert_many([full], match=match))
    less = Contact(
        **{name: getattr(full, name) for name in ("phone", "email", "name", "groups") if getattr(full, name)}
    )
    assert statuses(await run_batch(book.contacts.upsert_many([less], match=match))) == {"unchanged": 1}
    (found,) = await stored(book)
    assert found.name == (full.name or f"{full.first_name} {full.last_name}")


async def test_upsert_many_reads_fields_missing_from_lookup(
    book: AddressBook, profile: VendorProfile, group: str
) -> None:
    """Atom's list does not contain the company, so that each contact is read."""
    match = get_match_key(profile)
    name = "company" if "company" in profile.contact_fields else "name"
    for value, status in (("ABC", "created"), ("ABC", "unchanged"), ("DEF", "updated")):
        (result,) = await run_batch(
            book.contacts.upsert_many([person(profile, 1, group, **{name: value})], match=match)
        )
        assert result.status == status
        assert getattr(await book.contacts.get(result.id or ""), name) == value


async def test_upsert_many_adds_groups_and_removes_none(book: AddressBook, profile: VendorProfile, group: str) -> None:
    other = (await book.groups.create("Others")).id
    match = get_match_key(profile)
    await run_batch(book.contacts.upsert_many([person(profile, 1, group)], match=match))
    (result,) = await run_batch(book.contacts.upsert_many([person(profile, 1, other)], match=match))
    assert result.status == "updated"
    groups = {found.id for found in await book.contacts.groups_of(result.id or "")}
    assert groups == ({other} if profile.single_group else {group, other})


async def test_update_many(book: AddressBook, profile: VendorProfile, group: str) -> None:
    ids = await filled(book, group)
    changed = "name" if profile.name_format == "full" else "last_name"
    changes = [(id, {changed: f"Changed {place}"}) for place, id in enumerate(ids)]
    results = await run_batch(book.contacts.update_many([*changes, (str(10**9), {changed: "X"})], ordered=True))
    assert statuses(results) == {"updated": COUNT, "failed": 1}
    assert [result.id for result in results[:-1]] == ids
    names = {contact.id: contact.name or "" for contact in await stored(book)}
    assert all(names[id].endswith(f"Changed {place}") for place, id in enumerate(ids))


async def test_update_many_by_external_id(server: Server, profile: VendorProfile, book: AddressBook) -> None:
    changes = [(ExternalId(f"crm-{number}"), {"company": f"Firm {number}"}) for number in range(5)]
    if profile.vendor != "vercom":
        results = await run_batch(book.contacts.update_many(changes))
        assert [type(result.error) for result in results] == [UnsupportedError] * 5
        return
    await run_batch(
        book.contacts.create_many([person(profile, number, external_id=f"crm-{number}") for number in range(4)])
    )
    await run_batch(book.contacts.create_many([person(profile, 4, external_id="crm-3")]))
    results = await run_batch(book.contacts.update_many(changes, ordered=True))
    # Two contacts have the external id of the fourth input, and no contact that of the fifth.
    assert [result.status for result in results] == ["updated"] * 3 + ["failed"] * 2
    assert [type(result.error).__name__ for result in results[3:]] == ["AmbiguousMatchError", "NotFoundError"]
    there = await stored(book)
    assert [contact.company for contact in there] == ["Firm 0", "Firm 1", "Firm 2", "Firm 3", "Firm 3"]
    assert [result.id for result in results[:3]] == [contact.id for contact in there[:3]]


async def test_update_many_of_groups(book: AddressBook, profile: VendorProfile, group: str) -> None:
    ids = await filled(book, group, 5)
    other = (await book.groups.create("Others")).id
    results = await run_batch(book.contacts.update_many([(id, {"groups": [other]}) for id in ids]))
    assert statuses(results) == {"updated": 5}
    for id in ids:
        assert {found.id for found in await book.contacts.groups_of(id)} == {other}


async def test_delete_many(book: AddressBook, group: str) -> None:
    ids = await filled(book, group)
    results = await run_batch(book.contacts.delete_many([*ids[5:], str(10**9)], ordered=True))
    assert [result.status for result in results[:-1]] == ["deleted"] * (COUNT - 5)
    if book.profile.capability("contacts.delete").read_back:
        assert results[-1].status == "deleted", "an array deleted the contact, or it did not exist before"
    else:
        assert type(results[-1].error).__name__ == "NotFoundError"
    assert [contact.id for contact in await stored(book)] == sorted(ids[:5])


async def test_delete_many_reads_list_to_end_first(book: AddressBook, group: str) -> None:
    await filled(book, group)
    other = (await book.groups.create("Others")).id
    if not book.profile.single_group:
        # A contact that is listed twice is deleted once.
        await book.groups.add(other, (await stored(book))[0].id)
    results = await run_batch(book.contacts.delete_many(book.contacts.list(group=None, page_size=7)))
    assert statuses(results) == {"deleted": COUNT}
    assert await stored(book) == []


async def test_groups_delete_many(book: AddressBook, profile: VendorProfile, group: str) -> None:
    before = {each.id async for each in book.groups.list()}  # Vercom's has a built-in group
    groups = [(await book.groups.create(f"Group {number}")).id for number in range(5)]
    results = await run_batch(book.groups.delete_many([*groups[:3], ".."], ordered=True))
    assert [result.status for result in results] == ["deleted"] * 3 + ["failed"]
    assert isinstance(results[3].error, InvalidInputError)
    assert results[3].error.field == "group"
    assert {each.id async for each in book.groups.list()} == {*before, *groups[3:]}
    if profile.capability("groups.delete:with_contacts").support == "unsupported":
        with pytest.raises(UnsupportedError, match="with_contacts"):
            book.groups.delete_many([], with_contacts=True)
    else:
        await filled(book, groups[3], 3)
        assert statuses(await run_batch(book.groups.delete_many(groups[3:4], with_contacts=True))) == {"deleted": 1}
        assert await stored(book) == []
    if not profile.all_contacts_group:
        assert set(statuses(await run_batch(book.groups.delete_many(book.groups.list(page_size=1))))) == {"deleted"}
        assert [each async for each in book.groups.list()] == []


async def test_groups_add_many_and_remove_many(book: AddressBook, profile: VendorProfile, group: str) -> None:
    if profile.capability("groups.add").support == "unsupported":
        for verb in (book.groups.add_many, book.groups.remove_many):
            with pytest.raises(UnsupportedError):
                verb([])
        return
    ids = await filled(book, group, 12)
    first, second = [(await book.groups.create(name)).id for name in ("First", "Second")]
    pairs = [(first, id) for id in ids] + [(second, id) for id in ids[:6]] + [(first, str(10**9))]
    results = await run_batch(book.groups.add_many(pairs, ordered=True))
    assert statuses(results) == {"done": 18, "failed": 1}
    for id, groups in zip(ids, [{group, first, second}] * 6 + [{group, first}] * 6, strict=True):
        assert {found.id for found in await book.contacts.groups_of(id)} == groups
    assert statuses(await run_batch(book.groups.remove_many(pairs[:-1]))) == {"done": 18}
    for id in ids:
        assert {found.id for found in await book.contacts.groups_of(id)} == {group}


@pytest.mark.parametrize("channel", ["sms", "all"])
async def test_unsubscribe_many_and_resubscribe_many(
    book: AddressBook, profile: VendorProfile, group: str, channel: str
) -> None:
    if profile.capability("contacts.unsubscribe").support == "unsupported":
        for verb in (book.contacts.unsubscribe_many, book.contacts.resubscribe_many):
            with pytest.raises(UnsupportedError):
                verb([], channel)
        return
    ids = await filled(book, group, 12)
    results = await run_batch(book.contacts.unsubscribe_many([*ids, str(10**9)], channel))
    assert statuses(results) == {"done": 12, "failed": 1}
    off = [contact.id async for contact in book.contacts.list(opted_out="sms")]
    assert sorted(off) == sorted(ids)
    assert statuses(await run_batch(book.contacts.resubscribe_many(book.contacts.list(opted_out="sms"), channel))) == {
        "done": 12
    }
    assert [contact async for contact in book.contacts.list(opted_out="sms")] == []


async def test_invalid_item_is_a_failed_result(book: AddressBook, profile: VendorProfile, group: str) -> None:
    good = person(profile, 1, group)
    results = await run_batch(book.contacts.create_many([None, good, Contact(), "text", 5], ordered=True))  # type: ignore[list-item]
    assert [result.status for result in results] == ["failed", "created", "failed", "failed", "failed"]
    assert {type(result.error) for result in results if result.error} == {InvalidInputError}
    results = await run_batch(book.contacts.update_many([None, ("x",), (1, 2), ("no id!", {}), (results[1].id, {})]))  # type: ignore[list-item]
    assert statuses(results) == {"failed": 5}
    results = await run_batch(book.contacts.delete_many(["..", None, 7, "1/2"]))  # type: ignore[list-item]
    assert {type(result.error) for result in results} == {InvalidInputError}
    with pytest.raises(InvalidInputError, match="iterable"):
        book.contacts.create_many(good)  # type: ignore[arg-type]


@pytest.mark.parametrize("vendor", VENDORS)
async def test_failing_item_key_fails_the_item(book: AddressBook, profile: VendorProfile, group: str) -> None:
    people = [person(profile, 1, group), None]
    results = await run_batch(
        book.contacts.create_many(people, item_key=lambda contact: contact.id or None, ordered=True)
    )  # type: ignore[list-item]
    assert [(result.status, result.item_key) for result in results] == [("created", None), ("failed", None)]
    assert results[1].error is not None
    assert (results[1].error.field, results[1].error.cause) == ("item_key", "AttributeError")
