"""A book's life: made, opened once, in one event loop, closed; and its copies with other options."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from control import Server
from people import whole

import crossbook
from crossbook import AddressBook, Attempt, CrossbookError, InvalidInput, UsageError
from crossbook.core.card import Card
from crossbook.registry import vendor as vendor_class

pytestmark = pytest.mark.anyio

Make = Callable[..., AddressBook]


async def refused(book: AddressBook, words: str) -> None:
    """Every door is shut, and says why."""
    for call in (book.contacts.get("1"), book.groups.get("1"), book.contacts.find(email="a@example.com")):
        with pytest.raises(CrossbookError) as caught:
            await call
        if not isinstance(caught.value, crossbook.Unsupported):
            assert isinstance(caught.value, UsageError)
            assert words in str(caught.value)
            assert isinstance(caught.value, RuntimeError)
    for listing in (book.contacts.list, book.groups.list):
        with pytest.raises(UsageError, match=words):
            listing()


async def test_before_it_is_opened(make_book: Make, server: Server, card: Card) -> None:
    await refused(make_book(), "not open")
    assert server.requests(card.vendor).total() == 0


async def test_after_it_is_closed(make_book: Make, server: Server, card: Card) -> None:
    async with make_book() as book:
        await book.groups.list()
    before = server.requests(card.vendor)
    await refused(book, "closed")
    await refused(book.with_options(timeout=3), "closed")
    with pytest.raises(UsageError, match="closed"):
        await book.__aenter__()
    assert server.requests(card.vendor) == before


async def test_it_is_opened_once(make_book: Make) -> None:
    async with make_book() as book:
        with pytest.raises(UsageError, match="open already"):
            await book.__aenter__()
        assert (await book.contacts.list()).items == ()


async def test_in_another_event_loop(make_book: Make) -> None:
    async with make_book() as book:

        async def elsewhere() -> str:
            with pytest.raises(UsageError, match="another event loop") as caught:
                await book.contacts.get("1")
            return str(caught.value)

        with start_blocking_portal() as portal:
            assert "one book a running loop" in portal.call(elsewhere)
        assert (await book.contacts.list()).items == ()


async def test_an_error_inside_comes_out_as_it_is(make_book: Make) -> None:
    with pytest.raises(ZeroDivisionError):
        async with make_book():
            _ = 1 / 0
    with anyio.move_on_after(0) as scope:
        async with make_book() as book:
            await book.contacts.list()
    assert scope.cancelled_caught


async def test_copies_share_the_connection(make_book: Make, server: Server, card: Card) -> None:
    seen: list[Attempt] = []
    async with make_book() as book:
        group = (await book.groups.create("Friends")).id
        await book.contacts.create(whole(card, 0, [group]))
        copy = book.with_options(timeout=3, attempts=1, on_attempt=seen.append)
        assert type(copy) is type(book)
        assert len([contact async for contact in copy.contacts.list()]) == 1
        told = len(seen)
        assert told >= 1
        assert {(attempt.vendor, attempt.number, attempt.sent, attempt.status) for attempt in seen[:1]} == {
            (card.vendor, 1, "yes", 200)
        }
        await book.contacts.list()
        assert len(seen) == told, "the original has its own options"
    await refused(copy, "closed")
    assert server.requests("filemail")["login"] == (1 if card.vendor == "filemail" else 0)


async def test_options_are_checked(make_book: Make, card: Card) -> None:
    for options in ({"timeout": 0}, {"attempts": -1}, {"read_timeout": -3.0}, {"max_body": 0}, {"rate": 0}):
        ((name, value),) = options.items()
        with pytest.raises(InvalidInput, match=name) as caught:
            make_book(**options)
        assert caught.value.field == name
        if name != "rate":
            with pytest.raises(InvalidInput, match=name):
                make_book().with_options(**{name: value})
    for build in (lambda: make_book(timeuot=3), lambda: make_book().with_options(timeuot=3)):
        with pytest.raises(InvalidInput, match="timeuot"):
            build()
    with pytest.raises(InvalidInput, match="transport"):
        make_book(transport="carrier pigeon")


async def test_it_shows_no_credentials_and_does_not_travel(make_book: Make, server: Server, card: Card) -> None:
    book = make_book()
    for text in (repr(book), str(book), repr(book.contacts), repr(vars(book))):
        for secret in server.credentials[card.vendor].values():
            assert secret == "redlink" or secret not in text
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(book)


async def test_an_address_must_be_safe(make_book: Make) -> None:
    for url in (
        "http://vendor.example.com",
        "ftp://vendor.example.com",
        "vendor.example.com",
        "https://",
        "https://u:p@a.b",
    ):
        with pytest.raises(InvalidInput) as caught:
            make_book(base_url=url)
        assert caught.value.field == "base_url"
        assert "u:p" not in str(caught.value)
    make_book(base_url="http://vendor.example.com", allow_http=True)
    make_book(base_url="http://[::1]:80/")


async def test_each_vendor_has_its_own_address(vendor: str, server: Server) -> None:
    urls = {
        "serwersms": {"": "https://api2.serwersms.pl"}, "atom": {}, "filemail": {"": "https://www.filemail.com"},
        "vercom": {
            "emaillabs": "https://api.emaillabs.io", "messageflow": "https://api.messageflow.com",
            "redlink": "https://api.redlink.pl",
        },
    }  # fmt: skip
    assert vendor_class(vendor).card.base_urls == urls[vendor]
    for brand, url in urls[vendor].items():
        chosen = {**server.credentials[vendor], **({"brand": brand} if brand else {})}
        assert url in repr(vendor_class(vendor)(**chosen))
    if not urls[vendor]:
        with pytest.raises(InvalidInput, match="base_url"):
            vendor_class(vendor)(**server.credentials[vendor])
