"""A success (2xx) of Vercom that does not confirm a write: the state is read back, and decides."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from control import Server

from crossbook import Contact, ExternalId, InvalidResponseError, Vercom
from crossbook._batch.results import Result

pytestmark = pytest.mark.anyio

Write = Callable[[Vercom, str, str], Awaitable[Any]]
# Each write of one item: its operation, and how it is called with a contact and a group.
WRITES: dict[str, tuple[str, Write]] = {
    "update": ("updateContacts", lambda book, contact, _: book.contacts.update(contact, company="New", phone="500600")),
    "update by external id": (
        "updateContacts",
        lambda book, _, __: book.contacts.update(ExternalId("crm-0"), company="New", fields={"shoe": 43}),
    ),
    "new external id": (
        "updateContacts",
        lambda book, _, __: book.contacts.update(ExternalId("crm-0"), external_id="crm-1", last_name=None),
    ),
    "delete": ("deleteContacts", lambda book, contact, _: book.contacts.delete(contact)),
    "unsubscribe": ("unsubscribeContacts", lambda book, contact, _: book.contacts.unsubscribe(contact, "sms")),
    "unsubscribe all": ("unsubscribeContacts", lambda book, contact, _: book.contacts.unsubscribe(contact, "all")),
    "resubscribe": ("resubscribeContacts", lambda book, contact, _: book.contacts.resubscribe(contact, "push")),
    "groups.add": ("addGroupContacts", lambda book, contact, group: book.groups.add(group, contact)),
    "groups.remove": ("removeGroupContacts", lambda book, contact, group: book.groups.remove(group, contact)),
    "groups.rename": ("updateGroups", lambda book, _, group: book.groups.rename(group, "New")),
    "groups.delete": ("deleteGroups", lambda book, _, group: book.groups.delete(group)),
}
NOTHING: dict[str, dict[str, Any]] = {
    "no rows": {"put": {"data": [], "meta.numberOfData": 0}},
    "counted errors": {"put": {"meta.numberOfErrors": 1}},
    "an error": {"put": {"errors": [{"title": "No", "message": "Refused", "code": "E-9"}]}, "drop": ["data"]},
}
REFUSED: dict[str, dict[str, Any]] = {
    "no rows": {"meta": {"numberOfErrors": 0, "numberOfData": 0, "status": 200}, "data": []},
    "counted errors": {"meta": {"numberOfErrors": 1, "numberOfData": 0, "status": 200}, "data": []},
    "an error": {"meta": {"numberOfErrors": 1}, "errors": [{"title": "No", "message": "Refused", "code": "E-9"}]},
}


@pytest.fixture
def vendor() -> str:
    return "vercom"


@pytest.fixture
async def contact(book: Vercom) -> str:
    created = await book.contacts.create(Contact(email="a@example.com", external_id="crm-0", last_name="Kowalska"))
    return created.id


def refuse(server: Server, operation: str, body: dict[str, Any]) -> None:
    server.fault(
        "status", "vercom", operation, status=200, body=json.dumps(body), content_type="application/json", count=None
    )


@pytest.mark.parametrize("answer", NOTHING)
@pytest.mark.parametrize("write", WRITES)
async def test_unconfirmed_write_with_effect_is_done(
    book: Vercom, contact: str, group: str, server: Server, write: str, answer: str
) -> None:
    operation, call = WRITES[write]
    if write == "groups.remove":
        await book.groups.add(group, contact)
    if write == "resubscribe":
        await book.contacts.unsubscribe(contact, "push")
    server.fault("rewrite", "vercom", operation, **NOTHING[answer])
    before = server.requests("vercom")
    await call(book, contact, group)
    assert (server.requests("vercom") - before)[operation] == 1


@pytest.mark.parametrize("answer", REFUSED)
@pytest.mark.parametrize("write", WRITES)
async def test_unconfirmed_write_without_effect_is_uncertain(
    book: Vercom, contact: str, group: str, server: Server, write: str, answer: str
) -> None:
    operation, call = WRITES[write]
    if write == "groups.remove":
        await book.groups.add(group, contact)
    if write == "resubscribe":
        await book.contacts.unsubscribe(contact, "push")
    refuse(server, operation, REFUSED[answer])
    with pytest.raises(InvalidResponseError) as caught:
        await call(book, contact, group)
    assert (caught.value.action, caught.value.sent, caught.value.operation) == ("look_up", "yes", operation)
    if answer == "an error":
        assert "Refused" in caught.value.message
        assert caught.value.code == "E-9"


@pytest.mark.parametrize("committed", [True, False])
async def test_empty_body_is_read_back(book: Vercom, contact: str, server: Server, committed: bool) -> None:
    server.fault("empty", "vercom", "unsubscribeContacts", status=200, committed=committed, count=None)
    before = server.requests("vercom")
    if committed:
        await book.contacts.unsubscribe(contact, "sms")
    else:
        with pytest.raises(InvalidResponseError, match="empty"):
            await book.contacts.unsubscribe(contact, "sms")
    assert (server.requests("vercom") - before)["unsubscribeContacts"] == 1
    assert [each.id async for each in book.contacts.list(opted_out="sms")] == ([contact] if committed else [])


async def test_repeated_unsubscribe_without_rows_is_done(book: Vercom, contact: str, server: Server) -> None:
    await book.contacts.unsubscribe(contact, "all")
    refuse(server, "unsubscribeContacts", REFUSED["no rows"])
    await book.contacts.unsubscribe(contact, "all")
    await book.contacts.unsubscribe(contact, "sms")
    results = [result async for result in _run(book.contacts.unsubscribe_many([contact], "all"))]
    assert [result.status for result in results] == ["done"]


async def test_failed_read_back_is_uncertain(book: Vercom, contact: str, server: Server) -> None:
    refuse(server, "deleteContacts", REFUSED["an error"])
    server.fault("status", "vercom", "listContacts", status=422, body="{}", count=None)
    with pytest.raises(InvalidResponseError, match="Refused") as caught:
        await book.contacts.delete(contact)
    assert caught.value.operation == "deleteContacts"


async def _run(batch: Any) -> AsyncIterator[Result]:
    async with batch as run:
        async for result in run:
            yield result


Many = Callable[[Vercom, list[str], str], Any]
BULK: dict[str, tuple[str, str, Many]] = {
    "update": (
        "updateContacts",
        "updated",
        lambda book, ids, _: book.contacts.update_many([(id, {"company": "New"}) for id in ids], ordered=True),
    ),
    "delete": ("deleteContacts", "deleted", lambda book, ids, _: book.contacts.delete_many(ids, ordered=True)),
    "unsubscribe": (
        "unsubscribeContacts",
        "done",
        lambda book, ids, _: book.contacts.unsubscribe_many(ids, "email", ordered=True),
    ),
    "resubscribe": (
        "resubscribeContacts",
        "done",
        lambda book, ids, _: book.contacts.resubscribe_many(ids, "email", ordered=True),
    ),
    "groups.add": (
        "addGroupContacts",
        "done",
        lambda book, ids, group: book.groups.add_many([(group, id) for id in ids], ordered=True),
    ),
    "groups.remove": (
        "removeGroupContacts",
        "done",
        lambda book, ids, group: book.groups.remove_many([(group, id) for id in ids], ordered=True),
    ),
}


async def _prepare(book: Vercom, group: str, write: str) -> list[str]:
    ids = [(await book.contacts.create(Contact(email=f"p{number}@example.com"))).id for number in range(3)]
    for id in ids:
        if write == "groups.remove":
            await book.groups.add(group, id)
        if write == "resubscribe":
            await book.contacts.unsubscribe(id, "email")
    return ids


@pytest.mark.parametrize("answer", ["no rows", "counted errors", "empty body"])
@pytest.mark.parametrize("write", BULK)
async def test_unconfirmed_bulk_with_effect_is_done(
    book: Vercom, group: str, server: Server, write: str, answer: str
) -> None:
    operation, status, call = BULK[write]
    ids = await _prepare(book, group, write)
    if answer == "empty body":
        server.fault("empty", "vercom", operation, status=200, count=None)
    else:
        server.fault("rewrite", "vercom", operation, **NOTHING[answer])
    before = server.requests("vercom")
    results: list[Result] = [result async for result in _run(call(book, ids, group))]
    assert [(result.id, result.status) for result in results] == [(id, status) for id in ids]
    assert (server.requests("vercom") - before)[operation] == 1


@pytest.mark.parametrize("answer", [*REFUSED, "empty body"])
@pytest.mark.parametrize("write", BULK)
async def test_unconfirmed_bulk_without_effect_is_uncertain(
    book: Vercom, group: str, server: Server, write: str, answer: str
) -> None:
    operation, _, call = BULK[write]
    ids = await _prepare(book, group, write)
    if answer == "empty body":
        server.fault("empty", "vercom", operation, status=200, committed=False, count=None)
    else:
        refuse(server, operation, REFUSED[answer])
    results: list[Result] = [result async for result in _run(call(book, ids, group))]
    assert [result.status for result in results] == ["uncertain"] * 3
    if answer == "an error":
        assert all(result.error is not None and "Refused" in result.error.message for result in results)


async def test_unconfirmed_group_is_found(book: Vercom, server: Server) -> None:
    """Without an external id of the caller, crossbook's random one proves that the group is of this call."""
    server.fault("rewrite", "vercom", "createGroups", **NOTHING["no rows"])
    created = await book.groups.create("Friends")
    assert [each.id async for each in book.groups.list() if each.name == "Friends"] == [created.id]
    with pytest.raises(InvalidResponseError):
        await book.groups.create("Family", external_id="crm-family")
    server.calm()
    refuse(server, "createGroups", REFUSED["an error"])
    with pytest.raises(InvalidResponseError, match="Refused"):
        await book.groups.create("Others")


