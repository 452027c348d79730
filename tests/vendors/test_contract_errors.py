"""What a bad day looks like: each kind of trouble is one class of ours, and says what happened and whether it left."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from control import Server

from crossbook import (
    AddressBook,
    AuthError,
    BadResponse,
    ConnectError,
    CrossbookError,
    LostError,
    NotFound,
    RateLimited,
    ResponseTooLarge,
    VendorDown,
)
from crossbook.vendor import Card
from crossbook_testing.contract.people import values, whole

pytestmark = pytest.mark.anyio

Make = Callable[..., AddressBook]
# What each vendor's `groups.list` asks for.
LIST = {"serwersms": "listGroups", "atom": "listAddressBooks", "filemail": "listGroups", "vercom": "listGroups"}
WRONG: dict[str, list[dict[str, str]]] = {
    "serwersms": [{"username": "nobody"}, {"password": "wrong"}],
    "atom": [{"token": "wrong"}],
    "filemail": [{"username": "nobody@example.com"}, {"password": "wrong"}, {"api_key": "wrong"}],
    "vercom": [{"authorization": "wrong"}, {"application_key": "wrong"}],
}


async def caught_by(book: AddressBook, kind: type[CrossbookError]) -> Any:
    with pytest.raises(kind) as caught:
        await book.with_options(attempts=1).groups.list()
    error = caught.value
    assert type(error) is kind
    assert error.vendor == book.card.vendor
    assert pickle.loads(pickle.dumps(error)) == error
    return error


async def test_wrong_credentials(make_book: Make, server: Server, card: Card) -> None:
    for wrong in WRONG[card.vendor]:
        async with make_book(**wrong) as book:
            error = await caught_by(book, AuthError)
            # Where a login comes before, the call itself did not leave.
            assert error.sent == ("no" if "login" in card.operations else "yes")
            assert not any(secret in f"{error!r}{vars(error)}" for secret in wrong.values() if secret != "wrong")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, BadResponse), (302, BadResponse), (307, BadResponse), (400, None), (401, AuthError), (403, AuthError),
        (404, BadResponse), (408, VendorDown), (418, None), (429, RateLimited), (500, VendorDown), (502, VendorDown),
        (503, VendorDown), (520, VendorDown), (599, VendorDown),
    ],
)  # fmt: skip
async def test_a_status_without_a_word_of_the_vendor(
    book: AddressBook, card: Card, server: Server, status: int, kind: type[CrossbookError] | None
) -> None:
    from crossbook import Rejected

    server.fault("status", card.vendor, LIST[card.vendor], status=status, retry_after=7)
    error = await caught_by(book, kind or Rejected)
    assert (error.status, error.sent, error.retry_after) == (status, "yes", 7)
    assert error.operation == LIST[card.vendor]


@pytest.mark.parametrize("fault", ["garbage", "html", "empty", "truncated"])
async def test_an_answer_that_is_none(book: AddressBook, card: Card, server: Server, fault: str) -> None:
    await book.groups.create("Friends")
    server.fault(fault, card.vendor, LIST[card.vendor])
    error = await caught_by(book, BadResponse)
    assert (error.status, error.sent) == (200, "yes")


async def test_html_in_place_of_json_with_a_status(book: AddressBook, card: Card, server: Server) -> None:
    server.fault("html", card.vendor, LIST[card.vendor], status=502)
    error = await caught_by(book, VendorDown)
    assert "text/html" in str(error)
    assert "<h1>" not in str(error)


@pytest.mark.parametrize("fault", ["reset", "close", "cut"])
async def test_a_connection_that_breaks_after_the_request_left(
    book: AddressBook, card: Card, server: Server, fault: str
) -> None:
    server.fault(fault, card.vendor, LIST[card.vendor])
    error = await caught_by(book, LostError)
    assert error.sent == "maybe"


async def test_a_create_whose_answer_is_lost_may_have_happened(
    book: AddressBook, card: Card, server: Server, group: str
) -> None:
    """It is not repeated: it would make two."""
    server.fault("reset", card.vendor, "createContacts" if card.vendor == "vercom" else "createContact", when="after")
    with pytest.raises(LostError, match="may have happened") as caught:
        await book.contacts.create(whole(card, 0, [group]))
    assert (caught.value.sent, caught.value.attempts) == ("maybe", 1)
    assert len([contact async for contact in book.contacts.list()]) == 1


async def test_nobody_listens(make_book: Make) -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        async with make_book(base_url=f"http://127.0.0.1:{free.getsockname()[1]}", attempts=1) as book:
            error = await caught_by(book, ConnectError)
            assert error.sent == "no"


async def test_a_wrong_base_url_is_an_error_and_no_empty_account(make_book: Make, server: Server, card: Card) -> None:
    async with make_book(base_url=f"{server.url}/nowhere") as book:
        for listing in (book.contacts.list, book.groups.list):
            with pytest.raises(BadResponse, match="base_url"):
                await listing()
    other = "atom" if card.vendor == "vercom" else "vercom"
    async with make_book(base_url=server.base_urls[other]) as book:
        for listing in (book.contacts.list, book.groups.list):
            with pytest.raises((BadResponse, NotFound)):
                await listing()


async def test_an_answer_that_is_too_large(book: AddressBook, card: Card, group: str) -> None:
    for number in range(3):
        await book.contacts.create(whole(card, number, [group]))
    with pytest.raises(ResponseTooLarge, match="max_body") as caught:
        await book.with_options(max_body=100).contacts.list()
    assert caught.value.sent == "yes"
    assert len((await book.with_options(max_body=1_000_000).contacts.list()).items) == 3


async def test_what_the_vendor_refuses_names_our_field(book: AddressBook, card: Card, group: str) -> None:
    """Past our own checks: an address with a space, or a group that is not there."""
    from crossbook import Contact, Rejected

    if "email" in card.holds:
        with pytest.raises(Rejected) as caught:
            await book.contacts.create(Contact(**{**values(card), "email": "anna nowak@example"}, groups=(group,)))
        assert (caught.value.field, caught.value.sent) == ("email", "yes")
        assert caught.value.code is not None
        assert "nowak@example" not in str(caught.value)
    with pytest.raises((Rejected, NotFound)) as refused:
        await book.contacts.create(whole(card, 0, ["99999999"]))
    assert refused.value.code is not None
    assert refused.value.operation is not None
