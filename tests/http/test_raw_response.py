"""Raw access: `with_raw_response`, `RawResponse.of` and `book.request`, through the policy of all other calls."""

from __future__ import annotations

import inspect
from typing import Any

import anyio
import pytest
from control import Server
from fakes import FakeTransport, book_over, named, reply
from runs import DOWN, LOST
from virtual import virtually

from crossbook import (
    Contact,
    CrossbookError,
    InvalidInputError,
    NotFoundError,
    RawResponse,
    UsageError,
    VendorUnavailableError,
)
from crossbook.contacts import Contacts, ContactsWithRawResponse
from crossbook.groups import Groups, GroupsWithRawResponse
from crossbook.registry import load_vendor

pytestmark = pytest.mark.anyio


def open_book(server: Server, vendor: str, **options: Any) -> Any:
    arguments: dict[str, Any] = {**server.credentials[vendor], **named(vendor), "rate": 1e6, **options}
    return load_vendor(vendor)(base_url=server.base_urls[vendor], **arguments)


@pytest.fixture(params=["serwersms", "atom", "filemail", "vercom"])
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_raw_response_has_result_and_response(server: Server, vendor: str) -> None:
    async with open_book(server, vendor) as book:
        raw = await book.groups.with_raw_response.create("Friends")
        assert (raw.status, raw.attempts, raw.parse().name) == (200, 1, "Friends")
        assert raw.headers["content-type"].startswith("application/json")
        assert raw.content.startswith(b"{")
        assert raw.operation in book.profile.operations
        listed = await book.groups.with_raw_response.list()
        assert raw.parse().id in [group.id for group in listed.parse().items]


async def test_raw_response_counts_attempts_and_has_the_request_id(server: Server) -> None:
    server.fault("status", "vercom", "listGroups", status=503, count=2)
    async with open_book(server, "vercom") as book:
        raw = await book.groups.with_raw_response.list()
    assert (raw.status, raw.attempts) == (200, 3)
    assert raw.request_id


async def test_raw_response_of_empty_list_has_the_real_status(server: Server) -> None:
    async with open_book(server, "vercom") as book:
        raw = await book.contacts.with_raw_response.find(phone="+48500600700")
    assert (raw.status, raw.parse()) == (404, None)


async def test_raw_response_has_all_responses_of_a_method(server: Server) -> None:
    async with open_book(server, "vercom") as book:
        group = await book.groups.create("Friends")
        created = await book.contacts.create(Contact(phone="+48500600700"))
        raw = await book.contacts.with_raw_response.update(created.id, company="ABC", groups=[group.id])
    assert len(raw.responses) > 1
    assert len({each.operation for each in raw.responses}) == len(raw.responses)
    assert raw.responses[-1].content == raw.content


async def test_raw_response_without_login(server: Server) -> None:
    """The response to a login is a credential."""
    async with open_book(server, "filemail") as book:
        raw = await book.groups.with_raw_response.list()
    assert [each.operation for each in raw.responses] == ["listGroups"]


async def test_call_of_wire_has_a_raw_response(server: Server) -> None:
    async with open_book(server, "vercom") as book:
        raw = await RawResponse.of(book.wire.groups.list_groups())
    assert (raw.operation, raw.status) == ("listGroups", 200)
    assert raw.parse().data is not None


async def test_raw_calls_at_once_do_not_mix(server: Server) -> None:
    found: list[str] = []

    async def create(name: str) -> None:
        raw = await book.groups.with_raw_response.create(name)
        found.append(raw.parse().name)

    async with open_book(server, "vercom") as book, anyio.create_task_group() as group:
        for number in range(5):
            group.start_soon(create, f"Group {number}")
    assert sorted(found) == [f"Group {number}" for number in range(5)]


async def test_failed_raw_call_raises_as_usual(server: Server, vendor: str) -> None:
    async with open_book(server, vendor) as book:
        with pytest.raises(CrossbookError):
            await book.contacts.with_raw_response.get("987654321")


async def test_raw_upsert_has_lookup_and_create(server: Server) -> None:
    async with open_book(server, "vercom") as book:
        raw = await book.contacts.with_raw_response.upsert(phone="+48500600700", match="phone")
    assert raw.parse().status == "created"
    operations = [each.operation for each in raw.responses]
    assert operations[0] == "listContacts"
    assert operations[-1].startswith("createContact")


async def test_raw_call_that_sends_nothing_is_refused() -> None:
    async def nothing() -> None: ...

    with pytest.raises(UsageError, match="sent no request"):
        await RawResponse.of(nothing())


async def test_repr_of_raw_response_shows_no_data(server: Server) -> None:
    async with open_book(server, "vercom") as book:
        await book.contacts.create(Contact(phone="+48500600700", email="anna@example.com"))
        raw = await book.contacts.with_raw_response.list()
    assert "RawResponse(operation='listContacts', status=200" in repr(raw)
    assert not [part for part in ("anna", "500600") if part in repr(raw)]


async def test_credentials_and_cookies_are_masked() -> None:
    """A vendor may quote them."""
    said = reply({"data": [], "meta": {"note": "key fake-key"}}, location="/?key=fake-key", set_cookie="session=1")
    async with book_over("vercom", FakeTransport(said)) as book:
        raw = await book.groups.with_raw_response.list()
    assert raw.headers == {"content-type": "application/json", "location": "/?key=***"}
    assert b"fake-key" not in raw.content