async def test_created_contact_with_error_keeps_id(book: Vercom, server: Server) -> None:
    """A 207 with a row and an error of one create: the contact exists, and the error has its id."""
    errors = [{"title": "Partly", "message": "Not in its group", "code": "E-9"}]
    server.fault("rewrite", "vercom", "createContacts", status=207, put={"errors": errors})
    with pytest.raises(Exception, match="Not in its group") as caught:
        await book.contacts.create(Contact(email="a@example.com"))
    (stored,) = [each.id async for each in book.contacts.list()]
    assert caught.value.id == stored  # type: ignore[attr-defined]


async def test_create_with_counted_error_is_not_success(book: Vercom, server: Server) -> None:
    """The contact exists, and something of it was refused. The error has its id, so that a batch reports it created."""
    server.fault("rewrite", "vercom", "createContacts", put={"meta.numberOfErrors": 1})
    with pytest.raises(InvalidResponseError, match="counts 1 errors") as caught:
        await book.contacts.create(Contact(email="new@example.com"))
    assert caught.value.id == [contact.id async for contact in book.contacts.list()][-1]
    server.fault("rewrite", "vercom", "createContacts", put={"meta.numberOfErrors": 1})
    summary = await book.contacts.create_many([Contact(email="more@example.com")]).run()
    assert summary.counts == {"created": 1}
    assert server.requests("vercom")["createContacts"] == 2


async def test_several_rows_for_one_create_are_not_success(book: Vercom, server: Server) -> None:
    refuse(server, "createContacts", {"meta": {"numberOfErrors": 0}, "data": [{"id": "7"}, {"id": "8"}]})
    with pytest.raises(InvalidResponseError, match="2 rows for one item") as caught:
        await book.contacts.create(Contact(email="new@example.com"))
    assert (caught.value.id, caught.value.action) == (None, "look_up")
