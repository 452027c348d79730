"""Contract tests of errors: each kind of failure raises one class, which says whether the request was sent."""

from __future__ import annotations

import pickle

import pytest
from msgspec.structs import replace

from crossbook import AddressBook, errors
from crossbook._http.request import TransportFailure, TransportResponse
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Requests, Stored, skip_unless
from crossbook_testing.contract.people import full_contact
from crossbook_testing.contract.response_replacer import Outcome, ResponseReplacer

LOST = TransportFailure("lost", "maybe", "ReadError")
TEXT = {"content-type": "text/plain"}
HTML = TransportResponse(502, {"content-type": "text/html"}, b"<!DOCTYPE html><h1>502 Bad Gateway</h1>")
STATUSES: list[tuple[int, type[errors.CrossbookError]]] = [
    *((status, errors.InvalidResponseError) for status in (302, 404)),
    *((status, errors.RejectedError) for status in (400, 418)),
    *((status, errors.AuthError) for status in (401, 403)),
    (429, errors.RateLimitError),
    *((status, errors.VendorUnavailableError) for status in (500, 502, 503, 520)),
]


async def catch_list_error(book: AddressBook, kind: type[errors.CrossbookError]) -> errors.CrossbookError:
    """List contacts, check the class and attributes of the error that this raises, and return the error."""
    with pytest.raises(kind) as caught:
        await book.with_options(max_attempts=1).contacts.list()
    error = caught.value
    assert type(error) is kind
    assert error.vendor == book.profile.vendor
    assert error.operation in book.profile.operations
    assert pickle.loads(pickle.dumps(error)) == error  # noqa: S301 (our own, made here)
    return error


class ErrorTests(Fixtures):
    @pytest.mark.parametrize(("status", "kind"), STATUSES)
    async def test_error_of_status_without_vendor_body(
        self,
        book: AddressBook,
        contact_id: str,
        replacer: ResponseReplacer,
        status: int,
        kind: type[errors.CrossbookError],
    ) -> None:
        replacer.replace_next(TransportResponse(status, {**TEXT, "retry-after": "7"}, b"no"), sent=False)
        error = await catch_list_error(book, kind)
        assert (error.status, error.sent, error.retry_after) == (status, "yes", 7)

    async def test_error_of_proxy_page(self, book: AddressBook, contact_id: str, replacer: ResponseReplacer) -> None:
        replacer.replace_next(HTML, sent=False)
        error = await catch_list_error(book, errors.VendorUnavailableError)
        assert "<h1>" not in str(error)

    @pytest.mark.parametrize("content", [b"", b"   ", b"{", b"<html>", b"\xff\xfe", b"null", b'{"odd": 1}'])
    async def test_error_of_unknown_body(
        self, book: AddressBook, contact_id: str, replacer: ResponseReplacer, content: bytes
    ) -> None:
        replacer.replace_next(lambda true: replace(true, status=200, content=content))
        error = await catch_list_error(book, errors.InvalidResponseError)
        assert (error.status, error.sent) == (200, "yes")

    @pytest.mark.parametrize(
        ("outcome", "kind", "sent"),
        [
            (TransportFailure("connect", "no", "ConnectError"), errors.ConnectError, "no"),
            (TransportFailure("busy", "no", "PoolTimeout"), errors.ConnectError, "no"),
            (LOST, errors.NoResponseError, "maybe"),
            (TransportFailure("too_large", "yes", "more than 10 bytes"), errors.ResponseTooLargeError, "yes"),
        ],
    )
    async def test_error_of_transport_failure(
        self,
        book: AddressBook,
        contact_id: str,
        replacer: ResponseReplacer,
        outcome: Outcome,
        kind: type[errors.CrossbookError],
        sent: str,
    ) -> None:
        replacer.replace_next(outcome, sent=False)
        assert (await catch_list_error(book, kind)).sent == sent

    async def test_list_is_retried(self, book: AddressBook, contact_id: str, replacer: ResponseReplacer) -> None:
        for answer in (LOST, HTML, TransportResponse(503, {**TEXT, "retry-after": "0"}, b"")):
            replacer.replace_next(answer)
            assert [contact.id async for contact in book.contacts.list()] == [contact_id]

    async def test_create_not_retried_after_lost_response(
        self,
        book: AddressBook,
        profile: VendorProfile,
        group: str,
        replacer: ResponseReplacer,
        stored: Stored,
        requests: Requests,
    ) -> None:
        """A create whose response is lost is not sent again, since a retry could create a second contact."""
        before = requests[profile.capability("contacts.create").operation]
        contact = full_contact(profile, 0, [group] if profile.single_group else [])  # a group may be read first
        replacer.replace_next(LOST)
        with pytest.raises(errors.NoResponseError, match="may have happened") as caught:
            await book.contacts.create(contact)
        assert (caught.value.sent, caught.value.attempts) == ("maybe", 1)
        assert requests[profile.capability("contacts.create").operation] == before + 1
        assert stored() == 1

    async def test_delete_repeated_after_unreadable_response(
        self, book: AddressBook, contact_id: str, replacer: ResponseReplacer, stored: Stored
    ) -> None:
        """A delete whose response is cut off is sent again; the retry finds no contact, so the delete has succeeded."""
        skip_unless(book.profile, "contacts.delete")
        replacer.replace_next(lambda true: replace(true, status=200, content=b"{"))
        await book.contacts.delete(contact_id)
        assert stored() == 0

    async def test_create_retried_if_not_sent(
        self, book: AddressBook, profile: VendorProfile, group: str, replacer: ResponseReplacer, stored: Stored
    ) -> None:
        answers: tuple[Outcome, ...] = (
            TransportFailure("connect", "no", "ConnectError"),
            TransportResponse(429, {**TEXT, "retry-after": "0"}, b""),
        )
        for number, answer in enumerate(answers):
            before, groups = stored(), [group] if profile.single_group else []
            replacer.replace_next(answer, sent=False)
            assert (await book.contacts.create(full_contact(profile, number, groups))).status == "created"
            assert stored() == before + 1

    async def test_delete_after_lost_response_succeeds(
        self, book: AddressBook, contact_id: str, replacer: ResponseReplacer, stored: Stored
    ) -> None:
        """A delete whose response is lost is sent again; the retry finds no contact, so the delete has succeeded."""
        skip_unless(book.profile, "contacts.delete")
        replacer.replace_next(LOST)
        await book.contacts.delete(contact_id)
        assert stored() == 0