@pytest.mark.parametrize(
    ("raw", "resource"),
    [(ContactsWithRawResponse, Contacts), (GroupsWithRawResponse, Groups)],
    ids=["contacts", "groups"],
)
async def test_every_method_has_a_raw_variant(raw: Any, resource: type[Any]) -> None:
    """Except for batches, which send many requests."""
    async with book_over("vercom", FakeTransport(reply({}))) as book:
        variants = vars(raw(book.contacts if resource is Contacts else book.groups))
    methods = {
        name
        for name, method in inspect.getmembers(resource, inspect.isfunction)
        if not name.startswith("_") and not name.endswith("_many")
    }
    assert variants.keys() == methods


LIST_GROUPS: dict[str, dict[str, Any]] = {
    "serwersms": {"method": "POST", "path": "/groups/index"},
    "atom": {"method": "POST", "path": "/api/address-book/list"},
    "filemail": {"method": "GET", "path": "/api/contacts/group/get"},
    "vercom": {"method": "GET", "path": "/v2.1/group", "params": {"limit": 10, "offset": None}},
}


async def test_request_is_sent_with_the_books_credentials(server: Server, vendor: str) -> None:
    """Filemail's are a token in the query, after a login; SerwerSMS's are members of the body."""
    async with open_book(server, vendor) as book:
        await book.groups.create("Best friends")
        raw = await book.request(**LIST_GROUPS[vendor], retry="safe")
    assert (raw.operation, raw.status, raw.attempts) == ("request", 200, 1)
    assert "Best friends" in str(raw.parse())
    assert [each.operation for each in raw.responses] == ["request"]


async def test_request_writes_a_body(server: Server) -> None:
    async with open_book(server, "vercom") as book:
        raw = await book.request("post", "/v2.1/contact", json=[{"phoneNumber": "+48500600700"}])
        found = await book.contacts.find(phone="+48500600700")
    assert found is not None
    assert found.id in str(raw.parse())


@pytest.mark.parametrize(
    ("retry", "trouble", "sent"),
    [
        ("create", DOWN, 1),
        ("create", LOST, 1),
        ("idempotent", DOWN, 4),
        ("safe", LOST, 4),
        ("create", reply(b"", 429), 4),
    ],
)
def test_retry_says_what_may_be_sent_again(retry: Any, trouble: Any, sent: int) -> None:
    transport = FakeTransport(trouble)

    async def main() -> None:
        async with book_over("vercom", transport) as book:
            with pytest.raises(CrossbookError) as caught:
                await book.request("GET", "/v2.1/group", retry=retry)
            assert (caught.value.operation, caught.value.attempts) == ("request", sent)

    virtually(main)
    assert len(transport.sent) == sent


async def test_request_maps_errors(server: Server) -> None:
    async with open_book(server, "vercom") as book:
        with pytest.raises(NotFoundError):
            await book.request("GET", "/v2.1/contact", params={"id": 987654321})
        server.fault("status", "vercom", "listGroups", status=503, count=None)
        with pytest.raises(VendorUnavailableError):
            await book.with_options(max_attempts=1).request("GET", "/v2.1/group", retry="safe")


async def test_request_renews_an_expired_login(server: Server) -> None:
    async with open_book(server, "filemail") as book:
        await book.groups.list()
        server.fault("expire_tokens", "filemail", "listGroups", count=1)
        raw = await book.request(**LIST_GROUPS["filemail"], retry="safe")
    assert raw.attempts == 2


async def test_response_without_body_is_none() -> None:
    async with book_over("vercom", FakeTransport(reply(b"", 204))) as book:
        raw = await book.request("DELETE", "/v2.1/group/17", retry="idempotent")
    assert (raw.status, raw.parse()) == (204, None)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("TRACE", "/v2.1/group"), "method"),
        (("GET", "v2.1/group"), "path"),
        (("GET", "https://elsewhere.example.com/"), "path"),
        (("GET", "/v2.1/group?limit=1"), "path"),
        (("GET", "/v2.1/../admin"), "path"),
        (("GET", "/v2.1/contacts/anna@example.com"), "path"),
    ],
)
async def test_invalid_request_is_refused_before_it_is_sent(arguments: tuple[str, str], field: str) -> None:
    transport = FakeTransport(reply({}))
    async with book_over("vercom", transport) as book:
        with pytest.raises(InvalidInputError) as caught:
            await book.request(*arguments)
        assert (caught.value.field, transport.sent) == (field, [])
        assert "anna" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "field"), [({"json": {"at": object()}}, "json"), ({"json": [1]}, "json"), ({"retry": "never"}, "retry")]
)
async def test_invalid_body_is_refused_before_it_is_sent(options: Any, field: str) -> None:
    """SerwerSMS's credentials are members of the body, so a list has no place for them."""
    transport = FakeTransport(reply({}))
    async with book_over("serwersms", transport) as book:
        with pytest.raises(InvalidInputError) as caught:
            await book.request("POST", "/groups/index", **options)
        assert (caught.value.field, transport.sent) == (field, [])
