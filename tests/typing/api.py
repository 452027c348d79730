"""What a user's editor infers. Never run: mypy and pyright read it, and what must be an error is marked as one."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Literal, assert_type

from crossbook_wire.atom import models as atom_models
from crossbook_wire.filemail import models as filemail_models
from crossbook_wire.serwersms import models as serwersms_models
from crossbook_wire.vercom import models as vercom_models

import crossbook
from crossbook import (
    AddressBook,
    AmbiguousMatchError,
    Atom,
    Attempt,
    Batch,
    Contact,
    CrossbookError,
    ExternalId,
    Filemail,
    Group,
    Page,
    Pager,
    RawResponse,
    SerwerSMS,
    Vercom,
    WriteResult,
)
from crossbook.vendor import Capability
from crossbook.vendors.serwersms import Imported
from crossbook.vendors.vercom import Field, Segment


async def books() -> None:
    assert_type(crossbook.__version__, str)
    assert_type(crossbook.open("serwersms"), SerwerSMS)
    assert_type(crossbook.open("atom", base_url="https://sms.example.com", default_group="1"), Atom)
    assert_type(crossbook.open("filemail", timeout=3), Filemail)
    assert_type(crossbook.open("vercom"), Vercom)
    assert_type(Vercom.from_env(brand="redlink", rate=5.0), Vercom)
    assert_type(SerwerSMS(token="…"), SerwerSMS)
    assert_type(Atom("…", base_url="https://sms.example.com"), Atom)
    assert_type(Filemail("user@example.com", "…", api_key="…"), Filemail)

    async with Vercom("…", "…", brand="emaillabs", on_attempt=watched) as book:
        assert_type(book, Vercom)
        assert_type(book.with_options(timeout=3, max_attempts=1), Vercom)

    Vercom("…", "…", brand="nokia")  # type: ignore[arg-type]
    Vercom("…")  # type: ignore[call-arg]
    Atom("…", timeuot=3)  # type: ignore[call-arg]
    Atom("…", timeout="3")  # type: ignore[arg-type]
    book.with_options(base_url="x")  # type: ignore[call-arg]


def copied(source: Vercom, target: AddressBook) -> None:
    assert_type(crossbook.copy(source, target, match="phone", on_duplicate="skip", dry_run=True), Batch[Contact])
    crossbook.copy(source, target, groups={"3380": "1"}, journal="copy.sqlite")
    crossbook.copy(source, target, match="name")  # type: ignore[arg-type]
    crossbook.copy(source, target, jornal="x")  # type: ignore[call-arg]


def by_name(name: str, book: AddressBook) -> None:
    assert_type(crossbook.open(name), AddressBook)
    assert_type(book.with_options(max_response_bytes=1000), AddressBook)
    assert_type(crossbook.capabilities(), dict[str, dict[str, Capability]])


def watched(attempt: Attempt) -> None:
    assert_type(attempt.sent, Literal["no", "maybe", "yes"])
    assert_type(attempt.wait, float | None)


async def contacts(book: AddressBook) -> None:
    created = await book.contacts.create(Contact(phone="+48500600700", groups=("1",)), on_unsupported_field="drop")
    assert_type(created, WriteResult)
    assert_type(created.id, str)
    assert_type(created.status, Literal["created", "updated", "unchanged"])
    assert_type(created.dropped_fields, tuple[str, ...])
    assert_type(await book.contacts.get("1"), Contact)
    assert_type(await book.contacts.find(phone="+48500600700"), Contact | None)
    assert_type(await book.contacts.update("1", company=None, fields={"city": "Łódź"}, groups=["1"]), WriteResult)
    assert_type(await book.contacts.update(ExternalId("crm-1"), first_name="Anna"), WriteResult)
    assert_type(await book.contacts.groups_of("1"), tuple[Group, ...])
    await book.contacts.delete("1")
    await book.contacts.unsubscribe("1", "sms")
    await book.contacts.resubscribe("1", channel="all", shared_phone=True)

    Contact("1")  # type: ignore[call-arg]
    Contact(telephone="+48500600700")  # type: ignore[call-arg]
    await book.contacts.update("1", telephone="x")  # type: ignore[call-arg]
    await book.contacts.update("1", company=7)  # type: ignore[arg-type]
    await book.contacts.find(name="Anna")  # type: ignore[call-arg]
    assert_type(await book.contacts.create(phone="+48500600700", fields={"city": "Łódź"}), WriteResult)
    assert_type(await book.contacts.upsert(phone="+48500600700", match="phone"), WriteResult)
    assert_type(await book.contacts.upsert(Contact(phone="+48500600700"), match="phone"), WriteResult)
    assert_type(await book.contacts.count(group="1"), int)
    assert_type(await book.contacts.list(limit=5).first(), Contact | None)
    assert_type(await book.open(), AddressBook)
    await book.aclose()
    await book.contacts.upsert(Contact())  # type: ignore[call-arg]
    await book.contacts.create(telephone="+48500600700")  # type: ignore[call-arg]
    await book.contacts.create_many([])  # type: ignore[misc]
    await book.contacts.get(7)  # type: ignore[arg-type]
    await book.contacts.create(Contact(), on_unsupported_field="ignore")  # type: ignore[arg-type]
    await book.contacts.unsubscribe("1", "fax")  # type: ignore[arg-type]
    book.contacts.create_(Contact())  # type: ignore[attr-defined]
    created.id = "2"  # type: ignore[misc]


async def lists(book: AddressBook) -> None:
    pager = book.contacts.list(group="1", page_size=50, unique=True)
    assert_type(pager, Pager[Contact])
    page = await pager
    assert_type(page, Page[Contact])
    assert_type(page.items, tuple[Contact, ...])
    assert_type(page.cursor, str | None)
    async for contact in book.contacts.list(opted_out="sms", after=page.cursor):
        assert_type(contact, Contact)
        assert_type(contact.phone, str | None)
        assert_type(contact.groups, tuple[str, ...] | None)
        assert_type(contact.created_at, datetime | None)
        assert_type(contact.known_fields, frozenset[str])
        assert_type(contact.raw, Any)
    assert_type(pager.pages(), AsyncIterator[Page[Contact]])
    async for pages in pager.pages():
        assert_type(pages, Page[Contact])
    assert_type([group async for group in book.groups.list()], list[Group])

    book.contacts.list(opted_out="fax")  # type: ignore[arg-type]
    book.contacts.list(phonr="1")  # type: ignore[call-arg]
    for _ in pager:  # type: ignore[attr-defined]
        pass


async def groups(book: AddressBook) -> None:
    assert_type(await book.groups.create("Friends", description="…", external_id="…"), Group)
    assert_type(await book.groups.get("1"), Group)
    assert_type((await book.groups.get("1")).count, int | None)
    await book.groups.rename("1", "Old friends")
    await book.groups.add("1", "2")
    await book.groups.remove("1", "2")
    await book.groups.delete("1", with_contacts=True)
    await book.groups.delete("1", True)  # type: ignore[call-arg]
    assert_type(book.groups.delete_many(book.groups.list(), with_contacts=True), Batch[str])


async def own_members(serwersms: SerwerSMS, vercom: Vercom, atom: Atom) -> None:
    assert_type(await serwersms.import_contacts("Fair", [Contact(phone="+48500600700")]), Imported)
    assert_type([field async for field in vercom.fields.list()], list[Field])
    assert_type(await vercom.segments.list(), Page[Segment])
    assert_type((await vercom.segments.get("15")).count, int | None)
    atom.segments  # type: ignore[attr-defined]  # noqa: B018


async def wire(serwersms: SerwerSMS, atom: Atom, filemail: Filemail, vercom: Vercom) -> None:
    query = serwersms_models.ContactQuery(search="Anna", limit=10)
    assert_type(await serwersms.wire.contacts.list_contacts(query), serwersms_models.ContactList)
    detail = await atom.wire.contacts.get_contact(atom_models.ContactTextId(id="1"))
    assert_type(detail, atom_models.ContactAnswer)
    assert_type(await filemail.wire.groups.list_groups(), filemail_models.GroupList)
    assert_type(await vercom.wire.contacts.list_contacts(group=7, in_archive=True), vercom_models.ContactList)

    await vercom.wire.contacts.list_contacts(gruop=7)  # type: ignore[call-arg]
    await filemail.wire.contacts.create_contact(name="Anna")  # type: ignore[call-arg]


async def errors(book: AddressBook) -> None:
    try:
        await book.contacts.find(email="anna@example.com")
    except AmbiguousMatchError as error:
        assert_type(error.candidates, tuple[str, ...])
    except CrossbookError as error:
        assert_type(error.sent, Literal["no", "maybe", "yes"])
        assert_type(error.retry_after, float | None)
        assert_type(error.cursor, str | None)
        assert_type(error.status, int | None)


async def raw_responses(vercom: Vercom) -> None:
    raw = await vercom.contacts.with_raw_response.get("1")
    assert_type(raw.status, int)
    assert_type(raw.request_id, str | None)
    assert_type(raw.parse().id, str)
    found = await vercom.contacts.with_raw_response.find(phone="+48500600700")
    if (contact := found.parse()) is not None:
        assert_type(contact.phone, str | None)
    listed = await vercom.groups.with_raw_response.list(page_size=10)
    assert_type(listed.parse().cursor, str | None)
    wire = await RawResponse.of(vercom.wire.groups.list_groups())
    assert_type(wire.parse(), vercom_models.GroupList)
    assert_type(await vercom.request("GET", "/v2.1/group", retry="safe"), RawResponse[Any])

    await vercom.contacts.with_raw_response.get(1)  # type: ignore[arg-type]
    await vercom.request("GET", "/v2.1/group", retry="never")  # type: ignore[arg-type]
