"""Vercom only: two keys, external ids, segments, fields, channels, lists without a total."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from control import Server
from fakes import FakeTransport, book_over, reply

from crossbook import (
    AddressBook,
    AmbiguousMatchError,
    Contact,
    ExternalId,
    InvalidInputError,
    InvalidResponseError,
    NotFoundError,
    Pager,
    RejectedError,
    Vercom,
)
from crossbook._http.request import PreparedRequest, TransportResponse
from crossbook.vendor import VendorProfile
from crossbook.vendors.vercom import Field, Segment
from crossbook_testing.contract.people import full_contact

pytestmark = pytest.mark.anyio


@pytest.fixture
def vendor() -> str:
    return "vercom"


async def test_update_by_external_id(book: Vercom, profile: VendorProfile, group: str) -> None:
    created = await book.contacts.create(full_contact(profile))
    await book.contacts.create(full_contact(profile, 1))
    changed = await book.contacts.update(ExternalId("crm-0"), company="New", groups=[group])
    assert changed.id == created.id
    assert (await book.contacts.get(created.id)).company == "New"
    assert [contact.id async for contact in book.contacts.list(group=group)] == [created.id]
    assert (await book.contacts.update(ExternalId("crm-0"), groups=[])).id == created.id
    assert await book.contacts.groups_of(created.id) == ()
    for changes in ({"company": "New"}, {"groups": [group]}):
        with pytest.raises(NotFoundError):
            await book.contacts.update(ExternalId("unknown"), **changes)
    with pytest.raises(InvalidInputError, match="external_id"):
        await book.contacts.update(ExternalId("x" * 151), company="New")
    assert "crm-0" not in repr(ExternalId("crm-0"))


async def test_ambiguous_external_id_reported(book: Vercom) -> None:
    ids = [(await book.contacts.create(Contact(email="a@example.com", external_id="crm-0"))).id for _ in range(2)]
    for changes in ({"company": "New"}, {"groups": []}):
        with pytest.raises(AmbiguousMatchError) as caught:
            await book.contacts.update(ExternalId("crm-0"), **changes)
        assert set(caught.value.candidates) == set(ids)


@pytest.mark.parametrize("channel", ["sms", "email", "push", "all"])
async def test_unsubscribe_and_resubscribe(book: Vercom, profile: VendorProfile, channel: str) -> None:
    one, other = [(await book.contacts.create(full_contact(profile, number))).id for number in range(2)]
    await book.contacts.unsubscribe(one, channel)

    async def off() -> dict[str, list[str]]:
        return {each: [c.id async for c in book.contacts.list(opted_out=each)] for each in ("sms", "email", "push")}

    assert await off() == {each: [one] if channel in (each, "all") else [] for each in ("sms", "email", "push")}
    await book.contacts.unsubscribe(other, "all")
    await book.contacts.resubscribe(one, channel)
    assert await off() == {each: [other] for each in ("sms", "email", "push")}


async def test_unknown_channel_refused(book: Vercom, server: Server) -> None:
    for call in (book.contacts.unsubscribe("1", "fax"), book.contacts.resubscribe("1", "")):
        with pytest.raises(InvalidInputError) as caught:
            await call
        assert caught.value.field == "channel"
    assert server.requests("vercom").total() == 0


async def test_fields_list(book: Vercom) -> None:
    assert [field async for field in book.fields.list()] == []
    await book.contacts.create(Contact(email="a@example.com", fields={"shoe size": 43, "vip": True}))
    fields = [field async for field in book.fields.list()]
    assert all(type(field) is Field for field in fields)
    assert {field.name for field in fields} == {"shoe size", "vip"}
    page = await book.fields.list()
    assert [field async for field in book.fields.list(after=page.cursor)] == []
    with pytest.raises(InvalidInputError, match="cursor"):
        book.segments.list(after=page.cursor)


async def test_segment_requested_until_counted(book: Vercom, profile: VendorProfile, server: Server) -> None:
    await book.contacts.create(full_contact(profile))
    segments = [segment async for segment in book.segments.list()]
    assert [(type(segment), segment.count) for segment in segments] == [(Segment, None)] * 3
    (phones,) = [segment for segment in segments if segment.name == "With a phone number"]
    working = '{"meta":{"status":202},"data":[]}'
    server.fault("status", "vercom", "getSegment", status=202, retry_after="0", count=3, body=working)
    counted = await book.with_options(max_attempts=1).segments.get(phones.id)
    assert (counted.id, counted.name, counted.count) == (phones.id, phones.name, 1)
    assert server.requests("vercom")["getSegment"] == 4


async def test_missing_segment_not_found(book: Vercom, server: Server) -> None:
    with pytest.raises(NotFoundError):
        await book.segments.get("999999")
    before = server.requests("vercom")
    for wrong in ("", "abc", "1/../2", "-1", "1" * 30, "٣"):
        with pytest.raises(InvalidInputError) as caught:
            await book.segments.get(wrong)
        assert caught.value.field == "id"
    assert server.requests("vercom") == before


async def test_group_external_id_and_description(book: Vercom) -> None:
    plain = await book.groups.create("Plain")
    full = await book.groups.create("Full", description="All of them", external_id="crm-all")
    stored = {group.id: group async for group in book.groups.list()}
    assert stored[plain.id].external_id, "the vendor demands one"
    assert stored[plain.id].description is None
    assert (stored[full.id].description, stored[full.id].external_id) == ("All of them", "crm-all")
    assert stored[full.id].created_at is not None
    await book.groups.rename(full.id, "Other")
    renamed = await book.groups.get(full.id)
    assert (renamed.name, renamed.description) == ("Other", "All of them")


async def test_short_page_does_not_end_list() -> None:
    """The vendor may cap its pages below the requested size: only an empty page or a 404 ends a list."""
    people = [{"id": str(number)} for number in range(1, 8)]

    def respond(call: PreparedRequest) -> TransportResponse:
        query = parse_qs(urlsplit(call.target.decode()).query)
        offset, limit = int(query["offset"][0]), min(3, int(query["limit"][0]))
        rows = people[offset : offset + limit]
        return reply({"meta": {}, "data": rows}, 200 if rows else 404)

    transport = FakeTransport(respond)
    async with book_over("vercom", transport) as book:
        assert [contact.id async for contact in book.contacts.list(page_size=5)] == [row["id"] for row in people]
    assert [parse_qs(urlsplit(target).query)["offset"] for target in transport.targets] == [["0"], ["3"], ["6"], ["7"]]


async def test_keys_sent_in_headers(make_book: Callable[..., AddressBook]) -> None:
    transport = FakeTransport(reply({"meta": {}, "data": []}))
    async with book_over("vercom", transport) as book:
        await book.contacts.list()
    (call,) = transport.sent
    headers = dict(call.headers)
    assert (headers[b"Authorization"], headers[b"Application-Key"]) == (b"fake-authorization", b"fake-key")
    assert "fake" not in repr(call)


async def test_update_keeps_phone_or_email(book: Vercom) -> None:
    created = await book.contacts.create(Contact(email="a@example.com"))
    with pytest.raises(RejectedError) as caught:
        await book.contacts.update(created.id, email=None)
    assert caught.value.field == "email"
    await book.contacts.update(created.id, phone="500600700", email=None)
    found = await book.contacts.get(created.id)
    assert (found.phone, found.email) == ("+48500600700", None)


@pytest.mark.parametrize("prefetch", [1, 8])
async def test_ignored_offset_raises_error(book: Vercom, profile: VendorProfile, server: Server, prefetch: int) -> None:
    created = [(await book.contacts.create(full_contact(profile, number))).id for number in range(5)]
    await book.groups.create("Friends")
    for operation in ("listContacts", "listGroups"):
        server.fault("rewrite", "vercom", operation, ignore=["offset"], count=None)
    seen: list[str] = []
    before = server.requests("vercom")
    with pytest.raises(InvalidResponseError, match="the same page twice") as caught:
        await _read(book.contacts.list(page_size=2, prefetch=prefetch), seen)
    assert seen == created[:2], "each received contact is yielded once"
    assert (caught.value.vendor, caught.value.operation, caught.value.sent) == ("vercom", "contacts.list", "yes")
    first = await book.contacts.list(page_size=2)
    assert caught.value.cursor == first.cursor, "where it stopped"
    # No more than the requests in flight: the page, its repetition, and the prefetched pages.
    assert (server.requests("vercom") - before)["listContacts"] <= 2 + prefetch + 1
    for again in (
        lambda: book.contacts.list(page_size=2, after=first.cursor),
        lambda: book.contacts.find(external_id="crm-0"),
        lambda: book.groups.list(after=None),
    ):
        with pytest.raises(InvalidResponseError, match="the same page twice"):
            await _all(again())
    server.calm()
    pager = book.contacts.list(page_size=2, after=caught.value.cursor, prefetch=prefetch)
    rest = [contact.id async for contact in pager]
    assert rest == created[2:], "the list resumes there once the vendor is fixed"


async def _read(pager: Pager[Contact], into: list[str]) -> None:
    async for contact in pager:
        assert len(into) < 50, "it never ends"
        into.append(contact.id)


async def _all(asked: Any) -> None:
    if isinstance(asked, Pager):
        await _read(asked, [])
    else:
        await asked
