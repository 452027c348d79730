"""Invalid arguments raise an error that names vendor, method and field, before any request."""

from __future__ import annotations

from typing import Any

import pytest
from anyio import to_thread
from fakes import VENDORS, FakeTransport, book_over

import crossbook
from crossbook import AddressBook, Contact, CrossbookError, InvalidInputError, UnsupportedError, UsageError
from crossbook.registry import load_vendor
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.people import minimal_contact

pytestmark = pytest.mark.anyio


async def refused(book: AddressBook, call: Any) -> CrossbookError:
    async def call_async() -> None:
        await call()

    with pytest.raises((InvalidInputError, UnsupportedError)) as caught:
        await call_async()
    assert (caught.value.vendor, caught.value.sent) == (book.profile.vendor, "no")
    assert caught.value.operation is not None
    return caught.value


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


async def test_invalid_contacts_refused(vendor: str, profile: VendorProfile, transport: FakeTransport) -> None:
    async with book_over(vendor, transport) as book:
        for contact in (None, {"phone": "+48500600700"}, "+48500600700"):
            error = await refused(book, lambda contact=contact: book.contacts.create(contact))  # type: ignore[misc]
            assert (error.field, error.operation) == ("contact", "contacts.create")
        for fields in ("tax_id", ["tax_id"], 5):
            values = {name: getattr(minimal_contact(profile), name) for name in minimal_contact(profile).known_fields}
            groups = ("1",) if profile.single_group else None
            odd = Contact(**values | {"groups": groups}, fields=fields)  # type: ignore[arg-type]
            assert (await refused(book, lambda odd=odd: book.contacts.create(odd))).field == "fields"  # type: ignore[misc]
    assert not transport.sent


def test_invalid_groups_refused() -> None:
    with pytest.raises(InvalidInputError, match="group ids") as caught:
        Contact(groups=5)  # type: ignore[arg-type]
    assert caught.value.field == "groups"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fields": None}, "fields"), ({"fields": {}}, "fields"), ({"fields": "tax_id"}, "fields"),
        ({"groups": 5}, "groups"), ({"opted_out": None}, "opted_out"),
    ],
)  # fmt: skip
async def test_invalid_changes_refused(vendor: str, transport: FakeTransport, changes: Any, field: str) -> None:
    async with book_over(vendor, transport) as book:
        error = await refused(book, lambda: book.contacts.update("1", **changes))
        assert (error.field, error.operation) == (field, "contacts.update")
        # `update` has no such option.
        assert "on_unsupported_field" not in error.message
    assert not transport.sent


async def test_changed_opt_out_refused(vendor: str, profile: VendorProfile, transport: FakeTransport) -> None:
    async with book_over(vendor, transport) as book:
        error = await refused(book, lambda: book.contacts.update("1", opted_out=frozenset()))
        fix = "call contacts.unsubscribe or contacts.resubscribe" if profile.channels else "leave it out"
        assert error.message.endswith(f"cannot store opted_out: {fix}")
    assert not transport.sent


async def test_clear_unsupported_field_refused(vendor: str, profile: VendorProfile, transport: FakeTransport) -> None:
    if profile.extra_fields is None:
        return
    async with book_over(vendor, transport) as book:
        error = await refused(book, lambda: book.contacts.update("1", fields={"shoe": None}))
        assert error.field == "fields.shoe"
    assert not transport.sent


async def test_update_created_at_refused(transport: FakeTransport) -> None:
    async with book_over("vercom", transport) as book:
        with pytest.raises(InvalidInputError, match="with a new contact only"):
            await book.contacts.update("1", created_at=None)  # type: ignore[call-arg]


