"""Changing and clearing: what is named changes, what is not named stays."""

from __future__ import annotations

from typing import Any

import pytest
from control import Server
from people import values, whole

from crossbook import AddressBook, InvalidInput
from crossbook.core.card import Card

pytestmark = pytest.mark.anyio


def shown(card: Card) -> set[str]:
    """The fields that `get` tells, but for the groups, which it tells for one vendor only."""
    return {name for name, holds in card.holds.items() if "r" in holds.access} - {"groups"}


async def test_update_changes_what_is_named_and_nothing_else(book: AddressBook, card: Card, group: str) -> None:
    contact = whole(card, groups=[group])
    created = await book.contacts.create(contact)
    expected = {name: getattr(contact, name) for name in values(card) if name in shown(card)}
    for name, value in values(card, 1).items():
        if name == "created_at":
            continue
        changed = await book.contacts.update(created.id, **{name: value})
        assert (changed.id, changed.status) == (created.id, "updated")
        if name in expected:
            expected[name] = value
        found = await book.contacts.get(created.id)
        assert {each: getattr(found, each) for each in expected} == expected, name
    assert [each.id for each in await book.contacts.groups_of(created.id)] == [group]


async def test_none_and_the_empty_text_clear_a_field(book: AddressBook, card: Card, group: str) -> None:
    contact = whole(card, groups=[group])
    kept = {name for name, holds in card.holds.items() if holds.required} | {"phone", "created_at"}
    for empty in (None, ""):
        created = await book.contacts.create(contact)
        clearable = [name for name in values(card) if name not in kept]
        for name in clearable:
            await book.contacts.update(created.id, **{name: empty})
            found = await book.contacts.get(created.id)
            if name in shown(card):
                assert getattr(found, name) is None, name
        found = await book.contacts.get(created.id)
        left: dict[str, Any] = {name: getattr(contact, name) for name in kept & shown(card) & set(values(card))}
        assert {name: getattr(found, name) for name in left} == left
        assert [each.id for each in await book.contacts.groups_of(created.id)] == [group]


async def test_what_a_vendor_must_have_cannot_be_cleared(
    book: AddressBook, card: Card, server: Server, group: str
) -> None:
    created = await book.contacts.create(whole(card, groups=[group]))
    before = server.requests(card.vendor)
    needed = [name for name, holds in card.holds.items() if holds.required] + ["groups"] * card.one_group
    for name in needed:
        with pytest.raises(InvalidInput, match=name) as caught:
            await book.contacts.update(created.id, **{name: [] if name == "groups" else None})
        assert caught.value.field == name
    assert server.requests(card.vendor) == before


async def test_further_fields_change_and_clear_one_by_one(book: AddressBook, card: Card, group: str) -> None:
    if not card.named_fields and card.named_fields is not None:
        return
    contact = whole(card, groups=[group])
    created = await book.contacts.create(contact)
    first, second, *_ = contact.fields or {}
    await book.contacts.update(created.id, fields={first: "new", second: None})
    found = dict((await book.contacts.get(created.id)).fields or {})
    assert found.pop(second, None) is None
    assert found == {name: value for name, value in {**(contact.fields or {}), first: "new"}.items() if name != second}


async def test_an_update_without_a_change_or_of_nothing_known_is_refused(book: AddressBook, server: Server) -> None:
    for changes in ({}, {"nickname": "Ania"}, {"opted_out": None}, {"archived": True}):
        with pytest.raises(InvalidInput):
            await book.contacts.update("1", **changes)
    assert server.requests(book.card.vendor).total() == 0
