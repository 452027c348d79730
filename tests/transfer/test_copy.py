"""`crossbook.copy`: copy contacts from one book into another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from control import Server

import crossbook
from crossbook import AddressBook, Contact, InvalidInputError, UnsupportedError, UsageError

pytestmark = pytest.mark.anyio
Books = Callable[..., AbstractAsyncContextManager[list[AddressBook]]]
ANNA = Contact(phone="+48500600700", email="anna@example.com", first_name="Anna", last_name="Próbna", company="ABC")


async def list_contacts(book: AddressBook) -> list[Contact]:
    found = {contact.id: contact async for contact in book.contacts.list()}
    return sorted(found.values(), key=lambda contact: (contact.phone or "", contact.email or ""))


async def groups_of(book: AddressBook, contact: Contact) -> set[str]:
    return {group.name for group in await book.contacts.groups_of(contact.id)}


async def test_copy_contacts_and_groups(books: Books) -> None:
    async with books("serwersms", "vercom") as (source, target):
        friends, family = [(await source.groups.create(name)).id for name in ("Friends", "Family")]
        for _ in range(2):
            await target.groups.create("Family")
        first_family, _ = [
            group.id async for group in target.groups.list() if group.name == "Family"
        ]  # the first counts
        # SerwerSMS lists a contact once for each of its groups, with one group in a row.
        await source.contacts.create(crossbook.Contact(**_values(ANNA), groups=(friends, family)))
        await source.contacts.create(Contact(phone="+48500600701"))
        async with crossbook.copy(source, target) as run:
            results = [result async for result in run]
        assert run.summary.counts == {"created": 2}
        assert {result.item_key for result in results} == {contact.id for contact in await list_contacts(source)}
        anna, other = await list_contacts(target)
        assert (anna.phone, anna.email, anna.name, anna.company) == (ANNA.phone, ANNA.email, "Anna Próbna", "ABC")
        assert await groups_of(target, anna) == {"Friends", "Family"}
        assert await groups_of(target, other) == set()
        names = [group.name async for group in target.groups.list()]
        assert sorted(names) == ["Family", "Family", "Friends", "Wszystkie Kontakty"]
        assert first_family in {group.id for group in await target.contacts.groups_of(anna.id)}


async def test_all_contacts_group_not_copied(books: Books) -> None:
    async with books("vercom", "serwersms") as (source, target):
        await source.contacts.create(Contact(phone="+48500600700"))
        await crossbook.copy(source, target).run()
        assert [group.name async for group in target.groups.list()] == []


async def test_groups_by_mapping_and_none(books: Books) -> None:
    async with books("serwersms", "vercom") as (source, target):
        kept, left = [(await source.groups.create(name)).id for name in ("Kept", "Left")]
        into = (await target.groups.create("Into")).id
        await source.contacts.create(Contact(phone="+48500600700", groups=(kept, left)))
        await crossbook.copy(source, target, groups={kept: into}).run()
        (copied,) = await list_contacts(target)
        assert await groups_of(target, copied) == {"Into"}
        await crossbook.copy(source, target, groups="none").run()
        assert len(await list_contacts(target)) == 2
        assert await groups_of(target, (await list_contacts(target))[1]) == set()
        await source.contacts.create(Contact(phone="+48500600701"))
        async with crossbook.copy(
            source, target, group=left, item_key=lambda person: person.phone, dry_run=True
        ) as run:
            assert [result.item_key async for result in run] == ["+48500600700"]


@pytest.mark.parametrize("on_opted_out", ["skip", "unsubscribe"])
async def test_opted_out_contacts_copied_as_opted_out(books: Books, server: Server, on_opted_out: Any) -> None:
    """SerwerSMS has no opt-outs of e-mail, so such a contact is skipped there."""
    async with books("vercom", "serwersms") as (source, target):
        group = (await source.groups.create("Friends")).id
        people = [Contact(phone=f"+4850060070{number}", groups=(group,) if number else None) for number in range(3)]
        ids = [(await source.contacts.create(person)).id for person in people]
        await source.contacts.unsubscribe(ids[1], "sms")
        await source.contacts.unsubscribe(ids[2], "email")
        unsubscribes = on_opted_out == "unsubscribe"
        summary = await crossbook.copy(source, target, on_opted_out=on_opted_out).run()
        assert summary.counts == ({"created": 2, "skipped": 1} if unsubscribes else {"created": 1, "skipped": 2})
        assert summary.dropped_fields == {"opted_out": 1 if unsubscribes else 2}
        assert summary.unsubscribed == unsubscribes
        copied = await list_contacts(target)
        assert [each.opted_out for each in copied] == [frozenset(), frozenset({"sms"})][: 2 if unsubscribes else 1]
        # A group is created only for a contact that is copied.
        assert [await groups_of(target, each) for each in copied[1:]] == [{"Friends"}] * unsubscribes
        assert len([each async for each in target.groups.list()]) == unsubscribes
        assert server.requests("vercom")["resubscribeContacts"] == 0


async def test_opt_out_in_list_honoured(books: Books, server: Server) -> None:
    async with books("serwersms", "vercom") as (source, target):
        created = await source.contacts.create(Contact(phone="+48500600700"))
        server.mark("serwersms", created.id, opted_out=["sms"])
        summary = await crossbook.copy(source, target).run()
        assert (summary.counts, summary.dropped_fields) == ({"skipped": 1}, {"opted_out": 1})


async def test_unsupported_fields_of_target(books: Books) -> None:
    async with books("serwersms", "filemail") as (source, target):
        await source.contacts.create(ANNA)
        strict = await crossbook.copy(source, target).run()
        assert strict.counts == {"failed": 1}
        assert "cannot store company" in str(strict.failures[0].error)
        loose = await crossbook.copy(source, target, on_unsupported_field="drop").run()
        assert (loose.counts, loose.dropped_fields) == ({"created": 1}, {"company": 1})
        (copied,) = await list_contacts(target)
        assert (copied.name, copied.email) == ("Anna Próbna", "anna@example.com")


async def test_unknown_fields_not_overwritten(books: Books) -> None:
    async with books("filemail", "vercom") as (source, target):
        await source.contacts.create(Contact(email="anna@example.com", name="Anna", phone="+48500600700"))
        await target.contacts.create(ANNA)
        summary = await crossbook.copy(
            source, target, match="email", on_duplicate="update", on_unsupported_field="drop"
        ).run()
        assert summary.counts == {"unchanged": 1}
        (kept,) = await list_contacts(target)
        assert (kept.phone, kept.company) == (ANNA.phone, "ABC")


async def test_full_fetches_every_field(books: Books) -> None:
    async with books("atom", "vercom") as (source, target):
        group = (await source.groups.create("Friends")).id
        await source.contacts.create(
            Contact(phone="+61491570006", company="ABC", fields={"custom_1": "x"}, groups=(group,))
        )
        await crossbook.copy(source, target, match="phone").run()
        (copied,) = await list_contacts(target)
        assert (copied.company, dict(copied.fields or {})) == ("ABC", {"custom_1": "x"})
        assert await groups_of(target, copied) == {"Friends"}
        quick = await crossbook.copy(source, target, match="phone", on_duplicate="update", full=False).run()
        assert quick.counts == {"unchanged": 1}


async def test_journal_dry_run_and_progress(books: Books, server: Server, tmp_path: Path) -> None:
    reported: list[int] = []
    options: dict[str, Any] = {"match": "phone", "on_duplicate": "skip", "journal": tmp_path / "copy.sqlite"}
    async with books("serwersms", "vercom") as (source, target):
        group = (await source.groups.create("Friends")).id
        for number in range(5):
            await source.contacts.create(Contact(phone=f"+4850060070{number}", groups=(group,)))
        estimate = await crossbook.copy(source, target, dry_run=True, **options).run()
        assert (estimate.counts, estimate.dry_run) == ({"created": 5}, True)
        assert not server.requests("vercom").keys() & {"createContacts", "createGroups"}
        done = await crossbook.copy(
            source, target, progress=lambda progress: reported.append(progress.done), **options
        ).run()
        assert (done.counts, max(reported)) == ({"created": 5}, 5)
        again = await crossbook.copy(source, target, **options).run()
        assert (again.counts, again.replayed) == ({"created": 5}, 5)
        assert len(await list_contacts(target)) == 5


async def test_source_error_ends_batch(books: Books, server: Server) -> None:
    async with books("vercom", "serwersms") as (source, target):
        for number in range(3):
            await source.contacts.create(Contact(phone=f"+4850060070{number}"))
        server.fault("html", "vercom", "listContacts", count=100)
        with pytest.raises(crossbook.InvalidResponseError):
            await crossbook.copy(source, target).run()
        assert await list_contacts(target) == []


async def test_invalid_arguments_refused_before_io(books: Books, server: Server) -> None:
    async with books("vercom", "serwersms") as (source, target):
        async with books("vercom") as (same,):
            with pytest.raises(InvalidInputError, match="the same account"):
                crossbook.copy(source, same)
        elsewhere = server.base_urls["vercom"].replace("127.0.0.1", "localhost")
        async with books("vercom", base_url=elsewhere) as (other,):
            crossbook.copy(source, other)  # the same user name at another server is another account
        with pytest.raises(UsageError, match="closed"):
            crossbook.copy(same, target)
        for books_given, field in ((("vercom", target), "source"), ((source, None), "target")):
            with pytest.raises(InvalidInputError, match="must be an open book") as caught:
                crossbook.copy(*books_given)  # type: ignore[arg-type]
            assert caught.value.field == field
        with pytest.raises(InvalidInputError, match="by_name"):
            crossbook.copy(source, target, groups="some")  # type: ignore[arg-type]
        with pytest.raises(UnsupportedError, match="external_id"):
            crossbook.copy(source, target, match="external_id")
        with pytest.raises(InvalidInputError, match="on_duplicate needs match"):
            crossbook.copy(source, target, on_duplicate="skip")
    assert not server.requests("vercom")


def _values(contact: Contact) -> dict[str, Any]:
    return {name: getattr(contact, name) for name in contact.known_fields}