async def test_unsupported_list_filters_refused(vendor: str, profile: VendorProfile, transport: FakeTransport) -> None:
    async with book_over(vendor, transport) as book:
        if not profile.sorts:
            assert (await refused(book, lambda: book.contacts.list(descending=True))).field == "sort"
        if "archived" in profile.filters:
            error = await refused(book, lambda: book.contacts.list(archived="yes"))  # type: ignore[arg-type]
            assert error.field == "archived"
        for name in {"search", "phone", "email", "external_id"} - set(profile.filters):
            assert (await refused(book, lambda name=name: book.contacts.list(**{name: "x"}))).field == name  # type: ignore[misc]
        assert (await refused(book, lambda: book.contacts.list(page_size=0))).field == "page_size"
        assert (await refused(book, lambda: book.contacts.list(after="zzz"))).field == "after"
    assert not transport.sent


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"timeout": None}, "timeout"), ({"connect_timeout": None}, "connect_timeout"),
        ({"read_timeout": "5"}, "read_timeout"), ({"max_attempts": None}, "max_attempts"),
        ({"max_attempts": 1.5}, "max_attempts"), ({"max_attempts": True}, "max_attempts"),
        ({"max_response_bytes": 1.5}, "max_response_bytes"), ({"on_attempt": 5}, "on_attempt"),
        ({"rate": "10"}, "rate"), ({"default_region": "Poland"}, "default_region"),
        ({"default_region": "pl"}, "default_region"), ({"default_region": ["PL"]}, "default_region"),
    ],
)  # fmt: skip
def test_invalid_options_refused(vendor: str, options: Any, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        book_over(vendor, FakeTransport(), **options)
    assert caught.value.field == field


@pytest.mark.parametrize("name", ["curl", None, 5])
def test_unknown_transport_refused(name: Any) -> None:
    with pytest.raises(InvalidInputError, match="httpx, httpx2") as caught:
        crossbook.Vercom("a", "b", transport=name)
    assert caught.value.field == "transport"


@pytest.mark.parametrize("vendor", [name for name in VENDORS if not load_vendor(name).profile.single_group])
def test_default_group_without_effect_refused(vendor: str) -> None:
    with pytest.raises(InvalidInputError, match="has no effect") as caught:
        book_over(vendor, FakeTransport(), default_group="1")
    assert caught.value.field == "default_group"


@pytest.mark.parametrize("name", [None, ["vercom"], "Vercom"])
def test_unknown_vendor_refused(name: Any) -> None:
    with pytest.raises(InvalidInputError, match="serwersms, atom, filemail, vercom"):
        crossbook.open(name)


def test_unknown_brand_refused() -> None:
    for brand in ("RedLink", ["redlink"], None):
        with pytest.raises(InvalidInputError, match="emaillabs, messageflow, redlink"):
            crossbook.Vercom("a", "b", brand=brand)  # type: ignore[arg-type]


async def test_open_book_outside_event_loop(vendor: str, transport: FakeTransport) -> None:
    async with book_over(vendor, transport) as book:
        await to_thread.run_sync(outside, book)


def outside(book: AddressBook) -> None:
    for call in (book.contacts.list, book.groups.list, lambda: book.contacts.create_many([])):
        with pytest.raises(UsageError, match="event loop"):
            call()


async def test_closed_book_error_suggests_fix(vendor: str, transport: FakeTransport) -> None:
    async with book_over(vendor, transport) as book:
        pass
    with pytest.raises(UsageError, match="make a new book"):
        await book.contacts.get("1")


@pytest.mark.parametrize("account", [5, b"eu", ["eu"]])
def test_invalid_account_name_refused(vendor: str, account: Any) -> None:
    with pytest.raises(InvalidInputError, match="name of an account") as caught:
        load_vendor(vendor).from_env(account)
    assert (caught.value.vendor, caught.value.field) == (vendor, "account")


def test_allow_http_as_text_refused(vendor: str, transport: FakeTransport) -> None:
    with pytest.raises(InvalidInputError) as caught:
        book_over(vendor, transport, base_url="http://vendor.example.com", allow_http="false")
    assert (caught.value.vendor, caught.value.field) == (vendor, "allow_http")


async def test_with_contacts_as_text_refused(vendor: str, transport: FakeTransport) -> None:
    async with book_over(vendor, transport) as book:
        error = await refused(book, lambda: book.groups.delete("1", with_contacts="false"))  # type: ignore[arg-type]
        assert (error.field, error.operation) == ("with_contacts", "groups.delete")
    assert not transport.sent
