"""Recorded response bodies of Atom, read by the adapter."""

from __future__ import annotations

from typing import Any

import pytest
from fakes import FakeTransport, book_of_samples, book_over, reply

from crossbook import AddressBook, Contact, errors

pytestmark = pytest.mark.anyio


def answered(*names: str, status: int = 200, **headers: Any) -> AddressBook:
    book: AddressBook = book_of_samples("atom", names, status, **headers)
    return book


async def test_get_contact_reads_nested_result() -> None:
    async with answered("contact-detail") as book:
        found = await book.contacts.get("1")
    assert found == Contact(
        id="1", phone="+61491570006", first_name="John", last_name="Doe", name="John Doe", company="ABC Inc.",
        fields={f"custom_{number}": f"Custom Data {number}" for number in range(1, 5)},
    )  # fmt: skip
    assert "groups" not in found.known_fields


async def test_odd_contact_read_tolerantly() -> None:
    async with answered("contact-detail-odd") as book:
        found = await book.contacts.get("1")
    assert (found.id, found.phone, found.name, found.company) == ("1", "1234567890", None, None)
    assert found.fields == {"custom_1": "5"}


async def test_writes_with_ids_as_text() -> None:
    async with answered("contact-new") as book:
        assert (await book.contacts.create(Contact(phone="0491 570 006"))).id == "123456"
        assert (await book.contacts.update("123456", company="ABC")).id == "123456"
        await book.contacts.delete("123456")
    async with answered("address-book-new") as book:
        assert (await book.groups.create("Friends")).id == "1"
    async with answered("address-book-edit") as book:
        await book.groups.rename("123456", "Old friends")
    async with answered("address-book-detail", "address-book-delete") as book:
        await book.groups.delete("1", with_contacts=True)


async def test_read_lists() -> None:
    async with answered("address-book-list", "address-book-detail") as book:
        listed = [contact async for contact in book.contacts.list()]
    assert [(contact.id, contact.phone, contact.name, contact.groups) for contact in listed] == [
        ("1", "+61491570006", "John Doe", ("1",)), ("2", "1234567890", "Zoë", ("1",))
    ]  # fmt: skip
    assert all("company" not in contact.known_fields and contact.company is None for contact in listed)
    async with answered("address-book-list-odd", "address-book-detail-odd") as book:
        (odd,) = [contact async for contact in book.contacts.list()]
    assert (odd.id, odd.phone, "first_name" in odd.known_fields) == ("7", "+61491570156", False)
    async with answered("address-book-list-odd") as book:
        assert [(group.id, group.name) async for group in book.groups.list()] == [("1", "2026")]


async def test_array_instead_of_object_is_invalid_response() -> None:
    """PHP encodes an empty object as an empty array."""
    async with answered("result-of-php") as book:
        assert [group async for group in book.groups.list()] == []
        for call in (book.contacts.get("1"), book.groups.get("1"), book.contacts.create(Contact(phone="0491 570 006"))):
            with pytest.raises(errors.InvalidResponseError, match="has no"):
                await call


@pytest.mark.parametrize(
    ("name", "status", "kind", "code", "field"),
    [
        ("error-403", 403, errors.AuthError, "forbidden", None),
        ("error-429", 429, errors.RateLimitError, "rate_limited", None),
        ("error-in-200", 200, errors.RejectedError, "invalid_request", "phone"),
        ("error-of-text", 200, errors.RejectedError, None, None),
        ("error-of-text", 500, errors.VendorUnavailableError, None, None),
        ("error-of-text", 404, errors.NotFoundError, None, None),
        ("error-bare", 200, errors.RejectedError, None, None),
        ("error-bare", 403, errors.AuthError, None, None),
    ],
)
async def test_error_status_overrides_code(
    name: str, status: int, kind: type, code: str | None, field: str | None
) -> None:
    async with answered(name, status=status, retry_after="3") as book:
        with pytest.raises(kind) as caught:
            await book.contacts.get("1")
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.code, error.field, error.sent) == (status, code, field, "yes")
    assert error.retry_after == 3
    assert "345 678" not in str(error)


@pytest.mark.parametrize("body", [b"", b"Forbidden", b"<html>Forbidden</html>", b"[]", b"null", b'"no"', b"\xff\xfe"])
async def test_any_error_body_tolerated(body: bytes) -> None:
    for status, kind in (
        (403, errors.AuthError),
        (429, errors.RateLimitError),
        (500, errors.VendorUnavailableError),
        (200, errors.InvalidResponseError),
    ):
        async with book_over("atom", FakeTransport(reply(body, status)), max_attempts=1) as book:
            with pytest.raises(kind) as caught:
                await book.contacts.get("1")
            assert (type(caught.value), caught.value.status) == (kind, status)
