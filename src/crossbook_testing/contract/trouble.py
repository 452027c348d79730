"""What a bad day looks like: each kind of trouble is one class of ours, and says what happened and whether it left."""

from __future__ import annotations

import pickle

import pytest
from msgspec.structs import replace

from crossbook import (
    AddressBook,
    AuthError,
    ConnectError,
    CrossbookError,
    InvalidResponseError,
    NoResponseError,
    RateLimitError,
    RejectedError,
    ResponseTooLargeError,
    VendorUnavailableError,
)
from crossbook._http.request import TransportFailure, TransportResponse
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Requests, Stored, needs
from crossbook_testing.contract.people import whole
from crossbook_testing.contract.spoiling import Answer, Spoiling

LOST = TransportFailure("lost", "maybe", "ReadError")
TEXT = {"content-type": "text/plain"}
HTML = TransportResponse(502, {"content-type": "text/html"}, b"<!DOCTYPE html><h1>502 Bad Gateway</h1>")
STATUSES: list[tuple[int, type[CrossbookError]]] = [
    (302, InvalidResponseError), (400, RejectedError), (401, AuthError), (403, AuthError), (404, InvalidResponseError), (418, RejectedError),
    (429, RateLimitError), (500, VendorUnavailableError), (502, VendorUnavailableError), (503, VendorUnavailableError), (520, VendorUnavailableError),
]  # fmt: skip


async def caught_by(book: AddressBook, kind: type[CrossbookError]) -> CrossbookError:
    """The error of a list under trouble, which must be of this kind and tell the whole story."""
    with pytest.raises(kind) as caught:
        await book.with_options(max_attempts=1).contacts.list()
    error = caught.value
    assert type(error) is kind
    assert error.vendor == book.profile.vendor
    assert error.operation in book.profile.operations
    assert pickle.loads(pickle.dumps(error)) == error  # noqa: S301 (our own, made here)
    return error


class Trouble(Fixtures):
    """What a bad day looks like: each kind of trouble is one class of ours, and says what happened."""

    @pytest.mark.parametrize(("status", "kind"), STATUSES)
    async def test_a_status_without_a_word_of_the_vendor(
        self, book: AddressBook, someone: str, spoil: Spoiling, status: int, kind: type[CrossbookError]
    ) -> None:
        spoil.next(TransportResponse(status, {**TEXT, "retry-after": "7"}, b"no"), leaves=False)
        error = await caught_by(book, kind)
        assert (error.status, error.sent, error.retry_after) == (status, "yes", 7)

    async def test_a_proxys_page(self, book: AddressBook, someone: str, spoil: Spoiling) -> None:
        spoil.next(HTML, leaves=False)
        error = await caught_by(book, VendorUnavailableError)
        assert "<h1>" not in str(error)

    @pytest.mark.parametrize("content", [b"", b"   ", b"{", b"<html>", b"\xff\xfe", b"null", b'{"odd": 1}'])
    async def test_an_answer_that_is_none_of_the_vendors(
        self, book: AddressBook, someone: str, spoil: Spoiling, content: bytes
    ) -> None:
        spoil.next(lambda true: replace(true, status=200, content=content))
        error = await caught_by(book, InvalidResponseError)
        assert (error.status, error.sent) == (200, "yes")

    @pytest.mark.parametrize(
        ("answer", "kind", "sent"),
        [
            (TransportFailure("connect", "no", "ConnectError"), ConnectError, "no"),
            (TransportFailure("busy", "no", "PoolTimeout"), ConnectError, "no"),
            (LOST, NoResponseError, "maybe"),
            (TransportFailure("too_large", "yes", "more than 10 bytes"), ResponseTooLargeError, "yes"),
        ],
    )
    async def test_no_whole_answer(
        self, book: AddressBook, someone: str, spoil: Spoiling, answer: Answer, kind: type[CrossbookError], sent: str
    ) -> None:
        spoil.next(answer, leaves=False)
        assert (await caught_by(book, kind)).sent == sent

    async def test_a_list_is_asked_again(self, book: AddressBook, someone: str, spoil: Spoiling) -> None:
        for answer in (LOST, HTML, TransportResponse(503, {**TEXT, "retry-after": "0"}, b"")):
            spoil.next(answer)
            assert [contact.id async for contact in book.contacts.list()] == [someone]

    async def test_a_create_whose_answer_is_lost_is_not_repeated(
        self, book: AddressBook, profile: VendorProfile, group: str, spoil: Spoiling, stored: Stored, requests: Requests
    ) -> None:
        """It would make two."""
        before = requests[profile.capability("contacts.create").operation]
        spoil.next(LOST)
        with pytest.raises(NoResponseError, match="may have happened") as caught:
            await book.contacts.create(whole(profile, 0, [group]))
        assert (caught.value.sent, caught.value.attempts) == ("maybe", 1)
        assert requests[profile.capability("contacts.create").operation] == before + 1
        assert stored() == 1

    async def test_a_create_that_never_left_is(
        self, book: AddressBook, profile: VendorProfile, group: str, spoil: Spoiling, stored: Stored
    ) -> None:
        for answer in (
            TransportFailure("connect", "no", "ConnectError"),
            TransportResponse(429, {**TEXT, "retry-after": "0"}, b""),
        ):
            before = stored()
            spoil.next(answer, leaves=False)
            assert (await book.contacts.create(whole(profile, 0, [group]))).status == "created"
            assert stored() == before + 1

    async def test_a_delete_whose_answer_was_lost_is_done(
        self, book: AddressBook, someone: str, spoil: Spoiling, stored: Stored
    ) -> None:
        """The second attempt finds nobody: that is what was wanted."""
        needs(book.profile, "contacts.delete")
        spoil.next(LOST)
        await book.contacts.delete(someone)
        assert stored() == 0
