"""Filemail only: full names, a phone that is never returned, one call for each group, GET for every request."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from control import Server
from fakes import TOKEN, FakeTransport, book_over, reply

from crossbook import AddressBook, Contact, CrossbookError, Filemail, InvalidInputError, NotFoundError, RejectedError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.people import full_contact

pytestmark = pytest.mark.anyio


@pytest.fixture
def vendor() -> str:
    return "filemail"


async def test_full_name_never_split(book: Filemail) -> None:
    for given, stored in (
        ({"name": "Łucja Żółw"}, "Łucja Żółw"),
        ({"first_name": "Anna", "last_name": "Nowak"}, "Anna Nowak"),
        ({"first_name": "Anna"}, "Anna"),
        ({"last_name": "Nowak"}, "Nowak"),
        ({"name": "Anna Nowak", "first_name": "Anna", "last_name": "Nowak"}, "Anna Nowak"),
    ):
        created = await book.contacts.create(Contact(email="anna@example.com", **given))
        assert created.dropped_fields == ()
        found = await book.contacts.get(created.id)
        assert (found.name, found.first_name, found.last_name) == (stored, None, None)
        assert not {"first_name", "last_name"} & found.known_fields


async def test_differing_name_parts_refused(book: Filemail, server: Server) -> None:
    contact = Contact(email="anna@example.com", name="The boss", first_name="Anna")
    with pytest.raises(InvalidInputError, match="first_name"):
        await book.contacts.create(contact)
    assert (await book.contacts.create(contact, on_unsupported_field="drop")).dropped_fields == ("first_name",)


async def test_missing_name_not_derived_from_email(book: Filemail, server: Server) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await book.contacts.create(Contact(email="anna.nowak@example.com"))
    assert caught.value.field == "name"
    assert server.requests("filemail").total() == 0


async def test_update_one_name_part_refused(book: Filemail, server: Server) -> None:
    for half in ("first_name", "last_name"):
        with pytest.raises(InvalidInputError, match="first_name and last_name together") as caught:
            await book.contacts.update("1", **{half: "Anna"})
        assert caught.value.field == half
    assert server.requests("filemail").total() == 0


async def test_update_both_name_parts_changes_name(book: Filemail, server: Server) -> None:
    id = (await book.contacts.create(Contact(email="anna@example.com", name="Anna Nowak"))).id
    for given, stored in (
        ({"first_name": "Ewa", "last_name": "Kot"}, "Ewa Kot"),
        ({"first_name": "Ewa", "last_name": None}, "Ewa"),
        ({"first_name": "", "last_name": "Kot", "name": "Kot"}, "Kot"),
    ):
        assert (await book.contacts.update(id, **given)).contact.name == stored
        assert (await book.contacts.get(id)).name == stored
    done = await book.contacts.update_many([(id, {"first_name": "Jan", "last_name": "Lis"})]).run()
    assert done.counts == {"updated": 1}
    assert (await book.contacts.get(id)).name == "Jan Lis"
    before = server.requests("filemail")
    for wrong in ({"name": "The boss"}, {"first_name": None, "last_name": ""}):
        with pytest.raises(InvalidInputError) as caught:
            await book.contacts.update(id, **{"first_name": "Ewa", "last_name": "Kot", **wrong})
        assert caught.value.field == "name"
    assert server.requests("filemail") == before


async def test_create_adds_each_group_in_one_call(book: Filemail, profile: VendorProfile, server: Server) -> None:
    groups = [(await book.groups.create(name)).id for name in "ABC"]
    before = server.requests("filemail")
    await book.contacts.create(full_contact(profile, 0, groups))
    assert server.requests("filemail") - before == {"createContact": 1, "addToGroup": 3}


async def test_failed_group_add_reports_created_id(
    book: Filemail, profile: VendorProfile, server: Server, group: str
) -> None:
    """Without the id, a caller who repeats the create would make a second contact."""
    server.fault("status", "filemail", "addToGroup", status=500, count=10)
    with pytest.raises(CrossbookError, match="was created") as caught:
        await book.with_options(max_attempts=1).contacts.create(full_contact(profile, 0, [group]))
    (found,) = [contact async for contact in book.contacts.list()]
    assert caught.value.id == found.id
    assert caught.value.operation == "addToGroup"


async def test_error_code_decides_whatever_status(
    book: Filemail, profile: VendorProfile, server: Server, group: str
) -> None:
    for http_errors, statuses in ((False, (200, 200)), (True, (404, 500))):
        server.options(filemail_http_errors=http_errors)
        with pytest.raises(NotFoundError) as gone:
            await book.contacts.delete("999")
        with pytest.raises(RejectedError) as refused:
            await book.contacts.create(Contact(name="Anna", email="anna nowak@example.com"))
        assert (gone.value.status, refused.value.status) == statuses
        assert (gone.value.code, refused.value.code, refused.value.field) == ("1002", "1004", "email")
        assert "anna nowak@example.com" not in str(refused.value)


async def test_requests_get_token_and_api_key_in_query() -> None:
    transport = FakeTransport(reply({"responsestatus": "OK", "contact": {"contactid": "7"}}))
    async with book_over("filemail", transport, api_key="fake-api-key") as book:
        await book.contacts.create(Contact(name="Łucja & Żółw", email="a+b@example.com", phone="+48 500 600 700"))
    (login,) = transport.logged_in
    (call,) = transport.sent
    assert {login.method, call.method} == {"GET"}
    assert (login.path, call.path) == ("/api/authentication/login", "/api/contacts/add")
    assert {name: value for name, (value,) in parse_qs(urlsplit(login.target.decode()).query).items()} == {
        "username": "user@example.com", "password": "fake-password", "apikey": "fake-api-key", "source": "Web"
    }  # fmt: skip
    assert {name: value for name, (value,) in parse_qs(urlsplit(call.target.decode()).query).items()} == {
        "name": "Łucja & Żółw", "email": "a+b@example.com", "mobile": "+48500600700",
        "logintoken": TOKEN, "apikey": "fake-api-key",
    }  # fmt: skip
    assert not any(secret in f"{login!r}{call!r}" for secret in (TOKEN, "fake-password", "fake-api-key"))


async def test_ids_are_alphanumeric_text(book: AddressBook, server: Server) -> None:
    for id in ("jd893jr8g93hf39th", "1000658322", "0" * 64):
        with pytest.raises(NotFoundError):
            await book.contacts.get(id)
    before = server.requests("filemail")
    for wrong in ("", "a b", "../group", "x" * 65, "ą", "1\n"):
        with pytest.raises(InvalidInputError) as caught:
            await book.contacts.get(wrong)
        assert caught.value.field == "id"
    assert server.requests("filemail") == before
