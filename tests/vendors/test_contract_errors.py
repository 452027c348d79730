"""Each kind of failure is one error class, with the status and whether the request was sent."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from control import Server

from crossbook import AddressBook, Contact, errors
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.people import field_values, full_contact

pytestmark = pytest.mark.anyio

Make = Callable[..., AddressBook]
# The operation of each vendor's `groups.list`.
LIST = {"serwersms": "listGroups", "atom": "listAddressBooks", "filemail": "listGroups", "vercom": "listGroups"}
WRONG: dict[str, list[dict[str, str]]] = {
    "serwersms": [{"username": "unknown"}, {"password": "wrong"}],
    "atom": [{"token": "wrong"}],
    "filemail": [{"username": "unknown@example.com"}, {"password": "wrong"}, {"api_key": "wrong"}],
    "vercom": [{"authorization": "wrong"}, {"application_key": "wrong"}],
}


async def caught_by(book: AddressBook, kind: type[errors.CrossbookError]) -> Any:
    with pytest.raises(kind) as caught:
        await book.with_options(max_attempts=1).groups.list()
    error = caught.value
    assert type(error) is kind
    assert error.vendor == book.profile.vendor
    assert pickle.loads(pickle.dumps(error)) == error
    return error


async def test_wrong_credentials(make_book: Make, server: Server, profile: VendorProfile) -> None:
    for wrong in WRONG[profile.vendor]:
        async with make_book(**wrong) as book:
            error = await caught_by(book, errors.AuthError)
            # A refused login means that the call itself was not sent.
            assert error.sent == ("no" if "login" in profile.operations else "yes")
            assert not any(secret in f"{error!r}{vars(error)}" for secret in wrong.values() if secret != "wrong")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, errors.InvalidResponseError) for status in (301, 302, 307, 404)),
        *((status, errors.AuthError) for status in (401, 403)),
        *((status, errors.VendorUnavailableError) for status in (408, 500, 502, 503, 520, 599)),
        *((status, errors.RejectedError) for status in (400, 418)),
        (429, errors.RateLimitError),
    ],
)
async def test_status_without_vendor_body(
    book: AddressBook, profile: VendorProfile, server: Server, status: int, kind: type[errors.CrossbookError]
) -> None:
    server.fault("status", profile.vendor, LIST[profile.vendor], status=status, retry_after=7)
    error = await caught_by(book, kind)
    assert (error.status, error.sent, error.retry_after) == (status, "yes", 7)
    assert error.operation == LIST[profile.vendor]


@pytest.mark.parametrize("fault", ["garbage", "html", "empty", "truncated"])
async def test_malformed_response(book: AddressBook, profile: VendorProfile, server: Server, fault: str) -> None:
    await book.groups.create("Friends")
    server.fault(fault, profile.vendor, LIST[profile.vendor])
    error = await caught_by(book, errors.InvalidResponseError)
    assert (error.status, error.sent) == (200, "yes")


async def test_html_response_with_error_status(book: AddressBook, profile: VendorProfile, server: Server) -> None:
    server.fault("html", profile.vendor, LIST[profile.vendor], status=502)
    error = await caught_by(book, errors.VendorUnavailableError)
    assert "text/html" in str(error)
    assert "<h1>" not in str(error)


@pytest.mark.parametrize("fault", ["reset", "close", "cut"])
async def test_connection_lost_after_request_sent(
    book: AddressBook, profile: VendorProfile, server: Server, fault: str
) -> None:
    server.fault(fault, profile.vendor, LIST[profile.vendor])
    error = await caught_by(book, errors.NoResponseError)
    assert error.sent == "maybe"


async def test_create_with_lost_response_maybe_sent(
    book: AddressBook, profile: VendorProfile, server: Server, group: str
) -> None:
    """The create is not sent again: that could make a second contact."""
    server.fault(
        "reset", profile.vendor, "createContacts" if profile.vendor == "vercom" else "createContact", when="after"
    )
    with pytest.raises(errors.NoResponseError, match="may have happened") as caught:
        await book.contacts.create(full_contact(profile, 0, [group]))
    assert (caught.value.sent, caught.value.attempts) == ("maybe", 1)
    assert len([contact async for contact in book.contacts.list()]) == 1


async def test_connection_refused(make_book: Make) -> None:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        async with make_book(base_url=f"http://127.0.0.1:{free.getsockname()[1]}", max_attempts=1) as book:
            error = await caught_by(book, errors.ConnectError)
            assert error.sent == "no"


async def test_wrong_base_url_not_read_as_empty(make_book: Make, server: Server, profile: VendorProfile) -> None:
    async with make_book(base_url=f"{server.url}/nowhere") as book:
        for listing in (book.contacts.list, book.groups.list):
            with pytest.raises(errors.InvalidResponseError, match="base_url"):
                await listing()
    other = "atom" if profile.vendor == "vercom" else "vercom"
    async with make_book(base_url=server.base_urls[other]) as book:
        for listing in (book.contacts.list, book.groups.list):
            with pytest.raises((errors.InvalidResponseError, errors.NotFoundError)):
                await listing()


async def test_response_too_large(book: AddressBook, profile: VendorProfile, group: str) -> None:
    for number in range(3):
        await book.contacts.create(full_contact(profile, number, [group]))
    with pytest.raises(errors.ResponseTooLargeError, match="max_response_bytes") as caught:
        await book.with_options(max_response_bytes=100).contacts.list()
    assert caught.value.sent == "yes"
    assert len((await book.with_options(max_response_bytes=1_000_000).contacts.list()).items) == 3


async def test_rejected_field_named_as_ours(book: AddressBook, profile: VendorProfile, group: str) -> None:
    """These pass our own checks: an address with a space, and a group that does not exist."""
    if "email" in profile.contact_fields:
        with pytest.raises(errors.RejectedError) as caught:
            await book.contacts.create(
                Contact(**{**field_values(profile), "email": "anna nowak@example"}, groups=(group,))
            )
        assert (caught.value.field, caught.value.sent) == ("email", "yes")
        assert caught.value.code is not None
        assert "nowak@example" not in str(caught.value)
    with pytest.raises((errors.RejectedError, errors.NotFoundError)) as refused:
        await book.contacts.create(full_contact(profile, 0, ["99999999"]))
    assert refused.value.code is not None
    assert refused.value.operation is not None
