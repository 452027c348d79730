"""Recorded response bodies of Vercom, read by the adapter."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from crossbook_wire.vercom import models
from fakes import FakeTransport, book_of_samples, book_over, reply, sample

from crossbook import Contact, Vercom, errors
from crossbook.vendor import parse_rows

pytestmark = pytest.mark.anyio


def answered(*names: str, status: int = 200, **headers: str) -> Vercom:
    book: Vercom = book_of_samples("vercom", names, status, **headers)
    return book


@pytest.mark.parametrize("name", ["contacts", "contacts-full-date"])
async def test_read_contact(name: str) -> None:
    async with answered(name) as book:
        found = await book.contacts.get("123")
    assert found == Contact(
        id="123", external_id="crm-17", email="anna@example.com", phone="+48500600700", first_name="Anna",
        last_name="Żółw", name="Anna Żółw", company="ABC", archived=False, fields={"shoe size": 40},
        created_at=datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC),
    )  # fmt: skip
    assert "opted_out" not in found.known_fields


async def test_odd_list_keeps_every_row() -> None:
    async with answered("contacts-odd") as book:
        odd, poor = (await book.contacts.list()).items
    assert (odd.id, odd.external_id, odd.phone, odd.archived, odd.fields) == ("123", "7", "+48500600700", True, {})
    assert (odd.created_at, poor.created_at) == (None, None)
    assert (poor.id, "phone" in poor.known_fields) == ("124", False)


@pytest.mark.parametrize("name", ["contacts-empty", "contacts-none"])
async def test_404_read_as_empty_list(name: str) -> None:
    async with answered(name, status=404) as book:
        assert [contact async for contact in book.contacts.list()] == []
        assert [group async for group in book.groups.list()] == []
        assert await book.contacts.groups_of("123") == ()
        assert await book.contacts.find(phone="+48500600700") is None
        with pytest.raises(errors.NotFoundError):
            await book.contacts.get("123")
        for call in (book.contacts.delete("123"), book.segments.get("15")):
            with pytest.raises(errors.NotFoundError):
                await call


async def test_missing_list_not_read_as_empty() -> None:
    async with answered("contacts-none") as book:
        with pytest.raises(errors.InvalidResponseError, match="has no data"):
            await book.contacts.list()


async def test_writes() -> None:
    async with answered("written") as book:
        assert (await book.contacts.create(Contact(phone="+48500600700"))).id == "123"
        assert (await book.contacts.update("123", company="ABC")).id == "123"
        await book.contacts.delete("123")
        await book.contacts.unsubscribe("123", "all")
    async with answered("written-groups") as book:
        assert (await book.groups.create("Friends")).id == "3381"
    async with answered("contacts-empty") as book:
        with pytest.raises(errors.InvalidResponseError, match="id"):
            await book.contacts.create(Contact(phone="+48500600700"))


@pytest.mark.parametrize("status", [207, 422])
async def test_refused_write_single_and_bulk(status: int) -> None:
    async with answered("written-207" if status == 207 else "error-422", status=status) as book:
        for call in (book.contacts.create(Contact(phone="+48500600700")), book.contacts.delete("123")):
            with pytest.raises(errors.RejectedError) as caught:
                await call
            error = caught.value
            assert (error.code, error.field, error.status, error.sent) == ("E-1-001", "phone", status, "yes")
            assert error.request_id == "00d928f759"
            assert "Validation error" in error.message
            assert "anna@example.com" not in str(error)


@pytest.mark.parametrize("many", [False, True])
async def test_207_errors_hide_personal_data(many: bool) -> None:
    """Its errors quote the values that were sent, as other errors do."""
    meta = {"parameter": "Example-Smith", "source": "crm-17"}
    problem = {"title": "Invalid", "message": "Example-Smith is no lastName", "code": "E-1-001", "meta": meta}
    body = {"meta": {"status": 207}, "data": [{"id": "8", "externalId": "crm-18"}], "errors": [problem]}
    person, other = (
        Contact(external_id=f"crm-{each}", phone="+48500600700", last_name="Example-Smith") for each in (17, 18)
    )
    async with book_over("vercom", FakeTransport(reply(json.dumps(body).encode(), 207)), max_attempts=1) as book:
        if many:
            error = (await book.contacts.create_many([person, other]).run()).failures[0].error
        else:
            with pytest.raises(errors.RejectedError) as caught:
                await book.contacts.create(person)
            error = caught.value
    assert isinstance(error, errors.RejectedError)
    assert "Invalid" in error.message
    assert "Smith" not in f"{error!r} {error} {error.field} {error.code}"


async def test_207_matched_to_each_item() -> None:
    async with answered("written-207", status=207) as book:
        new = [models.NewContact(externalId=key, phoneNumber="12ab") for key in ("crm-17", "crm-18")]
        response = await book.wire.contacts.create_contacts(new)
    assert [row.id for row in parse_rows(response.data, models.WrittenContact) or () if row] == ["124"]
    assert [row.code for row in parse_rows(response.errors, models.Problem) or () if row] == ["E-1-001"]


@pytest.mark.parametrize(
    ("name", "status", "kind", "code", "request_id"),
    [
        ("error-401", 401, errors.AuthError, "E-0-004", None),
        ("error-404", 404, errors.NotFoundError, "E-0-404", "00d928f759"),
        ("error-422", 400, errors.RejectedError, "E-1-001", "00d928f759"),
        ("error-422", 500, errors.VendorUnavailableError, "E-1-001", "00d928f759"),
        ("error-422", 200, errors.RejectedError, "E-1-001", "00d928f759"),
        ("error-odd", 400, errors.RejectedError, None, None),
    ],
)
async def test_read_errors(
    name: str, status: int, kind: type[errors.CrossbookError], code: str | None, request_id: str | None
) -> None:
    async with answered(name, status=status) as book:
        with pytest.raises(errors.CrossbookError) as caught:
            await book.segments.get("15")
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.code, error.request_id, error.operation) == (status, code, request_id, "getSegment")


async def test_read_groups_fields_and_segments() -> None:
    async with answered("groups", "contacts-empty") as book:
        (group,) = [group async for group in book.groups.list()]
        assert (group.id, group.name, group.description) == ("3380", "Wszystkie Kontakty", None)
        assert (group.external_id, group.created_at) == ("ALLCONTACTS", datetime(2019, 2, 25, 16, 7, 48, tzinfo=UTC))
    async with answered("fields", "contacts-empty") as book:
        assert [(field.id, field.name) async for field in book.fields.list()] == [("5", "shoe size")]
    async with answered("segments", "contacts-empty") as book:
        assert [(segment.id, segment.name) async for segment in book.segments.list()] == [("15", "With a phone")]
    async with answered("segment") as book:
        assert (await book.segments.get("15")).count == 42


async def test_202_is_vendor_unavailable() -> None:
    transport = FakeTransport(
        sample("vercom", "segment-202", 202, retry_after="0", expires="Thu, 01 Jan 2026 00:00:00 GMT"),
        sample("vercom", "segment"),
    )
    async with book_over("vercom", transport, max_attempts=1) as book:
        assert isinstance(book, Vercom)
        assert (await book.segments.get("15")).count == 42
    assert len(transport.sent) == 2
