"""Recorded response bodies of Filemail, with members in varying case, read by the adapter."""

from __future__ import annotations

from typing import Any

import pytest
from fakes import FakeTransport, book_of_samples, book_over, reply, sample

from crossbook import AddressBook, Contact, errors

pytestmark = pytest.mark.anyio

BUSINESS = "1c12267ae0244adf956bf80788b4f4da"
COWORKERS = "86e24d651c494b28bacda061d56f85f9"


def answered(*names: str, status: int = 200) -> AddressBook:
    book: AddressBook = book_of_samples("filemail", names, status)
    return book


@pytest.mark.parametrize("name", ["contacts-get", "contacts-get-capital"])
async def test_list_member_in_any_case(name: str) -> None:
    async with answered(name) as book:
        page = await book.contacts.list()
        (group,) = await book.contacts.groups_of("1000658322")
    assert page.cursor is None
    assert page.items == (Contact(id="1000658322", email="john.doe@example.com", name="John Doe", groups=(BUSINESS,)),)
    assert (group.id, group.name) == (BUSINESS, "Business Contacts")
    assert page.items[0].known_fields == {"id", "email", "name", "groups"}


async def test_empty_list_with_capital_member() -> None:
    async with answered("contacts-get-empty") as book:
        assert await book.contacts.list() == await book.contacts.list()
        assert [contact async for contact in book.contacts.list()] == []
        with pytest.raises(errors.NotFoundError):
            await book.contacts.get("1")


async def test_odd_list_keeps_every_row() -> None:
    async with answered("contacts-get-odd") as book:
        odd, poor = (await book.contacts.list()).items
    assert (odd.id, odd.name, odd.email, odd.groups) == ("17", None, "a@example.com", ("", BUSINESS))
    assert (odd.phone, "phone" in odd.known_fields) == (None, False), "it is never shown, so it is not believed"
    assert (poor.id, poor.groups, "email" in poor.known_fields) == ("18", None, False)


async def test_missing_list_not_read_as_empty() -> None:
    async with answered("done") as book:
        for listing in (book.contacts.list, book.groups.list):
            with pytest.raises(errors.InvalidResponseError, match="has no"):
                await listing()


async def test_writes() -> None:
    async with answered("contacts-add") as book:
        assert (await book.contacts.create(Contact(name="Anna Nowak", email="anna@example.com"))).id == "1000658323"
    async with answered("done") as book:
        await book.contacts.update("1000658323", name="Anna")
        await book.contacts.delete("1000658323")
        await book.groups.rename(COWORKERS, "Colleagues")
        await book.groups.add(COWORKERS, "1000658323")
        await book.groups.remove(COWORKERS, "1000658323")
        await book.groups.delete(COWORKERS)
        with pytest.raises(errors.InvalidResponseError, match="id"):
            await book.contacts.create(Contact(name="Anna Nowak", email="anna@example.com"))


@pytest.mark.parametrize("name", ["group-get", "group-get-capital"])
async def test_group_responses_with_either_status_member(name: str) -> None:
    async with answered(name) as book:
        assert [(group.id, group.name) async for group in book.groups.list()] == [(COWORKERS, "Coworkers")]
        assert (await book.groups.get(COWORKERS)).name == "Coworkers"


@pytest.mark.parametrize("name", ["group-add", "group-add-all"])
async def test_new_group_read_from_array(name: str) -> None:
    """The array may have all other groups too."""
    async with answered(name) as book:
        assert (await book.groups.create("Coworkers")).id == COWORKERS


async def test_last_group_with_name_is_new() -> None:
    """The response may have all groups, which is not documented."""
    ids = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)
    rows = [
        {"contactgroupid": id, "contactgroupname": name} for id, name in zip(ids, ("A", "B", "A", "B"), strict=True)
    ]
    async with book_over("filemail", FakeTransport(reply({"responsestatus": "OK", "Groups": rows}))) as book:
        assert (await book.groups.create("A")).id == "c" * 32


@pytest.mark.parametrize(
    ("name", "kind", "code", "field"),
    [
        ("error-1002", errors.NotFoundError, "1002", None),
        ("error-1003", errors.AuthError, "1003", None),
        ("error-1004", errors.RejectedError, "1004", "email"),
        ("error-2001", errors.AuthError, "2001", None),
        ("error-bare", errors.RejectedError, None, None),
    ],
)
@pytest.mark.parametrize("status", [200, 404, 500])
async def test_error_code_overrides_status(
    name: str, status: int, kind: type[errors.CrossbookError], code: str | None, field: str | None
) -> None:
    async with answered(name, status=status) as book:
        with pytest.raises(errors.CrossbookError) as caught:
            await book.contacts.delete("1000658323")
    error = caught.value
    by_status = {200: errors.RejectedError, 404: errors.NotFoundError, 500: errors.VendorUnavailableError}
    assert type(error) is (kind if code else by_status[status])
    assert (error.code, error.field, error.status, error.sent) == (code, field, status, "yes")


async def test_login_token_member_lower_case() -> None:
    transport = FakeTransport(sample("filemail", "login"), sample("filemail", "contacts-get"), logins=False)
    async with book_over("filemail", transport) as book:
        assert len((await book.contacts.list()).items) == 1
    assert transport.targets[1].endswith("logintoken=0123456789abcdef0123456789abcdef")


@pytest.mark.parametrize("body", [b"", b"OK", b"<xml/>", b"[]", b"{}", b'{"contacts":[]}'])
async def test_foreign_bodies_recognized(body: bytes) -> None:
    async with book_over("filemail", FakeTransport(reply(body)), max_attempts=1) as book:
        with pytest.raises(errors.InvalidResponseError):
            await book.contacts.list()


async def test_list_filtered_by_group_and_email() -> None:
    listed = [
        {"contactid": "1", "email": "Anna@example.com", "groups": [{"contactgroupid": "g1"}, None]},
        None,
        {"contactid": "2", "email": "anna@example.com", "groups": []},
        {"contactid": "3", "email": None, "groups": [{"contactgroupid": "g1"}]},
        {"contactid": "4"},
    ]
    async with book_over("filemail", FakeTransport(reply({"responsestatus": "OK", "contacts": listed}))) as book:

        async def ids(**filters: Any) -> list[str]:
            return [contact.id async for contact in book.contacts.list(page_size=1, **filters)]

        assert await ids() == ["1", "2", "3", "4"]
        assert await ids(group="g1") == ["1", "3"]
        assert await ids(email=" anna@EXAMPLE.com") == ["1", "2"]
        assert await ids(group="g1", email="anna@example.com") == ["1"]
        assert await ids(group="g2") == []
